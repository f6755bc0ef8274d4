/* SPDX-License-Identifier: MIT
 *
 * Lists of JSON objects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"

#define URL "{\"url\": \"http://h/1\""
#define TWICE URL ", \"url\": \"http://h/2\"}"

static void test_format_jsonl_members_by_table(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"# no JSON, but harmless\n\n  \n", ""},
        {URL "}", "1 \"http://h/1\"\n"},
        {"\n  " URL "}\r\n{\"url\":\"http://h/2\"}", "2 \"http://h/1\"\n3 \"http://h/2\"\n"},
        {URL ", \"out\": \"a b/c\"}", "1 \"http://h/1\" \"\" \"out=a b/c;\"\n"},
        {URL ", \"checksum\": \"sha-256=AB\"}", "1 \"http://h/1\" \"\" \"checksum=sha-256=AB;\"\n"},
        {URL ", \"checksum\": \"sha256:ab\"}", "1 \"http://h/1\" \"\" \"checksum=sha256=ab;\"\n"},
        {URL ", \"mirrors\": [\"http://m/1\", \"http://n/1\"]}",
         "1 \"http://h/1\" \"http://m/1<09>http://n/1\"\n"},
        {"{\"url\": [\"http://h/1\", \"http://m/1\"]}", "1 \"http://h/1\" \"http://m/1\"\n"},
        {URL ", \"mirrors\": \"http://m/1\", \"out\": null}", "1 \"http://h/1\" \"http://m/1\"\n"},
        {URL ", \"headers\": {\"A\": \"b: c\", \"D\": [\"e\", \"f\"], \"G\": \"\"}}",
         "1 \"http://h/1\" \"\" \"header=A: b: c;header=D: e;header=D: f;header=G;;\"\n"},
        {URL ", \"headers\": [\"A: b\"]}", "1 \"http://h/1\" \"\" \"header=A: b;\"\n"},
        {URL ", \"split\": 4, \"size\": 12, \"dir\": \"d\", \"referer\": \"r\"}",
         "1 \"http://h/1\" \"\" \"dir=d;referer=r;split=4;size=12;\"\n"},
        {URL ", \"license\": {\"any\": [1, 2.5, true, null]}}", "1 \"http://h/1\"\n"},
        {"{\"url\": \"http://h/\\u00e9\"}", "1 \"http://h/<c3><a9>\"\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        format_expect(&format_jsonl, rows[i][0], rows[i][1]);
    }
}

static void test_format_jsonl_bad_lines_by_table(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{}", "1 \"\" !no \"url\"\n"},
        {"{\"url\": []}", "1 \"\" !no \"url\"\n"},
        {"{\"url\": 3}", "1 \"\" !\"url\" is not a string\n"},
        {"[\"http://h/1\"]", "1 \"\" !not a JSON object\n"},
        {"{\"url\": \"ftp://h/1\"}", "1 \"ftp://h/1\" !" BAD_OTHER_SCHEME "\n"},
        {"{\"url\": \"http://h/a b\"}", "1 \"http://h/a b\" !" BAD_SPACE "\n"},
        {URL ", \"mirrors\": [7]}", "1 \"http://h/1\" !\"mirrors\" is not a string\n"},
        {URL ", \"out\": [\"a\"]}", "1 \"http://h/1\" !\"out\" is not a string\n"},
        {URL ", \"headers\": \"A: b\"}",
         "1 \"http://h/1\" !\"headers\" is neither an object nor an array\n"},
        {URL ", \"headers\": {\"A\": 1}}", "1 \"http://h/1\" !a header's value is not a string\n"},
        {URL ", \"headers\": [1]}", "1 \"http://h/1\" !a header is not a string\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        format_expect(&format_jsonl, rows[i][0], rows[i][1]);
    }
}

/* A line feed in a string must not become a second option. */
static void test_format_jsonl_strings_cannot_add_options(void **state)
{
    (void)state;
    format_expect(&format_jsonl, URL ", \"out\": \"a\\nheader=X: y\"}",
                  "1 \"http://h/1\" \"\" \"out=a;header=X: y;\" !a control byte in an option\n");
    format_expect(&format_jsonl, URL ", \"headers\": {\"A\\n  out=x\": \"b\"}}",
                  "1 \"http://h/1\" \"\" \"header=A;  out=x: b;\" !a control byte in an option\n");
    format_expect(&format_jsonl, "{\"url\": \"http://h/1\\tftp://h\"}",
                  "1 \"http://h/1<09>ftp://h\" !" BAD_CONTROL "\n");
}

static void test_format_jsonl_errors_tell_no_secret(void **state)
{
    (void)state;
    char *entries = format_entries(&format_jsonl, "{\"url\": \"http://u:secret@h/1\"", 29, 1, NULL);
    assert_non_null(strstr(entries, "!not a JSON object: "));
    assert_null(strstr(entries, "secret"));
    free(entries);
}

static void test_format_jsonl_depth_and_duplicates_are_refused(void **state)
{
    (void)state;
    char *deep = malloc(300000);
    memset(deep, '[', 300000);
    char *entries = format_entries(&format_jsonl, deep, 300000, 1, NULL);
    assert_non_null(strstr(entries, "!not a JSON object: "));
    free(entries);
    free(deep);
    entries = format_entries(&format_jsonl, TWICE, strlen(TWICE), 1, NULL);
    assert_non_null(strstr(entries, "!not a JSON object: "));
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_jsonl_members_by_table),
        cmocka_unit_test(test_format_jsonl_bad_lines_by_table),
        cmocka_unit_test(test_format_jsonl_strings_cannot_add_options),
        cmocka_unit_test(test_format_jsonl_errors_tell_no_secret),
        cmocka_unit_test(test_format_jsonl_depth_and_duplicates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
