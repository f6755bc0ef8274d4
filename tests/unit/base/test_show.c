/* SPDX-License-Identifier: MIT
 *
 * What a terminal, a log or a report may see of bytes from outside: escapes, cuts and masks by
 * tables, then properties over random bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/parse.h"
#include "base/show.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define ROOM PX_SHOW_ROOM(255)

struct row {
    const char *in, *out;
};

typedef const char *show_function(char *dst, size_t room, const char *src);

static void check_rows(show_function *show, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char dst[ROOM];
        assert_ptr_equal(show(dst, sizeof(dst), rows[i].in), dst);
        assert_string_equal(dst, rows[i].out);
    }
}

static void test_show_controls_and_backslash_are_escaped(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"plain name.txt", "plain name.txt"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"\033[31mred\033]0;title\007", "\\e[31mred\\e]0;title\\x07"},
        {"\001\b\v\f\037", "\\x01\\x08\\x0b\\x0c\\x1f"},
        {"\177", "\\x7f"},
        {"a\\b", "a\\\\b"},
        {"\\n", "\\\\n"},
        {"\"'`$", "\"'`$"},
    };
    check_rows(px_show_str, rows, ROWS(rows));
}

static void test_show_c1_is_escaped_in_both_forms(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\x9b"
         "31m",
         "\\x9b31m"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},
        {"\x80\x9f", "\\x80\\x9f"},
        {"\xc2\x80\xc2\x85\xc2\x9f", "\\xc2\\x80\\xc2\\x85\\xc2\\x9f"},
        {"\xc2\xa0|", "\xc2\xa0|"}, /* U+00A0, the first that is none */
    };
    check_rows(px_show_str, rows, ROWS(rows));
}

static void test_show_valid_utf8_passes_and_hostile_characters_do_not(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* U+10FFFF */
        {"\xe2\x80\xae|", "\\xe2\\x80\\xae|"},    /* U+202E */
        {"\xe2\x80\xaa|", "\\xe2\\x80\\xaa|"},    /* U+202A */
        {"\xe2\x80\xa9|", "\\xe2\\x80\\xa9|"},    /* U+2029 */
        {"\xe2\x81\xa6|", "\\xe2\\x81\\xa6|"},    /* U+2066 */
        {"\xe2\x81\xa9|", "\\xe2\\x81\\xa9|"},    /* U+2069 */
        {"\xe2\x81\xaa|", "\xe2\x81\xaa|"},       /* U+206A */
        {"\xe2\x80\xaf|", "\xe2\x80\xaf|"},       /* U+202F */
    };
    check_rows(px_show_str, rows, ROWS(rows));
}

static const struct row invalid_rows[] = {
    {"\xff\xfe", "\\xff\\xfe"},
    {"\xc3", "\\xc3"},                            /* cut short */
    {"\xc3(", "\\xc3("},                          /* no continuation */
    {"\xe2\x82|", "\\xe2\\x82|"},                 /* one byte short */
    {"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},          /* one byte short */
    {"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong '/' */
    {"\xc1\xbf", "\\xc1\\xbf"},                   /* overlong */
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},          /* overlong '/' */
    {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},          /* overlong */
    {"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"}, /* overlong */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
    {"\xed\xbf\xbf", "\\xed\\xbf\\xbf"},          /* surrogate */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* U+110000 */
    {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"}, /* above all planes */
    {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
    {"\xc3\xc3\xbc", "\\xc3\xc3\xbc"}, /* finds its way back */
};

static void test_show_invalid_utf8_is_escaped_byte_by_byte(void **state)
{
    (void)state;
    check_rows(px_show_str, invalid_rows, ROWS(invalid_rows));
}

static void test_show_utf8_valid_agrees_with_rfc_3629(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "",
        "ascii\n\033",
        "\xc2\x80\xdf\xbf",
        "\xe0\xa0\x80\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80",
        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < ROWS(valid); i++) {
        assert_true(px_utf8_valid(valid[i], strlen(valid[i])));
    }
    for (size_t i = 0; i < ROWS(invalid_rows); i++) {
        assert_false(px_utf8_valid(invalid_rows[i].in, strlen(invalid_rows[i].in)));
    }
    assert_true(px_utf8_valid("a\0b", 3));
    assert_false(px_utf8_valid("\xe2\x82\xac", 2));
}

static void test_show_takes_nul_bytes_and_any_length(void **state)
{
    (void)state;
    char dst[ROOM];
    assert_int_equal(px_show(dst, sizeof(dst), "a\0b", 3), 6);
    assert_string_equal(dst, "a\\x00b");
    assert_int_equal(px_show(dst, sizeof(dst), "abc", 0), 0);
    assert_string_equal(dst, "");
    assert_int_equal(px_show(dst, sizeof(dst), "\xe2\x82\xac", 2), 8);
    assert_string_equal(dst, "\\xe2\\x82");
}

static void test_show_null_is_none(void **state)
{
    (void)state;
    static const struct row rows[] = {{NULL, "(none)"}};
    check_rows(px_show_str, rows, 1);
    check_rows(px_show_url, rows, 1);
    check_rows(px_show_header, rows, 1);
    char *(*const dups[])(const char *) = {px_show_dup, px_show_url_dup, px_mask_url_dup};
    for (size_t i = 0; i < ROWS(dups); i++) {
        char *copy = dups[i](NULL);
        assert_non_null(copy);
        assert_string_equal(copy, "(none)");
        free(copy);
    }
}

static void test_show_name_that_is_empty_is_seen(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shown;
    } rows[] = {{"", "''"}, {"a\n", "a\\n"}, {NULL, "(none)"}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char *copy = px_show_name_dup(rows[i].name);
        assert_non_null(copy);
        assert_string_equal(copy, rows[i].shown);
        free(copy);
    }
}

static void test_show_cut_is_at_a_character_and_ends_in_dots(void **state)
{
    (void)state;
    static const struct {
        size_t room;
        const char *in, *out;
    } rows[] = {
        {4, "abc", "abc"},
        {4, "abcd", "..."},
        {5, "abcd", "abcd"},
        {5, "abcde", "a..."},
        {8, "abcdefgh", "abcd..."},
        {8, "abc\xe2\x82\xac", "abc\xe2\x82\xac"},  /* 6 bytes: fits */
        {8, "ab\xe2\x82\xac\xe2\x82\xac", "ab..."}, /* not within the character */
        {9, "ab\xe2\x82\xac\xe2\x82\xac", "ab\xe2\x82\xac\xe2\x82\xac"},
        {9, "a\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", "a\xe2\x82\xac..."},
        {8, "abc\033\033\033", "abc..."}, /* nor within an escape */
        {8, "abc\033\033", "abc\\e\\e"},
        {8, "\x9b\x9b", "\\x9b..."},
        {9, "\x9b\x9b", "\\x9b\\x9b"},
        {11, "ab\xc2\x9bzz", "ab..."}, /* nor between its two bytes */
        {11, "ab\xc2\x9b", "ab\\xc2\\x9b"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char dst[16];
        memset(dst, '!', sizeof(dst));
        assert_int_equal(px_show(dst, rows[i].room, rows[i].in, strlen(rows[i].in)),
                         strlen(rows[i].out));
        assert_string_equal(dst, rows[i].out);
        assert_int_equal(dst[rows[i].room], '!');
    }
}

static void test_show_less_room_than_asked_for_stays_in_bounds(void **state)
{
    (void)state;
    static const char *const expected[] = {"!", "", ".", ".."};
    for (size_t room = 0; room < 4; room++) {
        char dst[5] = "!!!!";
        assert_int_equal(px_show(dst, room, "abcdefg", 7), room == 0 ? 0 : room - 1);
        assert_memory_equal(dst, expected[room], room == 0 ? 1 : room);
        assert_int_equal(dst[room], '!');
    }
}

static const struct row url_rows[] = {
    {"", ""},
    {"https://example.org/a/b.zip", "https://example.org/a/b.zip"},
    {"https://example.org/a?b=c&d=e#frag", "https://example.org/a?b=c&d=e#frag"},
    /* userinfo */
    {"https://user:pass@example.org/a", "https://***@example.org/a"},
    {"https://user@example.org", "https://***@example.org"},
    {"https://:pass@example.org", "https://***@example.org"},
    {"https://@example.org", "https://***@example.org"},
    {"HTTPS://U:P@EXAMPLE.ORG", "HTTPS://***@EXAMPLE.ORG"},
    {"ftp://a:b@c@host/x@y", "ftp://***@host/x@y"},
    {"https://u:p@[::1]:8080/x", "https://***@[::1]:8080/x"},
    {"https://u:p@host?x=a@b", "https://***@host?x=a@b"},
    {"https://host/@name/x", "https://host/@name/x"},
    {"https://host:8080/@name", "https://host:8080/@name"},
    {"https://host:/@name", "https://host:/@name"},
    {"https://[::1]/@name", "https://[::1]/@name"},
    {"https://host?mail=a@b", "https://host?mail=a@b"},
    {"//u:p@host/x", "//***@host/x"},
    {"https:/u:p@host/x", "https:/***@host/x"},
    {"https:///u:p@host/x", "https:///***@host/x"},
    {"user:pass@host/x//y", "***@host/x//y"},
    {"https:u:p@host", "***@host"},
    {"https://user:pa/ss@host/x", "https://***@host/x"},
    {"https://user:pa?ss@host/x", "https://***@host/x"},
    {"https://user:1/2@host:99/x", "https://user:1/2@host:99/x"}, /* port 1, path 2@host:99 */
    {"https://p/https://u:p@h/x?url=http://u:p@h/", "https://p/https://***@h/x?url=http://***@h/"},
    {"/p/https://u:p@h/x", "/p/https://***@h/x"},
    {"see https://u:p@h/", "see https://***@h/"},
    {" https://u:p@h/", " https://***@h/"},
    /* query values */
    {"https://h/f?X-Amz-Signature=abc", "https://h/f?X-Amz-Signature=***"},
    {"https://h/f?X-Amz-Date=1&X-Amz-Credential=k%2Fx&v=2",
     "https://h/f?X-Amz-Date=***&X-Amz-Credential=***&v=2"},
    {"https://h/f?token=abc", "https://h/f?token=***"},
    {"https://h/f?TOKEN=abc&ApiKey=d", "https://h/f?TOKEN=***&ApiKey=***"},
    {"https://h/f?a=1&sig=x%2Fy%3D&b=2", "https://h/f?a=1&sig=***&b=2"},
    {"https://h/f?t%6fken=abc", "https://h/f?t%6fken=***"},
    {"https://h/f?a=1;key=b", "https://h/f?a=1;key=***"},
    {"https://h/f?key=b;c=d", "https://h/f?key=***"}, /* the ';' may be part of it */
    {"https://h/f?key=b?c=d&e=f", "https://h/f?key=***&e=f"},
    {"https://h/f?a=b?key=d", "https://h/f?a=b?key=***"},
    {"https://h/f?token=a=b=c", "https://h/f?token=***"},
    {"https://h/f?token=a b", "https://h/f?token=***"},
    {"https://h/f?token=a\nb", "https://h/f?token=***"},
    {"https://h/f?token=", "https://h/f?token="},
    {"https://h/f?token=&b=c", "https://h/f?token=&b=c"},
    {"https://h/f?token", "https://h/f?token"},
    {"https://h/f?token&b=c", "https://h/f?token&b=c"},
    {"https://h/f?=abc&&", "https://h/f?=abc&&"},
    {"https://h/f?", "https://h/f?"},
    {"https://h/f?token=abc#frag", "https://h/f?token=***#frag"},
    {"https://h/f#access_token=abc&x=y", "https://h/f#access_token=***&x=y"},
    {"https://h/f#sec@tion", "https://h/f#sec@tion"},
    {"/f?token=abc", "/f?token=***"},
    {"?token=abc", "?token=***"},
    {"https://h/token=abc", "https://h/token=abc"},
    {"https://u:p@h/f?password=x#f", "https://***@h/f?password=***#f"},
    /* no URLs */
    {"plain text", "plain text"},
    {"/path/a@b", "/path/a@b"},
    {"name@host.txt", "name@host.txt"},
    {"error: mail a@b", "error: mail a@b"},
    {"a:b", "a:b"},
    {"://", "://"},
    {"/", "/"},
    {"?", "?"},
    {"@", "@"},
};

static void test_show_url_secrets_are_masked(void **state)
{
    (void)state;
    check_rows(px_show_url, url_rows, ROWS(url_rows));
}

static void test_show_url_is_escaped_too(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"https://u:p@h/\033[2J?key=\033&b=\n", "https://***@h/\\e[2J?key=***&b=\\n"},
        {"\x9bhttps://u:p@h", "\\x9bhttps://***@h"},
        {"https://u\n:p@h\\x", "https://***@h\\\\x"},
    };
    check_rows(px_show_url, rows, ROWS(rows));
}

static void test_show_url_cut_shows_no_part_of_a_secret(void **state)
{
    (void)state;
    static const char url[] = "https://user:hunter@h/f?a=b&token=hunter&c=d";
    for (size_t room = 4; room <= sizeof(url); room++) {
        char dst[sizeof(url)];
        (void)px_show_url(dst, room, url);
        assert_true(strlen(dst) < room);
        assert_null(strstr(dst, "hu"));
    }
}

static void test_show_url_dup_has_room_for_masks_longer_than_secrets(void **state)
{
    (void)state;
    char url[4096] = "https://h/?";
    char expected[4096] = "https://h/?";
    size_t at = strlen(url);
    size_t expected_at = at;
    for (int i = 0; i < 300; i++) {
        at += (size_t)snprintf(url + at, sizeof(url) - at, "key=%d&", i % 10);
        expected_at +=
            (size_t)snprintf(expected + expected_at, sizeof(expected) - expected_at, "key=***&");
    }
    char *shown = px_show_url_dup(url);
    char *masked = px_mask_url_dup(url);
    assert_non_null(shown);
    assert_non_null(masked);
    assert_string_equal(shown, expected);
    assert_string_equal(masked, expected);
    free(shown);
    free(masked);
}

static void test_show_dup_escapes_mask_dup_does_not(void **state)
{
    (void)state;
    static const char text[] = "https://u:p@h/\033\xff\\?sig=1&q=\n";
    char *dup = px_show_dup(text);
    char *url_dup = px_show_url_dup(text);
    char *mask_dup = px_mask_url_dup(text);
    assert_non_null(dup);
    assert_non_null(url_dup);
    assert_non_null(mask_dup);
    assert_string_equal(dup, "https://u:p@h/\\e\\xff\\\\?sig=1&q=\\n");
    assert_string_equal(url_dup, "https://***@h/\\e\\xff\\\\?sig=***&q=\\n");
    assert_string_equal(mask_dup, "https://***@h/\033\xff\\?sig=***&q=\n");
    free(dup);
    free(url_dup);
    free(mask_dup);
}

static void test_show_header_secrets_are_masked(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"Content-Type: text/html", "Content-Type: text/html"},
        {"Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"},
        {"authorization:Bearer x", "authorization:***"},
        {"Authorization : Bearer x", "Authorization : ***"},
        {"Authorization:\t x y\r\n", "Authorization:\\t ***"},
        {"Authorization:", "Authorization:"},
        {"Authorization: ", "Authorization: "},
        {"Proxy-Authorization: Basic x", "Proxy-Authorization: ***"},
        {"Cookie: a=b; c=d", "Cookie: ***"},
        {"SET-COOKIE: a=b; Path=/", "SET-COOKIE: ***"},
        {"X-Auth-Token: abc", "X-Auth-Token: ***"},
        {"X-Api-Key: abc", "X-Api-Key: ***"},
        {"X-Request-Id: abc", "X-Request-Id: abc"},
        {"Date: Mon, 01 Jan 2024 00:00:00 GMT", "Date: Mon, 01 Jan 2024 00:00:00 GMT"},
        {"Location: https://u:p@h/?token=x&a=b", "Location: https://***@h/?token=***&a=b"},
        {"Location:https://u:p@h/", "Location:https://***@h/"},
        {"Link: <https://h/?key=x>; rel=next", "Link: <https://h/?key=*** rel=next"},
        {"Refresh: 5;url=https://u:p@h/", "Refresh: 5;url=https://***@h/"},
        {"GET /f?token=abc HTTP/1.1", "GET /f?token=*** HTTP/1.1"},
        {"GET http://u:p@h/f HTTP/1.1", "GET http://***@h/f HTTP/1.1"},
        {":path: /f?token=abc", ":path: /f?token=***"},
        {"HTTP/1.1 301 Moved \033[1m", "HTTP/1.1 301 Moved \\e[1m"},
        {"https://u:p@h/?key=x", "https://***@h/?key=***"},
    };
    check_rows(px_show_header, rows, ROWS(rows));
}

/* ---- properties ---------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* Bytes that matter come more often than others. */
static size_t random_text(uint64_t *seed, char *dst, size_t max)
{
    static const char often[] =
        "https://u:p@h/?key=&#;%20 \033\\\n\x9b\xc2\x9b\xe2\x80\xae\xf0\x9f";
    size_t n = next_random(seed) % (max + 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t r = next_random(seed);
        dst[i] = r % 3 == 0 ? (char)(1 + (r >> 8) % 255) : often[(r >> 8) % (sizeof(often) - 1)];
    }
    dst[n] = '\0';
    return n;
}

/* Printable, valid UTF-8 without C1, in bounds, and not a byte more than was announced. */
static void check_harmless(const char *text, size_t len, size_t room)
{
    assert_true(len < room);
    assert_int_equal(strlen(text), len);
    assert_true(px_utf8_valid(text, len));
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        assert_true(byte >= 0x20 && byte != 0x7f);
        assert_false(byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0);
    }
}

static void test_show_random_bytes_come_out_harmless(void **state)
{
    (void)state;
    uint64_t seed = 2024;
    for (int round = 0; round < 20000; round++) {
        char src[65];
        char dst[PX_SHOW_ROOM(64) + 1];
        size_t n = random_text(&seed, src, 64);
        size_t room = 4 + next_random(&seed) % (sizeof(dst) - 4);
        memset(dst, '!', sizeof(dst));
        size_t len = px_show(dst, room, src, n);
        check_harmless(dst, len, room);
        assert_int_equal(dst[room], '!');
        (void)px_show_url(dst, room, src);
        check_harmless(dst, strlen(dst), room);
        (void)px_show_header(dst, room, src);
        check_harmless(dst, strlen(dst), room);
        assert_int_equal(dst[room], '!');
    }
}

static void test_show_escapes_can_be_undone(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 5000; round++) {
        char src[65];
        char dst[PX_SHOW_ROOM(64)];
        char back[65];
        size_t n = random_text(&seed, src, 64);
        size_t len = px_show(dst, sizeof(dst), src, n);
        size_t back_len = 0;
        for (size_t i = 0; i < len; i++) {
            unsigned char byte = (unsigned char)dst[i];
            if (byte == '\\') {
                const char *letter = strchr("n\nt\tr\re\033\\\\", dst[++i]);
                if (letter != NULL) {
                    byte = (unsigned char)letter[1];
                } else {
                    const char digits[3] = {dst[i + 1], dst[i + 2], '\0'};
                    assert_int_equal(dst[i], 'x');
                    assert_int_equal(px_parse_hex(digits, &byte, 1), PX_OK);
                    i += 2;
                }
            }
            back[back_len++] = (char)byte;
        }
        assert_int_equal(back_len, n);
        assert_memory_equal(back, src, n);
    }
}

static void test_show_mask_twice_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(url_rows); i++) {
        char *once = px_mask_url_dup(url_rows[i].in);
        assert_non_null(once);
        char *twice = px_mask_url_dup(once);
        assert_non_null(twice);
        assert_string_equal(once, twice);
        free(once);
        free(twice);
    }
}

/* A line of a mebibyte that would be slow if any step looked back or ahead without bound. */
static void test_show_url_of_a_mebibyte_takes_linear_time(void **state)
{
    (void)state;
    static const char *const pieces[] = {"x://b:c/", "@", "a=b;", "key=x?", "://", " "};
    size_t max = (size_t)1 << 20;
    char *url = malloc(max + 1);
    assert_non_null(url);
    for (size_t i = 0; i < ROWS(pieces); i++) {
        size_t len = strlen(pieces[i]);
        for (size_t at = 0; at < max; at++) {
            url[at] = pieces[i][at % len];
        }
        url[max] = '\0';
        char *masked = px_mask_url_dup(url);
        assert_non_null(masked);
        free(masked);
        char dst[64];
        (void)px_show_header(dst, sizeof(dst), url);
        check_harmless(dst, strlen(dst), sizeof(dst));
    }
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_show_controls_and_backslash_are_escaped),
        cmocka_unit_test(test_show_c1_is_escaped_in_both_forms),
        cmocka_unit_test(test_show_valid_utf8_passes_and_hostile_characters_do_not),
        cmocka_unit_test(test_show_invalid_utf8_is_escaped_byte_by_byte),
        cmocka_unit_test(test_show_utf8_valid_agrees_with_rfc_3629),
        cmocka_unit_test(test_show_takes_nul_bytes_and_any_length),
        cmocka_unit_test(test_show_null_is_none),
        cmocka_unit_test(test_show_name_that_is_empty_is_seen),
        cmocka_unit_test(test_show_cut_is_at_a_character_and_ends_in_dots),
        cmocka_unit_test(test_show_less_room_than_asked_for_stays_in_bounds),
        cmocka_unit_test(test_show_url_secrets_are_masked),
        cmocka_unit_test(test_show_url_is_escaped_too),
        cmocka_unit_test(test_show_url_cut_shows_no_part_of_a_secret),
        cmocka_unit_test(test_show_url_dup_has_room_for_masks_longer_than_secrets),
        cmocka_unit_test(test_show_dup_escapes_mask_dup_does_not),
        cmocka_unit_test(test_show_header_secrets_are_masked),
        cmocka_unit_test(test_show_random_bytes_come_out_harmless),
        cmocka_unit_test(test_show_escapes_can_be_undone),
        cmocka_unit_test(test_show_mask_twice_changes_nothing),
        cmocka_unit_test(test_show_url_of_a_mebibyte_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
