/* SPDX-License-Identifier: MIT
 *
 * Primes one by one, their sums in pieces, and the whole program with any number of threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"

#define main example_main
#include "examples/sum_primes.c"
#undef main

/* By the book: nothing from 2 to n - 1 divides it. */
static bool is_prime_slowly(size_t n)
{
    for (size_t i = 2; i < n; i++) {
        if (n % i == 0) {
            return false;
        }
    }
    return n > 1;
}

static void test_is_prime_small_numbers_as_by_the_book(void **state)
{
    (void)state;
    for (size_t n = 0; n < 2000; n++) {
        if (is_prime(n) != is_prime_slowly(n)) {
            fail_msg("%zu", n);
        }
    }
}

static void test_is_prime_large_numbers_by_table(void **state)
{
    (void)state;
    assert_true(is_prime(2147483647)); /* Euler, 1772 */
    assert_true(is_prime(1000003));
    assert_false(is_prime((size_t)1000003 * 1000003)); /* the last divisor that is tried */
    assert_false(is_prime((size_t)999983 * 1000003));
}

static void test_sum_primes_any_cut_gives_the_same_sum(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= 101; cut++) {
        unsigned long low = 0;
        unsigned long high = 0;
        assert_int_equal(sum_primes(NULL, 0, cut, &low), PX_OK);
        assert_int_equal(sum_primes(NULL, cut, 101, &high), PX_OK);
        add(&low, &high);
        assert_int_equal(low, 1060); /* the 25 primes below 100 */
    }
}

static void test_sum_primes_any_number_of_workers_prints_each_sum_in_order(void **state)
{
    (void)state;
    static const char *const workers[] = {"0", "1", "2", "4"};
    for (size_t i = 0; i < 4; i++) {
        struct printed printed;
        assert_int_equal(example_run(&printed, "sum_primes", workers[i], "100000", "0", "2", "10"),
                         0);
        assert_string_equal(printed.text, "100000: 454396537\n0: 0\n2: 2\n10: 17\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_prime_small_numbers_as_by_the_book),
        cmocka_unit_test(test_is_prime_large_numbers_by_table),
        cmocka_unit_test(test_sum_primes_any_cut_gives_the_same_sum),
        cmocka_unit_test(test_sum_primes_any_number_of_workers_prints_each_sum_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
