/* SPDX-License-Identifier: MIT
 *
 * The list of results: every code has a name and a text of its own, and is negative but for OK.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <pxfer/status.h>

struct status_row {
    int value;
    const char *name;
    const char *text;
};

static const struct status_row status_rows[] = {
#define STATUS_ROW(name, value, text) {value, #name, text},
    PX_STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

#define STATUS_COUNT (sizeof(status_rows) / sizeof(status_rows[0]))

static void test_status_every_code_has_its_name_and_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        assert_string_equal(px_status_name(status_rows[i].value), status_rows[i].name);
        assert_string_equal(px_status_text(status_rows[i].value), status_rows[i].text);
        assert_true(status_rows[i].text[0] != '\0');
    }
}

static void test_status_codes_are_distinct_and_negative_but_ok(void **state)
{
    (void)state;
    assert_int_equal(PX_OK, 0);
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        assert_true(status_rows[i].value < 0 || strcmp(status_rows[i].name, "OK") == 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(status_rows[i].value, status_rows[j].value);
            assert_string_not_equal(status_rows[i].text, status_rows[j].text);
        }
    }
}

static void test_status_unknown_code_is_named_so(void **state)
{
    (void)state;
    static const int unknown[] = {1, -10, -1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_string_equal(px_status_name(unknown[i]), "UNKNOWN");
        assert_string_equal(px_status_text(unknown[i]), "unknown status");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_every_code_has_its_name_and_text),
        cmocka_unit_test(test_status_codes_are_distinct_and_negative_but_ok),
        cmocka_unit_test(test_status_unknown_code_is_named_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
