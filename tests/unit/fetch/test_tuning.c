/* SPDX-License-Identifier: MIT
 *
 * -j auto for downloads: off it limits nothing; on it begins with two, counts what is work and tells
 * each decision once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "fetch/engine.h"
#include "fetch/task.h"
#include "fetch/tuning.h"

static struct px_fetch fetch;
static struct tuning tuning;

static void begin(bool automatic)
{
    memset(&fetch, 0, sizeof fetch);
    fetch.opts.workers = 16;
    fetch.opts.streams = 2;
    fetch.opts.auto_level = automatic;
    tuning_init(&tuning, &fetch, PX_NS_PER_S);
}

static size_t level_at(double seconds)
{
    int64_t until_ns = PX_FOREVER;
    return tuning_level(&tuning, (int64_t)(seconds * (double)PX_NS_PER_S), &until_ns);
}

static void test_tuning_off_limits_nothing(void **state)
{
    (void)state;
    struct px_decision decision;
    int64_t until_ns = PX_FOREVER;
    begin(false);
    assert_true(tuning_level(&tuning, 5 * PX_NS_PER_S, &until_ns) == SIZE_MAX);
    assert_true(until_ns == PX_FOREVER);
    tuning_note_starved(&tuning);
    assert_false(tuning_take_decision(&tuning, &decision));
    assert_int_equal(fetch.level, 0);
}

static void test_tuning_begins_with_two_and_asks_to_be_asked(void **state)
{
    (void)state;
    int64_t until_ns = PX_FOREVER;
    begin(true);
    assert_int_equal(tuning_level(&tuning, PX_NS_PER_S, &until_ns), 2);
    assert_true(until_ns < 2 * PX_NS_PER_S);
    assert_int_equal(fetch.level, 2);
}

static void test_tuning_decision_is_told_once(void **state)
{
    (void)state;
    struct px_decision decision;
    const struct fetch_task done = {.item = {.bytes = 1000000}};
    begin(true);
    assert_int_equal(level_at(1.5), 2); /* the window begins */
    for (int i = 0; i < 100; i++) {
        tuning_count(&tuning, &done, true);
    }
    assert_int_equal(level_at(2.5), 4);
    assert_int_equal(fetch.level, 4);
    assert_true(tuning_take_decision(&tuning, &decision));
    assert_int_equal(decision.from, 2);
    assert_int_equal(decision.to, 4);
    assert_string_equal(decision.why, "start");
    assert_true(decision.items_per_s > 99 && decision.items_per_s < 101);
    assert_true(decision.bytes_per_s > 99e6 && decision.bytes_per_s < 101e6);
    assert_false(tuning_take_decision(&tuning, &decision));
}

static void test_tuning_counts_final_results_that_are_work(void **state)
{
    (void)state;
    const struct fetch_task ok = {.item = {.bytes = 10}};
    const struct fetch_task gone = {.facts = {.status = PX_EHTTP}};
    const struct fetch_task broken = {.facts = {.status = PX_ENET, .transient = true}};
    const struct fetch_task busy = {.facts = {.status = PX_EHTTP, .transient = true, .busy = true}};
    begin(true);
    tuning_count(&tuning, &ok, true);
    tuning_count(&tuning, &gone, true);
    tuning_count(&tuning, &broken, false);
    tuning_count(&tuning, &broken, true);
    tuning_count(&tuning, &busy, false);
    assert_int_equal(tuning.work.items, 2);
    assert_int_equal(tuning.work.bytes, 10);
    assert_int_equal(tuning.work.busy, 1);
}

static void test_tuning_too_little_to_do_says_nothing_of_the_level(void **state)
{
    (void)state;
    const struct fetch_task done = {.item = {.bytes = 1000000}};
    begin(true);
    assert_int_equal(level_at(1.5), 2);
    for (int i = 0; i < 100; i++) {
        tuning_count(&tuning, &done, true);
    }
    tuning_note_starved(&tuning);
    assert_int_equal(level_at(2.5), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuning_off_limits_nothing),
        cmocka_unit_test(test_tuning_begins_with_two_and_asks_to_be_asked),
        cmocka_unit_test(test_tuning_decision_is_told_once),
        cmocka_unit_test(test_tuning_counts_final_results_that_are_work),
        cmocka_unit_test(test_tuning_too_little_to_do_says_nothing_of_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
