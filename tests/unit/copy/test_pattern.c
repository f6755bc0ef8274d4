/* SPDX-License-Identifier: MIT
 *
 * Patterns: tables of what matches, rules in their order, files of patterns.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "copy/pattern.h"
#include "copy/tree.h"

static void test_pattern_glob_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } rows[] = {
        {"*.o", "a.o", true},
        {"*.o", ".o", true},
        {"*.o", "a.c", false},
        {"*.o", "d/a.o", false},
        {"**.o", "d/a.o", true},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"a[bx]c", "abc", true},
        {"a[!bx]c", "abc", false},
        {"a[a-c]c", "abc", true},
        {"[[:digit:]]", "7", true},
        {"[[:digit:]]", "x", false},
        {"a[b", "a[b", true},
        {"a\\*", "a*", true},
        {"a\\*", "ab", false},
        {"d/*/f", "d/x/f", true},
        {"d/*/f", "d/x/y/f", false},
        {"d/**/f", "d/x/y/f", true},
        {"d/**", "d/x/y", true},
        {"d/**", "d", false},
        {"*a*b*", "xaxbx", true},
        {"*a*b*", "xbxax", false},
        {"**a*b", "x/a/b", false},
        {"**a*b", "x/axb", true},
        {"**/x*y/z", "a/xq/xy/z", true},
        {"", "", true},
        {"", "a", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (px_pattern_glob(rows[i].pattern, rows[i].text) != rows[i].matches) {
            fail_msg("%s against %s", rows[i].pattern, rows[i].text);
        }
    }
}

/* A pattern that could be tried in very many ways is not. */
static void test_pattern_glob_many_stars_end_soon(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(px_pattern_glob("*a*a*a*a*a*a*a*a*a*a*b", text));
    assert_false(px_pattern_glob("**a*a**a*a**a*a**a*a*b", text));
}

static bool excludes(const char *rule, const char *path, bool is_dir)
{
    struct px_patterns patterns = {0};
    assert_int_equal(px_patterns_add(&patterns, rule, strlen(rule), false), PX_OK);
    const bool excluded = px_patterns_exclude(&patterns, path, is_dir);
    px_patterns_free(&patterns);
    return excluded;
}

/* The examples of rsync's manual among them. */
static void test_pattern_rule_is_tied_as_it_is_written(void **state)
{
    (void)state;
    assert_true(excludes("foo", "a/b/foo", false));
    assert_false(excludes("foo", "a/foo/b", false)); /* foo itself was left out before */
    assert_true(excludes("/foo", "foo", false));
    assert_false(excludes("/foo", "a/foo", false));
    assert_true(excludes("foo/bar", "x/foo/bar", false));
    assert_false(excludes("foo/bar", "x/afoo/bar", false));
    assert_true(excludes("/foo/*/bar", "foo/x/bar", false));
    assert_false(excludes("/foo/*/bar", "foo/x/y/bar", false));
    assert_true(excludes("/foo/**/bar", "foo/x/y/bar", false));
    assert_true(excludes("foo/", "a/foo", true));
    assert_false(excludes("foo/", "a/foo", false));
    assert_true(excludes("foo/***", "a/foo", true));
    assert_true(excludes("foo/***", "a/foo/b/c", false));
    assert_false(excludes("foo/***", "a/foo", false));
    assert_true(excludes("- foo", "foo", false));
    assert_false(excludes("+ foo", "foo", false));
    assert_true(excludes("a\\b", "a\\b", false)); /* no wildcard: a backslash is one */
}

static void test_pattern_first_match_wins(void **state)
{
    (void)state;
    struct px_patterns patterns = {0};
    assert_false(px_patterns_exclude(&patterns, "x", false));
    assert_int_equal(px_patterns_add(&patterns, "keep.o", 6, true), PX_OK);
    assert_int_equal(px_patterns_add(&patterns, "*.o", 3, false), PX_OK);
    assert_false(patterns.need_paths);
    assert_false(px_patterns_exclude(&patterns, "keep.o", false));
    assert_true(px_patterns_exclude(&patterns, "lose.o", false));
    assert_false(px_patterns_exclude(&patterns, "main.c", false));
    assert_int_equal(px_patterns_add(&patterns, "/a/b", 4, false), PX_OK);
    assert_true(patterns.need_paths);
    px_patterns_free(&patterns);
}

static void test_pattern_of_nothing_is_refused(void **state)
{
    (void)state;
    struct px_patterns patterns = {0};
    assert_int_equal(px_patterns_add(&patterns, "", 0, false), PX_EINVAL);
    assert_int_equal(px_patterns_add(&patterns, "/", 1, false), PX_EINVAL);
    assert_int_equal(px_patterns_add(&patterns, "a\0b", 3, false), PX_EINVAL);
    assert_int_equal(patterns.n, 0);
    px_patterns_free(&patterns);
}

static void test_pattern_file_is_read_line_by_line(void **state)
{
    (void)state;
    struct px_patterns patterns = {0};
    tree_text("rules", "# words\n; words\n\n+ *.c\r\n*.o\n/top\n");
    assert_int_equal(px_patterns_add_file(&patterns, "rules", false), PX_OK);
    assert_int_equal(patterns.n, 3);
    assert_false(px_patterns_exclude(&patterns, "a.c", false));
    assert_true(px_patterns_exclude(&patterns, "d/a.o", false));
    assert_true(px_patterns_exclude(&patterns, "top", false));
    px_patterns_free(&patterns);
    assert_int_equal(px_patterns_add_file(&patterns, "missing", false), PX_EIO);
    px_patterns_free(&patterns);
}

static void test_pattern_file_with_nul_takes_newlines_as_they_are(void **state)
{
    (void)state;
    struct px_patterns patterns = {0};
    FILE *file = fopen("rules", "w");
    assert_non_null(file);
    static const char text[] = "#a\nb\0*.o";
    assert_int_equal(fwrite(text, 1, sizeof text, file), sizeof text);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(px_patterns_add_file(&patterns, "rules", true), PX_OK);
    assert_int_equal(patterns.n, 2);
    assert_true(px_patterns_exclude(&patterns, "#a\nb", false));
    px_patterns_free(&patterns);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern_glob_follows_the_table),
        cmocka_unit_test(test_pattern_glob_many_stars_end_soon),
        cmocka_unit_test(test_pattern_rule_is_tied_as_it_is_written),
        cmocka_unit_test(test_pattern_first_match_wins),
        cmocka_unit_test(test_pattern_of_nothing_is_refused),
        T(test_pattern_file_is_read_line_by_line),
        T(test_pattern_file_with_nul_takes_newlines_as_they_are),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
