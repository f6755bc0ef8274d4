/* SPDX-License-Identifier: MIT
 *
 * The sliding window and the estimate of the time left: pure functions, times made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "app/rate.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define TENTH (PX_NS_PER_S / 10)

static void assert_near(double got, double expected)
{
    assert_true(fabs(got - expected) <= expected * 0.001 + 1e-9);
}

static void test_rate_needs_two_moments(void **state)
{
    (void)state;
    struct rate_window window = {0};
    assert_near(rate_per_s(&window), 0);
    rate_add(&window, PX_NS_PER_S, 100);
    assert_near(rate_per_s(&window), 0);
    rate_add(&window, PX_NS_PER_S, 200);
    assert_near(rate_per_s(&window), 0);
    rate_add(&window, PX_NS_PER_S + TENTH, 200);
    assert_near(rate_per_s(&window), 1000);
}

static void test_rate_newest_sample_counts_however_often_it_is_asked(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_add(&window, PX_NS_PER_S, 0);
    for (int64_t i = 1; i <= 1000; i++) { /* every millisecond: far more than there are slots */
        rate_add(&window, PX_NS_PER_S + i * PX_NS_PER_MS, (uint64_t)i * 5);
        assert_near(rate_per_s(&window), 5000);
    }
}

static void test_rate_forgets_what_is_older_than_the_window(void **state)
{
    (void)state;
    struct rate_window window = {0};
    int64_t now = PX_NS_PER_S;
    uint64_t value = 0;
    for (int i = 0; i < 300; i++, now += TENTH) { /* 30 s at 10 a second */
        rate_add(&window, now, value++);
    }
    assert_near(rate_per_s(&window), 10);
    for (int i = 0; i < 120; i++, now += TENTH) { /* 12 s at 1000 a second */
        value += 100;
        rate_add(&window, now, value);
    }
    assert_near(rate_per_s(&window), 1000);
    for (int i = 0; i < 120; i++, now += TENTH) { /* 12 s of nothing */
        rate_add(&window, now, value);
    }
    assert_near(rate_per_s(&window), 0);
}

static void test_rate_after_a_long_pause_between_calls(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_add(&window, PX_NS_PER_S, 0);
    rate_add(&window, 101 * PX_NS_PER_S, 1000);
    assert_near(rate_per_s(&window), 10);
    rate_add(&window, 102 * PX_NS_PER_S, 1100);
    assert_true(rate_per_s(&window) > 10);
}

static void test_rate_that_goes_back_is_nothing(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_add(&window, PX_NS_PER_S, 100);
    rate_add(&window, 2 * PX_NS_PER_S, 50);
    assert_near(rate_per_s(&window), 0);
}

static void test_rate_eta_by_bytes_else_by_items(void **state)
{
    (void)state;
    static const struct {
        struct rate_eta known;
        int64_t seconds; /* -1 = cannot be told */
    } rows[] = {
        /* nothing known */
        {{.total_items = 0, .items_per_s = 5}, -1},
        {{.total_items = 10}, -1},
        /* all done, or more than was promised */
        {{.total_items = 10, .ended_items = 10, .items_per_s = 1}, 0},
        {{.total_items = 10, .ended_items = 11, .items_per_s = 1}, 0},
        /* by items: they have no bytes */
        {{.total_items = 30, .ended_items = 10, .worked_items = 10, .items_per_s = 2}, 10},
        /* by bytes: 4 waiting of 100 each, and 50 of the active one, at 10 a second */
        {{.total_items = 10,
          .ended_items = 5,
          .worked_items = 5,
          .worked_bytes = 500,
          .active_items = 1,
          .active_left_bytes = 50,
          .items_per_s = 100,
          .bytes_per_s = 10},
         45},
        /* skipped items say nothing about the size of the others */
        {{.total_items = 10,
          .ended_items = 9,
          .worked_items = 1,
          .worked_bytes = 100,
          .items_per_s = 100,
          .bytes_per_s = 10},
         10},
        /* all in flight, none finished yet */
        {{.total_items = 2, .active_items = 2, .active_left_bytes = 300, .bytes_per_s = 10}, 30},
        /* some wait, none finished, so their size is not known */
        {{.total_items = 3, .active_items = 2, .active_left_bytes = 300, .bytes_per_s = 10}, -1},
        /* all in flight, sizes not known: by items */
        {{.total_items = 4,
          .ended_items = 2,
          .worked_items = 2,
          .worked_bytes = 9,
          .active_items = 2,
          .items_per_s = 1,
          .bytes_per_s = 10},
         2},
        /* nothing moves */
        {{.total_items = 3, .ended_items = 1, .worked_items = 1, .worked_bytes = 5}, -1},
        /* so slow that a number would be a joke */
        {{.total_items = 1000000, .ended_items = 1, .items_per_s = 0.000001}, -1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const int64_t got = rate_eta_ns(&rows[i].known);
        assert_int_equal(got, rows[i].seconds < 0 ? -1 : rows[i].seconds * PX_NS_PER_S);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_needs_two_moments),
        cmocka_unit_test(test_rate_newest_sample_counts_however_often_it_is_asked),
        cmocka_unit_test(test_rate_forgets_what_is_older_than_the_window),
        cmocka_unit_test(test_rate_after_a_long_pause_between_calls),
        cmocka_unit_test(test_rate_that_goes_back_is_nothing),
        cmocka_unit_test(test_rate_eta_by_bytes_else_by_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
