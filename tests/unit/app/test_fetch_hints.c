/* SPDX-License-Identifier: MIT
 *
 * The table of other programs' options: one line for each, none twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "app/fetch_hints.h"

static void test_fetch_hints_each_says_in_a_line_what_to_write(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct option_hint *hint = fetch_hints; hint->says != NULL; hint++, n++) {
        assert_true(hint->letter != 0 || hint->name != NULL);
        assert_true(hint->says[0] != '\0' && strchr(hint->says, '\n') == NULL);
        assert_true(hint->name == NULL || hint->name[0] != '-');
    }
    assert_true(n > 50);
}

static void test_fetch_hints_none_is_there_twice(void **state)
{
    (void)state;
    for (const struct option_hint *a = fetch_hints; a->says != NULL; a++) {
        for (const struct option_hint *b = a + 1; b->says != NULL; b++) {
            assert_false(a->letter != 0 && a->letter == b->letter);
            assert_false(a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_hints_each_says_in_a_line_what_to_write),
        cmocka_unit_test(test_fetch_hints_none_is_there_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
