/* SPDX-License-Identifier: MIT
 *
 * The several URLs of one file: which is asked, what a failure of one leaves.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <pxfer/status.h>

#include "fetch/mirrors.h"

static double known[MIRRORS_MAX]; /* by the last digit of the origin's index in the set */
static const struct mirrors *asked;

static double speed(void *ctx, uint64_t origin)
{
    (void)ctx;
    for (size_t i = 0; i < asked->n; i++) {
        if (asked->at[i].origin == origin) {
            return known[i];
        }
    }
    return 0;
}

static struct mirrors *make(const char *more)
{
    struct mirrors *mirrors = NULL;
    assert_int_equal(mirrors_new("http://a/x", more, &mirrors), PX_OK);
    memset(known, 0, sizeof known);
    asked = mirrors;
    return mirrors;
}

static void test_mirrors_new_takes_urls_once_and_nothing_else(void **state)
{
    (void)state;
    struct mirrors *mirrors = make("http://b/x\tnonsense\thttp://a/x\t\thttps://u:p@c/x");
    assert_int_equal(mirrors->n, 3);
    assert_string_equal(mirrors->at[1].url, "http://b/x");
    assert_string_equal(mirrors->at[2].url, "https://u:p@c/x");
    assert_true(mirrors->at[2].has_userinfo);
    assert_false(mirrors->at[1].has_userinfo);
    mirrors_free(mirrors);
    assert_null(make("http://a/x\tftp:x"));
}

static void test_mirrors_fail_goes_round_before_a_try_counts(void **state)
{
    (void)state;
    struct mirrors *mirrors = make("http://b/x\thttp://c/x");
    assert_int_equal(mirrors_fail(mirrors, true, speed, NULL), MIRRORS_NEXT);
    assert_int_equal(mirrors->now, 1);
    assert_int_equal(mirrors_fail(mirrors, false, speed, NULL), MIRRORS_NEXT);
    assert_int_equal(mirrors->now, 2);
    assert_int_equal(mirrors_outlook(mirrors, false), MIRRORS_AGAIN); /* the first may do better */
    assert_int_equal(mirrors_fail(mirrors, false, speed, NULL), MIRRORS_AGAIN);
    assert_int_equal(mirrors->now, 0);
    assert_int_equal(mirrors_fail(mirrors, true, speed, NULL),
                     MIRRORS_AGAIN); /* it alone is left */
    assert_int_equal(mirrors->now, 0);
    assert_int_equal(mirrors_fail(mirrors, false, speed, NULL), MIRRORS_NONE);
    mirrors_free(mirrors);
}

static void test_mirrors_choose_by_table(void **state)
{
    (void)state;
    static const struct {
        double speed[3];
        size_t want;
    } rows[] = {
        {{0, 0, 0}, 0},  {{0, 9, 9}, 0},   {{10, 0, 0}, 0},   {{10, 14, 0}, 0}, {{10, 16, 0}, 1},
        {{-1, 0, 5}, 1}, {{-1, -1, 5}, 2}, {{-1, -1, -1}, 0}, {{5, 10, 30}, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mirrors *mirrors = make("http://b/x\thttp://c/x");
        memcpy(known, rows[i].speed, sizeof rows[i].speed);
        mirrors_choose(mirrors, speed, NULL);
        assert_int_equal(mirrors->now, rows[i].want);
        mirrors_free(mirrors);
    }
}

static void test_mirrors_helpers_are_spread_over_those_that_are_alike(void **state)
{
    (void)state;
    struct mirrors *mirrors = make("http://b/x\thttp://c/x");
    assert_int_equal(mirrors_for_helper(mirrors), 1);
    mirrors->at[1].helpers++;
    assert_int_equal(mirrors_for_helper(mirrors), 2);
    mirrors->at[2].unlike = true;
    assert_int_equal(mirrors_for_helper(mirrors), 0);
    mirrors->at[0].failed = mirrors->at[1].out = true;
    assert_int_equal(mirrors_for_helper(mirrors), MIRRORS_MAX);
    mirrors->alone = true;
    assert_int_equal(mirrors_for_helper(mirrors), 0);
    mirrors_free(mirrors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mirrors_new_takes_urls_once_and_nothing_else),
        cmocka_unit_test(test_mirrors_fail_goes_round_before_a_try_counts),
        cmocka_unit_test(test_mirrors_choose_by_table),
        cmocka_unit_test(test_mirrors_helpers_are_spread_over_those_that_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
