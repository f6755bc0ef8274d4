/* SPDX-License-Identifier: MIT
 *
 * A limit that many draw from: the sum is the limit, the turns follow each other, what nobody used is
 * lost but for a moment of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/timing.h>

#include "core/meter.h"

#define S PX_NS_PER_S
#define MS PX_NS_PER_MS

static void test_meter_without_a_limit_nobody_waits(void **state)
{
    (void)state;
    struct meter meter = {0};
    assert_true(meter_draw(&meter, 1 << 30, 5) == 5);
    assert_true(meter_draw(&meter, 1 << 30, 5) == 5);
}

static void test_meter_turns_follow_each_other(void **state)
{
    (void)state;
    struct meter meter = {.bytes_per_s = 1000};
    const int64_t now = 100 * S;
    int64_t expected = now;
    for (int i = 0; i < 50; i++) {
        expected += 10 * MS;
        assert_true(meter_draw(&meter, 10, now) == expected);
    }
}

static void test_meter_what_was_not_used_is_lost_but_for_the_slack(void **state)
{
    (void)state;
    struct meter meter = {.bytes_per_s = 1000};
    (void)meter_draw(&meter, 1000, 100 * S);
    assert_true(meter_draw(&meter, 1000, 200 * S) == 201 * S - METER_SLACK_NS);
    assert_true(meter_draw(&meter, 0, 200 * S) == 201 * S - METER_SLACK_NS);
}

/* Ten that take blocks of different sizes as soon as they may: within 1 % of the limit over 10 s, and
 * one with half the block gets half of what the others get. */
static void test_meter_the_sum_is_the_limit(void **state)
{
    (void)state;
    struct meter meter = {.bytes_per_s = 1000000};
    int64_t due[10] = {0};
    uint64_t got[10] = {0};
    uint64_t sum = 0;
    const int64_t begin = 100 * S;
    for (int64_t now = begin; now < begin + 10 * S; now += MS) {
        for (int i = 0; i < 10; i++) {
            const uint64_t block = i == 0 ? 5000 : 10000;
            if (due[i] <= now) {
                due[i] = meter_draw(&meter, block, now);
                got[i] += block;
                sum += block;
            }
        }
    }
    assert_in_range(sum, 9900000, 10120000);
    for (int i = 2; i < 10; i++) {
        assert_in_range(got[i], got[1] - 20000, got[1] + 20000);
    }
    assert_in_range(got[0], got[1] / 2 - 20000, got[1] / 2 + 20000);
}

static void test_meter_what_a_slow_one_leaves_the_others_have(void **state)
{
    (void)state;
    struct meter meter = {.bytes_per_s = 100000};
    int64_t due[2] = {0};
    uint64_t fast = 0;
    for (int64_t now = 100 * S; now < 110 * S; now += MS) {
        if (due[0] <= now) {
            due[0] = meter_draw(&meter, 1000, now);
            fast += 1000;
        }
        if (due[1] <= now && now % S == 0) {
            due[1] = meter_draw(&meter, 1000, now);
        }
    }
    assert_in_range(fast, 970000, 1010000);
}

static void test_meter_huge_amounts_do_not_overflow(void **state)
{
    (void)state;
    struct meter meter = {.bytes_per_s = 1};
    const int64_t until = meter_draw(&meter, UINT64_MAX, 100 * S);
    assert_true(until > 100 * S);
    assert_true(meter_draw(&meter, UINT64_MAX, 100 * S) > until);
}

static void test_meter_blocks_are_a_hundredth_of_a_second(void **state)
{
    (void)state;
    static const struct {
        uint64_t rate, least, most, block;
    } rows[] = {
        {0, 1024, 524288, 524288},        {1, 1024, 16384, 1024},
        {102400, 1024, 16384, 1024},      {200000, 1024, 16384, 2000},
        {1000000, 4096, 524288, 10000},   {1 << 30, 1024, 16384, 16384},
        {UINT64_MAX, 4096, 65536, 65536}, {6553600, 1024, 8192, 8192},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(meter_block(rows[i].rate, rows[i].least, rows[i].most), rows[i].block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meter_without_a_limit_nobody_waits),
        cmocka_unit_test(test_meter_turns_follow_each_other),
        cmocka_unit_test(test_meter_what_was_not_used_is_lost_but_for_the_slack),
        cmocka_unit_test(test_meter_the_sum_is_the_limit),
        cmocka_unit_test(test_meter_what_a_slow_one_leaves_the_others_have),
        cmocka_unit_test(test_meter_huge_amounts_do_not_overflow),
        cmocka_unit_test(test_meter_blocks_are_a_hundredth_of_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
