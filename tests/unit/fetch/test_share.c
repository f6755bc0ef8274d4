/* SPDX-License-Identifier: MIT
 *
 * How much a helper takes over, by tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/timing.h>

#include "fetch/share.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MB ((uint64_t)1000000)
#define SEC PX_NS_PER_S
#define START (100 * SEC)

static const struct share_limits limits = {.most = 8, .least = MB, .least_late = 2 * MB};

static void test_share_speed_is_that_of_the_last_seconds(void **state)
{
    (void)state;
    struct share_pace pace;
    share_pace_begin(&pace, 5 * MB, START);
    assert_true(share_speed(&pace, 6 * MB, START + SEC / 4) == SHARE_UNKNOWN);
    assert_true(share_speed(&pace, 6 * MB, START + SEC) == (double)MB);
    assert_true(share_speed(&pace, 5 * MB, START + SEC) == 0); /* known, and nothing came */
    share_pace_move(&pace, 7 * MB, START + SEC);
    assert_true(share_speed(&pace, 9 * MB, START + 4 * SEC) == (double)MB);
    share_pace_move(&pace, 9 * MB, START + 4 * SEC);
    share_pace_move(&pace, 9 * MB, START + 6 * SEC); /* the first four seconds are forgotten */
    assert_true(share_speed(&pace, 10 * MB, START + 6 * SEC) == (double)MB / 2);
}

static void test_share_of_free_is_an_equal_part_or_all(void **state)
{
    (void)state;
    static const struct {
        struct share_survey survey;
        unsigned idle;
        uint64_t left, want;
    } rows[] = {
        {{.workers = 0, .left = 40 * MB}, 4, 40 * MB, 10 * MB},
        {{.workers = 1, .left = 40 * MB}, 1, 20 * MB, 20 * MB}, /* the other half is another's */
        {{.workers = 0, .left = 3 * MB}, 4, 3 * MB, 3 * MB},    /* parts would be too small */
        {{.workers = 3, .left = 40 * MB}, 1, 10, 10},
        {{.workers = 4, .left = 0}, 1, 0, 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(share_of_free(&rows[i].survey, &limits, rows[i].idle, rows[i].left),
                         rows[i].want);
    }
}

static void test_share_of_tail_by_table(void **state)
{
    (void)state;
    const double fast = 6e6, slow = 2e6;
    static const uint64_t all = 40 * MB;
    const struct {
        struct share_survey survey;
        unsigned idle;
        uint64_t left;
        double speed;
        uint64_t want;
    } rows[] = {
        /* one stream that has just begun, and one that has gone on for a while */
        {{.workers = 1, .left = all, .fresh = true}, 3, all, SHARE_UNKNOWN, all / 4},
        {{.workers = 1, .left = 3 * MB, .fresh = true}, 8, 3 * MB, SHARE_UNKNOWN, MB},
        {{.workers = 1, .left = MB, .fresh = true}, 1, MB, SHARE_UNKNOWN, 0},
        {{.workers = 1, .left = all, .mean = fast}, 3, all, fast, all / 4},
        /* a new one of several is left alone, and so is what will soon be there */
        {{.workers = 2, .left = all}, 1, all, SHARE_UNKNOWN, 0},
        {{.workers = 2, .left = all, .mean = fast}, 1, 5 * MB, fast, 0},
        /* two would end at once: three quarters for a helper of three times the speed */
        {{.workers = 2, .left = 20 * MB, .mean = fast}, 1, 10 * MB, slow, 7500000},
        /* eight times below the mean: all of it, but not for less than is worth a request */
        {{.workers = 2, .left = all, .mean = fast}, 1, 20 * MB, fast / 9, 20 * MB},
        {{.workers = 2, .left = all, .mean = fast}, 1, MB, fast / 9, 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(
            share_of_tail(&rows[i].survey, &limits, rows[i].idle, rows[i].left, rows[i].speed),
            rows[i].want);
    }
}

static void test_share_time_left_takes_the_mean_for_an_unknown_speed(void **state)
{
    (void)state;
    const struct share_survey survey = {.mean = 2e6};
    const struct share_survey nothing_known = {.mean = 0};
    assert_true(share_time_left(&survey, 4 * MB, 1e6) == 4);
    assert_true(share_time_left(&survey, 4 * MB, SHARE_UNKNOWN) == 2);
    assert_true(share_time_left(&nothing_known, 4 * MB, SHARE_UNKNOWN) == (double)(4 * MB));
    assert_true(share_time_left(&survey, 4 * MB, 0) == (double)(4 * MB));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_speed_is_that_of_the_last_seconds),
        cmocka_unit_test(test_share_of_free_is_an_equal_part_or_all),
        cmocka_unit_test(test_share_of_tail_by_table),
        cmocka_unit_test(test_share_time_left_takes_the_mean_for_an_unknown_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
