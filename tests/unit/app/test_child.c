/* SPDX-License-Identifier: MIT
 *
 * One command from its start to its end: what it prints, how it ends, what it gets.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "app/child.h"

/* Where outlocks write to. */
struct sink {
    int fd;
    struct px_outlock *lock;
};

static struct sink out, err;

static void sink_open(struct sink *sink)
{
    char path[] = "/tmp/pxfer-child-XXXXXX";
    sink->fd = mkostemp(path, O_CLOEXEC);
    assert_true(sink->fd >= 0);
    unlink(path);
    assert_int_equal(px_outlock_new(sink->fd, &sink->lock), PX_OK);
}

static void sink_close(struct sink *sink)
{
    px_outlock_free(sink->lock);
    close(sink->fd);
}

static int set_up(void **state)
{
    (void)state;
    sink_open(&out);
    sink_open(&err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sink_close(&out);
    sink_close(&err);
    return 0;
}

static void expect_sink(const struct sink *sink, const char *want)
{
    char got[512] = "";
    const ssize_t n = pread(sink->fd, got, sizeof got - 1, 0);
    assert_true(n >= 0);
    assert_string_equal(got, want);
}

static struct child_end run(char *const *argv, bool (*stopped)(void *ctx))
{
    struct child_end end;
    const struct child_opts opts = {
        .argv = argv, .out = out.lock, .err = err.lock, .stopped = stopped};
    assert_int_equal(child_run(&opts, &end), PX_OK);
    assert_true(end.ns > 0);
    return end;
}

static struct child_end run_shell(const char *script)
{
    char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t)script, NULL};
    return run(argv, NULL);
}

static void test_child_output_goes_to_its_locks(void **state)
{
    (void)state;
    const struct child_end end = run_shell("echo one; echo two >&2; printf three");
    assert_int_equal(end.err, 0);
    assert_int_equal(end.code, 0);
    expect_sink(&out, "one\nthree");
    expect_sink(&err, "two\n");
}

static void test_child_exit_code_is_told(void **state)
{
    (void)state;
    assert_int_equal(run_shell("exit 7").code, 7);
}

static void test_child_signal_is_told(void **state)
{
    (void)state;
    const struct child_end end = run_shell("kill -KILL $$");
    assert_int_equal(end.signal, SIGKILL);
    assert_int_equal(end.code, 128 + SIGKILL);
}

static void test_child_that_is_no_program_is_told(void **state)
{
    char *const argv[] = {(char *)(uintptr_t) "/no/such/program", NULL};
    (void)state;
    assert_int_equal(run(argv, NULL).err, ENOENT);
    expect_sink(&out, "");
}

static void test_child_has_empty_input_and_no_other_files(void **state)
{
    (void)state;
    const int fd = open("/dev/null", O_RDONLY); /* not close-on-exec, on purpose */
    assert_true(fd >= 3);
    char script[128];
    snprintf(script, sizeof script, "cat; [ ! -e /proc/self/fd/%d ] && echo closed", fd);
    assert_int_equal(run_shell(script).code, 0);
    expect_sink(&out, "closed\n");
    close(fd);
}

static void test_child_much_output_comes_whole(void **state)
{
    (void)state;
    assert_int_equal(run_shell("yes 0123456789abcde | head -c 3000000").code, 0);
    assert_int_equal(lseek(out.fd, 0, SEEK_END), 3000000);
}

static void test_child_that_leaves_a_process_behind_is_over(void **state)
{
    (void)state;
    const struct child_end end = run_shell("sleep 20 & echo $!");
    char pid[32] = "";
    assert_int_equal(end.code, 0);
    assert_true(end.ns < INT64_C(10000000000));
    assert_true(pread(out.fd, pid, sizeof pid - 1, 0) > 0);
    kill((pid_t)strtol(pid, NULL, 10), SIGKILL);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void test_child_stopped_gets_sigterm(void **state)
{
    char *const argv[] = {(char *)(uintptr_t) "sleep", (char *)(uintptr_t) "20", NULL};
    (void)state;
    assert_int_equal(run(argv, at_once).signal, SIGTERM);
}

static void test_child_stopped_that_ignores_sigterm_gets_sigkill(void **state)
{
    char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t) "trap '' TERM; while :; do sleep 1; done", NULL};
    (void)state;
    const struct child_end end = run(argv, at_once);
    /* stopped before the trap was set, or after */
    assert_true(end.signal == SIGKILL || end.signal == SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_child_output_goes_to_its_locks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_exit_code_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_signal_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_that_is_no_program_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_has_empty_input_and_no_other_files, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_child_much_output_comes_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_that_leaves_a_process_behind_is_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_child_stopped_gets_sigterm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_stopped_that_ignores_sigterm_gets_sigkill,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
