/* SPDX-License-Identifier: MIT
 *
 * Sizes, rates, times and columns, by tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include <pxfer/timing.h>

#include "app/human.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define KIB UINT64_C(1024)

static void test_human_bytes_has_three_digits_that_matter(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *expected;
    } rows[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {10 * KIB, "10.0 KiB"},
        {10234, "9.99 KiB"},
        {10239, "10.0 KiB"},
        {100 * KIB, "100 KiB"},
        {1023 * KIB, "1023 KiB"},
        {KIB * KIB - 1, "1.00 MiB"},
        {KIB * KIB, "1.00 MiB"},
        {KIB * KIB * KIB * 3 / 2, "1.50 GiB"},
        {KIB * KIB * KIB * KIB * 12, "12.0 TiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_string_equal(human_bytes(rows[i].bytes).text, rows[i].expected);
    }
}

static void test_human_rate_is_never_negative(void **state)
{
    (void)state;
    assert_string_equal(human_rate(12.3 * 1024 * 1024).text, "12.3 MiB/s");
    assert_string_equal(human_rate(0).text, "0 B/s");
    assert_string_equal(human_rate(-5).text, "0 B/s");
    assert_string_equal(human_rate(NAN).text, "0 B/s");
}

static void test_human_duration_shows_its_two_largest_units(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *expected;
    } rows[] = {
        {-1, "0 s"},
        {0, "0 s"},
        {PX_NS_PER_US, "0.00 ms"},
        {120 * PX_NS_PER_US, "0.12 ms"},
        {25 * PX_NS_PER_MS, "25.0 ms"},
        {99 * PX_NS_PER_MS, "99.0 ms"},
        {100 * PX_NS_PER_MS, "0.10 s"},
        {250 * PX_NS_PER_MS, "0.25 s"},
        {9990 * PX_NS_PER_MS, "9.99 s"},
        {9999 * PX_NS_PER_MS, "10.0 s"},
        {59 * PX_NS_PER_S, "59.0 s"},
        {59990 * PX_NS_PER_MS, "1m00s"},
        {62 * PX_NS_PER_S, "1m02s"},
        {3599 * PX_NS_PER_S, "59m59s"},
        {3600 * PX_NS_PER_S, "1h00m"},
        {7500 * PX_NS_PER_S, "2h05m"},
        {47 * 3600 * PX_NS_PER_S, "47h00m"},
        {76 * 3600 * PX_NS_PER_S, "3d04h"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_string_equal(human_duration(rows[i].ns).text, rows[i].expected);
    }
}

static void test_human_eta_is_rounded_up_to_whole_seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *expected;
    } rows[] = {
        {-5, "0s"},
        {0, "0s"},
        {1, "1s"},
        {PX_NS_PER_S, "1s"},
        {PX_NS_PER_S + 1, "2s"},
        {59 * PX_NS_PER_S, "59s"},
        {59 * PX_NS_PER_S + 1, "1m00s"},
        {7500 * PX_NS_PER_S, "2h05m"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_string_equal(human_eta(rows[i].ns).text, rows[i].expected);
    }
}

static void test_human_count_groups_thousands(void **state)
{
    (void)state;
    assert_string_equal(human_count(0).text, "0");
    assert_string_equal(human_count(999).text, "999");
    assert_string_equal(human_count(1000).text, "1,000");
    assert_string_equal(human_count(1234567).text, "1,234,567");
    assert_string_equal(human_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void test_human_things_has_a_singular(void **state)
{
    (void)state;
    assert_string_equal(human_things(0, "files").text, "0 files");
    assert_string_equal(human_things(1, "files").text, "1 file");
    assert_string_equal(human_things(1, "sheep").text, "1 sheep");
    assert_string_equal(human_things(1000, "files").text, "1,000 files");
    assert_string_equal(human_things(UINT64_MAX, "files").text, "18,446,744,073,709,551,615 files");
}

#define E_ACUTE "\xc3\xa9"        /* U+00E9, one column */
#define HAN "\xe6\xbc\xa2"        /* U+6F22, two */
#define ROCKET "\xf0\x9f\x9a\x80" /* U+1F680, two */

static void test_human_columns_of_wide_and_narrow_characters(void **state)
{
    (void)state;
    assert_int_equal(human_columns(""), 0);
    assert_int_equal(human_columns("abc"), 3);
    assert_int_equal(human_columns(E_ACUTE "a"), 2);
    assert_int_equal(human_columns(HAN "a" ROCKET), 5);
    assert_int_equal(human_columns("\xe6\xbc"), 1); /* cut short: not overrun */
    assert_int_equal(human_columns("\xff\xff"), 2);
}

static void test_human_prefix_and_suffix_never_split_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns, prefix_len, prefix_columns;
        const char *suffix;
    } rows[] = {
        {"abcd", 2, 2, 2, "cd"},     {"abcd", 4, 4, 4, "abcd"},
        {"abcd", 9, 4, 4, "abcd"},   {"abcd", 0, 0, 0, ""},
        {"a" HAN "b", 2, 1, 1, "b"}, {"a" HAN "b", 3, 4, 3, HAN "b"},
        {HAN HAN, 3, 3, 2, HAN},     {E_ACUTE E_ACUTE, 1, 2, 1, E_ACUTE},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t used = 99;
        assert_int_equal(human_prefix(rows[i].text, rows[i].columns, &used), rows[i].prefix_len);
        assert_int_equal(used, rows[i].prefix_columns);
        assert_int_equal(human_prefix(rows[i].text, rows[i].columns, NULL), rows[i].prefix_len);
        assert_string_equal(human_suffix(rows[i].text, rows[i].columns), rows[i].suffix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_human_bytes_has_three_digits_that_matter),
        cmocka_unit_test(test_human_rate_is_never_negative),
        cmocka_unit_test(test_human_duration_shows_its_two_largest_units),
        cmocka_unit_test(test_human_eta_is_rounded_up_to_whole_seconds),
        cmocka_unit_test(test_human_count_groups_thousands),
        cmocka_unit_test(test_human_things_has_a_singular),
        cmocka_unit_test(test_human_columns_of_wide_and_narrow_characters),
        cmocka_unit_test(test_human_prefix_and_suffix_never_split_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
