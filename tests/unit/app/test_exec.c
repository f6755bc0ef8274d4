/* SPDX-License-Identifier: MIT
 *
 * Commands for items: which items, what becomes of them, more of them than the pool has room for,
 * and cancel.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "app/exec.h"

enum { ITEMS = 60 };

static struct px_item items[ITEMS];
static struct px_result tasks[ITEMS];
static size_t returned;
static struct px_outlock *lock;
static int lock_fd;
static struct exec *exec;

static void on_task(void *ctx, struct px_result *task)
{
    (void)ctx;
    assert_in_range((uintptr_t)task, (uintptr_t)&tasks[0], (uintptr_t)&tasks[ITEMS - 1]);
    returned++;
}

static int set_up(void **state)
{
    char path[] = "/tmp/pxfer-exec-XXXXXX";
    (void)state;
    lock_fd = mkostemp(path, O_CLOEXEC);
    unlink(path);
    returned = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        items[i] =
            (struct px_item){.state = PX_ITEM_OK, .source = "http://host/x", .target = "dir/-name"};
        tasks[i] = (struct px_result){.ok = 1, .items = &items[i], .n_items = 1};
    }
    return px_outlock_new(lock_fd, &lock);
}

static int tear_down(void **state)
{
    (void)state;
    exec_free(exec);
    exec = NULL;
    px_outlock_free(lock);
    close(lock_fd);
    for (size_t i = 0; i < ITEMS; i++) {
        free(items[i].error);
    }
    return 0;
}

static void open_exec(const char *const *words, unsigned jobs)
{
    const struct exec_opts opts = {.words = (char *const *)(uintptr_t)words,
                                   .jobs = jobs,
                                   .out = lock,
                                   .err = lock,
                                   .sink = on_task};
    assert_int_equal(exec_new(&opts, &exec), PX_OK);
}

static void wait_for_all(void)
{
    while (exec_pending(exec) > 0) {
        exec_pump(exec);
        poll(NULL, 0, 1);
    }
}

static void expect_output(const char *want)
{
    char got[256] = "";
    assert_true(pread(lock_fd, got, sizeof got - 1, 0) >= 0);
    assert_string_equal(got, want);
}

static void test_exec_path_is_the_last_word_without_braces(void **state)
{
    const char *const words[] = {"echo", "x", NULL};
    (void)state;
    open_exec(words, 1);
    assert_int_equal(exec_add(exec, &tasks[0]), PX_OK);
    wait_for_all();
    assert_int_equal(returned, 1);
    expect_output("x dir/-name\n");
    assert_int_equal(items[0].state, PX_ITEM_OK);
    assert_int_equal(items[0].exec_code, 0);
    assert_true(items[0].exec_ns > 0);
}

static void test_exec_path_like_an_option_is_made_plain(void **state)
{
    const char *const words[] = {"echo", "{}", "{url}", NULL};
    (void)state;
    items[0].target = "-rf";
    open_exec(words, 1);
    assert_int_equal(exec_add(exec, &tasks[0]), PX_OK);
    wait_for_all();
    expect_output("./-rf http://host/x\n");
}

static void test_exec_failed_command_fails_its_item(void **state)
{
    const char *const words[] = {"sh", "-c", "exit 3", NULL};
    (void)state;
    open_exec(words, 1);
    assert_int_equal(exec_add(exec, &tasks[0]), PX_OK);
    wait_for_all();
    assert_int_equal(items[0].state, PX_ITEM_FAILED);
    assert_int_equal(items[0].status, PX_ECOMMAND);
    assert_string_equal(items[0].error, "command: exit code 3");
    assert_int_equal(items[0].exec_code, 3);
    assert_int_equal(tasks[0].ok, 0);
    assert_int_equal(tasks[0].failed, 1);
}

static void test_exec_command_that_does_not_exist_fails_its_item(void **state)
{
    const char *const words[] = {"/no/such/program", NULL};
    (void)state;
    open_exec(words, 1);
    assert_int_equal(exec_add(exec, &tasks[0]), PX_OK);
    wait_for_all();
    assert_string_equal(items[0].error, "command: No such file or directory");
    assert_int_equal(items[0].exec_code, -1);
}

static void test_exec_more_than_there_is_room_for_are_all_run(void **state)
{
    const char *const words[] = {"true", NULL};
    (void)state;
    open_exec(words, 2);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(exec_add(exec, &tasks[i]), PX_OK);
    }
    assert_true(exec_is_full(exec));
    wait_for_all();
    assert_false(exec_is_full(exec));
    assert_int_equal(returned, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(items[i].state, PX_ITEM_OK);
        assert_true(items[i].exec_ns > 0);
    }
}

static void test_exec_canceled_gives_every_task_back_failed(void **state)
{
    const char *const sleeps[] = {"sh", "-c", "sleep 20", NULL};
    (void)state;
    open_exec(sleeps, 2);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(exec_add(exec, &tasks[i]), PX_OK);
    }
    exec_cancel(exec);
    wait_for_all();
    assert_int_equal(returned, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(items[i].status, PX_ECOMMAND);
    }
    assert_string_equal(items[ITEMS - 1].error, "command: not run");
    assert_int_equal(items[ITEMS - 1].exec_ns, 0);
}

static void test_exec_is_for_finished_files_only(void **state)
{
    const char *const words[] = {"true", NULL};
    (void)state;
    open_exec(words, 1);
    assert_true(exec_is_for(exec, &tasks[0]));
    assert_false(exec_is_for(NULL, &tasks[0]));
    items[0].state = PX_ITEM_SKIPPED;
    assert_false(exec_is_for(exec, &tasks[0]));
    items[1].target = NULL;
    assert_false(exec_is_for(exec, &tasks[1]));
    tasks[2].n_items = 0;
    assert_false(exec_is_for(exec, &tasks[2]));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_exec_path_is_the_last_word_without_braces),
        CASE(test_exec_path_like_an_option_is_made_plain),
        CASE(test_exec_failed_command_fails_its_item),
        CASE(test_exec_command_that_does_not_exist_fails_its_item),
        CASE(test_exec_more_than_there_is_room_for_are_all_run),
        CASE(test_exec_canceled_gives_every_task_back_failed),
        CASE(test_exec_is_for_finished_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
