/* SPDX-License-Identifier: MIT
 *
 * What is a scheme, and what may stand in an option. URLs and the walk over options are in
 * test_list.c, with lists that hold them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fetch/list/entry.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_entry_has_scheme_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has;
    } rows[] = {
        {"http://h", true}, {"ftp:x", true},  {"a+b-c.1:", true}, {"mailto:x", true},
        {"", false},        {":", false},     {"1a:x", false},    {"a", false},
        {"/a:b", false},    {"a/b:c", false}, {"?a:b", false},    {"./a:b", false},
        {"+a:", false},     {"a_b:", false},  {"#a:", false},     {"//h:80/x", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        if (list_url_has_scheme(rows[i].text, strlen(rows[i].text)) != rows[i].has) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void test_entry_what_is_no_url_is_told_for_what_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"http://h/a=b", NULL},
        {"out=x", "no URL; options of the URL above begin with a blank"},
        {"user-agent=x://y", "no URL; options of the URL above begin with a blank"},
        {"'http://h/'", "quotes are no part of a URL"},
        {"\"http://h/\"", "quotes are no part of a URL"},
        {"<html>", "no scheme: a URL begins with http:// or https://"},
        {"http://h/a b", "a space in the URL: write %20"},
        {"=x", "no scheme: a URL begins with http:// or https://"},
        {"", "no scheme: a URL begins with http:// or https://"},
        {"a/b=c", "no scheme: a URL begins with http:// or https://"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *fault = list_url_fault(rows[i].text, strlen(rows[i].text));
        assert_int_equal(fault == NULL, rows[i].fault == NULL);
        assert_true(fault == NULL || strcmp(fault, rows[i].fault) == 0);
    }
}

static void test_entry_option_fault_is_a_control_byte(void **state)
{
    (void)state;
    assert_null(list_option_fault("a\tb \xc3\xa9=", 7));
    assert_null(list_option_fault("", 0));
    for (int c = 0; c < 256; c++) {
        const char text[] = {'a', (char)c};
        const bool bad = (c < 0x20 && c != '\t') || c == 0x7f;
        assert_int_equal(list_option_fault(text, 2) != NULL, bad);
    }
}

static void test_entry_trim_cuts_both_ends(void **state)
{
    (void)state;
    const char *text = " \t a b\t ";
    size_t len = strlen(text);
    list_trim(&text, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a b", 3);
    text = " \t";
    len = 2;
    list_trim(&text, &len);
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry_has_scheme_by_table),
        cmocka_unit_test(test_entry_what_is_no_url_is_told_for_what_it_is),
        cmocka_unit_test(test_entry_option_fault_is_a_control_byte),
        cmocka_unit_test(test_entry_trim_cuts_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
