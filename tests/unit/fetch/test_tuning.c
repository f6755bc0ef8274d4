/* SPDX-License-Identifier: MIT
 *
 * What counts as work of -j auto, and where its level is seen.
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
    fetch_tuning_init(&tuning, &fetch, PX_NS_PER_S);
}

static size_t level_at(double seconds)
{
    int64_t until_ns = PX_FOREVER;
    return fetch_tuning_level(&tuning, &fetch, (int64_t)(seconds * (double)PX_NS_PER_S), &until_ns);
}

static void test_tuning_level_is_the_engines_when_it_is_on(void **state)
{
    (void)state;
    begin(false);
    assert_true(level_at(5) == SIZE_MAX);
    assert_int_equal(fetch.level, 0);
    begin(true);
    assert_int_equal(fetch.level, 2);
    const struct fetch_task done = {.item = {.bytes = 1000000}};
    assert_int_equal(level_at(1.5), 2);
    for (int i = 0; i < 100; i++) {
        fetch_tuning_count(&tuning, &done, true);
    }
    assert_int_equal(level_at(2.5), 4);
    assert_int_equal(fetch.level, 4);
    assert_int_equal(tuning.autolevel.rule.most, 32);
}

static void test_tuning_counts_final_results_that_are_work(void **state)
{
    (void)state;
    const struct fetch_task ok = {.item = {.bytes = 10}};
    const struct fetch_task gone = {.facts = {.status = PX_EHTTP}};
    const struct fetch_task broken = {.facts = {.status = PX_ENET, .transient = true}};
    const struct fetch_task busy = {.facts = {.status = PX_EHTTP, .transient = true, .busy = true}};
    begin(true);
    fetch_tuning_count(&tuning, &ok, true);
    fetch_tuning_count(&tuning, &gone, true);
    fetch_tuning_count(&tuning, &broken, false);
    fetch_tuning_count(&tuning, &broken, true);
    fetch_tuning_count(&tuning, &busy, false);
    assert_int_equal(tuning.work.items, 2);
    assert_int_equal(tuning.work.bytes, 10);
    assert_int_equal(tuning.work.busy, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuning_level_is_the_engines_when_it_is_on),
        cmocka_unit_test(test_tuning_counts_final_results_that_are_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
