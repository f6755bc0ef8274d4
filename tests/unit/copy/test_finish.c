/* SPDX-License-Identifier: MIT
 *
 * The end of a directory: who finishes it and when, what it is given, and what is told of it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/finish.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define THEN 1000000000

/* "src" and its copies, opened: one, or a set of two. */
struct job {
    struct fake fake;
    struct px_dir *top; /* the containers */
    struct px_dir *dir;
};

static struct px_copy_opts job_opts(const char *target)
{
    struct px_copy_opts opts = fake_opts("src", target);
    opts.io = io_fault_ops();
    io_fault_reset();
    return opts;
}

static void job_open(struct job *job, const struct px_copy_opts *opts)
{
    *job = (struct job){0};
    assert_int_equal(fake_open(&job->fake, opts, 1), PX_OK);
    for (size_t i = 0; i < job->fake.copy->dests.n; i++) {
        struct px_dest *dest = &job->fake.copy->dests.items[i];
        const struct px_root *root = &dest->plan.roots[0];
        struct px_fail fail;
        assert_int_equal(px_dir_open_container(job->fake.copier, dest, root, &job->top, &fail),
                         PX_OK);
        struct px_entry entry = {.dir = i == 0 ? job->top : job->top->also,
                                 .source_name = root->source_name,
                                 .target_name = root->target_name,
                                 .expect = &root->expect,
                                 .type = PX_COPY_DIR};
        assert_int_equal(px_dir_open(job->fake.copier, &entry, &job->dir, &fail), PX_OK);
    }
}

static void job_end(struct job *job)
{
    px_dir_drop(job->fake.copier, job->top);
    fake_close(&job->fake);
}

static struct px_result *job_result(struct job *job)
{
    return &job->fake.copier->task->result;
}

/* "src", of a mode and a time that nothing has by accident. */
static void make_source(void)
{
    tree_dir("src");
    assert_int_equal(chmod("src", 0750), 0);
    tree_touch("src", THEN);
}

static void test_finish_last_reference_finishes_it_and_its_parent(void **state)
{
    (void)state;
    struct job job;
    struct px_dir *below = NULL;
    struct px_fail fail;
    tree_dir("src");
    tree_dir("src/sub");
    assert_int_equal(chmod("src/sub", 0555), 0);
    tree_touch("src/sub", THEN);
    assert_int_equal(chmod("src", 02550), 0);
    tree_touch("src", THEN + 1);
    const struct px_copy_opts opts = job_opts("dst");
    job_open(&job, &opts);
    struct px_copier *copier = job.fake.copier;
    assert_true(job.dir->made);
    assert_int_equal(tree_stat("dst").st_mode & 0700, 0700);
    const struct px_entry entry = {
        .dir = job.dir, .source_name = "sub", .target_name = "sub", .type = PX_COPY_DIR};
    assert_int_equal(px_dir_open(copier, &entry, &below, &fail), PX_OK);
    px_dir_hold(below);
    px_dir_drop(copier, job.dir); /* still held by `below` */
    px_dir_drop(copier, below);
    assert_int_equal(job_result(&job)->ok, 0);
    px_dir_drop(copier, below);
    assert_int_equal(job_result(&job)->ok, 2);
    assert_true(tree_same("src", "dst"));
    job_end(&job);
}

/* Nobody's item, and somebody else's directory. */
static void test_finish_container_is_left_as_it_is(void **state)
{
    (void)state;
    struct fake fake;
    struct px_entry entry;
    make_source();
    tree_dir("dst");
    tree_touch("dst", THEN + 1);
    const struct px_copy_opts opts = job_opts("dst");
    assert_int_equal(fake_open(&fake, &opts, 1), PX_OK);
    px_dir_drop(fake.copier, fake_container(&fake, &entry));
    px_dir_drop(fake.copier, NULL);
    fake_close(&fake);
    assert_int_equal(fake.sum.ok + fake.sum.skipped + fake.sum.failed + fake.sum.canceled, 0);
    assert_int_equal(tree_stat("dst").st_mtime, THEN + 1);
}

static void test_finish_kept_structure_holds_nothing_up(void **state)
{
    (void)state;
    struct job job;
    make_source();
    const struct px_copy_opts opts = job_opts("dst");
    job_open(&job, &opts);
    px_dir_keep(job.dir);
    px_dir_drop(job.fake.copier, job.dir);
    assert_int_equal(job_result(&job)->ok, 1);
    assert_true(tree_same("src", "dst"));
    px_dir_unkeep(job.dir);
    job_end(&job);
}

/* A target that was there before: given the source's attributes, compared with them, or let be. */
static void test_finish_existing_target_is_treated_as_asked(void **state)
{
    (void)state;
    static const struct {
        bool dry_run;
        bool check;
        unsigned lose;
        mode_t mode;
        time_t mtime;
    } rows[] = {{false, false, 0, 0750, THEN},
                {false, false, PX_KEEP_MODE, 0711, THEN},
                {true, false, 0, 0711, THEN - 1},
                {false, true, 0, 0711, THEN - 1}};
    make_source();
    tree_dir("dst");
    tree_dir("dst/src");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        struct px_copy_opts opts = job_opts("dst");
        opts.dry_run = rows[i].dry_run;
        opts.check = rows[i].check;
        opts.keep.lose = rows[i].lose;
        assert_int_equal(chmod("dst/src", 0711), 0);
        tree_touch("dst/src", THEN - 1);
        job_open(&job, &opts);
        assert_false(job.dir->made);
        px_dir_drop(job.fake.copier, job.dir);
        job_end(&job);
        assert_int_equal(job.fake.sum.ok, !rows[i].dry_run && !rows[i].check);
        assert_int_equal(job.fake.sum.skipped, rows[i].dry_run);
        assert_int_equal(job.fake.sum.failed, rows[i].check);
        if (rows[i].check) {
            assert_int_equal(job.fake.worst.status, PX_EATTR);
        }
        assert_int_equal(tree_stat("dst/src").st_mode & 07777, rows[i].mode);
        assert_int_equal(tree_stat("dst/src").st_mtime, rows[i].mtime);
    }
}

/* Of several things that went wrong the first in this order is told: its own attributes or names,
 * the listing, the extra names, something below it. */
static void test_finish_first_reason_is_told(void **state)
{
    (void)state;
    static const struct {
        size_t member;
        bool sync;
        bool listing;
        bool extra;
        bool partly;
        int status;
        const char *text;
    } rows[] = {
        {IO_FAULT(futimens), true, true, false, true, PX_EIO, "set times"},
        {IO_FAULT(fstat), false, true, false, true, PX_EIO, "stat target directory"},
        {IO_FAULT(fsync), true, true, false, true, PX_EIO, "fsync directory"},
        {IO_FAULT(getdents), true, true, true, true, PX_ESRC, "read directory"},
        {IO_FAULT(getdents), true, false, true, false, PX_EIO, "target directory"},
        {IO_FAULT(getdents), true, false, true, true, PX_ECANCELED, NULL},
        {IO_FAULT(getdents), true, false, false, false, PX_OK, NULL},
    };
    make_source();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        tree_dir("dst");
        struct px_copy_opts opts = job_opts("dst");
        opts.target_is_thing = true;
        opts.remove_extra = rows[i].extra;
        opts.sync = rows[i].sync ? PX_SYNC_FILE : PX_SYNC_NONE;
        job_open(&job, &opts);
        if (rows[i].listing) {
            job.dir->listing_fail = calloc(1, sizeof *job.dir->listing_fail);
            assert_non_null(job.dir->listing_fail);
            PX_IGNORE(px_fail_source(job.dir->listing_fail, EACCES, "read directory"));
        }
        if (rows[i].partly) {
            px_dir_set_partly(job.dir);
        }
        io_fault_arm(rows[i].member, 1, EIO, IO_FAULT_STICKY);
        px_dir_drop(job.fake.copier, job.dir);
        io_fault_reset();
        job_end(&job);
        assert_int_equal(job.fake.sum.ok, rows[i].status == PX_OK);
        assert_int_equal(job.fake.sum.canceled, rows[i].status == PX_ECANCELED);
        assert_int_equal(job.fake.sum.failed, rows[i].text != NULL);
        if (rows[i].text != NULL) {
            assert_int_equal(job.fake.worst.status, rows[i].status);
            assert_non_null(strstr(job.fake.error, rows[i].text));
        }
        if (rows[i].member != IO_FAULT(fstat) && rows[i].member != IO_FAULT(futimens)) {
            assert_true(tree_same("src", "dst"));
        }
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_finish_set_has_an_outcome_for_each_and_the_head_is_last(void **state)
{
    (void)state;
    static const char *const also[] = {"b"};
    struct job job;
    make_source();
    struct px_copy_opts opts = job_opts("a");
    opts.also = also;
    opts.n_also = 1;
    opts.every_item = true;
    job_open(&job, &opts);
    assert_int_equal(px_dir_set_size(job.dir), 2);
    atomic_store(&job.dir->also->partly, true);
    px_dir_hold(job.dir->also); /* the head's */
    px_dir_drop(job.fake.copier, job.dir);
    assert_int_equal(job_result(&job)->n_items, 0);
    px_dir_drop(job.fake.copier, job.dir->also);
    assert_int_equal(job_result(&job)->n_items, 2);
    assert_int_equal(job_result(&job)->items[0].state, PX_ITEM_CANCELED);
    assert_string_equal(job_result(&job)->items[0].target, "b");
    assert_int_equal(job_result(&job)->items[1].state, PX_ITEM_OK);
    assert_string_equal(job_result(&job)->items[1].target, "a");
    assert_true(tree_same("src", "a"));
    assert_true(tree_same("src", "b"));
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_finish_last_reference_finishes_it_and_its_parent),
        T(test_finish_container_is_left_as_it_is),
        T(test_finish_kept_structure_holds_nothing_up),
        T(test_finish_existing_target_is_treated_as_asked),
        T(test_finish_first_reason_is_told),
        T(test_finish_set_has_an_outcome_for_each_and_the_head_is_last),
    };
    return cmocka_run_group_tests_name("finish", tests, NULL, NULL);
}
