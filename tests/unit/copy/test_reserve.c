/* SPDX-License-Identifier: MIT
 *
 * Room before writing: for which files, what is learnt, what a full disk says.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/data_job.h"
#include "copy/reserve.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define LARGE_BYTES ((size_t)3 * 1024 * 1024 + 17)

/* On a file system where reserving pays; to be ended by job_end(). */
static void reserve_begin(struct job *job, size_t bytes, enum px_sparse sparse)
{
    struct px_copy_opts opts = fake_opts("src", "unused");
    opts.sparse = sparse;
    job_begin(job, bytes, opts);
    job->pair.reserving_pays = true;
}

static int reserve(struct job *job)
{
    return px_reserve(job->fake.copier, &job->pair, job->data.out, &job->st, &job->fail);
}

static void test_reserve_only_large_files_without_holes_get_room(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        bool pays;
        bool holes;
        enum px_sparse sparse;
        unsigned calls;
    } rows[] = {{LARGE_BYTES, true, false, PX_SPARSE_AUTO, 1},
                {LARGE_BYTES, true, false, PX_SPARSE_NEVER, 1},
                {10000, true, false, PX_SPARSE_AUTO, 0},
                {LARGE_BYTES, false, false, PX_SPARSE_AUTO, 0},
                {LARGE_BYTES, true, true, PX_SPARSE_AUTO, 0},
                {LARGE_BYTES, true, false, PX_SPARSE_ALWAYS, 0}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct job job;
        io_fault_reset();
        reserve_begin(&job, rows[i].bytes, rows[i].sparse);
        job.pair.reserving_pays = rows[i].pays;
        job.st.st_blocks = rows[i].holes ? 8 : job.st.st_blocks;
        assert_int_equal(reserve(&job), PX_OK);
        assert_int_equal(io_fault_calls(IO_FAULT(fallocate)), rows[i].calls);
        assert_int_equal(tree_stat("out").st_size, 0);
        job_end(&job);
    }
}

static void test_reserve_full_disk_is_told(void **state)
{
    (void)state;
    static const int errnos[] = {ENOSPC, EDQUOT};
    for (size_t i = 0; i < ROWS(errnos); i++) {
        struct job job;
        io_fault_arm(IO_FAULT(fallocate), 1, errnos[i], IO_FAULT_ONCE);
        reserve_begin(&job, LARGE_BYTES, PX_SPARSE_AUTO);
        assert_int_equal(reserve(&job), PX_EFULL);
        assert_non_null(strstr(job.fail.text, "reserve space: "));
        assert_int_equal(job.fail.os_errno, errnos[i]);
        job_end(&job);
    }
}

static void test_reserve_refusal_is_no_failure_and_remembered_when_for_good(void **state)
{
    (void)state;
    static const struct {
        int err;
        unsigned calls;
    } rows[] = {{EOPNOTSUPP, 1}, {ENOSYS, 1}, {EFBIG, 2}, {EIO, 2}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct job job;
        io_fault_arm(IO_FAULT(fallocate), 1, rows[i].err, IO_FAULT_STICKY);
        reserve_begin(&job, LARGE_BYTES, PX_SPARSE_AUTO);
        assert_int_equal(reserve(&job), PX_OK);
        assert_int_equal(reserve(&job), PX_OK);
        assert_int_equal(io_fault_calls(IO_FAULT(fallocate)), rows[i].calls);
        job_end(&job);
    }
}

/* A size that was too large: what is copied after all has no blocks behind its end. */
static void test_reserve_room_behind_the_end_is_given_back(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    reserve_begin(&job, LARGE_BYTES, PX_SPARSE_AUTO);
    job.st.st_size *= 4;
    job.st.st_blocks *= 4;
    assert_int_equal(reserve(&job), PX_OK);
    assert_int_equal(px_data_copy(&job.data, &job.fail), PX_OK);
    assert_int_equal(job.data.bytes, LARGE_BYTES);
    assert_true(tree_stat("out").st_blocks <= (blkcnt_t)LARGE_BYTES / 512 + 16);
    assert_true(tree_same_bytes("src", "out"));
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_reserve_only_large_files_without_holes_get_room),
        T(test_reserve_full_disk_is_told),
        T(test_reserve_refusal_is_no_failure_and_remembered_when_for_good),
        T(test_reserve_room_behind_the_end_is_given_back),
    };
    return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
