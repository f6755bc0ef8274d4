/* SPDX-License-Identifier: MIT
 *
 * A command line taken apart into words, and the words filled in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/words.h"

/* The words of text, joined by '|'. */
static void expect_split(const char *text, const char *want)
{
    char **words = NULL;
    char got[256] = "";
    const char *reason = NULL;
    assert_int_equal(words_split(text, &words, &reason), PX_OK);
    for (size_t i = 0; words[i] != NULL; i++) {
        strncat(got, i > 0 ? "|" : "", sizeof got - strlen(got) - 1);
        strncat(got, words[i], sizeof got - strlen(got) - 1);
    }
    free(words);
    assert_string_equal(got, want);
}

static void test_words_split_plain_at_white_space(void **state)
{
    (void)state;
    expect_split("a", "a");
    expect_split("  gzip \t -9\n{} ", "gzip|-9|{}");
}

static void test_words_split_quotes_keep_white_space(void **state)
{
    (void)state;
    expect_split("sh -c 'echo \"$1\"' x", "sh|-c|echo \"$1\"|x");
    expect_split("a\"b c\"d", "ab cd");
    expect_split("'' x", "|x");
    expect_split("\"a\\\"b\" \"c\\\\d\" \"e\\f\"", "a\"b|c\\d|e\\f");
    expect_split("'a\\b'", "a\\b");
    expect_split("a\\ b", "a b");
}

static void test_words_split_many_single_bytes_have_room(void **state)
{
    (void)state;
    expect_split("a b c d e f g h", "a|b|c|d|e|f|g|h");
}

static void test_words_split_open_quote_or_nothing_is_usage(void **state)
{
    char **words = NULL;
    const char *reason = NULL;
    (void)state;
    assert_int_equal(words_split("a 'b", &words, &reason), PX_EUSAGE);
    assert_string_equal(reason, "a quote is not closed");
    assert_int_equal(words_split(" \t", &words, &reason), PX_EUSAGE);
    assert_string_equal(reason, "there is no command in it");
    assert_null(words);
}

static void expect_fill(const char *word, const char *want)
{
    char *got = words_fill(word, "P {url}", "U");
    assert_non_null(got);
    assert_string_equal(got, want);
    free(got);
}

static void test_words_fill_replaces_each_once(void **state)
{
    (void)state;
    expect_fill("x", "x");
    expect_fill("{}", "P {url}");
    expect_fill("<{}>{url}{}", "<P {url}>UP {url}");
    expect_fill("{", "{");
    expect_fill("{u}", "{u}");
    expect_fill("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_split_plain_at_white_space),
        cmocka_unit_test(test_words_split_quotes_keep_white_space),
        cmocka_unit_test(test_words_split_many_single_bytes_have_room),
        cmocka_unit_test(test_words_split_open_quote_or_nothing_is_usage),
        cmocka_unit_test(test_words_fill_replaces_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
