/* SPDX-License-Identifier: MIT
 *
 * Which header lines and URLs a user may give, by tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/syntax.h"

static void test_syntax_header_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool good;
    } rows[] = {
        {"X-A: 1", true},      {"X-A:", true},
        {"X-A;", true},        {"X-A:\ttab", true},
        {"X-A", false},        {"no colon", false},
        {": value", false},    {"", false},
        {"X A: 1", false},     {"X-A: 1\r\nB: 2", false},
        {"X\n: 1", false},     {"X-A: \x7f", false},
        {"X-A; value", false}, {"X-A: caf\xc3\xa9", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(syntax_is_header(rows[i].line, strlen(rows[i].line)), rows[i].good);
    }
    assert_false(syntax_is_header("X-A: 1\0", 7));
}

static void test_syntax_header_value_by_table(void **state)
{
    (void)state;
    assert_true(syntax_is_header_value("agent/1.0 (x)", 13));
    assert_true(syntax_is_header_value("", 0));
    assert_false(syntax_is_header_value("agent\nX-B: 2", 12));
    assert_false(syntax_is_header_value("a\0b", 3));
}

static void test_syntax_url_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool good;
    } rows[] = {
        {"http://example.org", true},
        {"https://example.org/a?b=c#d", true},
        {"http://example.org?q", true},
        {"http://127.0.0.1:8080/x", true},
        {"http://[::1]:80/x", true},
        {"http://user:pass@example.org/x", true},
        {"http://127.0.0.1:99999/x", false},
        {"http://127.0.0.1:port/x", false},
        {"http://[::1/x", false},
        {"http:///x", false},
        {"http://", false},
        {"example.org/x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(syntax_is_url(rows[i].url), rows[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax_header_by_table),
        cmocka_unit_test(test_syntax_header_value_by_table),
        cmocka_unit_test(test_syntax_url_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
