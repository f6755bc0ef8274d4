/* SPDX-License-Identifier: MIT
 *
 * Which format begins so, and what is true of all formats whatever the bytes: every list of
 * fixtures/lists, whole, damaged and in pieces, is given to every format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "fetch/list/format_text.h"
#include "support/random.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MD5 "0123456789abcdef0123456789abcdef"

/* --- sniffing --------------------------------------------------------------------------------- */

/* However few bytes there are at first, the answer is the same in the end. */
static enum px_list_format sniffed(const char *text, bool has_base)
{
    enum px_list_format kind = PX_LIST_AUTO, early;
    const size_t len = strlen(text);
    assert_int_equal(format_sniff(text, len, true, has_base, &kind), PX_OK);
    for (size_t n = 0; n <= len; n++) {
        const int rc = format_sniff(text, n, false, has_base, &early);
        assert_true(rc == PX_OK || rc == PX_EAGAIN);
        if (rc == PX_OK) {
            assert_int_equal(early, kind);
        }
    }
    return kind;
}

static void test_format_sniff_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum px_list_format kind;
    } rows[] = {
        {"", PX_LIST_ARIA2},
        {"\n# c\n", PX_LIST_ARIA2},
        {"http://h/1\n", PX_LIST_ARIA2},
        {"  out=x\n", PX_LIST_ARIA2},
        {"http://h/1 a.bin\n", PX_LIST_ARIA2}, /* never pairs: a bad line of a plain list */
        {"{\"url\": 1}\n", PX_LIST_JSONL},
        {"# c\n\r\n {\"url\": 1}\n", PX_LIST_JSONL},
        {"{ \t\"a\"", PX_LIST_JSONL},
        {"{}", PX_LIST_JSONL},
        {"{a}/x\n", PX_LIST_ARIA2},
        {"{", PX_LIST_ARIA2},
        {"<?xml version='1.0'?>", PX_LIST_METALINK},
        {"\n  <metalink>", PX_LIST_METALINK},
        {"# c\n<metalink>", PX_LIST_ARIA2},
        {"<html>", PX_LIST_ARIA2},
        {"<meta", PX_LIST_ARIA2},
        {MD5 "  http://h/1\n", PX_LIST_SUMS},
        {MD5 " *HTTPS://h/1\n", PX_LIST_SUMS},
        {"# c\n" MD5 "01234567\thttp://h/1\n", PX_LIST_SUMS},
        {MD5 "0  http://h/1\n", PX_LIST_ARIA2},
        {MD5 "  a.bin\n", PX_LIST_ARIA2},
        {MD5 "\nhttp://h/1\n", PX_LIST_ARIA2},
        {MD5 "  ", PX_LIST_ARIA2},
        {"abc\n", PX_LIST_ARIA2},
        {"dead.beef.example/x\n", PX_LIST_ARIA2},
        {MD5 MD5 MD5 MD5 MD5 "  http://h\n", PX_LIST_ARIA2},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        if (sniffed(rows[i].text, false) != rows[i].kind) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void test_format_sniff_with_a_base_names_may_follow_a_digest(void **state)
{
    (void)state;
    assert_int_equal(sniffed(MD5 "  a.bin\n", true), PX_LIST_SUMS);
    assert_int_equal(sniffed(MD5 "\n", true), PX_LIST_ARIA2);
    assert_int_equal(sniffed(MD5 "  \n", true), PX_LIST_ARIA2);
    assert_int_equal(sniffed(MD5 "/a.bin\n", true), PX_LIST_ARIA2);
    assert_int_equal(sniffed("a.bin\n", true), PX_LIST_ARIA2);
}

/* A list whose first line a plain list could have is never taken for anything else. */
static void test_format_sniff_never_misreads_a_plain_list(void **state)
{
    (void)state;
    static const char alphabet[] = "ab0f{}<>\"#\n\t *:/hx=";
    uint64_t x = UINT64_C(0x9e3779b97f4a7c15);
    for (int round = 0; round < 50000; round++) {
        char text[64];
        size_t n = 0;
        (void)random_next(&x);
        if (round % 2 == 0) {
            n = (size_t)snprintf(text, sizeof text, "http%s://h/", round % 4 == 0 ? "s" : "");
        }
        for (uint64_t bits = x; n < sizeof text - 1 && bits > 0; bits /= sizeof alphabet - 1) {
            text[n++] = alphabet[bits % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        enum px_list_format kind;
        assert_int_equal(format_sniff(text, n, true, false, &kind), PX_OK);
        if (round % 2 == 0) {
            assert_int_equal(kind, PX_LIST_ARIA2);
        }
    }
}

static void test_format_of_names_each(void **state)
{
    (void)state;
    assert_ptr_equal(format_of(PX_LIST_AUTO), &format_aria2);
    assert_ptr_equal(format_of(PX_LIST_ARIA2), &format_aria2);
    assert_ptr_equal(format_of(PX_LIST_PAIRS), &format_pairs);
    assert_ptr_equal(format_of(PX_LIST_SUMS), &format_sums);
    assert_ptr_equal(format_of(PX_LIST_JSONL), &format_jsonl);
    assert_ptr_equal(format_of(PX_LIST_METALINK), &format_metalink);
}

/* --- any bytes -------------------------------------------------------------------------------- */

static const struct list_format *const formats[] = {
    &format_aria2, &format_pairs, &format_sums, &format_jsonl, &format_metalink, &format_nul,
};

/* format_entries() checks every entry on the way. */
static void give_to_all(const char *bytes, size_t n)
{
    for (size_t i = 0; i < ROWS(formats); i++) {
        char *whole = format_entries(formats[i], bytes, n, 1 << 20, NULL);
        char *pieces = format_entries(formats[i], bytes, n, 1 + n % 7, NULL);
        assert_string_equal(whole, pieces);
        free(format_entries(formats[i], bytes, n, 5, "https://base.example/x/"));
        free(whole);
        free(pieces);
    }
}

/* The list, and what is left of it after bytes were changed and cut. */
static void give_damaged(char *bytes, size_t n)
{
    uint64_t x = UINT64_C(0x2545f4914f6cdd1d) + n;
    give_to_all(bytes, n);
    for (int round = 0; round < 40 && n > 0; round++) {
        for (int k = 0; k <= round % 4; k++) {
            (void)random_next(&x);
            bytes[x % n] = (char)(x >> 40);
        }
        n -= x % 64 == 0 ? n / 10 : 0;
        give_to_all(bytes, n);
    }
}

static void test_format_all_lists_of_the_fixtures_in_all_formats(void **state)
{
    (void)state;
    DIR *dir = opendir("fixtures/lists");
    unsigned seen = 0;
    if (dir == NULL) {
        skip(); /* not started in the project's folder */
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[300], bytes[20000];
        snprintf(path, sizeof path, "fixtures/lists/%s", entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
        if (file == NULL) {
            continue;
        }
        const size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        give_damaged(bytes, n);
        seen++;
    }
    closedir(dir);
    assert_true(seen > 10);
}

static void test_format_bad_line_shows_what_looks_like_a_url(void **state)
{
    (void)state;
    static const struct format_line lines[] = {
        {"x http://h/1 y", 14, 3, false}, {"nothing", 7, 4, false}, {"", 0, 5, false}};
    static const char *const urls[] = {"http://h/1", "", ""};
    struct draft draft = {0};
    struct list_entry entry;
    for (size_t i = 0; i < ROWS(lines); i++) {
        assert_int_equal(format_bad_line(&draft, &lines[i], "because"), PX_OK);
        draft_finish(&draft, 0, &entry);
        assert_string_equal(entry.bad, "because");
        assert_int_equal(entry.line, lines[i].number);
        assert_int_equal(entry.url_len, strlen(urls[i]));
        assert_memory_equal(entry.url, urls[i], entry.url_len);
    }
    draft_fini(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_sniff_by_table),
        cmocka_unit_test(test_format_sniff_with_a_base_names_may_follow_a_digest),
        cmocka_unit_test(test_format_sniff_never_misreads_a_plain_list),
        cmocka_unit_test(test_format_of_names_each),
        cmocka_unit_test(test_format_all_lists_of_the_fixtures_in_all_formats),
        cmocka_unit_test(test_format_bad_line_shows_what_looks_like_a_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
