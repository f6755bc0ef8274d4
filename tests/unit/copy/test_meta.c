/* SPDX-License-Identifier: MIT
 *
 * Owner, mode, times: which calls are made, in which order things are lost when one is refused.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/meta.h"
#include "copy/tree.h"
#include "support/io_fault.h"

struct job {
    struct fake fake;
    struct stat want;
    struct px_owned has;
    struct px_fail fail;
    int fd;
    int source;
    struct px_pair pair;
};

/* A file of ours that is to get mode 04751 and the times of the sample. */
static void job_begin(struct job *job, bool demand_ownership)
{
    tree_text("src", "x");
    tree_text("file", "x");
    assert_int_equal(chmod("src", 04751), 0);
    tree_touch("src", 1000000000);
    struct px_copy_opts opts = fake_opts("src", "unused");
    *job = (struct job){.fd = open("file", O_RDWR | O_CLOEXEC), .want = tree_stat("src")};
    job->source = open("src", O_RDONLY | O_CLOEXEC);
    const struct stat st = tree_stat("file");
    job->has = (struct px_owned){st.st_uid, st.st_gid, st.st_mode & 07777};
    opts.io = io_fault_ops();
    opts.keep.demand = demand_ownership ? PX_KEEP_OWNERSHIP : 0;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
}

static void job_end(struct job *job)
{
    (void)close(job->fd);
    (void)close(job->source);
    fake_close(&job->fake);
}

static int job_apply(struct job *job)
{
    const struct px_meta meta = {.pair = &job->pair,
                                 .in = job->source,
                                 .out = job->fd,
                                 .want = &job->want,
                                 .has = job->has,
                                 .clean = true};
    return px_meta_apply(job->fake.copier, &meta, &job->fail);
}

static void expect_times(const char *path)
{
    const struct stat st = tree_stat(path);
    assert_int_equal(st.st_mtim.tv_sec, 1000000000);
    assert_int_equal(st.st_mtim.tv_nsec, 987654321);
    assert_int_equal(st.st_atim.tv_nsec, 123456789);
}

static void test_meta_mode_loses_special_bits_with_the_owner(void **state)
{
    (void)state;
    assert_int_equal(px_meta_mode(S_IFREG | 06755, true), 06755);
    assert_int_equal(px_meta_mode(S_IFREG | 06755, false), 0755);
    assert_int_equal(px_meta_mode(S_IFREG | 01777, false), 0777);
    assert_int_equal(px_meta_mode(S_IFDIR | 03777, false), 01777);
    assert_int_equal(px_meta_mode(S_IFREG, true), 0);
}

static void test_meta_apply_gives_mode_and_times(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, true);
    assert_int_equal(job_apply(&job), PX_OK);
    assert_int_equal(tree_stat("file").st_mode & 07777, 04751);
    expect_times("file");
    assert_int_equal(io_fault_calls(IO_FAULT(fchown)), 0); /* it is ours already */
    job_end(&job);
}

static void test_meta_apply_asks_nothing_that_is_there_already(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, true);
    job.has.mode = 04751;
    assert_int_equal(job_apply(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fchmod)), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(fchown)), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(futimens)), 1);
    job_end(&job);
}

static void test_meta_owner_refused_is_silent_and_drops_setuid(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, false);
    io_fault_arm(IO_FAULT(fchown), 1, EPERM, IO_FAULT_STICKY);
    job.want.st_uid++;
    assert_int_equal(job_apply(&job), PX_OK);
    assert_int_equal(tree_stat("file").st_mode & 07777, 0751);
    expect_times("file");
    job_end(&job);
}

static void test_meta_owner_refused_still_tries_the_group(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, false);
    io_fault_arm(IO_FAULT(fchown), 1, EPERM, IO_FAULT_STICKY);
    job.want.st_uid++;
    job.want.st_gid++;
    assert_int_equal(job_apply(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fchown)), 2);
    job_end(&job);
}

static void test_meta_owner_refused_but_demanded_fails_after_the_rest(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, true);
    io_fault_arm(IO_FAULT(fchown), 1, EPERM, IO_FAULT_STICKY);
    job.want.st_uid++;
    assert_int_equal(job_apply(&job), PX_EATTR);
    assert_string_equal(job.fail.text, "set owner: Operation not permitted");
    assert_int_equal(tree_stat("file").st_mode & 07777, 0751);
    expect_times("file");
    job_end(&job);
}

static void test_meta_chown_is_followed_by_chmod_for_setuid(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, true);
    job.has.uid++; /* so that the owner has to be set, to ourselves: that clears the bit */
    job.has.mode = 04751;
    assert_int_equal(job_apply(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fchown)), 1);
    assert_int_equal(tree_stat("file").st_mode & 07777, 04751);
    job_end(&job);
}

static void test_meta_refusals_and_broken_disks_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        size_t member;
        int err;
        int status;
    } rows[] = {
        {IO_FAULT(fchmod), EPERM, PX_EATTR},  {IO_FAULT(fchmod), EIO, PX_EIO},
        {IO_FAULT(fchmod), ENOSPC, PX_EFULL}, {IO_FAULT(futimens), EPERM, PX_EATTR},
        {IO_FAULT(futimens), EIO, PX_EIO},    {IO_FAULT(futimens), EROFS, PX_EFULL},
        {IO_FAULT(fchown), EIO, PX_EIO},      {IO_FAULT(fchown), EDQUOT, PX_EFULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        job_begin(&job, false);
        job.want.st_uid += rows[i].member == IO_FAULT(fchown);
        io_fault_arm(rows[i].member, 1, rows[i].err, IO_FAULT_ONCE);
        assert_int_equal(job_apply(&job), rows[i].status);
        assert_int_equal(job.fail.os_errno, rows[i].err);
        job_end(&job);
        (void)unlink("file");
    }
}

/* The link `name` as a copy of the sample. */
static int job_apply_link(struct job *job, const char *name)
{
    job->want.st_mode = S_IFLNK | 0777;
    const struct px_meta_at at = {.pair = &job->pair,
                                  .source_dirfd = AT_FDCWD,
                                  .source_name = "src",
                                  .dirfd = AT_FDCWD,
                                  .name = name,
                                  .want = &job->want};
    return px_meta_apply_at(job->fake.copier, &at, &job->fail);
}

static void test_meta_link_gets_times_of_its_own(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, true);
    tree_link("nowhere", "link");
    assert_int_equal(job_apply_link(&job, "link"), PX_OK);
    expect_times("link");
    job_end(&job);
}

static void test_meta_link_replaced_by_a_file_is_not_given_away(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, true);
    assert_int_equal(job_apply_link(&job, "file"), PX_EATTR);
    assert_int_equal(io_fault_calls(IO_FAULT(fchown)), 0);
    job_end(&job);
}

static void test_meta_link_owner_refused_is_silent_unless_demanded(void **state)
{
    (void)state;
    for (int demand = 0; demand < 2; demand++) {
        struct job job;
        job_begin(&job, demand == 1);
        tree_link("nowhere", "link");
        io_fault_arm(IO_FAULT(fchown), 1, EPERM, IO_FAULT_STICKY);
        job.want.st_uid++;
        assert_int_equal(job_apply_link(&job, "link"), demand == 1 ? PX_EATTR : PX_OK);
        expect_times("link");
        job_end(&job);
        (void)unlink("link");
        (void)unlink("file");
    }
}

static void test_meta_lost_attributes_are_not_set(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, false);
    job.want.st_uid++;
    job.fake.copy->opts.keep.lose = PX_KEEP_ALL;
    job.fake.copy->umask = 027;
    assert_int_equal(job_apply(&job), PX_OK);
    assert_int_equal(tree_stat("file").st_mode & 07777, 0640); /* as a new file would have */
    assert_int_equal(io_fault_calls(IO_FAULT(fchown)), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(futimens)), 0);
    assert_int_equal(px_meta_new_mode(job.fake.copier, S_IFDIR | 0700), 0777);
    assert_int_equal(px_meta_new_mode(job.fake.copier, S_IFREG | 0700), 0666);
    job_end(&job);
}

static void test_meta_special_file_gets_owner_mode_and_times(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, false);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkfifo("source", 0600), 0);
    job.want.st_mode = S_IFIFO | 0640;
    const struct px_meta_at at = {.pair = &job.pair,
                                  .source_dirfd = AT_FDCWD,
                                  .source_name = "source",
                                  .dirfd = AT_FDCWD,
                                  .name = "fifo",
                                  .want = &job.want};
    assert_int_equal(px_meta_apply_at(job.fake.copier, &at, &job.fail), PX_OK);
    assert_int_equal(tree_stat("fifo").st_mode & 07777, 0640);
    expect_times("fifo");
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meta_mode_loses_special_bits_with_the_owner),
        T(test_meta_apply_gives_mode_and_times),
        T(test_meta_apply_asks_nothing_that_is_there_already),
        T(test_meta_owner_refused_is_silent_and_drops_setuid),
        T(test_meta_owner_refused_still_tries_the_group),
        T(test_meta_owner_refused_but_demanded_fails_after_the_rest),
        T(test_meta_chown_is_followed_by_chmod_for_setuid),
        T(test_meta_refusals_and_broken_disks_are_told_apart),
        T(test_meta_link_gets_times_of_its_own),
        T(test_meta_link_replaced_by_a_file_is_not_given_away),
        T(test_meta_link_owner_refused_is_silent_unless_demanded),
        T(test_meta_lost_attributes_are_not_set),
        T(test_meta_special_file_gets_owner_mode_and_times),
    };
    return cmocka_run_group_tests_name("meta", tests, NULL, NULL);
}
