/* SPDX-License-Identifier: MIT
 *
 * How fast hosts were, and which have just failed.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/timing.h>

#include "fetch/speeds.h"

#define SEC PX_NS_PER_S

static struct speeds speeds;

static void test_speeds_mean_moves_with_what_is_new(void **state)
{
    (void)state;
    speeds = (struct speeds){0};
    assert_true(speeds_of(&speeds, 7, SEC) == 0);
    speeds_note(&speeds, 7, SPEEDS_LEAST_BYTES - 1, SEC);
    assert_true(speeds_of(&speeds, 7, SEC) == 0); /* too little to tell */
    speeds_note(&speeds, 7, 1000000, SEC);
    assert_true(speeds_of(&speeds, 7, SEC) == 1000000);
    speeds_note(&speeds, 7, 2000000, SEC);
    const double now = speeds_of(&speeds, 7, SEC);
    assert_true(now > 1000000 && now < 2000000);
    assert_true(speeds_of(&speeds, 8, SEC) == 0);
}

static void test_speeds_failure_is_forgotten_after_a_while(void **state)
{
    (void)state;
    speeds = (struct speeds){0};
    speeds_note(&speeds, 7, 1000000, SEC);
    speeds_note_failure(&speeds, 7, 100 * SEC);
    assert_true(speeds_of(&speeds, 7, 101 * SEC) < 0);
    assert_true(speeds_of(&speeds, 7, 131 * SEC) == 1000000);
}

static void test_speeds_oldest_host_makes_room(void **state)
{
    (void)state;
    speeds = (struct speeds){0};
    for (uint64_t i = 0; i <= SPEEDS_MAX; i++) {
        speeds_note(&speeds, i + 1, 1000000, SEC);
    }
    assert_true(speeds_of(&speeds, 1, SEC) == 0);
    assert_true(speeds_of(&speeds, 2, SEC) == 1000000);
    assert_true(speeds_of(&speeds, SPEEDS_MAX + 1, SEC) == 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speeds_mean_moves_with_what_is_new),
        cmocka_unit_test(test_speeds_failure_is_forgotten_after_a_while),
        cmocka_unit_test(test_speeds_oldest_host_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
