/* SPDX-License-Identifier: MIT
 *
 * What the user allows a file to be (F26): sizes and types, as tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fetch/gate.h"
#include "fetch/limits.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_limits_without_any_allow_all(void **state)
{
    const struct px_fetch_opts opts = {.workers = 1};
    char why[LIMITS_WHY_ROOM];
    (void)state;
    assert_null(limits_of_reply(&opts, NULL, GATE_UNKNOWN, why));
    assert_null(limits_of_reply(&opts, "text/html", 0, why));
    assert_null(limits_of_file(&opts, UINT64_MAX - 1, why));
    assert_false(limits_exceeded(&opts, UINT64_MAX));
}

static void test_limits_sizes_by_table(void **state)
{
    static const struct {
        uint64_t min, max, size;
        const char *why;
    } rows[] = {
        {10, 0, 10, NULL},
        {10, 0, 9, "9 bytes, less than --min-size 10"},
        {10, 0, 0, "0 bytes, less than --min-size 10"},
        {10, 0, GATE_UNKNOWN, NULL},
        {0, 10, 10, NULL},
        {0, 10, 11, "11 bytes, more than --max-size 10"},
        {0, 10, GATE_UNKNOWN, NULL}, /* told by counting */
        {10, 10, 10, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct px_fetch_opts opts = {.min_bytes = rows[i].min, .max_bytes = rows[i].max};
        char text[LIMITS_WHY_ROOM];
        const char *why = limits_of_reply(&opts, "text/html", rows[i].size, text);
        if (rows[i].why == NULL) {
            assert_null(why);
        } else {
            assert_string_equal(why, rows[i].why);
        }
    }
    const struct px_fetch_opts opts = {.max_bytes = 10};
    assert_false(limits_exceeded(&opts, 10));
    assert_true(limits_exceeded(&opts, 11));
}

static void test_limits_types_by_table(void **state)
{
    static const char *const globs[] = {"application/*", "text/csv"};
    static const struct {
        const char *type;
        const char *why; /* NULL: allowed */
    } rows[] = {
        {"application/zip", NULL},
        {"Application/ZIP", NULL},
        {"application/json; charset=utf-8", NULL},
        {"text/csv;header=present", NULL},
        {"text/csv ; header=present", NULL},
        {NULL, NULL},
        {"", NULL},
        {"text/html", "Content-Type is text/html (--expect-type)"},
        {"text/html; x=application/zip", "Content-Type is text/html (--expect-type)"},
        {"text/csvx", "Content-Type is text/csvx (--expect-type)"},
        {"xapplication/zip", "Content-Type is xapplication/zip (--expect-type)"},
        {";", "Content-Type is  (--expect-type)"},
        {"te\x1bxt", "Content-Type is te\\ext (--expect-type)"},
    };
    const struct px_fetch_opts opts = {.expect_types = globs, .n_expect_types = ROWS(globs)};
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char text[LIMITS_WHY_ROOM];
        const char *why = limits_of_reply(&opts, rows[i].type, 5, text);
        if (rows[i].why == NULL) {
            assert_null(why);
        } else {
            assert_string_equal(why, rows[i].why);
        }
    }
}

static void test_limits_a_type_of_any_length_is_cut(void **state)
{
    static const char *const globs[] = {"a*"};
    const struct px_fetch_opts opts = {.expect_types = globs, .n_expect_types = 1};
    char type[3000], why[LIMITS_WHY_ROOM];
    (void)state;
    memset(type, 'x', sizeof type);
    type[sizeof type - 1] = '\0';
    assert_non_null(limits_of_reply(&opts, type, 5, why));
    assert_true(strlen(why) < sizeof why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_without_any_allow_all),
        cmocka_unit_test(test_limits_sizes_by_table),
        cmocka_unit_test(test_limits_types_by_table),
        cmocka_unit_test(test_limits_a_type_of_any_length_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
