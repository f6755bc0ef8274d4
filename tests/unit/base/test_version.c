/* SPDX-License-Identifier: MIT
 *
 * The version text is made of the three numbers of the header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include <pxfer/version.h>

static void test_version_library_and_header_agree(void **state)
{
    (void)state;
    char expected[64];
    (void)snprintf(expected, sizeof(expected), "%d.%d.%d", PX_VERSION_MAJOR, PX_VERSION_MINOR,
                   PX_VERSION_PATCH);
    assert_string_equal(px_version(), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_library_and_header_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
