/* SPDX-License-Identifier: MIT
 *
 * Text to value by kind, where the tables of test_option.c do not reach: limits of the types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>

#include "app/option_value.h"
#include "support/memory_text.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_option_value_number_keeps_to_its_type(void **state)
{
    (void)state;
    static const struct {
        enum option_kind kind;
        uint64_t max;
        const char *text;
        int status;
    } rows[] = {
        {OPTION_INT, 0, "2147483647", PX_OK},
        {OPTION_INT, UINT64_MAX, "2147483648", PX_EINVAL},
        {OPTION_UNSIGNED, 0, "4294967295", PX_OK},
        {OPTION_UNSIGNED, UINT64_MAX, "4294967296", PX_EINVAL},
        {OPTION_U64, 0, "18446744073709551615", PX_OK},
        {OPTION_U64, 0, "18446744073709551616", PX_EINVAL},
        {OPTION_U64, 10, "11", PX_EINVAL},
        {OPTION_U64, 10, " 1", PX_EINVAL},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct option_spec spec = {.kind = rows[i].kind, .max = rows[i].max};
        uint64_t field = 0;
        const char *reason = NULL;
        assert_int_equal(option_value_store(&spec, rows[i].text, &field, &reason), rows[i].status);
        assert_null(reason);
    }
}

static void test_option_value_refused_leaves_the_field(void **state)
{
    (void)state;
    static const enum option_kind kinds[] = {OPTION_INT,  OPTION_UNSIGNED,    OPTION_U64,
                                             OPTION_SIZE, OPTION_DURATION_NS, OPTION_DURATION_MS};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        const struct option_spec spec = {.kind = kinds[i]};
        uint64_t field = 77;
        const char *reason = NULL;
        assert_int_equal(option_value_store(&spec, "x", &field, &reason), PX_EINVAL);
        assert_int_equal(field, 77);
    }
}

static void test_option_value_list_has_a_longest_length(void **state)
{
    (void)state;
    struct option_numbers field = {0};
    const struct option_spec spec = {.kind = OPTION_NUMBERS, .min = 1};
    char text[2 * OPTION_NUMBERS_MAX + 2];
    for (size_t i = 0; i < OPTION_NUMBERS_MAX + 1; i++) {
        memcpy(text + 2 * i, "1,", 2);
    }
    const char *reason = NULL;
    text[2 * OPTION_NUMBERS_MAX + 1] = '\0';
    assert_int_equal(option_value_store(&spec, text, &field, &reason), PX_EINVAL);
    text[2 * OPTION_NUMBERS_MAX - 1] = '\0';
    assert_int_equal(option_value_store(&spec, text, &field, &reason), PX_OK);
    assert_int_equal(field.n, OPTION_NUMBERS_MAX);
}

static void test_option_value_kinds_without_an_argument(void **state)
{
    (void)state;
    static const enum option_kind kinds[] = {OPTION_FLAG, OPTION_COUNT,   OPTION_SET,
                                             OPTION_HELP, OPTION_VERSION, OPTION_IGNORED};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        const struct option_spec spec = {.kind = kinds[i]};
        assert_false(option_takes_argument(&spec));
    }
    const struct option_spec plain = {.kind = OPTION_CALLBACK};
    const struct option_spec with = {.kind = OPTION_CALLBACK, .arg = "X"};
    assert_false(option_takes_argument(&plain));
    assert_true(option_takes_argument(&with));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_option_value_number_keeps_to_its_type),
        cmocka_unit_test(test_option_value_refused_leaves_the_field),
        cmocka_unit_test(test_option_value_list_has_a_longest_length),
        cmocka_unit_test(test_option_value_kinds_without_an_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
