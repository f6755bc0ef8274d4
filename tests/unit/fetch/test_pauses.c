/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/pauses.h"

static void test_pauses_unknown_host_is_not_paused(void **state)
{
    (void)state;
    static struct pauses pauses;
    assert_int_equal(pauses_until(&pauses, 5), 0);
}

static void test_pauses_posted_host_is_paused_and_others_are_not(void **state)
{
    (void)state;
    static struct pauses pauses;
    pauses_post(&pauses, 5, 1000);
    assert_int_equal(pauses_until(&pauses, 5), 1000);
    assert_int_equal(pauses_until(&pauses, 6), 0);
    assert_int_equal(pauses_until(&pauses, 5 + PAUSES_PLACES), 0); /* the same place */
}

static void test_pauses_two_hosts_in_one_place_the_later_stays(void **state)
{
    (void)state;
    static struct pauses pauses;
    pauses_post(&pauses, 5, 1000);
    pauses_post(&pauses, 5 + PAUSES_PLACES, 2000);
    assert_int_equal(pauses_until(&pauses, 5), 0);
    assert_int_equal(pauses_until(&pauses, 5 + PAUSES_PLACES), 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_unknown_host_is_not_paused),
        cmocka_unit_test(test_pauses_posted_host_is_paused_and_others_are_not),
        cmocka_unit_test(test_pauses_two_hosts_in_one_place_the_later_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
