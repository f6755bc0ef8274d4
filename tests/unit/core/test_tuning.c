/* SPDX-License-Identifier: MIT
 *
 * -j auto: off it limits nothing; on it begins with two, tells each
 * decision once.
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

#include "core/tuning.h"

static struct tuning tuning;

static void begin(bool automatic)
{
    const struct autolevel_rule rule = autolevel_rule_default(32);
    const struct tuning as = {.things = "transfers"};
    tuning_init(&tuning, &as, automatic ? &rule : NULL, PX_NS_PER_S);
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
}

static void test_tuning_begins_with_two_and_asks_to_be_asked(void **state)
{
    (void)state;
    int64_t until_ns = PX_FOREVER;
    begin(true);
    assert_int_equal(tuning_level(&tuning, PX_NS_PER_S, &until_ns), 2);
    assert_true(until_ns < 2 * PX_NS_PER_S);
}

static void test_tuning_decision_is_told_once(void **state)
{
    (void)state;
    struct px_decision decision;
    begin(true);
    assert_int_equal(level_at(1.5), 2); /* the window begins */
    tuning.work.items += 100;
    tuning.work.bytes += 100 * 1000000;
    assert_int_equal(level_at(2.5), 4);
    assert_true(tuning_take_decision(&tuning, &decision));
    assert_int_equal(decision.from, 2);
    assert_int_equal(decision.to, 4);
    assert_string_equal(decision.why, "start");
    assert_true(decision.items_per_s > 99 && decision.items_per_s < 101);
    assert_true(decision.bytes_per_s > 99e6 && decision.bytes_per_s < 101e6);
    assert_false(tuning_take_decision(&tuning, &decision));
}

static void test_tuning_too_little_to_do_says_nothing_of_the_level(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(level_at(1.5), 2);
    tuning.work.items += 100;
    tuning.work.bytes += 100 * 1000000;
    tuning_note_starved(&tuning);
    assert_int_equal(level_at(2.5), 2);
}

static void test_tuning_bytes_are_those_of_the_activity(void **state)
{
    (void)state;
    const struct autolevel_rule rule = autolevel_rule_default(32);
    struct tuning as = {.things = "workers"};
    struct px_decision decision;
    assert_int_equal(px_activity_new(1, &as.activity), PX_OK);
    tuning_init(&tuning, &as, &rule, PX_NS_PER_S);
    assert_int_equal(level_at(1.5), 2);
    px_activity_add(as.activity, 0, 50000000);
    assert_int_equal(level_at(2.5), 4);
    assert_true(tuning_take_decision(&tuning, &decision));
    assert_true(decision.bytes_per_s > 49e6 && decision.bytes_per_s < 51e6);
    px_activity_free(as.activity);
}

static void test_tuning_decision_of_others_is_told(void **state)
{
    (void)state;
    const struct px_decision told = {.from = 8, .to = 4, .why = "I/O pressure"};
    struct px_decision decision;
    begin(false);
    tuning_tell(&tuning, &told, "50 % of the time");
    assert_true(tuning_take_decision(&tuning, &decision));
    assert_int_equal(decision.to, 4);
    assert_string_equal(decision.why, "I/O pressure");
    assert_false(tuning_take_decision(&tuning, &decision));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuning_off_limits_nothing),
        cmocka_unit_test(test_tuning_begins_with_two_and_asks_to_be_asked),
        cmocka_unit_test(test_tuning_decision_is_told_once),
        cmocka_unit_test(test_tuning_bytes_are_those_of_the_activity),
        cmocka_unit_test(test_tuning_decision_of_others_is_told),
        cmocka_unit_test(test_tuning_too_little_to_do_says_nothing_of_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
