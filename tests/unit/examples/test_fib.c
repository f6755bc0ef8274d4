/* SPDX-License-Identifier: MIT
 *
 * The function, the task around it, and the map: results in order, a failure among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"

#define main example_main
#include "examples/fib.c"
#undef main

static void test_fib_by_table(void **state)
{
    (void)state;
    static const long rows[] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55};
    for (long n = 0; n <= 10; n++) {
        assert_int_equal(fib(n), rows[n]);
    }
    assert_int_equal(fib(20), 6765);
}

static void test_fib_task_negative_fails_and_has_no_result(void **state)
{
    (void)state;
    long n = -1;
    void *result = NULL;
    assert_int_equal(fib_task(&n, NULL, &result), PX_EINVAL);
    assert_null(result);
    assert_int_equal(n, -1);
}

static void test_print_all_in_order_and_past_a_failure(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 4; workers++) {
        const struct px_executor_opts opts = {.workers = workers, .capacity = 2};
        long numbers[] = {20, 1, -1, 10, 0, 15};
        struct px_executor *executor = NULL;
        struct printed printed;
        assert_int_equal(px_executor_new(&opts, &executor), PX_OK);
        printed_begin(&printed);
        const int status = print_all(executor, numbers, 6);
        assert_string_equal(printed_end(&printed), "6765\n1\n55\n0\n610\n");
        assert_int_equal(status, PX_EINVAL);
        px_executor_free(executor);
    }
}

static void test_fib_program_says_by_its_exit_code_whether_all_went_well(void **state)
{
    (void)state;
    struct printed printed;
    assert_int_equal(example_run(&printed, "fib", "2", "3", "10"), 0);
    assert_string_equal(printed.text, "55\n55\n55\n");
    assert_int_equal(example_run(&printed, "fib", "2", "3", "-10"), 1);
    assert_string_equal(printed.text, "");
    assert_int_equal(example_run(&printed, "fib", "2", "1025", "10"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fib_by_table),
        cmocka_unit_test(test_fib_task_negative_fails_and_has_no_result),
        cmocka_unit_test(test_print_all_in_order_and_past_a_failure),
        cmocka_unit_test(test_fib_program_says_by_its_exit_code_whether_all_went_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
