/* SPDX-License-Identifier: MIT
 *
 * Which options of a list are told to have no effect, and how often.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/unused.h"
#include "support/sheet.h"

/* What is said of an entry with these options. */
static void expect_told(struct unused *unused, const char *options, enum px_log_level level,
                        const char *expected)
{
    struct sheet sheet;
    sheet_open(&sheet);
    const struct px_log log = {.out = sheet.lock, .level = level, .program = "test"};
    struct px_fetch *fetch =
        fetching_new(&(struct px_fetch_opts){.workers = 1, .dir = "/tmp", .split = 4, .log = &log});
    struct fetch_task *task = fetching_task(fetch, "http://h/x", options);
    task->item.line = 7;
    unused_tell(unused, task);
    assert_string_equal(sheet_text(&sheet), expected);
    task_free(task);
    px_fetch_free(fetch);
    sheet_close(&sheet);
}

static void test_unused_each_name_is_told_once_and_with_v_each_time(void **state)
{
    struct unused unused = {0};
    (void)state;
    expect_told(&unused, "out=a\nall-proxy=http://u:p@h\nodd=1\n", PX_LOG_NORMAL,
                "test: warning: line 7: all-proxy=: not used\n"
                "test: warning: line 7: odd=: not used\n");
    expect_told(&unused, "odd=2\nall-proxy=x\n", PX_LOG_NORMAL, "");
    expect_told(&unused, "odd=2\n", PX_LOG_VERBOSE, "test: warning: line 7: odd=: not used\n");
}

static void test_unused_what_has_its_effect_is_not_told(void **state)
{
    struct unused unused = {0};
    (void)state;
    expect_told(&unused,
                "out=a\ndir=d\nsize=1\nheader=A: b\nreferer=r\nuser-agent=u\nsplit=4\n"
                "http-user=u\nhttp-passwd=p\ngid=0123456789abcdef\n",
                PX_LOG_VERBOSE, "");
}

static void test_unused_more_segments_than_the_run_allows_are_told(void **state)
{
    struct unused unused = {0};
    (void)state;
    expect_told(&unused, "split=5\n", PX_LOG_NORMAL,
                "test: warning: line 7: split=: no more segments than -s allows\n");
}

static void test_unused_names_beyond_the_memory_are_no_news(void **state)
{
    struct unused unused = {.n = UNUSED_NAMES};
    (void)state;
    expect_told(&unused, "odd=1\n", PX_LOG_NORMAL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unused_each_name_is_told_once_and_with_v_each_time),
        cmocka_unit_test(test_unused_what_has_its_effect_is_not_told),
        cmocka_unit_test(test_unused_more_segments_than_the_run_allows_are_told),
        cmocka_unit_test(test_unused_names_beyond_the_memory_are_no_news),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
