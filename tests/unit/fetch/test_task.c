/* SPDX-License-Identifier: MIT
 *
 * Tasks: outcomes, texts that come with replies, and the way back into a list.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "support/memory_text.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_task_outcomes_replace_each_other(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *task = fetching_task(on->fetch, "http://h/x", "");
    task_set_failed(task, PX_ENET, 111, "one %d", 1);
    assert_string_equal(task->item.error, "one 1");
    assert_int_equal(task->item.os_errno, 111);
    assert_int_equal(task->result.failed, 1);
    task_set_repeated(task, "same as line 1");
    assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
    assert_string_equal(task->item.error, "same as line 1");
    assert_int_equal(task->result.failed, 0);
    assert_int_equal(task->result.skipped, 1);
    task_set_canceled(task);
    assert_int_equal(task->item.status, PX_ECANCELED);
    assert_int_equal(task->result.canceled, 1);
    task_set_ok(task, 12);
    assert_null(task->item.error);
    assert_int_equal(task->result.ok, 1);
    assert_int_equal(task->result.canceled, 0);
    assert_int_equal(task->result.bytes, 12);
    task_free(task);
}

static void test_task_keep_text_holds_any_length(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *task = fetching_task(on->fetch, "http://h/x", "");
    const char *kept[40];
    char text[200];
    for (size_t i = 0; i < ROWS(kept); i++) {
        memset(text, 'a' + (int)(i % 26), i * 5);
        text[i * 5] = '\0';
        kept[i] = task_keep_text(task, text);
    }
    for (size_t i = 0; i < ROWS(kept); i++) {
        assert_int_equal(strlen(kept[i]), i * 5);
        assert_true(i == 0 || kept[i][i * 5 - 1] == 'a' + (int)(i % 26));
    }
    assert_null(task_keep_text(task, NULL));
    assert_string_equal(task->url, "http://h/x");
    task_free(task);
}

static void expect_entry(const struct fetch_task *task, const char *want)
{
    struct memory_text memory;
    FILE *out = memory_text_open(&memory);
    assert_int_equal(px_fetch_write_entry(&task->result, out), PX_OK);
    assert_string_equal(memory_text_close(&memory), want);
    memory_text_free(&memory);
}

static void test_task_write_entry_keeps_what_the_next_run_needs(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *task = fetching_task_of_mirrors(
        on->fetch, "http://u:p@h/x", "http://m/x\thttp://n/x", "out=a b\nheader=X: y\nsplit=4\n");
    expect_entry(task, "http://u:p@h/x\thttp://m/x\thttp://n/x\n"
                       "  out=a b\n  header=X: y\n  split=4\n");
    task_free(task);
    task = fetching_task(on->fetch, "http://h/y", "");
    expect_entry(task, "http://h/y\n");
    task_free(task);
}

static void test_task_write_entry_bad_line_becomes_a_comment(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *task = fetching_task(on->fetch, "ftp://h/\x1b", "");
    expect_entry(task, "# line 1: a control byte in the URL: ftp://h/\\e\n");
    task_free(task);
}

static void test_task_write_entry_names_the_out_of_the_command_line(void **state)
{
    struct fetching *on = *state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = on->area.dir, .out_name = "y"};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
    expect_entry(task, "http://h/x\n  out=y\n");
    task_free(task);
    px_fetch_free(fetch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fetching_open, fetching_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_task_outcomes_replace_each_other),
        TEST(test_task_keep_text_holds_any_length),
        TEST(test_task_write_entry_keeps_what_the_next_run_needs),
        TEST(test_task_write_entry_bad_line_becomes_a_comment),
        TEST(test_task_write_entry_names_the_out_of_the_command_line),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
