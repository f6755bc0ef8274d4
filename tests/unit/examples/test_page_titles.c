/* SPDX-License-Identifier: MIT
 *
 * Which text is a title, and a queue that is joined before it is closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"
#include "pages.h"
#include "support/sheet.h"

#define main example_main
#include "examples/page_titles.c"
#undef main

static void test_print_title_by_kind_of_page(void **state)
{
    (void)state;
    const struct {
        const char *url, *said;
    } rows[] = {
        {site.urls[PAGE_TITLED], "A title"},
        {site.urls[PAGE_UNTITLED], "no title: status 200"},
        {site.urls[PAGE_UNCLOSED], "no title: status 200"},
        {site.urls[PAGE_EMPTY], "no title: status 200"},
        {site.urls[PAGE_MISSING], "no title: status 404"},
        {site.nobody_url, "no title: status 0"},
    };
    CURL *curl = curl_easy_init();
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[256];
        print_title(sheet.lock, curl, rows[i].url);
        snprintf(expected, sizeof expected, "%s\n    %s\n", rows[i].url, rows[i].said);
        assert_string_equal(sheet_text(&sheet), expected);
    }
    sheet_close(&sheet);
    curl_easy_cleanup(curl);
}

/* Each page counts as done once, so that whoever joins goes on; the close ends the thread. */
static void test_process_queue_ends_every_task_and_at_the_close(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    struct shared shared = {NULL, sheet.lock};
    assert_int_equal(px_queue_new(2, &shared.urls), PX_OK);
    assert_int_equal(px_queue_push(shared.urls, site.urls[PAGE_TITLED], PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(shared.urls, site.nobody_url, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_join(shared.urls, PX_NOWAIT), PX_EAGAIN);
    px_queue_close(shared.urls);
    process_queue(&shared);
    assert_int_equal(px_queue_join(shared.urls, PX_NOWAIT), PX_OK);
    const char *said = sheet_text(&sheet);
    assert_non_null(strstr(said, "\n    A title\n"));
    assert_non_null(strstr(said, "\n    no title: status 0\n"));
    px_queue_free(shared.urls);
    sheet_close(&sheet);
}

static void test_page_titles_any_number_of_workers_prints_whole_blocks(void **state)
{
    (void)state;
    static const char *const workers[] = {"1", "2", "4"};
    for (size_t i = 0; i < 3; i++) {
        struct printed printed;
        char blocks[3][128];
        assert_int_equal(example_run(&printed, "page_titles", workers[i], site.urls[PAGE_TITLED],
                                     site.urls[PAGE_UNTITLED], site.urls[PAGE_MISSING]),
                         0);
        snprintf(blocks[0], sizeof blocks[0], "%s\n    A title", site.urls[PAGE_TITLED]);
        snprintf(blocks[1], sizeof blocks[1], "%s\n    no title: status 200",
                 site.urls[PAGE_UNTITLED]);
        snprintf(blocks[2], sizeof blocks[2], "%s\n    no title: status 404",
                 site.urls[PAGE_MISSING]);
        assert_lines(&printed, blocks[0], blocks[1], blocks[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_title_by_kind_of_page),
        cmocka_unit_test(test_process_queue_ends_every_task_and_at_the_close),
        cmocka_unit_test(test_page_titles_any_number_of_workers_prints_whole_blocks),
    };
    return cmocka_run_group_tests(tests, pages_set_up, pages_tear_down);
}
