/* SPDX-License-Identifier: MIT
 *
 * Formats of --write-out: each variable, escapes, what is refused; the line of --spider.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "app/writeout.h"
#include "support/memory_text.h"

static const char *const phases[] = {"queue", "dns", NULL};
static const struct journal_schema schema = {
    .source_key = "url", .target_key = "path", .source_is_url = true, .phase_names = phases};

static struct px_fetch_detail detail = {.http_status = 200,
                                        .final_url = "http://u:p@host/end",
                                        .content_type = "text/html\x1b",
                                        .title = "A \"title\"\x07",
                                        .redirects = 2};

static struct px_item item_of(enum px_item_state state, int status)
{
    return (struct px_item){
        .state = state,
        .status = status,
        .source = "http://user:secret@host/a",
        .target = "dir/a",
        .line = 7,
        .bytes = 5000,
        .attempts = 3,
        .begin_ns = 1000000000,
        .end_ns = 3500000000,
        .phase_ns = {9000000, 1000000, 2000000, 3000000, 4000000, 5000000, 6000000},
        .detail = &detail,
    };
}

static void expect_item(const char *format, const struct px_item *item, const char *want)
{
    struct writeout *writeout = NULL;
    struct memory_text memory = {0};
    char error[128] = "";
    assert_int_equal(writeout_new(format, &schema, &exits_pfetch, error, sizeof error, &writeout),
                     PX_OK);
    assert_int_equal(writeout_item(writeout, item, memory_text_open(&memory)), PX_OK);
    assert_string_equal(memory_text_close(&memory), want);
    memory_text_free(&memory);
    writeout_free(writeout);
}

static void expect(const char *format, const char *want)
{
    const struct px_item item = item_of(PX_ITEM_OK, PX_OK);
    expect_item(format, &item, want);
}

static void test_writeout_text_and_escapes_are_as_in_curl(void **state)
{
    (void)state;
    expect("", "");
    expect("plain", "plain");
    expect("a\\tb\\n\\r\\\\", "a\tb\n\r\\");
    expect("\\x", "\\x");
    expect("100%%", "100%");
    expect("%%{url}", "%{url}");
    expect("50% of", "50% of");
}

static void test_writeout_facts_are_told(void **state)
{
    (void)state;
    expect("%{http_code} %{response_code} %{status}", "200 200 200");
    expect("%{bytes} %{size_download} %{speed_download}", "5000 5000 2000");
    detail.bytes_kept = 4000;
    expect("%{bytes} %{speed_download}", "5000 400");
    detail.bytes_kept = 0;
    expect("%{filename_effective} %{line}", "dir/a 7");
    expect("%{num_redirects} %{num_retries}", "2 2");
    expect("%{state} %{exitcode}[%{errormsg}]", "ok 0[]");
}

static void test_writeout_secrets_are_masked(void **state)
{
    (void)state;
    expect("%{url} %{url_effective}", "http://***@host/a http://***@host/end");
}

static void test_writeout_control_bytes_are_escaped(void **state)
{
    (void)state;
    expect("%{content_type}", "text/html\\e");
    expect("%{title}", "A \"title\"\\x07");
}

static void test_writeout_times_grow(void **state)
{
    (void)state;
    expect("%{time_namelookup} %{time_connect} %{time_appconnect} %{time_starttransfer}",
           "0.001000 0.003000 0.006000 0.010000");
    expect("%{time_total}", "2.500000");
}

static void test_writeout_failure_has_its_class_and_text(void **state)
{
    struct px_item item = item_of(PX_ITEM_FAILED, PX_ENET);
    char text[] = "transfer: cut";
    (void)state;
    expect_item("%{exitcode} %{errormsg}", &item, "4 network error");
    item.error = text;
    expect_item("%{exitcode} %{errormsg}", &item, "4 transfer: cut");
}

static void test_writeout_item_without_detail_has_empty_facts(void **state)
{
    struct px_item item = item_of(PX_ITEM_FAILED, PX_EBADLINE);
    (void)state;
    item.detail = NULL;
    item.target = NULL;
    item.begin_ns = 0;
    expect_item("%{http_code}|%{title}|%{content_type}|%{filename_effective}|%{time_total}", &item,
                "000||||0.000000");
}

static void test_writeout_json_is_the_journals_object(void **state)
{
    struct writeout *writeout = NULL;
    struct memory_text memory = {0};
    const struct px_item item = item_of(PX_ITEM_OK, PX_OK);
    char error[128];
    (void)state;
    assert_int_equal(
        writeout_new("%{json}\\n", &schema, &exits_pfetch, error, sizeof error, &writeout), PX_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(writeout_item(writeout, &item, memory_text_open(&memory)), PX_OK);
        const char *text = memory_text_close(&memory);
        assert_memory_equal(text, "{\"url\":\"http://***@host/a\",\"path\":\"dir/a\",", 42);
        assert_string_equal(text + strlen(text) - 2, "}\n");
        memory_text_free(&memory);
    }
    writeout_free(writeout);
}

static void expect_refused(const char *format, const char *reason)
{
    struct writeout *writeout = NULL;
    char error[128] = "";
    assert_int_equal(writeout_new(format, &schema, &exits_pfetch, error, sizeof error, &writeout),
                     PX_EUSAGE);
    assert_string_equal(error, reason);
    assert_null(writeout);
}

static void test_writeout_unknown_is_refused(void **state)
{
    (void)state;
    expect_refused("%{url} %{nope}", "there is no variable %{nope}");
    expect_refused("%{url", "there is no variable %{url}");
    expect_refused("%{}", "there is no variable %{}");
    expect_refused("%{a\x1b}", "there is no variable %{a\\e}");
    expect_refused("@/no/such/file", "its file cannot be read");
}

static void test_writeout_format_of_a_file_is_read(void **state)
{
    char path[] = "@/tmp/pxfer-format-XXXXXX";
    const int fd = mkstemp(path + 1);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "<%{line}>\n", 10), 10);
    expect(path, "<7>\n");
    unlink(path + 1);
    close(fd);
}

static void test_writeout_title_is_asked_for_when_it_is_named(void **state)
{
    struct writeout *writeout = NULL;
    char error[128];
    (void)state;
    assert_false(writeout_wants_title(NULL));
    assert_int_equal(writeout_new("%{url}", &schema, &exits_pfetch, error, sizeof error, &writeout),
                     PX_OK);
    assert_false(writeout_wants_title(writeout));
    writeout_free(writeout);
    assert_int_equal(
        writeout_new("x%{title}", &schema, &exits_pfetch, error, sizeof error, &writeout), PX_OK);
    assert_true(writeout_wants_title(writeout));
    writeout_free(writeout);
}

static void expect_spider(enum px_item_state state, int status, long http, const char *want)
{
    struct writeout *writeout = NULL;
    struct memory_text memory = {0};
    const struct px_item item = item_of(state, status);
    detail.http_status = http;
    assert_int_equal(writeout_new_spider(&writeout), PX_OK);
    assert_int_equal(writeout_item(writeout, &item, memory_text_open(&memory)), PX_OK);
    assert_string_equal(memory_text_close(&memory), want);
    memory_text_free(&memory);
    writeout_free(writeout);
    detail.http_status = 200;
}

static void test_writeout_spider_says_what_is_known(void **state)
{
    (void)state;
    expect_spider(PX_ITEM_OK, PX_OK, 200, "http://***@host/a - exists\n");
    expect_spider(PX_ITEM_FAILED, PX_EHTTP, 404, "http://***@host/a - does not exist\n");
    expect_spider(PX_ITEM_FAILED, PX_EHTTP, 410, "http://***@host/a - does not exist\n");
    expect_spider(PX_ITEM_FAILED, PX_EHTTP, 500, "http://***@host/a - server said error\n");
    expect_spider(PX_ITEM_FAILED, PX_ENET, 0, "http://***@host/a - network error\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writeout_text_and_escapes_are_as_in_curl),
        cmocka_unit_test(test_writeout_facts_are_told),
        cmocka_unit_test(test_writeout_secrets_are_masked),
        cmocka_unit_test(test_writeout_control_bytes_are_escaped),
        cmocka_unit_test(test_writeout_times_grow),
        cmocka_unit_test(test_writeout_failure_has_its_class_and_text),
        cmocka_unit_test(test_writeout_item_without_detail_has_empty_facts),
        cmocka_unit_test(test_writeout_json_is_the_journals_object),
        cmocka_unit_test(test_writeout_unknown_is_refused),
        cmocka_unit_test(test_writeout_format_of_a_file_is_read),
        cmocka_unit_test(test_writeout_title_is_asked_for_when_it_is_named),
        cmocka_unit_test(test_writeout_spider_says_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
