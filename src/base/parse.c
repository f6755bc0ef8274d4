/* SPDX-License-Identifier: MIT
 *
 * base/parse.c - numbers from text. Written digit by digit: strtoull takes blanks and signs, wraps
 * "-1" to 2^64 - 1 and wants a NUL behind, all of which a header line must not have. Fractions are
 * exact integers, never floating point. Pure; any thread.
 */
#include "base/parse.h"

#include <stdbool.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

static bool parse_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number at the start of text[0..n): how many digits it has, 0 when there is none or it does
 * not fit. */
static size_t parse_digits(const char *text, size_t n, uint64_t *value)
{
    uint64_t sum = 0;
    size_t i = 0;
    while (i < n && parse_is_digit(text[i])) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            return 0;
        }
        sum = sum * 10 + digit;
        i++;
    }
    *value = sum;
    return i;
}

int px_parse_u64_n(const char *text, size_t n, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value;
    if (n == 0 || parse_digits(text, n, &value) != n || value < min || value > max) {
        return PX_EINVAL;
    }
    *out = value;
    return PX_OK;
}

int px_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    return px_parse_u64_n(text, strlen(text), min, max, out);
}

struct parse_unit {
    const char *name;
    uint64_t factor;
};

/* 0 when there is no such unit. */
static uint64_t parse_unit_factor(const struct parse_unit *units, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].name, name) == 0) {
            return units[i].factor;
        }
    }
    return 0;
}

/* DIGITS[.DIGITS][UNIT] or .DIGITS[UNIT] in whole factors of the unit, rounded down. A fraction of the
 * smallest unit (factor 1) is nothing, so it is refused. */
static int parse_scaled(const char *text, const struct parse_unit *units, size_t count,
                        uint64_t *out)
{
    uint64_t whole = 0;
    size_t digits = *text == '.' ? 0 : parse_digits(text, strlen(text), &whole);
    if (digits == 0 && *text != '.') {
        return PX_EINVAL;
    }
    const char *fraction = text + digits;
    size_t fraction_len = 0;
    const char *unit = fraction;
    if (*fraction == '.') {
        fraction++;
        fraction_len = strspn(fraction, "0123456789");
        unit = fraction + fraction_len;
        if (fraction_len == 0) {
            return PX_EINVAL;
        }
    }
    uint64_t factor = parse_unit_factor(units, count, unit);
    if (factor == 0 || (factor == 1 && fraction_len > 0) || whole > UINT64_MAX / factor) {
        return PX_EINVAL;
    }
    /* From the last digit to the first: floor(floor(x / 10) / 10) is floor(x / 100), so this is
     * exact however long the fraction is, and `part` stays below `factor`. */
    uint64_t part = 0;
    for (size_t i = fraction_len; i > 0; i--) {
        part = (part + (uint64_t)(fraction[i - 1] - '0') * factor) / 10;
    }
    if (whole * factor > UINT64_MAX - part) {
        return PX_EINVAL;
    }
    *out = whole * factor + part;
    return PX_OK;
}

#define PARSE_BINARY(letter, factor) \
    {letter, factor},                \
    {                                \
        letter "iB", factor          \
    }
#define PARSE_COUNT(units) (sizeof(units) / sizeof((units)[0]))

int px_parse_size(const char *text, uint64_t *out)
{
    static const struct parse_unit units[] = {
        {"", 1},
        PARSE_BINARY("K", UINT64_C(1) << 10),
        PARSE_BINARY("k", UINT64_C(1) << 10),
        PARSE_BINARY("M", UINT64_C(1) << 20),
        PARSE_BINARY("m", UINT64_C(1) << 20),
        PARSE_BINARY("G", UINT64_C(1) << 30),
        PARSE_BINARY("g", UINT64_C(1) << 30),
        PARSE_BINARY("T", UINT64_C(1) << 40),
        PARSE_BINARY("t", UINT64_C(1) << 40),
        {"KB", UINT64_C(1000)},
        {"kB", UINT64_C(1000)},
        {"MB", UINT64_C(1000000)},
        {"GB", UINT64_C(1000000000)},
        {"TB", UINT64_C(1000000000000)},
    };
    return parse_scaled(text, units, PARSE_COUNT(units), out);
}

int px_parse_duration(const char *text, int64_t *out_ns)
{
    static const struct parse_unit units[] = {
        {"", (uint64_t)PX_NS_PER_S},         {"s", (uint64_t)PX_NS_PER_S},
        {"ms", (uint64_t)PX_NS_PER_MS},      {"m", (uint64_t)PX_NS_PER_S * 60},
        {"h", (uint64_t)PX_NS_PER_S * 3600}, {"d", (uint64_t)PX_NS_PER_S * 86400},
    };
    uint64_t value;
    if (parse_scaled(text, units, PARSE_COUNT(units), &value) != PX_OK ||
        value > (uint64_t)INT64_MAX) {
        return PX_EINVAL;
    }
    *out_ns = (int64_t)value;
    return PX_OK;
}

int px_parse_list(const char *text, uint64_t min, uint64_t max, uint64_t *out, size_t room,
                  size_t *count)
{
    size_t found = 0;
    for (const char *item = text;; found++) {
        size_t len = strcspn(item, ",");
        uint64_t value;
        if (found == room || px_parse_u64_n(item, len, min, max, &value) != PX_OK) {
            return PX_EINVAL;
        }
        if (item[len] == '\0') {
            break;
        }
        item += len + 1;
    }
    /* All of it is good: only now is anything written. */
    const char *item = text;
    for (size_t i = 0; i <= found; i++) {
        item += parse_digits(item, strcspn(item, ","), &out[i]) + 1;
    }
    *count = found + 1;
    return PX_OK;
}

/* 0..15, or -1. */
static int parse_hex_digit(char c)
{
    if (parse_is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int px_parse_hex(const char *text, unsigned char *out, size_t n)
{
    if (strspn(text, "0123456789abcdefABCDEF") != 2 * n || text[2 * n] != '\0') {
        return PX_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] =
            (unsigned char)(parse_hex_digit(text[2 * i]) * 16 + parse_hex_digit(text[2 * i + 1]));
    }
    return PX_OK;
}

int px_parse_percent(const char *text, size_t n)
{
    const int high = n >= 3 && text[0] == '%' ? parse_hex_digit(text[1]) : -1;
    const int low = high >= 0 ? parse_hex_digit(text[2]) : -1;
    return low >= 0 ? high * 16 + low : -1;
}

/* 0..63; 64: no digit of base64. */
static unsigned parse_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0') + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int px_parse_base64(const char *text, size_t n, unsigned char *out, size_t room, size_t *len)
{
    size_t digits = n;
    while (digits > 0 && n - digits < 2 && text[digits - 1] == '=') {
        digits--;
    }
    size_t bytes = digits / 4 * 3 + (digits % 4 > 0 ? digits % 4 - 1 : 0);
    if (n % 4 != 0 || bytes > room) {
        return PX_EINVAL;
    }
    uint32_t bits = 0;
    for (size_t i = 0, at = 0; i < digits; i++) {
        unsigned digit = parse_base64_digit(text[i]);
        if (digit > 63) {
            return PX_EINVAL;
        }
        bits = bits << 6 | digit;
        if (i % 4 > 0) { /* 12, 18, 24 bits gathered: 4, 2, 0 of them belong to the next byte */
            out[at++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
        }
    }
    *len = bytes;
    return PX_OK;
}
