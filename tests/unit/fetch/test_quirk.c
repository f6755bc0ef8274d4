/* SPDX-License-Identifier: MIT
 *
 * Which libcurl has which fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/quirk.h"

static void test_quirks_of_by_table(void **state)
{
    (void)state;
    static const struct {
        unsigned version;
        bool faulty;
    } rows[] = {
        {0x075400, false}, {0x0756ff, false}, {0x075700, true},
        {0x075801, true},  {0x080000, false}, {0x081600, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(quirks_of(rows[i].version).h2c_no_reuse, rows[i].faulty);
        assert_int_equal(quirks_of(rows[i].version).h2_end_uncertain, rows[i].faulty);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quirks_of_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
