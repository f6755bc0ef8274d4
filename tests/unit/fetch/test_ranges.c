/* SPDX-License-Identifier: MIT
 *
 * Stretches of a file: put together, cut, written and read back; what was not written by us is
 * refused (F17).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/ranges.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void expect_text(const struct ranges *ranges, const char *want)
{
    char text[RANGES_TEXT_ROOM];
    ranges_format(ranges, text);
    assert_string_equal(text, want);
}

static void test_ranges_add_joins_what_touches(void **state)
{
    (void)state;
    struct ranges ranges = {0};
    expect_text(&ranges, "");
    ranges_add(&ranges, 0, 0);
    ranges_add(&ranges, 0, 10);
    ranges_add(&ranges, 10, 20);
    ranges_add(&ranges, 30, 40);
    expect_text(&ranges, "0-20 30-40");
    assert_int_equal(ranges_sum(&ranges), 30);
    assert_int_equal(ranges_prefix(&ranges), 20);
}

static void test_ranges_add_beyond_the_room_is_dropped(void **state)
{
    (void)state;
    struct ranges ranges = {0};
    char text[RANGES_TEXT_ROOM];
    for (uint64_t i = 0; i < RANGES_MAX + 5; i++) {
        const uint64_t at = INT64_MAX / 2 + 10 * i;
        ranges_add(&ranges, at, at + 1);
    }
    assert_int_equal(ranges.n, RANGES_MAX);
    assert_int_equal(ranges_prefix(&ranges), 0);
    ranges_format(&ranges, text);
    assert_true(strlen(text) < RANGES_TEXT_ROOM);
    struct ranges back;
    assert_int_equal(ranges_parse(text, strlen(text), INT64_MAX, &back), PX_OK);
    assert_int_equal(back.n, RANGES_MAX);
    assert_memory_equal(back.at, ranges.at, sizeof back.at);
}

static void test_ranges_clip_by_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t end;
        const char *want;
    } rows[] = {{50, "0-20 30-40"},
                {40, "0-20 30-40"},
                {35, "0-20 30-35"},
                {30, "0-20"},
                {20, "0-20"},
                {5, "0-5"},
                {0, ""}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct ranges ranges = {2, {{0, 20}, {30, 40}}};
        ranges_clip(&ranges, rows[i].end);
        expect_text(&ranges, rows[i].want);
    }
}

static void test_ranges_parse_joins_what_touches(void **state)
{
    (void)state;
    struct ranges out;
    assert_int_equal(ranges_parse("0-5 5-7 99-100", 14, 100, &out), PX_OK);
    expect_text(&out, "0-7 99-100");
}

static void test_ranges_parse_refuses_nonsense(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "-",       "1-",    "-1",       "1-1",  "2-1",   "0-5 4-6",
        "5-6 0-1", "0-5  ", "0-5 6-7 ", " 0-5", "0-101", "100-100",
        "0-5,6-7", "a-b",   "0-5\t6-7", "0--5", "+0-5",  "0-18446744073709551616",
    };
    struct ranges out;
    for (size_t i = 0; i < ROWS(bad); i++) {
        assert_int_equal(ranges_parse(bad[i], strlen(bad[i]), 100, &out), PX_EINVAL);
    }
    assert_int_equal(ranges_parse("", 0, 100, &out), PX_OK);
    assert_int_equal(out.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_add_joins_what_touches),
        cmocka_unit_test(test_ranges_add_beyond_the_room_is_dropped),
        cmocka_unit_test(test_ranges_clip_by_table),
        cmocka_unit_test(test_ranges_parse_joins_what_touches),
        cmocka_unit_test(test_ranges_parse_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
