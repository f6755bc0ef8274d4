/* SPDX-License-Identifier: MIT
 *
 * The table of other programs' options: one line for each, none twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/copy_hints.h"
#include "app/hint_table.h"

static void test_copy_hints_each_says_in_a_line_what_to_write(void **state)
{
    (void)state;
    assert_true(hint_table_check_lines(copy_hints) > 30);
}

static void test_copy_hints_none_is_there_twice(void **state)
{
    (void)state;
    hint_table_check_twins(copy_hints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_hints_each_says_in_a_line_what_to_write),
        cmocka_unit_test(test_copy_hints_none_is_there_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
