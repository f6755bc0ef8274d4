/* SPDX-License-Identifier: MIT
 *
 * The notice board of paused hosts: it may forget, it never invents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/pauses.h"

static void test_pauses_until_is_of_the_host_that_was_posted(void **state)
{
    (void)state;
    static struct pauses pauses;
    assert_int_equal(pauses_until(&pauses, 7), 0);
    pauses_post(&pauses, 7, 1000);
    assert_int_equal(pauses_until(&pauses, 7), 1000);
    assert_int_equal(pauses_until(&pauses, 8), 0);
    pauses_post(&pauses, 7, 2000);
    assert_int_equal(pauses_until(&pauses, 7), 2000);
}

static void test_pauses_two_hosts_in_one_place_the_later_stays(void **state)
{
    (void)state;
    static struct pauses pauses;
    pauses_post(&pauses, 7, 1000);
    pauses_post(&pauses, 7 + PAUSES_PLACES, 3000);
    assert_int_equal(pauses_until(&pauses, 7), 0);
    assert_int_equal(pauses_until(&pauses, 7 + PAUSES_PLACES), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_until_is_of_the_host_that_was_posted),
        cmocka_unit_test(test_pauses_two_hosts_in_one_place_the_later_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
