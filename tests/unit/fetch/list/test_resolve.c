/* SPDX-License-Identifier: MIT
 *
 * Relative references: the examples of RFC 3986 section 5.4, and what lists hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/list/resolve.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

struct row {
    const char *base, *ref, *expected;
};

static void expect_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *url = NULL;
        assert_int_equal(resolve_url(rows[i].base, rows[i].ref, strlen(rows[i].ref), &url), PX_OK);
        if (strcmp(url, rows[i].expected) != 0) {
            fail_msg("%s + %s: %s, not %s", rows[i].base, rows[i].ref, url, rows[i].expected);
        }
        free(url);
    }
}

/* Fragments are never sent: they are cut off. */
static void test_resolve_examples_of_the_rfc(void **state)
{
    (void)state;
#define B "http://a/b/c/d;p?q"
    static const struct row rows[] = {
        {B, "g", "http://a/b/c/g"},
        {B, "./g", "http://a/b/c/g"},
        {B, "g/", "http://a/b/c/g/"},
        {B, "/g", "http://a/g"},
        {B, "//g", "http://g/"},
        {B, "?y", "http://a/b/c/d;p?y"},
        {B, "g?y", "http://a/b/c/g?y"},
        {B, "#s", "http://a/b/c/d;p?q"},
        {B, "g#s", "http://a/b/c/g"},
        {B, "g?y#s", "http://a/b/c/g?y"},
        {B, ";x", "http://a/b/c/;x"},
        {B, "g;x", "http://a/b/c/g;x"},
        {B, "g;x?y#s", "http://a/b/c/g;x?y"},
        {B, "", "http://a/b/c/d;p?q"},
        {B, ".", "http://a/b/c/"},
        {B, "./", "http://a/b/c/"},
        {B, "..", "http://a/b/"},
        {B, "../", "http://a/b/"},
        {B, "../g", "http://a/b/g"},
        {B, "../..", "http://a/"},
        {B, "../../", "http://a/"},
        {B, "../../g", "http://a/g"},
        {B, "../../../g", "http://a/g"},
        {B, "../../../../g", "http://a/g"},
        {B, "/./g", "http://a/g"},
        {B, "/../g", "http://a/g"},
        {B, "g.", "http://a/b/c/g."},
        {B, ".g", "http://a/b/c/.g"},
        {B, "g..", "http://a/b/c/g.."},
        {B, "..g", "http://a/b/c/..g"},
        {B, "./../g", "http://a/b/g"},
        {B, "./g/.", "http://a/b/c/g/"},
        {B, "g/./h", "http://a/b/c/g/h"},
        {B, "g/../h", "http://a/b/c/h"},
        {B, "g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {B, "g;x=1/../y", "http://a/b/c/y"},
        {B, "g?y/./x", "http://a/b/c/g?y/./x"},
        {B, "g?y/../x", "http://a/b/c/g?y/../x"},
    };
    expect_rows(rows, ROWS(rows));
}

static void test_resolve_lines_of_lists(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"https://h/dir/", "a.bin", "https://h/dir/a.bin"},
        {"https://h/dir", "a.bin", "https://h/a.bin"},
        {"https://h", "a/b.bin", "https://h/a/b.bin"},
        {"https://u:p@h:8080/x/", "/a", "https://u:p@h:8080/a"},
        {"https://h/dir/?q=1", "a", "https://h/dir/a"},
        {"https://h/dir/#f", "a", "https://h/dir/a"},
        {"https://h/dir/", "./a:b", "https://h/dir/a:b"},
        {"https://h/dir/", "a%20b", "https://h/dir/a%20b"},
        {"https://h/dir/", "//other/x", "https://other/x"},
    };
    expect_rows(rows, ROWS(rows));
}

static void test_resolve_what_is_no_url_is_a_bad_line(void **state)
{
    (void)state;
    char *url = NULL;
    assert_int_equal(resolve_url("https://h/", "//h:99999/x", 11, &url), PX_EBADLINE);
    assert_int_equal(resolve_url("https://h/", "//[::1/x", 8, &url), PX_EBADLINE);
    assert_null(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve_examples_of_the_rfc),
        cmocka_unit_test(test_resolve_lines_of_lists),
        cmocka_unit_test(test_resolve_what_is_no_url_is_a_bad_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
