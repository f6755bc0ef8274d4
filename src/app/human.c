/* SPDX-License-Identifier: MIT
 *
 * app/human.c - numbers with three digits that matter, times in the two largest units, text by
 * terminal columns. Pure, any thread.
 */
#include "app/human.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/timing.h>

/* "1.50", "12.3", "512": three digits, but no thousands are cut. */
static void human_put_three_digits(char *text, size_t room, double value)
{
    const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text, room, "%.*f", digits, value);
}

/* "12.3 MiB" of a number that may have a fraction. */
static struct human human_scaled(double bytes, const char *suffix)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct human out;
    size_t unit = 0;
    /* 1023.5 would be printed as "1024 KiB" */
    while (bytes >= (unit == 0 ? 1024 : 1023.5) && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    char number[HUMAN_ROOM / 2];
    if (unit == 0) {
        snprintf(number, sizeof number, "%.0f", bytes);
    } else {
        human_put_three_digits(number, sizeof number, bytes);
    }
    snprintf(out.text, sizeof out.text, "%.12s %s%s", number, units[unit], suffix);
    return out;
}

struct human human_bytes(uint64_t bytes)
{
    return human_scaled((double)bytes, "");
}

struct human human_rate(double bytes_per_s)
{
    /* A rate is never negative; a sampling oddity must not print as one. */
    return human_scaled(bytes_per_s > 0 ? bytes_per_s : 0, "/s");
}

/* From a minute up: the two largest units. */
static struct human human_long(int64_t seconds)
{
    const int64_t minutes = seconds / 60;
    const int64_t hours = minutes / 60;
    struct human out;
    if (minutes < 60) {
        snprintf(out.text, sizeof out.text, "%" PRId64 "m%02" PRId64 "s", minutes, seconds % 60);
    } else if (hours < 48) {
        snprintf(out.text, sizeof out.text, "%" PRId64 "h%02" PRId64 "m", hours, minutes % 60);
    } else {
        snprintf(out.text, sizeof out.text, "%" PRId64 "d%02" PRId64 "h", hours / 24, hours % 24);
    }
    return out;
}

struct human human_duration(int64_t ns)
{
    struct human out = {"0 s"};
    char number[HUMAN_ROOM / 2];
    if (ns <= 0) {
        return out;
    }
    const double seconds = (double)ns / (double)PX_NS_PER_S;
    if (seconds >= 59.95) {
        return human_long((int64_t)(seconds + 0.5));
    }
    const bool small = seconds < 0.0995;
    if (small) {
        human_put_three_digits(number, sizeof number, seconds * 1000);
    } else {
        snprintf(number, sizeof number, "%.*f", seconds < 9.995 ? 2 : 1, seconds);
    }
    snprintf(out.text, sizeof out.text, "%.12s %s", number, small ? "ms" : "s");
    return out;
}

struct human human_eta(int64_t ns)
{
    /* Rounded up: "0s" is said when nothing is left. */
    const int64_t seconds = ns <= 0 ? 0 : (ns - 1) / PX_NS_PER_S + 1;
    if (seconds >= 60) {
        return human_long(seconds);
    }
    struct human out;
    snprintf(out.text, sizeof out.text, "%" PRId64 "s", seconds);
    return out;
}

struct human human_count(uint64_t n)
{
    char digits[HUMAN_ROOM];
    const int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    struct human out;
    size_t to = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            out.text[to++] = ',';
        }
        out.text[to++] = digits[i];
    }
    out.text[to] = '\0';
    return out;
}

struct human human_things(uint64_t n, const char *noun)
{
    const size_t len = strlen(noun);
    const bool single = n == 1 && len > 0 && noun[len - 1] == 's';
    struct human out;
    snprintf(out.text, sizeof out.text, "%.27s %.*s", human_count(n).text,
             (int)(single ? len - 1 : len), noun);
    return out;
}

/* --- Columns ---------------------------------------------------------------------------------*/

/* Ranges that terminals draw two columns wide: Unicode's East Asian Width W and F (UAX 11), joined
 * where nothing lies between. wcwidth(3) would depend on the locale. */
static bool human_is_wide(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {
        {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23f3},   {0x25fd, 0x25fe},
        {0x2614, 0x27bf},   {0x2b1b, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
        {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe6b},
        {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
        {0x1f004, 0x1faff}, {0x20000, 0x3fffd},
    };
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (code >= wide[i].first && code <= wide[i].last) {
            return true;
        }
    }
    return false;
}

/* One character of valid UTF-8: its length in bytes, its columns to `*columns`. */
static size_t human_character(const char *text, size_t *columns)
{
    const unsigned char lead = (unsigned char)text[0];
    size_t len = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t code = len == 1 ? lead : lead & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            len = i; /* cut short: not the valid text that was promised, but no reason to overrun */
            break;
        }
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    }
    *columns = human_is_wide(code) ? 2 : 1;
    return len;
}

size_t human_columns(const char *text)
{
    size_t sum = 0;
    while (*text != '\0') {
        size_t columns;
        text += human_character(text, &columns);
        sum += columns;
    }
    return sum;
}

size_t human_prefix(const char *text, size_t columns, size_t *used)
{
    size_t len = 0;
    size_t sum = 0;
    while (text[len] != '\0') {
        size_t width;
        const size_t n = human_character(text + len, &width);
        if (sum + width > columns) {
            break;
        }
        len += n;
        sum += width;
    }
    if (used != NULL) {
        *used = sum;
    }
    return len;
}

const char *human_suffix(const char *text, size_t columns)
{
    size_t left = human_columns(text);
    while (left > columns) {
        size_t width;
        text += human_character(text, &width);
        left -= width;
    }
    return text;
}
