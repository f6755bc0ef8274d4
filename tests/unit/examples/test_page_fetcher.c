/* SPDX-License-Identifier: MIT
 *
 * A consumer and its pill, and the producer with any number of consumers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"
#include "pages.h"

#define main example_main
#include "examples/page_fetcher.c"
#undef main

/* Counts what it could fetch; what stands behind its pill is for another one. */
static void test_consume_fetches_until_its_pill(void **state)
{
    (void)state;
    struct consumer consumer = {.curl = curl_easy_init()};
    struct printed printed;
    char expected[512];
    assert_int_equal(px_queue_new(4, &consumer.urls), PX_OK);
    assert_int_equal(px_queue_push(consumer.urls, site.urls[PAGE_UNTITLED], PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(consumer.urls, site.urls[PAGE_BROKEN], PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(consumer.urls, NULL, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(consumer.urls, site.urls[PAGE_EMPTY], PX_NOWAIT), PX_OK);
    printed_begin(&printed);
    consume(&consumer);
    snprintf(expected, sizeof expected, "200 4 bytes %s\n503 0 bytes %s\n",
             site.urls[PAGE_UNTITLED], site.urls[PAGE_BROKEN]);
    assert_string_equal(printed_end(&printed), expected);
    assert_int_equal(consumer.pages, 1);
    assert_int_equal(px_queue_len(consumer.urls), 1);
    px_queue_free(consumer.urls);
    curl_easy_cleanup(consumer.curl);
}

static void test_page_fetcher_any_number_of_workers_fetches_all(void **state)
{
    (void)state;
    static const char *const workers[] = {"1", "2", "4"};
    for (size_t i = 0; i < 3; i++) {
        struct printed printed;
        char lines[3][128];
        assert_int_equal(example_run(&printed, "page_fetcher", workers[i], site.urls[PAGE_UNTITLED],
                                     site.urls[PAGE_EMPTY], site.urls[PAGE_UNCLOSED]),
                         0);
        snprintf(lines[0], sizeof lines[0], "200 4 bytes %s", site.urls[PAGE_UNTITLED]);
        snprintf(lines[1], sizeof lines[1], "200 0 bytes %s", site.urls[PAGE_EMPTY]);
        snprintf(lines[2], sizeof lines[2], "200 23 bytes %s", site.urls[PAGE_UNCLOSED]);
        assert_lines(&printed, lines[0], lines[1], lines[2]);
    }
}

static void test_page_fetcher_one_missing_page_fails_the_run(void **state)
{
    (void)state;
    struct printed printed;
    char lines[2][128];
    assert_int_equal(
        example_run(&printed, "page_fetcher", "2", site.nobody_url, site.urls[PAGE_UNTITLED]), 1);
    snprintf(lines[0], sizeof lines[0], "0 0 bytes %s", site.nobody_url);
    snprintf(lines[1], sizeof lines[1], "200 4 bytes %s", site.urls[PAGE_UNTITLED]);
    assert_lines(&printed, lines[0], lines[1]);
}

static void test_page_fetcher_absurd_number_of_workers_is_refused(void **state)
{
    (void)state;
    struct printed printed;
    assert_int_equal(example_run(&printed, "page_fetcher", "-1", site.urls[PAGE_EMPTY]), 2);
    assert_string_equal(printed.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consume_fetches_until_its_pill),
        cmocka_unit_test(test_page_fetcher_any_number_of_workers_fetches_all),
        cmocka_unit_test(test_page_fetcher_one_missing_page_fails_the_run),
        cmocka_unit_test(test_page_fetcher_absurd_number_of_workers_is_refused),
    };
    return cmocka_run_group_tests(tests, pages_set_up, pages_tear_down);
}
