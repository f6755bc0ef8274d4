/* SPDX-License-Identifier: MIT
 *
 * One regular file: a source that changes, vanishes or is swapped, and the loop that fails every
 * system call of a copy, one after the other.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/data.h"
#include "copy/fake.h"
#include "copy/file.h"
#include "copy/tree.h"
#include "support/io_fault.h"

struct job {
    struct fake fake;
    struct px_entry entry;
};

/* "in/src" to "dst". */
static void job_begin(struct job *job)
{
    io_fault_reset();
    struct px_copy_opts opts = fake_opts("in/src", "dst");
    opts.io = io_fault_ops();
    opts.reflink = PX_REFLINK_NEVER;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    /* Whatever /tmp is on: the bytes go through read and pwrite, where the tests meddle. */
    fake_container(&job->fake, &job->entry)->pair->never_shares = false;
}

static void job_run(struct job *job)
{
    px_file_copy(job->fake.copier, &job->entry);
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
    assert_int_equal(job->fake.sum.ok + job->fake.sum.failed + job->fake.sum.skipped +
                         job->fake.sum.canceled,
                     1);
}

static int setup(void **state)
{
    const int rc = tree_setup(state);
    if (rc == 0) {
        tree_dir("in");
        tree_dir("dst");
        tree_file("in/src", 3 * PX_DATA_BUF_BYTES, 1);
        assert_int_equal(chmod("in/src", 0640), 0);
        tree_touch("in/src", 1000000000);
    }
    return rc;
}

static void test_file_unchanged_compares_each_mark(void **state)
{
    (void)state;
    const struct stat base = {.st_dev = 1,
                              .st_ino = 2,
                              .st_size = 3,
                              .st_mtim = {4, 5},
                              .st_ctim = {6, 7},
                              .st_atim = {8, 9}};
    struct stat other = base;
    other.st_atim.tv_nsec++; /* reading may change it */
    other.st_mode++;
    assert_true(px_file_is_unchanged(&base, &other));
    for (int i = 0; i < 7; i++) {
        other = base;
        other.st_dev += i == 0;
        other.st_ino += i == 1;
        other.st_size += i == 2;
        other.st_mtim.tv_sec += i == 3;
        other.st_mtim.tv_nsec += i == 4;
        other.st_ctim.tv_sec += i == 5;
        other.st_ctim.tv_nsec += i == 6;
        assert_false(px_file_is_unchanged(&base, &other));
    }
}

static void test_file_copy_is_equal(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    job_run(&job);
    assert_int_equal(job.fake.sum.ok, 1);
    assert_int_equal(job.fake.sum.bytes, 3 * PX_DATA_BUF_BYTES);
    assert_true(tree_same("in/src", "dst/src"));
}

/* The calls of a small new file in a directory made by this run, beyond those for its data. */
static void test_file_small_costs_eight_calls(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(openat),    IO_FAULT(fstat),     IO_FAULT(fstatat),
                                     IO_FAULT(linkat),    IO_FAULT(renameat),  IO_FAULT(unlinkat),
                                     IO_FAULT(fchmod),    IO_FAULT(fchown),    IO_FAULT(futimens),
                                     IO_FAULT(utimensat), IO_FAULT(ftruncate), IO_FAULT(lseek),
                                     IO_FAULT(close)};
    tree_dir("tree");
    struct fake fake;
    struct px_copy_opts opts = fake_opts("tree", "dst");
    opts.io = io_fault_ops();
    unsigned calls[2] = {0, 0};
    for (int files = 1; files <= 2; files++) {
        char name[16];
        (void)snprintf(name, sizeof name, "tree/f%d", files);
        tree_text(name, "small");
        io_fault_reset();
        assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
        assert_int_equal(fake.sum.ok, files + 1);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            calls[files - 1] += io_fault_calls(members[i]);
        }
        tree_remove(AT_FDCWD, "dst/tree");
    }
    assert_true(calls[1] - calls[0] <= 9); /* eight, and one where linkat needs /proc */
}

/* --- a source that does not hold still -------------------------------------------------------- */

struct meddler {
    unsigned times;
};

static void meddle(void *ctx)
{
    struct meddler *meddler = ctx;
    FILE *file = fopen("in/src", "a");
    assert_non_null(file);
    assert_int_equal(putc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    meddler->times++;
}

static void test_file_changed_once_is_copied_again(void **state)
{
    (void)state;
    struct job job;
    struct meddler meddler = {0};
    job_begin(&job);
    io_fault_before(IO_FAULT(pwrite), 2, meddle, &meddler);
    job_run(&job);
    assert_int_equal(meddler.times, 1);
    assert_int_equal(job.fake.sum.ok, 1);
    assert_true(tree_same("in/src", "dst/src"));
}

/* Through the seam, so that every try sees a change. */
static const struct px_io_ops *restless_ops(void)
{
    static struct px_io_ops ops;
    return &ops;
}

static ssize_t restless_pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    struct meddler meddler = {0};
    meddle(&meddler);
    return pwrite(fd, buf, n, offset);
}

static void test_file_that_keeps_changing_fails_with_the_old_kept(void **state)
{
    (void)state;
    struct job job;
    tree_text("dst/src", "old");
    struct px_io_ops *ops = (struct px_io_ops *)(uintptr_t)restless_ops();
    *ops = *px_io_real();
    ops->pwrite = restless_pwrite;
    struct px_copy_opts opts = fake_opts("in/src", "dst");
    opts.io = ops;
    opts.reflink = PX_REFLINK_NEVER;
    assert_int_equal(fake_open(&job.fake, &opts, 1), PX_OK);
    fake_container(&job.fake, &job.entry)->pair->never_shares = false;
    job_run(&job);
    assert_int_equal(job.fake.sum.failed, 1);
    assert_int_equal(job.fake.worst.status, PX_ECHANGED);
    assert_int_equal(job.fake.worst.attempts, 3);
    assert_string_equal(job.fake.error, "copy: the source kept changing (3 tries)");
    tree_assert_text("dst/src", "old");
    assert_int_equal(tree_count("dst"), 1);
}

static void swap_for_link(void *ctx)
{
    (void)ctx;
    assert_int_equal(rename("in/src", "in/moved"), 0);
    tree_link("/etc/passwd", "in/src");
}

static void swap_for_fifo(void *ctx)
{
    (void)ctx;
    assert_int_equal(unlink("in/src"), 0);
    assert_int_equal(mkfifo("in/src", 0600), 0);
}

static void swap_for_other(void *ctx)
{
    (void)ctx;
    assert_int_equal(rename("in/src", "in/moved"), 0);
    tree_text("in/src", "another");
}

static void vanish(void *ctx)
{
    (void)ctx;
    assert_int_equal(unlink("in/src"), 0);
}

static void test_file_swapped_before_the_open_is_not_followed(void **state)
{
    (void)state;
    static const struct {
        void (*swap)(void *ctx);
        int status;
    } rows[] = {{swap_for_link, PX_ESRC},
                {swap_for_fifo, PX_ECHANGED},
                {swap_for_other, PX_ECHANGED},
                {vanish, PX_ECHANGED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        job_begin(&job);
        io_fault_reset(); /* count from here */
        io_fault_before(IO_FAULT(openat), 1, rows[i].swap, NULL);
        job_run(&job);
        assert_int_equal(job.fake.sum.failed, 1);
        assert_int_equal(job.fake.worst.status, rows[i].status);
        assert_int_equal(tree_count("dst"), 0);
        tree_remove(AT_FDCWD, "in");
        tree_dir("in");
        tree_text("in/src", "again");
    }
}

static void test_file_removed_while_copied_fails(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    io_fault_before(IO_FAULT(pwrite), 1, vanish, NULL); /* its ctime tells; then it is gone */
    job_run(&job);
    assert_int_equal(job.fake.sum.failed, 1);
    assert_int_equal(job.fake.worst.status, PX_ECHANGED);
    assert_int_equal(tree_count("dst"), 0);
}

static void truncate_source(void *ctx)
{
    (void)ctx;
    assert_int_equal(truncate("in/src", 5), 0);
}

static void test_file_shrunk_while_copied_is_copied_again(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    io_fault_before(IO_FAULT(pwrite), 1, truncate_source, NULL);
    job_run(&job);
    assert_int_equal(job.fake.sum.ok, 1);
    assert_int_equal(tree_stat("dst/src").st_size, 5);
    assert_true(tree_same("in/src", "dst/src"));
}

/* --- every call that can fail ----------------------------------------------------------------- */

static const struct {
    size_t member;
    int err;
} faults[] = {
    {IO_FAULT(openat), EIO},      {IO_FAULT(openat), ENOSPC}, {IO_FAULT(openat), EMFILE},
    {IO_FAULT(fstat), EIO},       {IO_FAULT(read), EIO},      {IO_FAULT(pwrite), EIO},
    {IO_FAULT(pwrite), ENOSPC},   {IO_FAULT(fchmod), EIO},    {IO_FAULT(futimens), EIO},
    {IO_FAULT(linkat), EIO},      {IO_FAULT(linkat), ENOSPC}, {IO_FAULT(renameat), EIO},
    {IO_FAULT(renameat), ENOSPC}, {IO_FAULT(close), EIO},     {IO_FAULT(fstatat), EIO},
};

static bool is_old_absent_or_complete(bool exists)
{
    if (!tree_has("dst/src")) {
        return !exists;
    }
    return tree_same_bytes("in/src", "dst/src") || (exists && tree_is_text("dst/src", "old"));
}

/* False: there is no nth call of that kind. */
static bool one_fault(size_t i, unsigned nth, bool sticky, bool exists)
{
    struct job job;
    (void)unlink("dst/src");
    if (exists) {
        tree_text("dst/src", "old");
    }
    job_begin(&job);
    io_fault_arm(faults[i].member, nth, faults[i].err, sticky);
    job_run(&job);
    const bool fired = io_fault_fired();
    assert_true(is_old_absent_or_complete(exists));
    assert_false(tree_has_temp("dst"));
    if (job.fake.sum.ok == 1) {
        assert_true(tree_same_bytes("in/src", "dst/src"));
    } else {
        assert_true(fired);
        assert_int_equal(job.fake.worst.os_errno, faults[i].err);
    }
    /* The same command again finishes the job. */
    job_begin(&job);
    job_run(&job);
    assert_int_equal(job.fake.sum.ok, 1);
    assert_true(tree_same("in/src", "dst/src"));
    return fired;
}

static void test_file_each_failing_call_leaves_old_absent_or_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        for (unsigned mode = 0; mode < 4; mode++) {
            unsigned nth = 1;
            while (one_fault(i, nth, mode & 1, mode & 2)) {
                nth++;
            }
        }
    }
}

static void test_file_attribute_refused_is_published_and_told(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    io_fault_arm(IO_FAULT(futimens), 1, EPERM, IO_FAULT_ONCE);
    job_run(&job);
    assert_int_equal(job.fake.sum.failed, 1);
    assert_int_equal(job.fake.worst.status, PX_EATTR);
    assert_true(tree_same_bytes("in/src", "dst/src"));
}

static void test_file_full_disk_stops_the_engine(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("many");
    for (int i = 0; i < 20; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "many/f%d", i);
        tree_text(name, "data");
    }
    struct px_copy_opts opts = fake_opts("many", "dst");
    opts.io = io_fault_ops();
    io_fault_arm(IO_FAULT(pwrite), 5, ENOSPC, IO_FAULT_STICKY);
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
    assert_int_equal(fake.sum.ok, 4);
    assert_int_equal(fake.sum.failed, 1); /* one message, not sixteen */
    assert_int_equal(fake.worst.status, PX_EFULL);
    assert_int_equal(fake.sum.canceled, 15 + 1); /* and the directory is not whole */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_unchanged_compares_each_mark),
        T(test_file_copy_is_equal),
        T(test_file_small_costs_eight_calls),
        T(test_file_changed_once_is_copied_again),
        T(test_file_that_keeps_changing_fails_with_the_old_kept),
        T(test_file_swapped_before_the_open_is_not_followed),
        T(test_file_removed_while_copied_fails),
        T(test_file_shrunk_while_copied_is_copied_again),
        T(test_file_each_failing_call_leaves_old_absent_or_complete),
        T(test_file_attribute_refused_is_published_and_told),
        T(test_file_full_disk_stops_the_engine),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
