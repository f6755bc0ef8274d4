/* SPDX-License-Identifier: MIT
 *
 * The bounded set of open directories: closed when there are too many, opened again and checked.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/opendirs.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define DEPTH 6

/* "src/0/1/2/..." to "dst", every level opened. */
struct job {
    struct fake fake;
    struct px_entry entry;
    struct px_fail fail;
    struct px_dir *dirs[DEPTH]; /* [0] is src itself */
};

static struct px_dir *open_below(struct job *job, struct px_dir *parent, const char *name)
{
    struct px_dir *dir = NULL;
    const struct px_entry entry = {
        .dir = parent, .source_name = name, .target_name = name, .type = PX_COPY_DIR};
    assert_int_equal(px_dir_open(job->fake.copier, &entry, &dir, &job->fail), PX_OK);
    return dir;
}

static void job_begin(struct job *job, size_t budget)
{
    char path[64] = "src";
    tree_dir(path);
    for (int i = 1; i < DEPTH; i++) {
        (void)snprintf(path + strlen(path), sizeof path - strlen(path), "/%d", i);
        tree_dir(path);
    }
    struct px_copy_opts opts = fake_opts("src", "dst");
    io_fault_reset();
    opts.io = io_fault_ops();
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    job->fake.copy->opendirs.budget = budget;
    assert_non_null(fake_container(&job->fake, &job->entry));
    job->entry.type = PX_COPY_DIR;
    job->dirs[0] = NULL;
    assert_int_equal(px_dir_open(job->fake.copier, &job->entry, &job->dirs[0], &job->fail), PX_OK);
    for (int i = 1; i < DEPTH; i++) {
        const char name[2] = {(char)('0' + i), '\0'};
        job->dirs[i] = open_below(job, job->dirs[i - 1], name);
    }
}

static void job_end(struct job *job)
{
    for (int i = DEPTH - 1; i >= 0; i--) {
        px_dir_drop(job->fake.copier, job->dirs[i]);
    }
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static bool is_open(const struct px_dir *dir)
{
    return atomic_load(&dir->place.pins) >= 0;
}

static int count_open(const struct job *job)
{
    int n = 0;
    for (int i = 0; i < DEPTH; i++) {
        n += is_open(job->dirs[i]);
    }
    return n;
}

static void expect_right(struct px_dir *dir)
{
    struct stat st;
    const struct px_dir_fds fds = px_dir_acquire(dir);
    assert_int_equal(fstat(fds.source, &st), 0);
    assert_int_equal(st.st_ino, dir->st.st_ino);
    assert_int_equal(fstat(fds.target, &st), 0);
    assert_int_equal(st.st_ino, dir->target_is.ino);
    px_dir_release(dir);
}

static size_t open_now(struct px_opendirs *opendirs)
{
    px_mutex_lock(&opendirs->lock);
    const size_t open = opendirs->open;
    px_mutex_unlock(&opendirs->lock);
    return open;
}

static void test_opendirs_budget_leaves_room_for_files(void **state)
{
    (void)state;
    assert_int_equal(px_opendirs_budget(64, 2), 15);
    assert_int_equal(px_opendirs_budget(16, 1), 2);
    assert_int_equal(px_opendirs_budget(0, 1), 2);
    assert_int_equal(px_opendirs_budget(1000000, 4), 1024);
    for (size_t limit = 64; limit < 1024; limit += 64) {
        assert_true(2 * px_opendirs_budget(limit, 2) + 16 + 2 * 9 <= limit);
    }
}

static void test_opendirs_no_more_than_the_budget_stay_open(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 3);
    assert_true(count_open(&job) <= 3);
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < DEPTH; i++) {
            expect_right(job.dirs[(i * 5) % DEPTH]);
            assert_true(open_now(&job.fake.copy->opendirs) <= 3);
        }
    }
    job_end(&job);
    assert_true(tree_same("src", "dst"));
}

static void test_opendirs_enough_room_opens_nothing_twice(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 100);
    const unsigned opened = io_fault_calls(IO_FAULT(openat));
    for (int i = 0; i < DEPTH; i++) {
        expect_right(job.dirs[i]);
    }
    assert_int_equal(io_fault_calls(IO_FAULT(openat)), opened);
    job_end(&job);
    assert_int_equal(io_fault_calls(IO_FAULT(openat)), opened); /* none to finish them either */
}

static void test_opendirs_pinned_one_is_not_closed(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 2);
    struct px_dir *held = job.dirs[2];
    const struct px_dir_fds fds = px_dir_acquire(held);
    for (int i = DEPTH - 1; i >= 0; i--) {
        expect_right(job.dirs[i]);
    }
    struct stat st;
    assert_int_equal(fstat(fds.source, &st), 0);
    assert_int_equal(st.st_ino, held->st.st_ino);
    px_dir_release(held);
    job_end(&job);
}

static void test_opendirs_swapped_for_a_link_is_not_followed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"src/1/2", "src/1/moved"}, {"dst/1/2", "dst/1/moved"}};
    for (size_t i = 0; i < 2; i++) {
        struct job job;
        job_begin(&job, 2);
        assert_false(is_open(job.dirs[2]));
        tree_dir("outside");
        tree_dir("outside/3");
        assert_int_equal(rename(rows[i][0], rows[i][1]), 0);
        tree_link("../../outside", rows[i][0]);
        struct px_dir_fds fds = px_dir_acquire(job.dirs[2]); /* it itself */
        assert_int_equal(fds.source, -1);
        assert_int_equal(fds.target, -1);
        px_dir_release(job.dirs[2]);
        /* What is below it: the last two are open still, the one above them is not. */
        fds = px_dir_acquire(job.dirs[3]);
        assert_true(fds.source == -1 || is_open(job.dirs[3]));
        px_dir_release(job.dirs[3]);
        job_end(&job);
        assert_true(job.fake.sum.failed > 0);
        assert_int_equal(tree_count("outside"), 1);
        tree_remove(AT_FDCWD, "src");
        tree_remove(AT_FDCWD, "dst");
        tree_remove(AT_FDCWD, "outside");
    }
}

static void test_opendirs_replaced_by_another_directory_is_not_taken(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 2);
    assert_false(is_open(job.dirs[1]));
    assert_int_equal(rename("src/1", "src/other"), 0);
    tree_dir("src/1");
    const struct px_dir_fds fds = px_dir_acquire(job.dirs[1]);
    assert_int_equal(fds.source, -1);
    assert_int_equal(px_fail_source(&job.fail, EBADF, "open"), PX_ECHANGED);
    assert_non_null(strstr(job.fail.text, "cannot be opened again"));
    px_dir_release(job.dirs[1]);
    job_end(&job);
}

/* The kernel has none left although the budget was kept: somebody else in the process took them. */
static void test_opendirs_out_of_descriptors_closes_one_and_goes_on(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 100);
    assert_int_equal(count_open(&job), DEPTH);
    io_fault_arm(IO_FAULT(openat), 1, EMFILE, IO_FAULT_ONCE);
    const struct px_dir_fds at = px_dir_acquire(job.dirs[0]);
    const int fd = px_opendirs_openat(job.fake.copy, at.source, "1", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    (void)close(fd);
    px_dir_release(job.dirs[0]);
    assert_int_equal(count_open(&job) + is_open(job.entry.dir), DEPTH);
    job_end(&job);
}

static void test_opendirs_listing_goes_on_where_it_was(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 2);
    struct px_dir *dir = job.dirs[1];
    struct px_dir_fds fds = px_dir_acquire(dir);
    char text[4096];
    assert_true(getdents64(fds.source, text, sizeof text) > 0);
    px_dir_release(dir);
    for (int i = DEPTH - 1; i >= 2; i--) {
        expect_right(job.dirs[i]);
        expect_right(job.dirs[i]);
    }
    assert_false(is_open(dir));
    fds = px_dir_acquire(dir);
    assert_int_equal(getdents64(fds.source, text, sizeof text), 0); /* at its end still */
    px_dir_release(dir);
    job_end(&job);
}

static void test_opendirs_kept_one_is_found_after_it_was_finished(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, 100);
    struct px_dir *kept = job.dirs[DEPTH - 1];
    const ino_t ino = kept->target_is.ino;
    px_dir_keep(kept);
    job_end(&job);
    /* The engine is gone in job_end(); a keep must not outlive it, so look at memory only. */
    assert_int_equal(atomic_load(&kept->keeps), 1);
    assert_true(atomic_load(&kept->finished));
    assert_false(is_open(kept));
    assert_int_equal(kept->target_is.ino, ino);
    while (kept != NULL) {
        struct px_dir *parent = kept->parent;
        free(kept);
        kept = parent;
    }
}

static void test_opendirs_source_whose_names_are_given_need_not_be_readable(void **state)
{
    (void)state;
    struct job job;
    struct stat st;
    job_begin(&job, 100);
    struct px_dir *dir = job.dirs[0];
    io_fault_arm(IO_FAULT(openat), 1, EACCES, IO_FAULT_ONCE);
    assert_int_equal(px_opendirs_open_source(dir, AT_FDCWD, O_RDONLY | O_DIRECTORY), -1);
    assert_int_equal(errno, EACCES);
    dir->is_listed = true;
    io_fault_arm(IO_FAULT(openat), 1, EACCES, IO_FAULT_ONCE);
    const int fd = px_opendirs_open_source(dir, AT_FDCWD, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    assert_int_equal(fstatat(fd, "1", &st, 0), 0);
    assert_int_equal(close(fd), 0);
    dir->is_listed = false;
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opendirs_budget_leaves_room_for_files),
        T(test_opendirs_no_more_than_the_budget_stay_open),
        T(test_opendirs_enough_room_opens_nothing_twice),
        T(test_opendirs_source_whose_names_are_given_need_not_be_readable),
        T(test_opendirs_pinned_one_is_not_closed),
        T(test_opendirs_swapped_for_a_link_is_not_followed),
        T(test_opendirs_replaced_by_another_directory_is_not_taken),
        T(test_opendirs_out_of_descriptors_closes_one_and_goes_on),
        T(test_opendirs_listing_goes_on_where_it_was),
        T(test_opendirs_kept_one_is_found_after_it_was_finished),
    };
    return cmocka_run_group_tests_name("opendirs", tests, NULL, NULL);
}
