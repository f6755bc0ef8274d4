/* SPDX-License-Identifier: MIT
 *
 * Handing out: what a listing becomes, who gets it, what waits where when the queue refuses it, and
 * what is given away later.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/handout.h"
#include "copy/listed.h"
#include "copy/names.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define MANY 1100 /* names of a list: more than are listed at once, which is 1024 */
#define NAME_BYTES 6

/* The directory "src", open and about to be listed, as the task in hand. */
struct job {
    struct fake fake;
    struct px_copier *copier;
    struct px_copy_task *task;
    struct px_listed *batch;
};

static void job_open(struct job *job, const struct px_copy_opts *opts, size_t capacity)
{
    struct px_entry entry;
    struct px_fail fail;
    *job = (struct job){0};
    assert_int_equal(fake_open(&job->fake, opts, capacity), PX_OK);
    job->copier = job->fake.copier;
    job->task = job->copier->task;
    struct px_dir *top = fake_container(&job->fake, &entry);
    assert_int_equal(px_dir_open(job->copier, &entry, &job->task->dir, &fail), PX_OK);
    px_dir_drop(job->copier, top);
    job->task->kind = PX_TASK_DIR;
    job->task->opened = true;
    job->task->listing = true;
}

/* Its names come from `text`: `bytes` bytes, each name with a NUL. */
static void job_list(struct job *job, const char *text, size_t bytes)
{
    char *copy = malloc(bytes);
    assert_non_null(copy);
    memcpy(copy, text, bytes);
    assert_int_equal(px_listed_new(copy, bytes, &job->batch), PX_OK);
    job->task->dir->is_listed = true;
    job->task->dir->listed = px_listed_all(job->batch);
}

/* None of them exists. */
static void job_list_many(struct job *job)
{
    static char text[MANY * NAME_BYTES + 1];
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(text + (size_t)i * NAME_BYTES, NAME_BYTES + 1, "n%04u", i);
    }
    job_list(job, text, (size_t)MANY * NAME_BYTES);
}

static void job_end(struct job *job)
{
    assert_int_equal(job->fake.len, 0);
    assert_null(job->copier->stack);
    job->copier->task = job->task;
    px_dir_drop(job->copier, job->task->dir);
    job->task->dir = NULL;
    fake_close(&job->fake);
    px_listed_free(job->batch);
}

/* How many names are left in a pack of files that was handed out; it is freed. */
static size_t job_close_pack(struct job *job, struct px_copy_task *task)
{
    const size_t left = px_names_left(task->files);
    assert_int_equal(task->kind, PX_TASK_NAMES);
    assert_ptr_equal(task->dir, job->task->dir);
    assert_null(task->dirs);
    px_dir_drop(job->copier, task->dir);
    px_task_free(task);
    return left;
}

/* The next task in the queue. */
static struct px_copy_task *job_take(struct job *job)
{
    void *task = NULL;
    assert_int_equal(fake_next(&job->fake.handle, PX_NOWAIT, &task), PX_OK);
    return task;
}

/* The DT_ type of `name` in the pack, which stays as it is; -1: it is not there. */
static int type_in(const struct px_names *pack, const char *name)
{
    int found = -1;
    unsigned char type;
    struct px_names *names = pack != NULL ? px_names_dup(pack) : NULL;
    for (const char *at; names != NULL && (at = px_names_take(names, &type)) != NULL;) {
        if (strcmp(at, name) == 0) {
            found = type;
        }
    }
    free(names);
    return found;
}

/* A file system that gives no types. */
static ssize_t getdents_untyped(int fd, void *buf, size_t n)
{
    const ssize_t bytes = io_fault_ops()->getdents(fd, buf, n);
    for (ssize_t at = 0; at < bytes;) {
        struct dirent64 *entry = (void *)((char *)buf + at);
        entry->d_type = DT_UNKNOWN;
        at += entry->d_reclen;
    }
    return bytes;
}

static void test_handout_list_sorts_names_by_type(void **state)
{
    (void)state;
    static const struct {
        bool untyped;
        bool blind; /* no name can be looked at */
        enum px_follow follow;
        int dir_type;
        int link_type;
    } rows[] = {
        {false, true, PX_FOLLOW_NEVER, DT_DIR, DT_LNK}, /* nothing needs a look */
        {false, false, PX_FOLLOW_ALL, DT_DIR, DT_DIR},
        {false, true, PX_FOLLOW_ALL, DT_DIR, DT_REG},
        {true, false, PX_FOLLOW_NEVER, DT_DIR, DT_LNK},
        {true, false, PX_FOLLOW_ALL, DT_DIR, DT_DIR},
        {true, true, PX_FOLLOW_NEVER, DT_REG, DT_REG},
    };
    tree_dir("src");
    tree_dir("src/dir");
    tree_text("src/file", "x");
    tree_link("dir", "src/link");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        struct px_io_ops ops = *io_fault_ops();
        struct px_copy_opts opts = fake_opts("src", "dst");
        opts.io = &ops;
        opts.follow = rows[i].follow;
        ops.getdents = rows[i].untyped ? getdents_untyped : ops.getdents;
        io_fault_reset();
        job_open(&job, &opts, 1);
        if (rows[i].blind) {
            io_fault_arm(IO_FAULT(fstatat), 1, EACCES, IO_FAULT_STICKY);
        }
        assert_true(px_handout_list(job.copier));
        io_fault_reset();
        const bool one = rows[i].dir_type == DT_DIR;
        const bool two = rows[i].link_type == DT_DIR;
        assert_int_equal(px_names_left(job.task->dirs), one + two);
        assert_int_equal(px_names_left(job.task->files), 3 - one - two);
        assert_int_equal(type_in(one ? job.task->dirs : job.task->files, "dir"), rows[i].dir_type);
        assert_int_equal(type_in(two ? job.task->dirs : job.task->files, "link"),
                         rows[i].link_type);
        assert_int_equal(type_in(job.task->files, "file"), DT_REG);
        assert_true(job.task->listing); /* until a buffer comes back empty */
        job_end(&job);
    }
}

static void test_handout_list_ends_with_an_empty_buffer(void **state)
{
    (void)state;
    struct job job;
    tree_dir("src");
    const struct px_copy_opts opts = fake_opts("src", "dst");
    job_open(&job, &opts, 1);
    assert_true(px_handout_list(job.copier)); /* "." and ".." */
    assert_true(job.task->listing);
    assert_true(px_handout_list(job.copier));
    assert_false(job.task->listing);
    assert_null(job.task->dirs);
    assert_null(job.task->files);
    job_end(&job);
    assert_int_equal(job.fake.sum.ok, 1);
}

static void test_handout_list_leaves_out_what_is_excluded(void **state)
{
    (void)state;
    struct job job;
    static const struct px_copy_rule rules[] = {{PX_RULE_EXCLUDE, "dir/"},
                                                {PX_RULE_EXCLUDE, "*.o"}};
    tree_dir("src");
    tree_dir("src/dir");
    tree_dir("src/sub");
    tree_text("src/a.c", "x");
    tree_text("src/a.o", "x");
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.rules = rules;
    opts.n_rules = 2;
    job_open(&job, &opts, 1);
    assert_true(px_handout_list(job.copier));
    assert_int_equal(px_names_left(job.task->dirs), 1);
    assert_int_equal(type_in(job.task->dirs, "sub"), DT_DIR);
    assert_int_equal(px_names_left(job.task->files), 1);
    assert_int_equal(type_in(job.task->files, "a.c"), DT_REG);
    job_end(&job);
}

static void test_handout_list_that_breaks_off_is_told(void **state)
{
    (void)state;
    struct job job;
    tree_dir("src");
    tree_text("src/file", "x");
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.io = io_fault_ops();
    io_fault_arm(IO_FAULT(getdents), 2, EIO, IO_FAULT_ONCE);
    job_open(&job, &opts, 1);
    assert_true(px_handout_list(job.copier));
    assert_int_equal(px_names_left(job.task->files), 1);
    assert_null(job.task->dir->listing_fail);
    free(job.task->files); /* copied */
    job.task->files = NULL;
    assert_true(px_handout_list(job.copier));
    assert_true(io_fault_fired());
    assert_false(job.task->listing);
    assert_non_null(job.task->dir->listing_fail);
    assert_int_equal(job.task->dir->listing_fail->status, PX_ESRC);
    assert_int_equal(job.task->dir->listing_fail->os_errno, EIO);
    io_fault_reset();
    job_end(&job);
    assert_int_equal(job.fake.sum.failed, 1);
}

/* A name with something listed below it is a directory; the others are looked at. */
static void test_handout_list_of_names_is_read_instead(void **state)
{
    (void)state;
    struct job job;
    static const char text[] = "dir\0far/below\0file\0gone";
    tree_dir("src");
    tree_dir("src/dir");
    tree_text("src/file", "x");
    tree_text("src/unlisted", "x");
    const struct px_copy_opts opts = fake_opts("src", "dst");
    job_open(&job, &opts, 1);
    job_list(&job, text, sizeof text);
    assert_true(px_handout_list(job.copier));
    assert_false(job.task->listing);
    assert_int_equal(px_names_left(job.task->dirs), 2);
    assert_int_equal(type_in(job.task->dirs, "dir"), DT_DIR);
    assert_int_equal(type_in(job.task->dirs, "far"), DT_DIR);
    assert_int_equal(px_names_left(job.task->files), 2);
    assert_int_equal(type_in(job.task->files, "file"), DT_REG);
    assert_int_equal(type_in(job.task->files, "gone"), DT_REG); /* its open will say */
    job_end(&job);
}

static void test_handout_full_packs_are_offered(void **state)
{
    (void)state;
    struct job job;
    tree_dir("src");
    const struct px_copy_opts opts = fake_opts("src", "dst");
    job_open(&job, &opts, 1000);
    job_list_many(&job);
    assert_true(px_handout_list(job.copier));
    assert_true(job.task->listing);
    assert_int_equal(px_names_left(job.task->files), PX_NAMES_MAX); /* the last of 1024 */
    assert_int_equal(job.fake.len, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(job_close_pack(&job, job_take(&job)), PX_NAMES_MAX);
    }
    free(job.task->files); /* copied */
    job.task->files = NULL;
    assert_true(px_handout_list(job.copier));
    assert_false(job.task->listing);
    assert_int_equal(px_names_left(job.task->files), MANY - 4 * PX_NAMES_MAX);
    assert_int_equal(type_in(job.task->files, "n1099"), DT_REG);
    job_end(&job);
}

static void test_handout_refused_packs_wait_above_the_listing(void **state)
{
    (void)state;
    struct job job;
    tree_dir("src");
    const struct px_copy_opts opts = fake_opts("src", "dst");
    job_open(&job, &opts, 1); /* one is taken */
    job_list_many(&job);
    assert_false(px_handout_list(job.copier));
    assert_int_equal(px_names_left(job.task->files), PX_NAMES_MAX);
    assert_int_equal(job_close_pack(&job, job_take(&job)), PX_NAMES_MAX);
    for (unsigned i = 0; i < 2; i++) {
        struct px_copy_task *pack = px_copier_pop(job.copier);
        assert_ptr_not_equal(pack, job.task);
        assert_int_equal(job_close_pack(&job, pack), PX_NAMES_MAX);
    }
    assert_ptr_equal(px_copier_pop(job.copier), job.task);
    job_end(&job);
}

/* The sub-directories "a", "b", "c" in hand, and how many of them the queue has room for. */
static void job_open_dirs(struct job *job, size_t capacity)
{
    tree_dir("src");
    const struct px_copy_opts opts = fake_opts("src", "dst");
    job_open(job, &opts, capacity);
    job->task->dirs = px_names_new(px_names_room_max());
    assert_non_null(job->task->dirs);
    assert_int_equal(px_names_add(job->task->dirs, DT_DIR, "a"), PX_OK);
    assert_int_equal(px_names_add(job->task->dirs, DT_DIR, "b"), PX_OK);
    assert_int_equal(px_names_add(job->task->dirs, DT_DIR, "c"), PX_OK);
}

static void job_close_dir(struct job *job, struct px_copy_task *task, const char *name)
{
    assert_int_equal(task->kind, PX_TASK_DIR);
    assert_string_equal(task->name, name);
    assert_ptr_equal(task->dir, job->task->dir);
    assert_false(task->opened);
    px_dir_drop(job->copier, task->dir);
    px_task_free(task);
}

static void test_handout_dirs_become_tasks_one_by_one(void **state)
{
    (void)state;
    struct job job;
    job_open_dirs(&job, 3);
    assert_true(px_handout_dirs(job.copier));
    assert_null(job.task->dirs);
    job_close_dir(&job, job_take(&job), "a");
    job_close_dir(&job, job_take(&job), "b");
    job_close_dir(&job, job_take(&job), "c");
    assert_true(px_handout_dirs(job.copier)); /* none are left */
    job_end(&job);
    assert_int_equal(job.fake.sum.ok, 1);
}

static void test_handout_refused_dir_waits_above_the_others(void **state)
{
    (void)state;
    struct job job;
    job_open_dirs(&job, 1);
    assert_false(px_handout_dirs(job.copier));
    job_close_dir(&job, job_take(&job), "a");
    job_close_dir(&job, px_copier_pop(job.copier), "b");
    assert_ptr_equal(px_copier_pop(job.copier), job.task);
    assert_int_equal(px_names_left(job.task->dirs), 1);
    assert_true(px_handout_dirs(job.copier));
    job_close_dir(&job, job_take(&job), "c");
    job_end(&job);
}

static void job_open_files(struct job *job, const struct px_copy_opts *opts, size_t capacity,
                           unsigned files)
{
    job_open(job, opts, capacity);
    job->task->files = px_names_new(px_names_room_max());
    assert_non_null(job->task->files);
    for (unsigned n = 0; n < files; n++) {
        assert_int_equal(px_names_add(job->task->files, DT_REG, "name"), PX_OK);
    }
}

static void test_handout_share_gives_half_away(void **state)
{
    (void)state;
    static const struct {
        unsigned workers;
        unsigned files;
        uint64_t bytes;
        int64_t since_ns; /* the last share */
        unsigned left;
        unsigned given;
    } rows[] = {{2, 100, 1 << 20, -PX_NS_PER_S, 50, 50},      {2, 1, 1 << 20, -PX_NS_PER_S, 0, 1},
                {2, 3, 1 << 20, -PX_NS_PER_S, 1, 2},          {2, 0, 1 << 20, -PX_NS_PER_S, 0, 0},
                {1, 100, 1 << 20, -PX_NS_PER_S, 100, 0},      {2, 100, 1000, -PX_NS_PER_S, 100, 0},
                {1, 100, 1 << 20, PX_NS_PER_S, 100, 0},       {2, 100, 0, PX_NS_PER_S, 50, 50},
                {2, 100, (1 << 20) - 1, -PX_NS_PER_S, 100, 0}};
    tree_dir("src");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        struct px_copy_opts opts = fake_opts("src", "dst");
        opts.workers = rows[i].workers;
        job_open_files(&job, &opts, 1, rows[i].files);
        job.task->alone = i % 2 == 1;
        const int64_t before_ns = px_now_ns();
        job.copier->shared_ns = before_ns - rows[i].since_ns; /* negative: time is no reason */
        px_handout_share(job.copier, rows[i].bytes);
        assert_int_equal(px_names_left(job.task->files), rows[i].left);
        if (rows[i].given > 0) {
            struct px_copy_task *half = job_take(&job);
            assert_int_equal(half->alone, job.task->alone);
            assert_int_equal(job_close_pack(&job, half), rows[i].given);
            assert_true(job.copier->shared_ns >= before_ns);
            assert_true(job.copier->shared_ns <= px_now_ns());
        }
        job_end(&job);
    }
}

static void test_handout_share_refused_stays_with_the_worker(void **state)
{
    (void)state;
    struct job job;
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.workers = 2;
    tree_dir("src");
    job_open_files(&job, &opts, 0, 100);
    px_handout_share(job.copier, 1 << 20);
    assert_int_equal(px_names_left(job.task->files), 50);
    assert_int_equal(job_close_pack(&job, px_copier_pop(job.copier)), 50);
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_handout_list_sorts_names_by_type),
        T(test_handout_list_ends_with_an_empty_buffer),
        T(test_handout_list_leaves_out_what_is_excluded),
        T(test_handout_list_that_breaks_off_is_told),
        T(test_handout_list_of_names_is_read_instead),
        T(test_handout_full_packs_are_offered),
        T(test_handout_refused_packs_wait_above_the_listing),
        T(test_handout_dirs_become_tasks_one_by_one),
        T(test_handout_refused_dir_waits_above_the_others),
        T(test_handout_share_gives_half_away),
        T(test_handout_share_refused_stays_with_the_worker),
    };
    return cmocka_run_group_tests_name("handout", tests, NULL, NULL);
}
