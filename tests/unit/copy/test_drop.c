/* SPDX-License-Identifier: MIT
 *
 * Dropping by hand: what was in memory before is known and left alone, the windows, the end.
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
#include "copy/drop.h"

#define MIB ((uint64_t)1024 * 1024)

static struct px_copy_opts drop_opts(bool drop)
{
    struct px_copy_opts opts = fake_opts("src", "unused");
    opts.drop_cache = drop;
    return opts;
}

static void test_drop_looks_only_when_asked_for(void **state)
{
    (void)state;
    struct job job;
    struct px_kept kept;
    io_fault_reset();
    job_begin(&job, 10000, drop_opts(false));
    px_drop_look(job.fake.copier, job.data.in, 10000, &kept);
    px_drop_source(job.fake.copier, job.data.in, &kept);
    assert_false(kept.looked);
    assert_int_equal(io_fault_calls(IO_FAULT(cached)) + io_fault_calls(IO_FAULT(advise)), 0);
    job_end(&job);
}

/* It was just written: in memory, where anybody can tell. */
static void test_drop_keeps_what_was_in_memory(void **state)
{
    (void)state;
    struct job job;
    struct px_kept kept;
    uint64_t pages = 0;
    io_fault_reset();
    job_begin(&job, 3 * MIB, drop_opts(true));
    px_drop_look(job.fake.copier, job.data.in, 3 * MIB, &kept);
    assert_true(kept.looked);
    if (px_io_real()->cached(job.data.in, 0, (off_t)(3 * MIB), &pages) == 0 && pages > 0) {
        assert_int_equal(kept.unit_bytes, MIB);
        assert_int_equal(kept.units, 7);
        px_drop_source(job.fake.copier, job.data.in, &kept);
        assert_int_equal(io_fault_calls(IO_FAULT(advise)), 0);
    }
    kept.unit_bytes = MIB;
    kept.units = 5;
    px_drop_source(job.fake.copier, job.data.in, &kept);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 1); /* the one in the middle */
    job_end(&job);
}

static void test_drop_keeps_nothing_where_nobody_knows(void **state)
{
    (void)state;
    struct job job;
    struct px_kept kept;
    io_fault_arm(IO_FAULT(cached), 1, ENOSYS, IO_FAULT_STICKY);
    job_begin(&job, 3 * MIB, drop_opts(true));
    px_drop_look(job.fake.copier, job.data.in, 3 * MIB, &kept);
    assert_int_equal(kept.unit_bytes, 0);
    px_drop_source(job.fake.copier, job.data.in, &kept);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 1);
    job_end(&job);
}

static void test_drop_trails_one_window_behind_and_ends(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, 10, drop_opts(true));
    atomic_store(&job.pair.no_once_out, true);
    for (uint64_t at = 0; at < 16; at++) {
        px_drop_moved(&job.data, at * MIB, (at + 1) * MIB);
    }
    assert_int_equal(io_fault_calls(IO_FAULT(sync_range)), 3); /* begun twice, awaited once */
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 1);
    assert_int_equal(job.data.trail.dropped, 8 * MIB);
    px_drop_end(&job.data);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 2);
    assert_false(job.data.trail.begun);
    px_drop_end(&job.data);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 2);
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_drop_looks_only_when_asked_for),
        T(test_drop_keeps_what_was_in_memory),
        T(test_drop_keeps_nothing_where_nobody_knows),
        T(test_drop_trails_one_window_behind_and_ends),
    };
    return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
