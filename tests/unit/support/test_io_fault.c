/* SPDX-License-Identifier: MIT
 *
 * support/io_fault.h itself: a fault that the other tests arm must hit what it names, and only that.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "support/io_fault.h"
#include "support/scratch.h"

static void test_io_fault_close_that_fails_has_closed(void **state)
{
    const char *path = scratch_path(*state, "a");
    const int fd = px_io_real()->openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    io_fault_arm(IO_FAULT(close), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(io_fault_ops()->close(fd), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void test_io_fault_once_and_sticky_hit_the_named_member_only(void **state)
{
    (void)state;
    const struct px_io_ops *io = io_fault_ops();
    struct stat st;
    for (int sticky = 0; sticky <= 1; sticky++) {
        io_fault_arm(IO_FAULT(fstat), 2, EIO, sticky == 1);
        assert_int_equal(io->fstat(STDIN_FILENO, &st), 0);
        assert_false(io_fault_fired());
        assert_int_equal(io->fstatat(AT_FDCWD, ".", &st, 0), 0);
        assert_int_equal(io->fstat(STDIN_FILENO, &st), -1);
        assert_true(io_fault_fired());
        assert_int_equal(io->fstat(STDIN_FILENO, &st), sticky == 1 ? -1 : 0);
        assert_int_equal(io_fault_calls(IO_FAULT(fstat)), 3);
        assert_int_equal(io_fault_calls(IO_FAULT(fstatat)), 1);
    }
}

static void count_up(void *ctx)
{
    (*(unsigned *)ctx)++;
}

static void test_io_fault_before_runs_the_hook_once(void **state)
{
    (void)state;
    unsigned runs = 0;
    const int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    io_fault_before(IO_FAULT(fsync), 2, count_up, &runs);
    for (unsigned call = 1; call <= 3; call++) {
        assert_int_equal(io_fault_ops()->fsync(fd), 0);
        assert_int_equal(runs, call >= 2);
    }
    assert_int_equal(close(fd), 0);
}

#define FAULT_THREADS 4
#define FAULT_CALLS 250

static void *stat_many(void *arg)
{
    int *failures = arg;
    struct stat st;
    for (int i = 0; i < FAULT_CALLS; i++) {
        *failures += io_fault_ops()->fstat(0, &st) != 0 && errno == EXDEV;
    }
    return NULL;
}

static void test_io_fault_counts_over_all_threads(void **state)
{
    (void)state;
    io_fault_arm(IO_FAULT(fstat), FAULT_THREADS * FAULT_CALLS, EXDEV, IO_FAULT_ONCE);
    pthread_t threads[FAULT_THREADS];
    int failures[FAULT_THREADS] = {0};
    for (size_t i = 0; i < FAULT_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, stat_many, &failures[i]), 0);
    }
    int sum = 0;
    for (size_t i = 0; i < FAULT_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sum += failures[i];
    }
    assert_int_equal(sum, 1);
    assert_int_equal(io_fault_calls(IO_FAULT(fstat)), FAULT_THREADS * FAULT_CALLS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_io_fault_close_that_fails_has_closed),
        cmocka_unit_test(test_io_fault_once_and_sticky_hit_the_named_member_only),
        cmocka_unit_test(test_io_fault_before_runs_the_hook_once),
        cmocka_unit_test(test_io_fault_counts_over_all_threads),
    };
    return cmocka_run_group_tests_name("io_fault", tests, NULL, NULL);
}
