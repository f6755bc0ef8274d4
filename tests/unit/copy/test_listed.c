/* SPDX-License-Identifier: MIT
 *
 * A batch of listed paths: cleaning, order, what is below what.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "copy/listed.h"

/* Paths separated by blanks. */
static struct px_listed *batch_of(const char *words)
{
    char *text = strdup(words);
    struct px_listed *batch = NULL;
    assert_non_null(text);
    const size_t len = strlen(text) + 1;
    for (char *at = text; *at != '\0'; at++) {
        if (*at == ' ') {
            *at = '\0';
        }
    }
    assert_int_equal(px_listed_new(text, len, &batch), PX_OK);
    return batch;
}

/* The names of a part, each followed by "/" when something is below it, and a blank. */
static const char *names_of(const struct px_listed_part *part)
{
    static char out[512];
    char name[PX_LISTED_NAME_ROOM];
    bool is_dir;
    size_t at = part->first;
    out[0] = '\0';
    while (px_listed_next(part, &at, name, &is_dir)) {
        strcat(out, name); /* NOLINT: short by construction */
        strcat(out, is_dir ? "/ " : " ");
    }
    return out;
}

static void test_listed_clean_follows_the_table(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a", "a"}, {"/a/b", "a/b"}, {"./a//b/", "a/b/"}, {"a/./b", "a/b"}, {".", ""},
        {"./", ""}, {"a/.", "a/"},   {"..a", "..a"},      {"///", ""},
    };
    char out[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(px_listed_clean(rows[i][0], out), PX_OK);
        assert_string_equal(out, rows[i][1]);
    }
    assert_int_equal(px_listed_clean("..", out), PX_EINVAL);
    assert_int_equal(px_listed_clean("a/../b", out), PX_EINVAL);
    char wide[300];
    char wide_out[300];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    assert_int_equal(px_listed_clean(wide, wide_out), PX_EINVAL);
}

static void test_listed_names_come_once_and_sorted(void **state)
{
    (void)state;
    struct px_listed *batch = batch_of("b a/x a-b a a/y a a\x01 c/ c");
    const struct px_listed_part all = px_listed_all(batch);
    assert_string_equal(names_of(&all), "a/ a\x01 a-b b c/ ");
    px_listed_free(batch);
}

static void test_listed_below_is_a_range(void **state)
{
    (void)state;
    struct px_listed *batch = batch_of("a a/x/1 a/x/2 a/y aa/z b c/ c/d");
    const struct px_listed_part all = px_listed_all(batch);
    const struct px_listed_part a = px_listed_below(&all, "a");
    assert_string_equal(names_of(&a), "x/ y ");
    const struct px_listed_part x = px_listed_below(&a, "x");
    assert_string_equal(names_of(&x), "1 2 ");
    const struct px_listed_part aa = px_listed_below(&all, "aa");
    assert_string_equal(names_of(&aa), "z ");
    const struct px_listed_part b = px_listed_below(&all, "b");
    assert_non_null(b.batch);
    assert_string_equal(names_of(&b), ""); /* named alone: made, not entered */
    assert_false(a.whole);
    const struct px_listed_part c = px_listed_below(&all, "c");
    assert_true(c.whole); /* all of it, and of what is below: */
    assert_string_equal(names_of(&c), "d ");
    assert_true(px_listed_below(&c, "d").whole);
    px_listed_free(batch);
}

static void test_listed_empty_batch_has_no_names(void **state)
{
    (void)state;
    struct px_listed *batch = NULL;
    assert_int_equal(px_listed_new(NULL, 0, &batch), PX_OK);
    const struct px_listed_part all = px_listed_all(batch);
    assert_string_equal(names_of(&all), "");
    px_listed_free(batch);
    px_listed_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listed_clean_follows_the_table),
        cmocka_unit_test(test_listed_names_come_once_and_sorted),
        cmocka_unit_test(test_listed_below_is_a_range),
        cmocka_unit_test(test_listed_empty_batch_has_no_names),
    };
    return cmocka_run_group_tests_name("listed", tests, NULL, NULL);
}
