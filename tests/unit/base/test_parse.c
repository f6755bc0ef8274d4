/* SPDX-License-Identifier: MIT
 *
 * Numbers from text, by tables: what is a number, what is none, and that the output stays untouched
 * when it is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/parse.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

static void test_parse_u64_accepts_digits_within_the_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t min, max, expected;
    } rows[] = {
        {"0", 0, 0, 0},
        {"1", 1, 1, 1},
        {"007", 0, 10, 7},
        {"18446744073709551615", 0, UINT64_MAX, UINT64_MAX},
        {"0000000000000000000000000000000000000001", 0, 1, 1},
        {"9223372036854775808", 0, UINT64_MAX, UINT64_C(1) << 63},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t got = UNTOUCHED;
        assert_int_equal(px_parse_u64(rows[i].text, rows[i].min, rows[i].max, &got), PX_OK);
        assert_true(got == rows[i].expected);
    }
}

static void test_parse_u64_refuses_everything_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t min, max;
    } rows[] = {
        {"", 0, UINT64_MAX},
        {" 1", 0, UINT64_MAX},
        {"1 ", 0, UINT64_MAX},
        {"+1", 0, UINT64_MAX},
        {"-1", 0, UINT64_MAX},
        {"-0", 0, UINT64_MAX},
        {"0x10", 0, UINT64_MAX},
        {"1e3", 0, UINT64_MAX},
        {"1.0", 0, UINT64_MAX},
        {"1,000", 0, UINT64_MAX},
        {"a", 0, UINT64_MAX},
        {"1\n", 0, UINT64_MAX},
        {"\xd9\xa1", 0, UINT64_MAX},
        {"5", 6, 10},
        {"11", 6, 10},
        {"1", 2, 1},
        {"0", 1, UINT64_MAX},
        {"18446744073709551616", 0, UINT64_MAX},
        {"18446744073709551620", 0, UINT64_MAX},
        {"99999999999999999999999999", 0, UINT64_MAX},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t got = UNTOUCHED;
        assert_int_equal(px_parse_u64(rows[i].text, rows[i].min, rows[i].max, &got), PX_EINVAL);
        assert_true(got == UNTOUCHED);
    }
}

static void test_parse_u64_n_reads_no_byte_beyond_n(void **state)
{
    (void)state;
    static const char piece[4] = {'1', '2', '3', '4'}; /* no NUL */
    uint64_t got = UNTOUCHED;
    assert_int_equal(px_parse_u64_n(piece, 4, 0, 9999, &got), PX_OK);
    assert_int_equal(got, 1234);
    assert_int_equal(px_parse_u64_n(piece, 2, 0, 9999, &got), PX_OK);
    assert_int_equal(got, 12);
    assert_int_equal(px_parse_u64_n(piece, 0, 0, 9999, &got), PX_EINVAL);
    assert_int_equal(px_parse_u64_n("12\0", 3, 0, 9999, &got), PX_EINVAL);
    assert_int_equal(px_parse_u64_n("12/34", 2, 0, 9999, &got), PX_OK);
    assert_int_equal(got, 12);
}

static void test_parse_size_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t expected;
    } rows[] = {
        {"0", 0},
        {"1", 1},
        {"1024", 1024},
        {"1K", 1024},
        {"1k", 1024},
        {"1KiB", 1024},
        {"1kiB", 1024},
        {"1KB", 1000},
        {"1kB", 1000},
        {"20M", UINT64_C(20) << 20},
        {"20m", UINT64_C(20) << 20},
        {"20MiB", UINT64_C(20) << 20},
        {"20MB", 20000000},
        {"3G", UINT64_C(3) << 30},
        {"3g", UINT64_C(3) << 30},
        {"3GiB", UINT64_C(3) << 30},
        {"3GB", UINT64_C(3000000000)},
        {"2T", UINT64_C(2) << 40},
        {"2TiB", UINT64_C(2) << 40},
        {"2TB", UINT64_C(2000000000000)},
        {"0.5K", 512},
        {".5K", 512},
        {"1.5M", 1572864},
        {"1.50M", 1572864},
        {"0.1K", 102},
        {"0.001KB", 1},
        {"0.0001KB", 0},
        {"0.999999999999999999999999999999999999T", (UINT64_C(1) << 40) - 1},
        {"0.3333333333333333333333333333333333333333333333333T", UINT64_C(366503875925)},
        {"1.000000000000000000000000000000000000000001K", 1024},
        {"18446744073709551615", UINT64_MAX},
        {"16777215.999999999999T", UINT64_MAX - 1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t got = UNTOUCHED;
        assert_int_equal(px_parse_size(rows[i].text, &got), PX_OK);
        assert_true(got == rows[i].expected);
    }
}

static void test_parse_size_refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "K",
        "1KK",
        "1 K",
        "1K ",
        "-1K",
        "+1K",
        ".",
        ".K",
        ".5",
        "1.K",
        "1.",
        "1.5",
        "0.0",
        "1..5K",
        "1e3",
        "1B",
        "1b",
        "1Kb",
        "1KIB",
        "1kib",
        "1P",
        "1X",
        "0x10K",
        "1,5M",
        "1Ki",
        "inf",
        "nan",
        "1.5.5K",
        "1.-5K",
        "16777216T",
        "18446744073709551616",
        "18014398509481984K",
        "18446744073709551615K",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t got = UNTOUCHED;
        assert_int_equal(px_parse_size(rows[i], &got), PX_EINVAL);
        assert_true(got == UNTOUCHED);
    }
}

static void test_parse_duration_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected;
    } rows[] = {
        {"0", 0},
        {"60", 60 * PX_NS_PER_S},
        {"0.5", PX_NS_PER_S / 2},
        {".5", PX_NS_PER_S / 2},
        {".1s", PX_NS_PER_S / 10},
        {"0.000000001", 1},
        {"0.0000000019", 1},
        {"5s", 5 * PX_NS_PER_S},
        {"10ms", 10 * PX_NS_PER_MS},
        {"0.5ms", PX_NS_PER_MS / 2},
        {"2m", 120 * PX_NS_PER_S},
        {"1h", 3600 * PX_NS_PER_S},
        {"1.5h", 5400 * PX_NS_PER_S},
        {"1d", 86400 * PX_NS_PER_S},
        {"9223372036.854775807", INT64_MAX},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t got = -1;
        assert_int_equal(px_parse_duration(rows[i].text, &got), PX_OK);
        assert_true(got == rows[i].expected);
    }
}

static void test_parse_duration_refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "-1",
        "+1",
        "1 s",
        "s",
        ".",
        ".s",
        "..5",
        "-.5",
        "5.",
        "1S",
        "1M",
        "1us",
        "1ns",
        "1min",
        "x",
        "1e1",
        "inf",
        "nan",
        " 1",
        "9223372036.854775808",
        "18446744073709551615",
        "99999999d",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t got = -7;
        assert_int_equal(px_parse_duration(rows[i], &got), PX_EINVAL);
        assert_true(got == -7);
    }
}

static void test_parse_list_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        uint64_t values[3];
    } rows[] = {
        {"1", 1, {1}},
        {"1,2,5", 3, {1, 2, 5}},
        {"9,9", 2, {9, 9}},
        {"08,1", 2, {8, 1}},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t out[3] = {0};
        size_t count = 99;
        assert_int_equal(px_parse_list(rows[i].text, 1, 9, out, 3, &count), PX_OK);
        assert_int_equal(count, rows[i].count);
        assert_memory_equal(out, rows[i].values, count * sizeof(out[0]));
    }
}

static void test_parse_list_refusal_leaves_output_untouched(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", ",", "1,", ",1", "1,,2", "1, 2", "1;2", "1,10", "0,1", "1,-2", "1,2,3,4", "1,2x", "x",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t out[3] = {UNTOUCHED, UNTOUCHED, UNTOUCHED};
        size_t count = 99;
        assert_int_equal(px_parse_list(rows[i], 1, 9, out, 3, &count), PX_EINVAL);
        assert_int_equal(count, 99);
        for (size_t k = 0; k < ROWS(out); k++) {
            assert_true(out[k] == UNTOUCHED);
        }
    }
    size_t count = 99;
    assert_int_equal(px_parse_list("1", 0, 9, NULL, 0, &count), PX_EINVAL);
    assert_int_equal(count, 99);
}

static void test_parse_hex_both_cases(void **state)
{
    (void)state;
    unsigned char out[5] = {0};
    static const unsigned char expected[5] = {0x00, 0xff, 0xAb, 0xcD, 0x19};
    assert_int_equal(px_parse_hex("00fFAbcD19", out, sizeof(out)), PX_OK);
    assert_memory_equal(out, expected, sizeof(out));
    assert_int_equal(px_parse_hex("", out, 0), PX_OK);
}

static void test_parse_percent_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        int expected;
    } rows[] = {
        {"%41", 3, 'A'}, {"%fF", 3, 0xff}, {"%00x", 4, 0},       {"%aB%", 4, 0xab}, {"%41", 2, -1},
        {"%4", 2, -1},   {"%", 1, -1},     {"", 0, -1},          {"%g1", 3, -1},    {"%1g", 3, -1},
        {"%%41", 4, -1}, {"x41", 3, -1},   {"%\xc1\xc1", 3, -1}, /* 'A' but for the top bit */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (px_parse_percent(rows[i].text, rows[i].n) != rows[i].expected) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void test_parse_hex_refuses_wrong_length_and_digits(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",     "0",    "000",  "00000", "000000",           "0g00",
        "00 0", "0x00", "-000", "00:0",  "\xff\xff\xff\xff",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        unsigned char out[2] = {7, 7};
        assert_int_equal(px_parse_hex(rows[i], out, sizeof(out)), PX_EINVAL);
        assert_int_equal(out[0], 7);
        assert_int_equal(out[1], 7);
    }
    unsigned char none = 7;
    assert_int_equal(px_parse_hex("00", &none, 0), PX_EINVAL);
}

/* Every number that printf writes comes back, whatever its length. */
static void test_parse_u64_round_trip_of_many_values(void **state)
{
    (void)state;
    uint64_t value = 1;
    for (int i = 0; i < 20000; i++) {
        value = value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t want = value >> (i % 64);
        char text[32];
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)want);
        uint64_t got = ~want;
        assert_int_equal(px_parse_u64(text, want, want, &got), PX_OK);
        assert_true(got == want);
        got = ~want;
        assert_int_equal(px_parse_size(text, &got), PX_OK);
        assert_true(got == want);
    }
}

static void test_parse_base64_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t room;
        const char *bytes; /* NULL: refused */
        size_t len;
    } rows[] = {
        /* RFC 4648 section 10 */
        {"", 0, "", 0},
        {"Zg==", 1, "f", 1},
        {"Zm8=", 2, "fo", 2},
        {"Zm9v", 3, "foo", 3},
        {"Zm9vYg==", 9, "foob", 4},
        {"Zm9vYmE=", 9, "fooba", 5},
        {"Zm9vYmFy", 6, "foobar", 6},
        {"+/+/AAAA", 6, "\xfb\xff\xbf\0\0\0", 6},
        {"Zm9vYmFy", 5, NULL, 0},
        {"Zg=", 9, NULL, 0},
        {"Zg", 9, NULL, 0},
        {"Z===", 9, NULL, 0},
        {"====", 9, NULL, 0},
        {"Zg==Zg==", 9, NULL, 0},
        {"Zm9v\n", 9, NULL, 0},
        {"Zm 9", 9, NULL, 0},
        {"Zm9-", 9, NULL, 0},
        {"Zm9_", 9, NULL, 0},
        {"Zm9vYg==-12=", 19, NULL, 0}, /* S3's digest of twelve digests */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        unsigned char out[16];
        size_t len = 99;
        const size_t n = strlen(rows[i].text);
        const int rc = px_parse_base64(rows[i].text, n, out, rows[i].room, &len);
        assert_int_equal(rc, rows[i].bytes != NULL ? PX_OK : PX_EINVAL);
        if (rows[i].bytes != NULL) {
            assert_int_equal(len, rows[i].len);
            assert_memory_equal(out, rows[i].bytes, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_u64_accepts_digits_within_the_limits),
        cmocka_unit_test(test_parse_u64_refuses_everything_else),
        cmocka_unit_test(test_parse_u64_n_reads_no_byte_beyond_n),
        cmocka_unit_test(test_parse_size_by_table),
        cmocka_unit_test(test_parse_size_refuses_what_is_none),
        cmocka_unit_test(test_parse_duration_by_table),
        cmocka_unit_test(test_parse_duration_refuses_what_is_none),
        cmocka_unit_test(test_parse_list_by_table),
        cmocka_unit_test(test_parse_list_refusal_leaves_output_untouched),
        cmocka_unit_test(test_parse_hex_both_cases),
        cmocka_unit_test(test_parse_percent_by_table),
        cmocka_unit_test(test_parse_hex_refuses_wrong_length_and_digits),
        cmocka_unit_test(test_parse_base64_by_table),
        cmocka_unit_test(test_parse_u64_round_trip_of_many_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
