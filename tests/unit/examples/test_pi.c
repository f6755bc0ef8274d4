/* SPDX-License-Identifier: MIT
 *
 * Random points: the same ones for a piece of the work, whoever does it and however it is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"

#define main example_main
#include "examples/pi.c"
#undef main

static size_t inside(size_t begin, size_t end)
{
    size_t n = 0;
    assert_int_equal(count_inside(NULL, begin, end, &n), PX_OK);
    return n;
}

/* In each tenth of the way from 0 to 1 about a tenth of the numbers. */
static void test_next_random_is_even_from_0_to_1(void **state)
{
    (void)state;
    uint64_t generator = 0;
    unsigned tenths[10] = {0};
    for (int i = 0; i < 10000; i++) {
        const double x = next_random(&generator);
        assert_true(x >= 0 && x < 1);
        tenths[(int)(10 * x)]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(tenths[i], 900, 1100);
    }
}

static void test_count_inside_any_cut_counts_the_same_points(void **state)
{
    (void)state;
    const size_t whole = inside(0, 1000);
    assert_in_range(whole, 750, 820); /* 785 are to be expected */
    for (size_t cut = 0; cut <= 1000; cut += 50) {
        size_t n = inside(0, cut);
        const size_t rest = inside(cut, 1000);
        add(&n, &rest);
        assert_int_equal(n, whole);
    }
}

static void test_count_inside_each_piece_has_points_of_its_own(void **state)
{
    (void)state;
    unsigned same = 0;
    for (size_t i = 0; i < 100; i++) {
        same += inside(10 * i, 10 * (i + 1)) == inside(0, 10);
    }
    assert_in_range(same, 1, 60); /* 10 points can fall alike, but not always */
}

static void test_pi_any_number_of_workers_prints_the_same(void **state)
{
    (void)state;
    static const char *const workers[] = {"0", "1", "2", "4"};
    for (size_t i = 0; i < 4; i++) {
        struct printed printed;
        assert_int_equal(example_run(&printed, "pi", workers[i], "1000000"), 0);
        assert_string_equal(printed.text, "3.1416240\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_random_is_even_from_0_to_1),
        cmocka_unit_test(test_count_inside_any_cut_counts_the_same_points),
        cmocka_unit_test(test_count_inside_each_piece_has_points_of_its_own),
        cmocka_unit_test(test_pi_any_number_of_workers_prints_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
