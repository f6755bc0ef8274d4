/* SPDX-License-Identifier: MIT
 *
 * Path strings, by tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void check_and_free(char *got, const char *expected)
{
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
}

static void test_path_join_has_exactly_one_slash_between(void **state)
{
    (void)state;
    static const struct {
        const char *dir, *name, *expected;
    } rows[] = {
        {"a", "b", "a/b"},     {"a/", "b", "a/b"},  {"a///", "b", "a/b"}, {"a", "/b", "a/b"},
        {"a//", "//b", "a/b"}, {"", "b", "b"},      {"", "/b", "/b"},     {".", "b", "./b"},
        {"./", "b", "./b"},    {"/", "b", "/b"},    {"///", "b", "/b"},   {"/a", "b/c", "/a/b/c"},
        {"a", "", "a/"},       {"..", "b", "../b"}, {"a", "b/", "a/b/"},  {"\xff", "\n", "\xff/\n"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        check_and_free(px_path_join(rows[i].dir, rows[i].name), rows[i].expected);
    }
}

static void test_path_strip_removes_trailing_slashes_only(void **state)
{
    (void)state;
    static const struct {
        const char *path, *expected;
    } rows[] = {
        {"a", "a"}, {"a/", "a"},   {"a///", "a"},  {"/", "/"},     {"///", "/"},
        {"", ""},   {"/a/", "/a"}, {"//a", "//a"}, {"a/.", "a/."},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        check_and_free(px_path_strip(rows[i].path), rows[i].expected);
    }
}

static void test_path_base_and_dir_split_any_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *base, *dir;
    } rows[] = {
        {"a/b", "b", "a"},       {"a/b//", "b", "a"}, {"a//b", "b", "a"}, {"a//b//", "b", "a"},
        {"b", "b", "."},         {"b/", "b", "."},    {"/b", "b", "/"},   {"//b", "b", "/"},
        {"/b/", "b", "/"},       {"/", "/", "/"},     {"///", "/", "/"},  {"", "", "."},
        {"/a/b/c", "c", "/a/b"}, {".", ".", "."},     {"..", "..", "."},  {"a/.", ".", "a"},
        {"a/..", "..", "a"},     {"/..", "..", "/"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t len = 99;
        const char *base = px_path_base(rows[i].path, &len);
        assert_int_equal(len, strlen(rows[i].base));
        assert_memory_equal(base, rows[i].base, len);
        assert_true(base >= rows[i].path && base + len <= rows[i].path + strlen(rows[i].path));
        check_and_free(px_path_dir(rows[i].path), rows[i].dir);
    }
}

static void test_path_longer_than_path_max_is_fine(void **state)
{
    (void)state;
    size_t len = 100000;
    char *dir = malloc(len + 1);
    assert_non_null(dir);
    memset(dir, 'd', len);
    dir[len] = '\0';
    char *joined = px_path_join(dir, "x");
    assert_non_null(joined);
    assert_int_equal(strlen(joined), len + 2);
    check_and_free(px_path_dir(joined), dir);
    free(joined);
    free(dir);
}

static void test_path_is_dots_knows_the_two_names(void **state)
{
    (void)state;
    assert_true(px_path_is_dots("."));
    assert_true(px_path_is_dots(".."));
    static const char *const others[] = {"", "...", "a", ".a", "..a", "./", "/"};
    for (size_t i = 0; i < ROWS(others); i++) {
        assert_false(px_path_is_dots(others[i]));
    }
}

static void test_path_ends_in_dot_means_contents_of(void **state)
{
    (void)state;
    static const char *const yes[] = {".", "./", "a/.", "/.", "a/./", "../."};
    static const char *const no[] = {"", "/", "a", "a.", "a/..", "..", "a/.b", "./a"};
    for (size_t i = 0; i < ROWS(yes); i++) {
        assert_true(px_path_ends_in_dot(yes[i]));
    }
    for (size_t i = 0; i < ROWS(no); i++) {
        assert_false(px_path_ends_in_dot(no[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_join_has_exactly_one_slash_between),
        cmocka_unit_test(test_path_strip_removes_trailing_slashes_only),
        cmocka_unit_test(test_path_base_and_dir_split_any_path),
        cmocka_unit_test(test_path_longer_than_path_max_is_fine),
        cmocka_unit_test(test_path_is_dots_knows_the_two_names),
        cmocka_unit_test(test_path_ends_in_dot_means_contents_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
