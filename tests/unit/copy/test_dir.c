/* SPDX-License-Identifier: MIT
 *
 * Directory pairs: paths, what is merged into, what is refused, and the sets of them.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/dir.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

/* "src" to "dst", opened as far as the container. */
struct job {
    struct fake fake;
    struct px_entry entry;
    struct px_fail fail;
};

static void job_begin(struct job *job, const char *source, const char *target, bool dry_run)
{
    struct px_copy_opts opts = fake_opts(source, target);
    opts.io = io_fault_ops();
    opts.dry_run = dry_run;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    assert_non_null(fake_container(&job->fake, &job->entry));
    job->entry.type = PX_COPY_DIR;
}

static int job_open(struct job *job, struct px_dir **dir)
{
    return px_dir_open(job->fake.copier, &job->entry, dir, &job->fail);
}

static void job_end(struct job *job)
{
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static void expect_path(const struct px_dir *dir, enum px_side side, const char *name,
                        const char *path)
{
    char *have = px_dir_path(dir, side, name);
    assert_non_null(have);
    assert_string_equal(have, path);
    free(have);
}

static void test_dir_paths_read_as_the_user_wrote(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        const char *target;
        const char *source_dir;
        const char *target_dir;
        const char *source_path;
        const char *target_path;
    } rows[] = {
        {"src", "new", "src", "new", "src/x", "new/x"},
        {"./src/", "./new", "./src", "./new", "./src/x", "./new/x"},
        {"src", "dst/", "src", "dst/src", "src/x", "dst/src/x"},
        {"src/.", "dst", "src", "dst", "src/x", "dst/x"},
        {"src/sub", "dst", "src/sub", "dst/sub", "src/sub/x", "dst/sub/x"},
        {"/proc/sys", "dst", "/proc/sys", "dst/sys", "/proc/sys/x", "dst/sys/x"},
        {"/proc", "new", "/proc", "new", "/proc/x", "new/x"},
    };
    tree_dir("src");
    tree_dir("src/sub");
    tree_dir("dst");
    io_fault_reset();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        struct px_dir *dir = NULL;
        job_begin(&job, rows[i].source, rows[i].target, true);
        expect_path(job.entry.dir, PX_SIDE_SOURCE, job.entry.source_name, rows[i].source_dir);
        expect_path(job.entry.dir, PX_SIDE_TARGET, job.entry.target_name, rows[i].target_dir);
        assert_int_equal(job_open(&job, &dir), PX_OK);
        expect_path(dir, PX_SIDE_SOURCE, "x", rows[i].source_path);
        expect_path(dir, PX_SIDE_TARGET, "x", rows[i].target_path);
        px_dir_drop(job.fake.copier, dir);
        job_end(&job);
    }
}

static void test_dir_existing_target_is_merged_into(void **state)
{
    (void)state;
    struct job job;
    struct px_dir *dir = NULL;
    tree_dir("src");
    assert_int_equal(chmod("src", 0700), 0);
    tree_dir("dst");
    tree_dir("dst/src");
    tree_text("dst/src/old", "stays");
    io_fault_reset();
    job_begin(&job, "src", "dst", false);
    assert_int_equal(job_open(&job, &dir), PX_OK);
    assert_false(dir->made);
    assert_false(dir->plain);
    px_dir_drop(job.fake.copier, dir);
    assert_int_equal(job.fake.copier->task->result.ok, 1);
    assert_int_equal(tree_stat("dst/src").st_mode & 07777, 0700);
    assert_true(tree_has("dst/src/old"));
    job_end(&job);
}

static void test_dir_planted_link_is_refused(void **state)
{
    (void)state;
    struct job job;
    struct px_dir *dir = NULL;
    tree_dir("src");
    tree_dir("dst");
    tree_dir("outside");
    io_fault_reset();
    job_begin(&job, "src", "dst", false); /* the plan saw nothing there */
    tree_link("../outside", "dst/src");
    assert_int_equal(job_open(&job, &dir), PX_EEXIST);
    assert_int_equal(tree_count("outside"), 0);
    job_end(&job);
}

static void test_dir_file_in_the_way_is_refused(void **state)
{
    (void)state;
    struct job job;
    struct px_dir *dir = NULL;
    tree_dir("src");
    tree_dir("dst");
    io_fault_reset();
    job_begin(&job, "src", "dst", false);
    tree_text("dst/src", "a file");
    assert_int_equal(job_open(&job, &dir), PX_EEXIST);
    tree_assert_text("dst/src", "a file");
    job_end(&job);
}

static void swap_for_link(void *ctx)
{
    (void)ctx;
    assert_int_equal(rename("src", "moved"), 0);
    tree_link("moved", "src");
}

static void swap_for_other(void *ctx)
{
    (void)ctx;
    assert_int_equal(rename("src", "moved"), 0);
    tree_dir("src");
}

static void test_dir_source_swapped_is_not_followed(void **state)
{
    (void)state;
    static const struct {
        void (*swap)(void *ctx);
        int status;
    } rows[] = {{swap_for_link, PX_ESRC}, {swap_for_other, PX_ECHANGED}};
    for (size_t i = 0; i < 2; i++) {
        struct job job;
        struct px_dir *dir = NULL;
        tree_dir("src");
        io_fault_reset();
        job_begin(&job, "src", "dst", false);
        rows[i].swap(NULL);
        assert_int_equal(job_open(&job, &dir), rows[i].status);
        assert_false(tree_has("dst"));
        job_end(&job);
        tree_remove(AT_FDCWD, "src");
        tree_remove(AT_FDCWD, "moved");
    }
}

static void test_dir_target_below_source_is_refused(void **state)
{
    (void)state;
    struct job job;
    struct px_dir *dir = NULL;
    struct px_dir *below = NULL;
    tree_dir("src");
    io_fault_reset();
    job_begin(&job, "src", "dst", false);
    assert_int_equal(job_open(&job, &dir), PX_OK);
    /* As a bind mount would look: the new target turns up in the source. */
    assert_int_equal(rename("dst", "src/mount"), 0);
    const struct px_entry entry = {
        .dir = dir, .source_name = "mount", .target_name = "mount", .type = PX_COPY_DIR};
    assert_int_equal(px_dir_open(job.fake.copier, &entry, &below, &job.fail), PX_EREFUSED);
    px_dir_drop(job.fake.copier, dir);
    job_end(&job);
}

/* Every call that fails while a directory is opened or finished: an error or an attribute lost, no
 * crash, no descriptor left behind. */
static void test_dir_each_failing_call_is_told(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(openat), IO_FAULT(fstat), IO_FAULT(mkdirat),
                                     IO_FAULT(futimens)};
    tree_dir("src");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        for (unsigned nth = 1;; nth++) {
            struct fake fake;
            struct px_copy_opts opts = fake_opts("src", "dst");
            opts.io = io_fault_ops();
            const int before = dup(0);
            (void)close(before);
            io_fault_arm(members[i], nth, EIO, IO_FAULT_ONCE);
            assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
            const int after = dup(0);
            (void)close(after);
            assert_int_equal(after, before);
            tree_remove(AT_FDCWD, "dst");
            if (!io_fault_fired()) {
                assert_int_equal(fake.sum.ok, 1);
                break;
            }
            assert_int_equal(fake.sum.ok, 0);
            assert_int_equal(fake.sum.failed, 1);
            assert_int_equal(fake.worst.os_errno, EIO);
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_dir_paths_read_as_the_user_wrote),   T(test_dir_existing_target_is_merged_into),
        T(test_dir_planted_link_is_refused),        T(test_dir_file_in_the_way_is_refused),
        T(test_dir_source_swapped_is_not_followed), T(test_dir_target_below_source_is_refused),
        T(test_dir_each_failing_call_is_told),
    };
    return cmocka_run_group_tests_name("dir", tests, NULL, NULL);
}
