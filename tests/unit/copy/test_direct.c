/* SPDX-License-Identifier: MIT
 *
 * O_DIRECT on and off: for which files, on which answers of the two file systems.
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
#include "copy/direct.h"

#define LARGE_BYTES ((size_t)1024 * 1024)

static size_t begin(struct job *job)
{
    return px_direct_begin(job->fake.copier, &job->pair, job->data.in, job->data.out, &job->st);
}

static struct px_copy_opts direct_opts(bool direct)
{
    struct px_copy_opts opts = fake_opts("src", "unused");
    opts.direct = direct;
    return opts;
}

static void test_direct_is_for_large_files_when_asked_for(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, LARGE_BYTES, direct_opts(false));
    assert_int_equal(begin(&job), 0);
    job_end(&job);
    job_begin(&job, LARGE_BYTES - 1, direct_opts(true));
    assert_int_equal(begin(&job), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(set_direct)), 0);
    job_end(&job);
}

static void test_direct_refused_by_either_side_is_off_on_both(void **state)
{
    (void)state;
    for (unsigned side = 1; side <= 2; side++) {
        struct job job;
        io_fault_arm(IO_FAULT(direct_align), side, EINVAL, IO_FAULT_ONCE);
        job_begin(&job, LARGE_BYTES, direct_opts(true));
        assert_int_equal(begin(&job), 0);
        assert_int_equal(fcntl(job.data.in, F_GETFL) & O_DIRECT, 0);
        assert_int_equal(fcntl(job.data.out, F_GETFL) & O_DIRECT, 0);
        job_end(&job);
    }
}

static void test_direct_on_is_on_both_and_off_again(void **state)
{
    (void)state;
    struct job job;
    io_fault_arm(IO_FAULT(direct_align), 1, EOPNOTSUPP, IO_FAULT_STICKY);
    job_begin(&job, LARGE_BYTES, direct_opts(true));
    const size_t align = begin(&job);
    if (align != 0) { /* the file system below the test takes it */
        assert_int_equal(align, PX_DIRECT_ALIGN_MAX);
        assert_true((fcntl(job.data.in, F_GETFL) & O_DIRECT) != 0);
        assert_true((fcntl(job.data.out, F_GETFL) & O_DIRECT) != 0);
        job.data.align = align;
        px_direct_off(&job.data);
    }
    assert_int_equal(job.data.align, 0);
    assert_int_equal(fcntl(job.data.in, F_GETFL) & O_DIRECT, 0);
    assert_int_equal(fcntl(job.data.out, F_GETFL) & O_DIRECT, 0);
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_direct_is_for_large_files_when_asked_for),
        T(test_direct_refused_by_either_side_is_off_on_both),
        T(test_direct_on_is_on_both_and_off_again),
    };
    return cmocka_run_group_tests_name("direct", tests, NULL, NULL);
}
