/* SPDX-License-Identifier: MIT
 *
 * Which line has a target, also when the name came late. The wording of collisions is tested in
 * test_settle.c, the set itself in test_nameset.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/targets.h"

static struct area area;
static struct px_fetch *fetch;

static int open_fetch(void **state)
{
    static const char *const inputs[] = {"first.txt", "-"};
    (void)state;
    area_make(&area);
    const struct px_fetch_opts opts = {.workers = 1,
                                       .dir = area.dir,
                                       .inputs = inputs,
                                       .n_inputs = 2,
                                       .content_disposition = true};
    fetch = fetching_new(&opts);
    return 0;
}

static int close_fetch(void **state)
{
    (void)state;
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static struct fetch_task *task_at(const char *url, const char *options, uint64_t line, size_t input)
{
    struct list_entry entry = fetching_entry(url, options);
    struct fetch_task *task = NULL;
    entry.line = line;
    entry.input = input;
    assert_int_equal(task_new(fetch, &entry, &task), PX_OK);
    return task;
}

static void test_targets_unnamed_task_claims_its_url(void **state)
{
    (void)state;
    struct fetch_task *first = task_at("http://h/get?1", "", 1, 0);
    struct fetch_task *other = task_at("http://h/get?2", "", 2, 0);
    struct fetch_task *again = task_at("http://h/get?1", "", 3, 0);
    assert_int_equal(targets_claim(fetch->targets, first), PX_OK);
    assert_int_equal(targets_claim(fetch->targets, other), PX_OK);
    assert_int_equal(targets_claim(fetch->targets, again), PX_EEXIST);
    assert_int_equal(again->item.state, PX_ITEM_SKIPPED);
    assert_string_equal(again->item.error, "line 3: same as line 1");
    task_free(first);
    task_free(other);
    task_free(again);
}

static void test_targets_late_and_given_names_share_one_set(void **state)
{
    (void)state;
    struct fetch_task *given = task_at("http://h/x", "out=a\n", 7, 1);
    struct fetch_task *late = task_at("http://h/get?2", "", 2, 0);
    assert_false(given->late_name);
    assert_true(late->late_name);
    assert_int_equal(targets_claim(fetch->targets, given), PX_OK);
    assert_int_equal(task_rename(late, "a"), PX_OK);
    late->named = true;
    assert_int_equal(targets_claim(fetch->targets, late), PX_EEXIST);
    assert_int_equal(late->item.state, PX_ITEM_FAILED);
    assert_int_equal(late->item.status, PX_EBADLINE);
    assert_string_equal(late->item.error, "line 2: same target as line 7 of standard input");
    task_free(given);
    task_free(late);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fetch, close_fetch)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_targets_unnamed_task_claims_its_url),
        TEST(test_targets_late_and_given_names_share_one_set),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
