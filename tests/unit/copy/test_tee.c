/* SPDX-License-Identifier: MIT
 *
 * The same bytes go to all files; one that fails drops out with its reason.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/sparse.h"
#include "copy/tee.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define N 3

struct job {
    struct px_tee tee;
    struct px_tee_end ends[N];
    struct px_fail fails[N];
    struct px_fail fail;
};

static void job_begin(struct job *job)
{
    *job = (struct job){.fail = {.status = PX_OK}};
    for (int i = 0; i < N; i++) {
        const char name[2] = {(char)('a' + i), '\0'};
        job->ends[i].fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(job->ends[i].fd >= 0);
        job->ends[i].fail = &job->fails[i];
        px_tee_add(&job->tee, &job->ends[i]);
    }
    assert_int_equal(job->tee.n, N);
}

static void job_end(struct job *job)
{
    for (int i = 0; i < N; i++) {
        (void)close(job->ends[i].fd);
    }
}

static int job_write(struct job *job, const char *text, uint64_t offset)
{
    return px_tee_write(&job->tee, io_fault_ops(), PX_SPARSE_AUTO, text, strlen(text), offset,
                        &job->fail);
}

static void test_tee_write_reaches_all(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job);
    assert_int_equal(job_write(&job, "world", 6), PX_OK);
    assert_int_equal(job_write(&job, "hello ", 0), PX_OK);
    job_end(&job);
    for (int i = 0; i < N; i++) {
        const char name[2] = {(char)('a' + i), '\0'};
        tree_assert_text(name, "hello world");
    }
}

static void test_tee_failing_one_drops_out_the_others_go_on(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= N; nth++) {
        struct job job;
        job_begin(&job);
        io_fault_arm(IO_FAULT(pwrite), nth, EIO, IO_FAULT_ONCE);
        assert_int_equal(job_write(&job, "one", 0), PX_OK);
        assert_int_equal(job.tee.n, N - 1);
        assert_int_equal(job_write(&job, "two", 3), PX_OK);
        assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 2 * N - 1);
        job_end(&job);
        for (unsigned i = 0; i < N; i++) {
            const char name[2] = {(char)('a' + i), '\0'};
            assert_int_equal(job.ends[i].dropped, i == nth - 1);
            tree_assert_text(name, i == nth - 1 ? "" : "onetwo");
        }
        assert_int_equal(job.fails[nth - 1].status, PX_EIO);
        assert_non_null(strstr(job.fails[nth - 1].text, "write at offset 0"));
    }
}

static void test_tee_none_left_is_an_error(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    io_fault_arm(IO_FAULT(pwrite), 1, ENOSPC, IO_FAULT_STICKY);
    assert_int_equal(job_write(&job, "x", 0), PX_EFULL);
    assert_int_equal(job.tee.n, 0);
    assert_int_equal(job.fail.status, PX_EFULL);
    job_end(&job);
}

static void test_tee_size_is_set_for_all(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    io_fault_arm(IO_FAULT(ftruncate), 2, EIO, IO_FAULT_ONCE);
    assert_int_equal(px_tee_set_size(&job.tee, io_fault_ops(), 5000, &job.fail), PX_OK);
    assert_int_equal(tree_stat("a").st_size, 5000);
    assert_int_equal(tree_stat("b").st_size, 0);
    assert_int_equal(tree_stat("c").st_size, 5000);
    assert_true(job.ends[1].dropped);
    io_fault_arm(IO_FAULT(ftruncate), 1, EIO, IO_FAULT_STICKY);
    assert_int_equal(px_tee_set_size(&job.tee, io_fault_ops(), 1, &job.fail), PX_EIO);
    job_end(&job);
}

static void test_tee_zeros_become_holes_when_asked(void **state)
{
    (void)state;
    static const unsigned char zeros[16 * PX_SPARSE_BLOCK_BYTES];
    struct job job;
    io_fault_reset();
    job_begin(&job);
    assert_int_equal(px_tee_set_size(&job.tee, io_fault_ops(), sizeof zeros, &job.fail), PX_OK);
    assert_int_equal(
        px_tee_write(&job.tee, io_fault_ops(), PX_SPARSE_ALWAYS, zeros, sizeof zeros, 0, &job.fail),
        PX_OK);
    job_end(&job);
    assert_int_equal(tree_stat("c").st_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tee_write_reaches_all, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(test_tee_failing_one_drops_out_the_others_go_on, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_tee_none_left_is_an_error, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(test_tee_size_is_set_for_all, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(test_tee_zeros_become_holes_when_asked, tree_setup,
                                        tree_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
