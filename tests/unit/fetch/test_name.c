/* SPDX-License-Identifier: MIT
 *
 * Safe names: tables for what is known to hurt (F19), and properties over random URLs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/name.h"
#include "support/random.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_name_from_url_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name;
    } rows[] = {
        {"http://h/a/b/file.bin", "file.bin"},
        {"http://h/a/b/file.bin?x=1/2#f/g", "file.bin"},
        {"http://h/a/b/", "index.html"},
        {"http://h/", "index.html"},
        {"http://h", "index.html"},
        {"http://h?q=/x", "index.html"},
        {"http://h#/x", "index.html"},
        {"http://u:p@h:80/x", "x"},
        {"http://h/a%20b", "a b"},
        {"http://h/a%2520b", "a%20b"},
        {"http://h/..%2f..%2fx", "_._.._x"},
        {"http://h/%2e%2e", "_."},
        {"http://h/..", "_."},
        {"http://h/.", "_"},
        {"http://h/.bashrc", "_bashrc"},
        {"http://h/%2ebashrc", "_bashrc"},
        {"http://h/%00", "_"},
        {"http://h/a%00b", "a_b"},
        {"http://h/a\\b", "a_b"},
        {"http://h/a%5cb", "a_b"},
        {"http://h/a%0ab%1b%7f", "a_b__"},
        {"http://h/a%9bb", "a_b"},
        {"http://h/a%c2%9bb", "a_b"},
        {"http://h/%e2%82%ac", "\xe2\x82\xac"},
        {"http://h/a%c3%a9", "a\xc3\xa9"},
        {"http://h/a%ff", "a\xff"},
        {"http://h/100%", "100%"},
        {"http://h/%4", "%4"},
        {"http://h/%zz", "%zz"},
        {"http://h/con:", "con:"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char name[NAME_ROOM];
        const size_t len = name_from_url(rows[i].url, strlen(rows[i].url), name);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(len, strlen(rows[i].name));
    }
}

static void long_url(char *url, size_t n, char last)
{
    memset(url, 'n', n);
    memcpy(url, "http://h/", 9);
    url[n - 1] = last;
    url[n] = '\0';
}

static void test_name_from_url_cuts_a_long_name_with_a_hash(void **state)
{
    (void)state;
    static const size_t lengths[] = {9 + 254, 9 + 255, 9 + 256, 9 + 300,
                                     9 + 511, 9 + 512, 9 + 3000};
    for (size_t i = 0; i < ROWS(lengths); i++) {
        char url[4096], a[NAME_ROOM], b[NAME_ROOM];
        long_url(url, lengths[i], 'a');
        const size_t len = name_from_url(url, lengths[i], a);
        long_url(url, lengths[i], 'b');
        name_from_url(url, lengths[i], b);
        assert_int_equal(len, lengths[i] - 9 < 255 ? lengths[i] - 9 : 255);
        assert_string_not_equal(a, b);
    }
}

static void test_name_make_safe_cuts_between_characters(void **state)
{
    (void)state;
    char raw[600], name[NAME_ROOM];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(raw, 'x', shift);
        for (size_t i = shift; i + 3 <= sizeof raw; i += 3) {
            memcpy(raw + i, "\xe2\x82\xac", 3);
        }
        const size_t len = name_make_safe(raw, sizeof raw, name);
        assert_true(len <= NAME_BYTES && len > NAME_BYTES - 4);
        assert_int_equal(name[len - 17], '-');
        assert_int_equal((unsigned char)name[len - 18], 0xac);
    }
}

static void test_name_from_out_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *out, *path; /* path NULL: refused */
    } rows[] = {
        {"x", "x"},
        {"a/b/c.bin", "a/b/c.bin"},
        {"a//b", "a/b"},
        {"./a/./b", "a/b"},
        {".hidden", "_hidden"},
        {"a/.git/config", "a/_git/config"},
        {"a\\b", "a_b"},
        {"...", "_.."},
        {"", NULL},
        {".", NULL},
        {"./.", NULL},
        {"/etc/passwd", NULL},
        {"a/", NULL},
        {"..", NULL},
        {"../x", NULL},
        {"a/../../x", NULL},
        {"a/..", NULL},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char path[NAME_PATH_ROOM];
        const char *why = NULL;
        const int rc = name_from_out(rows[i].out, strlen(rows[i].out), path, &why);
        assert_int_equal(rc, rows[i].path != NULL ? PX_OK : PX_EBADLINE);
        if (rows[i].path != NULL) {
            assert_string_equal(path, rows[i].path);
        } else {
            assert_non_null(why);
        }
    }
}

static void test_name_from_out_refuses_a_path_that_is_too_long(void **state)
{
    (void)state;
    static char out[NAME_PATH_ROOM + 1];
    char path[NAME_PATH_ROOM];
    const char *why;
    memset(out, 'a', sizeof out);
    for (size_t i = 100; i < sizeof out; i += 100) {
        out[i] = '/';
    }
    assert_int_equal(name_from_out(out, NAME_PATH_ROOM, path, &why), PX_EBADLINE);
    assert_int_equal(name_from_out(out, NAME_PATH_ROOM - 1, path, &why), PX_OK);
    assert_int_equal(strlen(path), NAME_PATH_ROOM - 1);
}

static void test_name_beside_is_a_hidden_name_of_at_most_255_bytes(void **state)
{
    (void)state;
    char name[NAME_ROOM], beside[NAME_ROOM], other[NAME_ROOM];
    name_beside("x.bin", ".part", beside);
    assert_string_equal(beside, ".x.bin.part");
    for (size_t len = 230; len <= NAME_BYTES; len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        const size_t got = name_beside(name, ".part.state", beside);
        assert_true(got <= NAME_BYTES);
        assert_int_equal(strlen(beside), got);
        assert_string_equal(beside + got - 11, ".part.state");
        name[len - 1] = 'm';
        name_beside(name, ".part.state", other);
        assert_string_not_equal(beside, other);
    }
}

/* A URL's worth of noise, rich in what is special. */
static size_t noise(uint64_t *seed, char *out, size_t room)
{
    static const char special[] = "/\\%..%2f%2e%00?#:@ \n\x1b\x7f\x80\x9b\xc2\x9b\xe2\x82\xff";
    const size_t n = (size_t)(random_next(seed) >> 33) % room;
    for (size_t i = 0; i < n; i++) {
        const uint64_t r = random_next(seed) >> 33;
        out[i] = r % 3 == 0 ? (char)(r >> 8) : special[(r >> 8) % (sizeof special - 1)];
    }
    return n;
}

static bool is_safe(const char *name, size_t len)
{
    if (len == 0 || len > NAME_BYTES || name[0] == '.' || strlen(name) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)name[i];
        const bool c1 =
            c == 0xc2 && (unsigned char)name[i + 1] >= 0x80 && (unsigned char)name[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c1) {
            return false;
        }
    }
    return true;
}

static void test_name_from_url_is_always_one_safe_component(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        char url[1200], name[NAME_ROOM], again[NAME_ROOM];
        const size_t n = noise(&seed, url, i % 10 == 0 ? sizeof url : 60);
        const size_t len = name_from_url(url, n, name);
        assert_true(is_safe(name, len));
        assert_int_equal(name_make_safe(name, len, again), len); /* safe names stay */
        assert_string_equal(name, again);
    }
}

static void test_name_from_out_never_leaves_the_directory(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        char out[80], path[NAME_PATH_ROOM];
        const char *why;
        const size_t n = noise(&seed, out, sizeof out);
        if (name_from_out(out, n, path, &why) != PX_OK) {
            continue;
        }
        for (char *part = path; part != NULL;) {
            char *slash = strchr(part, '/');
            const size_t len = slash != NULL ? (size_t)(slash - part) : strlen(part);
            char one[NAME_ROOM];
            assert_true(len < NAME_ROOM);
            memcpy(one, part, len);
            one[len] = '\0';
            assert_true(is_safe(one, len));
            part = slash != NULL ? slash + 1 : NULL;
        }
    }
}

static void test_name_hash_tells_lengths_and_seeds_apart(void **state)
{
    (void)state;
    static const char zeros[64];
    for (size_t a = 0; a < sizeof zeros; a++) {
        for (size_t b = 0; b < a; b++) {
            assert_true(name_hash(zeros, a, 0) != name_hash(zeros, b, 0));
        }
        assert_true(name_hash(zeros, a, 0) != name_hash(zeros, a, 1));
    }
}

static void test_name_from_component_is_decoded_once_and_safe(void **state)
{
    (void)state;
    char out[NAME_ROOM], again[NAME_ROOM], raw[2000];
    assert_int_equal(name_from_component("a%20b", 5, out), 3);
    assert_string_equal(out, "a b");
    name_from_component("%2e%2e", 6, out);
    assert_string_equal(out, "_.");
    name_from_component("", 0, out);
    assert_string_equal(out, "_");
    memset(raw, 'r', sizeof raw);
    assert_int_equal(name_from_component(raw, sizeof raw, out), NAME_BYTES);
    assert_int_equal(name_from_component(raw, sizeof raw - 1, again), NAME_BYTES);
    assert_string_not_equal(out, again);
}

static void test_name_for_url_differs_by_url_and_fits(void **state)
{
    (void)state;
    char a[NAME_ROOM], b[NAME_ROOM], name[NAME_ROOM];
    memset(name, 'n', NAME_BYTES);
    name[NAME_BYTES] = '\0';
    assert_int_equal(name_for_url("get", "http://h/get?1", 14, a), 3 + 17);
    assert_int_equal(name_for_url("get", "http://h/get?2", 14, b), 3 + 17);
    assert_string_not_equal(a, b);
    assert_int_equal(strncmp(a, "get-", 4), 0);
    assert_int_equal(name_for_url(name, "http://h/", 9, a), NAME_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_from_url_by_table),
        cmocka_unit_test(test_name_from_url_cuts_a_long_name_with_a_hash),
        cmocka_unit_test(test_name_make_safe_cuts_between_characters),
        cmocka_unit_test(test_name_from_out_by_table),
        cmocka_unit_test(test_name_from_out_refuses_a_path_that_is_too_long),
        cmocka_unit_test(test_name_beside_is_a_hidden_name_of_at_most_255_bytes),
        cmocka_unit_test(test_name_from_url_is_always_one_safe_component),
        cmocka_unit_test(test_name_from_out_never_leaves_the_directory),
        cmocka_unit_test(test_name_hash_tells_lengths_and_seeds_apart),
        cmocka_unit_test(test_name_from_component_is_decoded_once_and_safe),
        cmocka_unit_test(test_name_for_url_differs_by_url_and_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
