/* SPDX-License-Identifier: MIT
 *
 * Titles of pages, well made and otherwise, in one piece and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/title.h"

static void expect_fed(const char *type, const char *page, size_t step, const char *want)
{
    struct title *title = NULL;
    const size_t len = strlen(page);
    assert_int_equal(title_new(type, &title), PX_OK);
    for (size_t at = 0; at < len; at += step) {
        if (title_feed(title, page + at, len - at < step ? len - at : step)) {
            break;
        }
    }
    const char *got = title_text(title);
    if (want == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, want);
    }
    title_free(title);
}

static void expect(const char *type, const char *page, const char *want)
{
    expect_fed(type, page, 4096, want);
    expect_fed(type, page, 7, want);
}

static void test_title_of_plain_page_is_found(void **state)
{
    (void)state;
    expect("text/html", "<!doctype html><html><head><title>Ocean</title></head><body>x", "Ocean");
    expect(NULL, "<title>no head</title><p>text", "no head");
}

static void test_title_white_space_is_collapsed(void **state)
{
    (void)state;
    expect("text/html", "<html><head><title>\n  Two \t words\r\n </title>", "Two words");
}

static void test_title_entities_are_resolved(void **state)
{
    (void)state;
    expect("text/html", "<title>A &amp; B &lt;C&gt; &eacute;</title>", "A & B <C> \xc3\xa9");
}

static void test_title_charset_of_the_header_counts(void **state)
{
    (void)state;
    expect("text/html; charset=UTF-8", "<title>caf\xc3\xa9</title>", "caf\xc3\xa9");
    expect("text/html; charset=\"iso-8859-1\"", "<title>caf\xe9</title>", "caf\xc3\xa9");
}

static void test_title_charset_of_the_page_counts(void **state)
{
    (void)state;
    expect("text/html", "<html><head><meta charset=\"utf-8\"><title>caf\xc3\xa9</title>",
           "caf\xc3\xa9");
}

static void test_title_missing_or_empty_is_none(void **state)
{
    (void)state;
    expect("text/html", "<html><head></head><body><h1>x</h1></body></html>", NULL);
    expect("text/html", "<title>  </title>", NULL);
    expect("text/html", "", NULL);
}

static void test_title_only_the_first_counts(void **state)
{
    (void)state;
    expect("text/html", "<title>one</title><body><svg><title>two</title></svg>", "one");
}

static void test_title_not_closed_is_what_there_is(void **state)
{
    (void)state;
    expect_fed("text/html", "<html><head><title>cut of", 4096, "cut of");
}

static void test_title_garbage_is_none(void **state)
{
    (void)state;
    expect("text/html", "\x01\x02<\xff<<<>>&&&;;</</title><tit", NULL);
}

/* However it comes: a charset that is not known yet lets no other bytes through. */
static void test_title_is_utf8_in_a_page_of_a_few_bytes(void **state)
{
    (void)state;
    static const char page[] = "<<title>\x80";
    for (size_t step = 1; step < sizeof page; step++) {
        struct title *title = NULL;
        assert_int_equal(title_new("text/html", &title), PX_OK);
        for (size_t at = 0; at + 1 < sizeof page; at += step) {
            const size_t left = sizeof page - 1 - at;
            (void)title_feed(title, page + at, left < step ? left : step);
        }
        const char *text = title_text(title);
        assert_true(text == NULL || px_utf8_valid(text, strlen(text)));
        title_free(title);
    }
}

static void test_title_too_long_is_cut_at_a_character(void **state)
{
    struct title *title = NULL;
    (void)state;
    assert_int_equal(title_new("text/html; charset=utf-8", &title), PX_OK);
    (void)title_feed(title, "<title>x", 8);
    for (int i = 0; i < 3000; i++) {
        if (title_feed(title, "\xc3\xa9", 2)) {
            break;
        }
    }
    const char *text = title_text(title);
    assert_non_null(text);
    assert_true(strlen(text) <= TITLE_MAX_BYTES);
    assert_true(strlen(text) >= TITLE_MAX_BYTES - 1);
    assert_int_equal((unsigned char)text[strlen(text) - 1], 0xa9);
    title_free(title);
}

static void test_title_far_down_is_not_looked_for(void **state)
{
    struct title *title = NULL;
    char block[4096];
    uint64_t fed = 0;
    (void)state;
    memset(block, ' ', sizeof block);
    assert_int_equal(title_new("text/html", &title), PX_OK);
    while (!title_feed(title, block, sizeof block)) {
        fed += sizeof block;
        assert_true(fed <= TITLE_PAGE_BYTES);
    }
    assert_true(title_feed(title, "<title>late</title>", 19));
    assert_null(title_text(title));
    title_free(title);
}

static void test_title_type_decides_whether_to_look(void **state)
{
    (void)state;
    assert_true(title_is_likely(NULL));
    assert_true(title_is_likely("text/html"));
    assert_true(title_is_likely("TEXT/HTML; charset=x"));
    assert_true(title_is_likely("application/xhtml+xml"));
    assert_false(title_is_likely("image/png"));
    assert_false(title_is_likely("text/plain; name=\"x.html\""));
}

static void test_title_of_file_reads_from_the_start(void **state)
{
    char path[] = "/tmp/pxfer-title-XXXXXX";
    const char page[] = "<html><head><title>From a file</title>";
    const int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, page, sizeof page - 1), (ssize_t)sizeof page - 1);
    char *title = title_of_file(px_io_real(), fd, "text/html");
    assert_non_null(title);
    assert_string_equal(title, "From a file");
    free(title);
    assert_null(title_of_file(px_io_real(), fd, "image/png"));
    close(fd);
}

int main(void)
{
    title_prepare();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_title_of_plain_page_is_found),
        cmocka_unit_test(test_title_white_space_is_collapsed),
        cmocka_unit_test(test_title_entities_are_resolved),
        cmocka_unit_test(test_title_charset_of_the_header_counts),
        cmocka_unit_test(test_title_charset_of_the_page_counts),
        cmocka_unit_test(test_title_missing_or_empty_is_none),
        cmocka_unit_test(test_title_only_the_first_counts),
        cmocka_unit_test(test_title_not_closed_is_what_there_is),
        cmocka_unit_test(test_title_garbage_is_none),
        cmocka_unit_test(test_title_is_utf8_in_a_page_of_a_few_bytes),
        cmocka_unit_test(test_title_too_long_is_cut_at_a_character),
        cmocka_unit_test(test_title_far_down_is_not_looked_for),
        cmocka_unit_test(test_title_type_decides_whether_to_look),
        cmocka_unit_test(test_title_of_file_reads_from_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
