/* SPDX-License-Identifier: MIT
 *
 * Signals, each test in a child process of its own: what a signal does to a process is seen from
 * outside only. raise(3) returns after the handler ran, so nothing here waits for a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/signals.h"
#include "support/counted.h"

#define CHILD_OK 0
#define CHILD_WRONG 1

/* The wait status of a child that ran `body`. */
static int run_child(int (*body)(void))
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGINT, SIG_DFL); /* a test runner's shell may ignore it in the background */
        signal(SIGTERM, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        const int code = signals_install() == PX_OK ? body() : CHILD_WRONG;
        counted_keep();
        _exit(code);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        assert_int_equal(errno, EINTR);
    }
    return status;
}

static void check_child_is_content(int (*body)(void))
{
    const int status = run_child(body);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

static void check_child_dies_by(int (*body)(void), int sig)
{
    const int status = run_child(body);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), sig);
}

static int first_stop_is_noted_and_stays(void)
{
    const bool before = signals_take().stop != 0 || signals_stopping();
    raise(SIGTERM);
    const bool noted =
        signals_take().stop == SIGTERM && signals_take().stop == SIGTERM && signals_stopping();
    return !before && noted ? CHILD_OK : CHILD_WRONG;
}

static int interrupted_twice(void)
{
    raise(SIGINT);
    counted_keep();
    raise(SIGINT);
    return CHILD_WRONG;
}

static int interrupted_then_terminated(void)
{
    raise(SIGINT);
    if (signals_take().stop != SIGINT) {
        return CHILD_WRONG;
    }
    raise(SIGTERM);
    return CHILD_WRONG;
}

static int hung_up_and_dies_of_it(void)
{
    raise(SIGHUP);
    return signals_die(signals_take().stop);
}

static int status_is_told_once(void)
{
    raise(SIGUSR1);
    const bool first = signals_take().status;
    return first && !signals_take().status ? CHILD_OK : CHILD_WRONG;
}

static int drain_is_told_from_then_on(void)
{
    if (signals_take().drain) {
        return CHILD_WRONG;
    }
    raise(SIGUSR2);
    raise(SIGUSR2);
    return signals_take().drain && signals_take().drain && signals_take().stop == 0 ? CHILD_OK
                                                                                    : CHILD_WRONG;
}

static int broken_pipe_is_an_error_of_write(void)
{
    int ends[2];
    if (pipe(ends) != 0 || close(ends[0]) != 0) {
        return CHILD_WRONG;
    }
    raise(SIGXFSZ);
    return write(ends[1], "x", 1) == -1 && errno == EPIPE ? CHILD_OK : CHILD_WRONG;
}

static int ignored_stop_stays_ignored(void)
{
    signal(SIGHUP, SIG_IGN);
    if (signals_install() != PX_OK) {
        return CHILD_WRONG;
    }
    raise(SIGHUP);
    raise(SIGHUP);
    return signals_take().stop == 0 ? CHILD_OK : CHILD_WRONG;
}

static int dies_by_a_blocked_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signals_die(SIGINT);
}

static void test_signals_first_stop_is_noted(void **state)
{
    (void)state;
    check_child_is_content(first_stop_is_noted_and_stays);
}

static void test_signals_second_stop_kills_at_once(void **state)
{
    (void)state;
    check_child_dies_by(interrupted_twice, SIGINT);
    check_child_dies_by(interrupted_then_terminated, SIGTERM);
}

static void test_signals_die_is_seen_as_that_signal(void **state)
{
    (void)state;
    check_child_dies_by(hung_up_and_dies_of_it, SIGHUP);
    check_child_dies_by(dies_by_a_blocked_signal, SIGINT);
}

/* SIGCHLD kills nobody, so that what comes after is seen: no process goes on as if nothing was. */
static void test_signals_die_that_survives_ends_by_its_code(void **state)
{
    (void)state;
    assert_int_equal(signals_die(SIGCHLD), 128 + SIGCHLD);
}

static void test_signals_status_once_and_drain_for_good(void **state)
{
    (void)state;
    check_child_is_content(status_is_told_once);
    check_child_is_content(drain_is_told_from_then_on);
}

static void test_signals_pipe_and_file_size_are_ignored(void **state)
{
    (void)state;
    check_child_is_content(broken_pipe_is_an_error_of_write);
}

static void test_signals_ignored_at_start_stays_ignored(void **state)
{
    (void)state;
    check_child_is_content(ignored_stop_stays_ignored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals_first_stop_is_noted),
        cmocka_unit_test(test_signals_second_stop_kills_at_once),
        cmocka_unit_test(test_signals_die_is_seen_as_that_signal),
        cmocka_unit_test(test_signals_die_that_survives_ends_by_its_code),
        cmocka_unit_test(test_signals_status_once_and_drain_for_good),
        cmocka_unit_test(test_signals_pipe_and_file_size_are_ignored),
        cmocka_unit_test(test_signals_ignored_at_start_stays_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
