/* SPDX-License-Identifier: MIT
 *
 * Pieces around the cache and without leaving anything in it: what is written, what is fallen back
 * to. The kernel's answers are made up where they matter.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "copy/data_job.h"
#include "copy/manner.h"

#define ALIGN ((size_t)512)
#define ODD_BYTES (PX_DATA_BUF_BYTES + 1001)

static const size_t once_calls[] = {IO_FAULT(pread_once), IO_FAULT(pwrite_once)};

static int copy(struct job *job)
{
    return px_data_copy(&job->data, &job->fail);
}

/* Around the cache. The flag itself is not needed to see what is written. */
static void begin_direct(struct job *job, size_t bytes)
{
    job_begin(job, bytes, fake_opts("src", "unused"));
    job->data.align = ALIGN;
}

/* Without leaving anything in the cache, on a system that says `err` to the call that does it. */
static void begin_once(struct job *job, size_t bytes, size_t member, int err)
{
    struct px_copy_opts opts = fake_opts("src", "unused");
    opts.drop_cache = true;
    io_fault_arm(member, 1, err, IO_FAULT_STICKY);
    job_begin(job, bytes, opts);
}

static void test_manner_direct_writes_blocks_and_cuts_the_last(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    begin_direct(&job, ODD_BYTES);
    assert_int_equal(copy(&job), PX_OK);
    assert_int_equal(job.data.bytes, ODD_BYTES);
    assert_int_equal(io_fault_calls(IO_FAULT(read)), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(ftruncate)), 1);
    assert_true(tree_same_bytes("src", "out"));
    job_end(&job);
}

static void test_manner_direct_refused_on_the_way_goes_on_through_memory(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(pread), IO_FAULT(pwrite)};
    for (size_t i = 0; i < 2; i++) {
        for (unsigned nth = 1; nth <= 2; nth++) {
            struct job job;
            io_fault_arm(members[i], nth, EINVAL, IO_FAULT_ONCE);
            begin_direct(&job, 2 * ODD_BYTES);
            assert_int_equal(copy(&job), PX_OK);
            assert_true(io_fault_fired());
            assert_int_equal(job.data.align, 0);
            assert_true(tree_same_bytes("src", "out"));
            job_end(&job);
        }
    }
}

static void test_manner_direct_short_reads_lose_nothing(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    io_fault_short(IO_FAULT(pread), 5 * ALIGN + 7);
    begin_direct(&job, 100001);
    assert_int_equal(copy(&job), PX_OK);
    assert_true(tree_same_bytes("src", "out"));
    job_end(&job);
}

static void test_manner_widens_pieces_within_bounds(void **state)
{
    (void)state;
    static const struct {
        uint64_t least, most, from, end, wide_from, wide_end;
    } rows[] = {{0, 9000, 1000, 2000, 512, 2048},
                {1024, 9000, 1030, 2048, 1024, 2048},
                {2048, 9000, 2049, 8999, 2048, 9000}};
    struct px_data data = {.align = ALIGN};
    for (size_t i = 0; i < 3; i++) {
        uint64_t from = rows[i].from;
        uint64_t end = rows[i].end;
        px_manner_widen(&data, rows[i].least, rows[i].most, &from, &end);
        assert_int_equal(from, rows[i].wide_from);
        assert_int_equal(end, rows[i].wide_end);
        data.align = 0;
        from = rows[i].from;
        px_manner_widen(&data, rows[i].least, rows[i].most, &from, &end);
        assert_int_equal(from, rows[i].from);
        data.align = ALIGN;
    }
}

static void test_manner_once_is_asked_once_where_it_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct job job;
        begin_once(&job, 3 * ODD_BYTES, once_calls[i], EOPNOTSUPP);
        assert_int_equal(copy(&job), PX_OK);
        assert_int_equal(io_fault_calls(once_calls[i]), 1);
        assert_true(atomic_load(i == 0 ? &job.pair.no_once_in : &job.pair.no_once_out));
        assert_true(io_fault_calls(IO_FAULT(advise)) > 0); /* by hand */
        assert_true(tree_same_bytes("src", "out"));
        job_end(&job);
    }
}

static void test_manner_once_error_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct job job;
        begin_once(&job, ODD_BYTES, once_calls[i], EIO);
        assert_int_equal(copy(&job), i == 0 ? PX_ESRC : PX_EIO);
        job_end(&job);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_manner_direct_writes_blocks_and_cuts_the_last),
        T(test_manner_direct_refused_on_the_way_goes_on_through_memory),
        T(test_manner_direct_short_reads_lose_nothing),
        T(test_manner_widens_pieces_within_bounds),
        T(test_manner_once_is_asked_once_where_it_is_refused),
        T(test_manner_once_error_is_an_error),
    };
    return cmocka_run_group_tests_name("manner", tests, NULL, NULL);
}
