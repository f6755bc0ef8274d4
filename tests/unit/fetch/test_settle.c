/* SPDX-License-Identifier: MIT
 *
 * What is decided about a task without a request. How the source hands it on is in test_source.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/settle.h"

static struct area area;
static struct px_fetch *fetch;
static struct settle settle;

static int make_area(void **state)
{
    (void)state;
    area_make(&area);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    settle_fini(&settle);
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static void open_settle(struct px_fetch_opts opts)
{
    static const char *const inputs[] = {"first.txt", "second.txt"};
    opts.workers = 1;
    opts.inputs = inputs;
    opts.n_inputs = 2;
    opts.dir = area.dir;
    fetch = fetching_new(&opts);
    assert_int_equal(settle_init(&settle, fetch, false), PX_OK);
}

/* The settled task of a line. */
static struct fetch_task *settled(const char *url, const char *options, uint64_t line, size_t input,
                                  bool want_finished)
{
    struct list_entry entry = fetching_entry(url, options);
    struct fetch_task *task = NULL;
    bool finished;
    entry.line = line;
    entry.input = input;
    assert_int_equal(task_new(fetch, &entry, &task), PX_OK);
    assert_int_equal(settle_task(&settle, task, &finished), PX_OK);
    assert_int_equal(finished, want_finished);
    return task;
}

static void expect_refused(const char *url, const char *options, uint64_t line, size_t input,
                           enum px_item_state state, const char *text)
{
    struct fetch_task *task = settled(url, options, line, input, true);
    assert_int_equal(task->item.state, state);
    assert_string_equal(task->item.error, text);
    task_free(task);
}

static void test_settle_target_belongs_to_the_first_line(void **state)
{
    (void)state;
    open_settle((struct px_fetch_opts){0});
    task_free(settled("http://h/a", "", 3, 0, false));
    expect_refused("http://h/a", "", 4, 0, PX_ITEM_SKIPPED, "line 4: same as line 3");
    expect_refused("http://h/b", "out=a\n", 5, 0, PX_ITEM_FAILED, "line 5: same target as line 3");
    expect_refused("http://g/a", "", 1, 1, PX_ITEM_FAILED,
                   "line 1: same target as line 3 of first.txt");
    expect_refused("http://g/a", "", 0, 1, PX_ITEM_FAILED, "same target as line 3 of first.txt");
}

static void test_settle_existing_file_is_skipped_and_its_litter_removed(void **state)
{
    (void)state;
    area_put(&area, "a", "x", 1);
    area_put(&area, ".a.part.state", "x", 1);
    open_settle((struct px_fetch_opts){0});
    struct fetch_task *task = settled("http://h/a", "", 1, 0, true);
    assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
    assert_int_equal(task->item.status, PX_EEXIST);
    task_free(task);
    assert_false(area_has(&area, ".a.part.state"));
    task_free(settled("http://h/b", "", 2, 0, false));
}

static void test_settle_dry_run_finishes_all(void **state)
{
    (void)state;
    open_settle((struct px_fetch_opts){.dry_run = true});
    struct fetch_task *task = settled("http://h/a", "", 1, 0, true);
    assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
    assert_int_equal(task->item.status, PX_OK);
    task_free(task);
}

static void test_settle_bad_line_claims_nothing(void **state)
{
    (void)state;
    open_settle((struct px_fetch_opts){0});
    struct fetch_task *task = settled("http://h/a", "checksum=x\n", 1, 0, true);
    assert_int_equal(task->item.status, PX_EBADLINE);
    task_free(task);
    task_free(settled("http://h/a", "", 2, 0, false));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_settle_target_belongs_to_the_first_line),
        TEST(test_settle_existing_file_is_skipped_and_its_litter_removed),
        TEST(test_settle_dry_run_finishes_all),
        TEST(test_settle_bad_line_claims_nothing),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
