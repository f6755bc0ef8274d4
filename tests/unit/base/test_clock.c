/* SPDX-License-Identifier: MIT
 *
 * The real clock as far as it can be known, and the one that tests move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/queue.h>

#include "base/clock.h"

static void test_now_twice_never_goes_back(void **state)
{
    (void)state;
    const int64_t first = px_now_ns();
    assert_true(first > 0);
    assert_true(px_now_ns() >= first);
    assert_true(px_clock_now_ns(px_clock_real()) >= first);
    assert_true(px_clock_wall_s(px_clock_real()) > 1600000000);
}

static void test_deadline_huge_delta_saturates_at_forever(void **state)
{
    (void)state;
    assert_true(px_deadline_in_ns(PX_FOREVER) == PX_FOREVER);
    assert_true(px_deadline_in_ns(PX_FOREVER - 1) == PX_FOREVER);
    const int64_t now = px_now_ns();
    const int64_t past = px_deadline_in_ns(-1);
    assert_true(past >= now && past < now + PX_NS_PER_S * 60);
}

static void test_fake_clock_advance_moves_both_clocks(void **state)
{
    (void)state;
    struct px_fake_clock fake;
    px_fake_clock_init(&fake, 5 * PX_NS_PER_S, 1000);
    assert_true(px_clock_now_ns(&fake.clock) == 5 * PX_NS_PER_S);
    px_fake_clock_advance(&fake, 900 * PX_NS_PER_MS);
    assert_true(px_clock_wall_s(&fake.clock) == 1000);
    px_fake_clock_advance(&fake, 200 * PX_NS_PER_MS);
    assert_true(px_clock_wall_s(&fake.clock) == 1001);
    assert_true(px_clock_now_ns(&fake.clock) == 6100 * PX_NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now_twice_never_goes_back),
        cmocka_unit_test(test_deadline_huge_delta_saturates_at_forever),
        cmocka_unit_test(test_fake_clock_advance_moves_both_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
