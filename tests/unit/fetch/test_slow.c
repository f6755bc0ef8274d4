/* SPDX-License-Identifier: MIT
 *
 * Too slow is who received too little for a whole stretch of time; pauses of our own do not count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/timing.h>

#include "fetch/slow.h"

#define S PX_NS_PER_S

static const struct slow_rule rule = {.bytes_per_s = 10, .for_ns = 5 * S};

static void test_slow_without_a_rule_nobody_is(void **state)
{
    (void)state;
    const struct slow_rule none = {.for_ns = S};
    struct slow slow = {0};
    for (int64_t t = 1; t < 1000; t++) {
        assert_false(slow_judge(&slow, &none, 1, false, t * S));
    }
}

static void test_slow_is_not_judged_before_the_first_byte(void **state)
{
    (void)state;
    struct slow slow = {0};
    for (int64_t t = 1; t < 1000; t++) {
        assert_false(slow_judge(&slow, &rule, 0, false, t * S));
    }
    assert_false(slow_judge(&slow, &rule, 1, false, 1000 * S));
    assert_false(slow_judge(&slow, &rule, 1, false, 1004 * S));
    assert_true(slow_judge(&slow, &rule, 1, false, 1005 * S));
}

/* The second at which it is too slow at `bytes` a second, 0 = not within 100 s. */
static int64_t second_for(uint64_t bytes)
{
    struct slow slow = {0};
    for (int64_t t = 1; t <= 100; t++) {
        if (slow_judge(&slow, &rule, (uint64_t)t * bytes, false, t * S)) {
            return t;
        }
    }
    return 0;
}

static void test_slow_is_less_than_the_limit(void **state)
{
    (void)state;
    assert_int_equal(second_for(1), 6);
    assert_int_equal(second_for(9), 6);
    assert_int_equal(second_for(10), 0);
    assert_int_equal(second_for(1000), 0);
}

static void test_slow_later_stretch_is_judged_by_itself(void **state)
{
    (void)state;
    struct slow slow = {0};
    assert_false(slow_judge(&slow, &rule, 1, false, 1 * S));
    assert_false(slow_judge(&slow, &rule, 1000000, false, 6 * S)); /* fast, then hardly anything */
    assert_false(slow_judge(&slow, &rule, 1000010, false, 10 * S));
    assert_true(slow_judge(&slow, &rule, 1000020, false, 11 * S));
}

static void test_slow_pauses_of_ours_do_not_count(void **state)
{
    (void)state;
    struct slow slow = {0};
    for (int64_t t = 1; t < 1000; t++) {
        assert_false(slow_judge(&slow, &rule, 1, true, t * S));
    }
    assert_false(slow_judge(&slow, &rule, 1, false, 1003 * S));
    assert_true(slow_judge(&slow, &rule, 1, false, 1004 * S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_without_a_rule_nobody_is),
        cmocka_unit_test(test_slow_is_not_judged_before_the_first_byte),
        cmocka_unit_test(test_slow_is_less_than_the_limit),
        cmocka_unit_test(test_slow_later_stretch_is_judged_by_itself),
        cmocka_unit_test(test_slow_pauses_of_ours_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
