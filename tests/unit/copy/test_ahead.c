/* SPDX-License-Identifier: MIT
 *
 * Reading ahead: only on a source that was seen to be slow, and not when all is in memory.
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

#include <pxfer/timing.h>

#include "copy/ahead.h"
#include "copy/data_job.h"

#define MIB ((uint64_t)1024 * 1024)

static bool is_slow(struct job *job)
{
    return atomic_load(&job->pair.slow_source);
}

static void test_ahead_of_a_fast_source_nothing_is_asked_for(void **state)
{
    (void)state;
    struct job job;
    io_fault_arm(IO_FAULT(cached), 1, ENOSYS, IO_FAULT_STICKY);
    job_begin(&job, 10, fake_opts("src", "unused"));
    job.st.st_size = 1 << 30;
    for (uint64_t at = 0; at < 100; at++) {
        px_ahead_ask(&job.data, at * MIB);
        px_ahead_note(&job.data, (at + 1) * MIB, MIB, PX_NS_PER_MS);
    }
    assert_false(is_slow(&job));
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 0);
    job_end(&job);
}

static void test_ahead_of_a_slow_source_eight_mib_are_asked_for_once(void **state)
{
    (void)state;
    struct job job;
    io_fault_arm(IO_FAULT(cached), 1, ENOSYS, IO_FAULT_STICKY);
    job_begin(&job, 10, fake_opts("src", "unused"));
    job.st.st_size = 1 << 30;
    px_ahead_note(&job.data, MIB, MIB, PX_NS_PER_S);
    assert_false(is_slow(&job)); /* one piece proves nothing */
    px_ahead_note(&job.data, 4 * MIB, 3 * MIB, PX_NS_PER_S);
    assert_true(is_slow(&job));
    px_ahead_ask(&job.data, 4 * MIB);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 16);
    px_ahead_ask(&job.data, 5 * MIB);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 16);
    px_ahead_ask(&job.data, 10 * MIB);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 28);
    job_end(&job);
}

static void test_ahead_ends_with_the_file(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, 10, fake_opts("src", "unused"));
    atomic_store(&job.pair.slow_source, true);
    px_ahead_ask(&job.data, 0);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 1);
    px_ahead_ask(&job.data, 10);
    assert_int_equal(io_fault_calls(IO_FAULT(advise)), 1);
    job_end(&job);
}

/* A busy machine, not a slow disk. */
static void test_ahead_of_a_source_in_memory_is_not_slow(void **state)
{
    (void)state;
    struct job job;
    uint64_t pages = 0;
    io_fault_reset();
    job_begin(&job, 3 * MIB, fake_opts("src", "unused"));
    if (px_io_real()->cached(job.data.in, 0, (off_t)(3 * MIB), &pages) == 0 && pages > 0) {
        px_ahead_note(&job.data, 0, 4 * MIB, PX_NS_PER_S);
        assert_false(is_slow(&job));
        assert_int_equal(io_fault_calls(IO_FAULT(cached)), 1);
    }
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_ahead_of_a_fast_source_nothing_is_asked_for),
        T(test_ahead_of_a_slow_source_eight_mib_are_asked_for_once),
        T(test_ahead_ends_with_the_file),
        T(test_ahead_of_a_source_in_memory_is_not_slow),
    };
    return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
