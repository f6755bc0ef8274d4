/* SPDX-License-Identifier: MIT
 *
 * Names that servers give, on the way from the reply's head to the file: existing files, collisions,
 * tries, hostile names (F20).
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/latename.h"
#include "fetch/site.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct site site;

/* /NAME?VALUE: a body, and VALUE as the name. */
static void say_name(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    char header[512];
    const char *value = strchr(request->path, '?');
    (void)ctx;
    snprintf(header, sizeof header, "Content-Disposition: attachment; filename=\"%s\"\r\n",
             value != NULL ? value + 1 : "");
    http_whole(reply, "200 OK", header, "hello", 5);
}

static void open_late(enum px_on_exist on_exist)
{
    site_open(&site, say_name,
              (struct px_fetch_opts){.content_disposition = true, .on_exist = on_exist});
}

static void test_latename_is_the_servers_word(void **state)
{
    (void)state;
    open_late(PX_ON_EXIST_SKIP);
    struct fetch_task *named = site_give(&site, "/get?a.txt", "");
    struct fetch_task *nameless = site_give(&site, "/get", "");
    struct fetch_task *given = site_give(&site, "/get?b.txt", "out=c.txt\n");
    fake_run(&site.worker, site.fetch);
    assert_int_equal(named->item.state, PX_ITEM_OK);
    assert_string_equal(strrchr(named->item.target, '/') + 1, "a.txt");
    assert_string_equal(strrchr(nameless->item.target, '/') + 1, "get");
    assert_string_equal(strrchr(given->item.target, '/') + 1, "c.txt");
    area_assert(&site.area, "a.txt", "hello", 5);
    area_assert(&site.area, "get", "hello", 5);
    area_assert(&site.area, "c.txt", "hello", 5);
    assert_int_equal(area_count(&site.area), 3);
    site_close(&site);
}

static void test_latename_hostile_names_stay_in_the_directory(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"/1?../../x1", "x1"}, {"/2?/etc/x2", "x2"}, {"/3?.bashrc", "_bashrc"}, {"/4?a\\b", "ab"},
        {"/5?con:", "con:"},   {"/6?..", "6"},       {"/7?.y.part", "_y.part"},
    };
    open_late(PX_ON_EXIST_SKIP);
    for (size_t i = 0; i < ROWS(names); i++) {
        site_give(&site, names[i][0], "");
    }
    fake_run(&site.worker, site.fetch);
    for (size_t i = 0; i < ROWS(names); i++) {
        area_assert(&site.area, names[i][1], "hello", 5);
    }
    assert_int_equal(area_count(&site.area), ROWS(names));
    site_close(&site);
}

static void test_latename_of_an_existing_file_is_settled_by_the_head(void **state)
{
    (void)state;
    static const struct {
        enum px_on_exist on_exist;
        enum px_item_state state;
        const char *bytes;
    } rows[] = {
        {PX_ON_EXIST_SKIP, PX_ITEM_SKIPPED, "old"},
        {PX_ON_EXIST_FAIL, PX_ITEM_FAILED, "old"},
        {PX_ON_EXIST_OVERWRITE, PX_ITEM_OK, "hello"},
        {PX_ON_EXIST_RENAME, PX_ITEM_OK, "old"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct area area;
        area_make(&area);
        area_put(&area, "a", "old", 3);
        open_late(rows[i].on_exist);
        px_fetch_free(site.fetch);
        const struct px_fetch_opts opts = {.workers = 1,
                                           .dir = area.dir,
                                           .content_disposition = true,
                                           .on_exist = rows[i].on_exist};
        site.fetch = fetching_new(&opts);
        struct fetch_task *task = site_fetch(&site, "/get?a", "");
        assert_int_equal(task->item.state, rows[i].state);
        area_assert(&area, "a", rows[i].bytes, strlen(rows[i].bytes));
        assert_int_equal(area_has(&area, "a.1"), rows[i].on_exist == PX_ON_EXIST_RENAME);
        assert_int_equal(area_count(&area), rows[i].on_exist == PX_ON_EXIST_RENAME ? 2 : 1);
        site_close(&site);
        area_remove(&area);
    }
}

static void test_latename_two_urls_with_one_name_never_overwrite(void **state)
{
    (void)state;
    open_late(PX_ON_EXIST_OVERWRITE);
    struct fetch_task *first = site_give(&site, "/1?a", "");
    struct fetch_task *second = site_give(&site, "/2?a", "");
    fake_run(&site.worker, site.fetch);
    assert_int_equal(first->item.state, PX_ITEM_OK);
    assert_int_equal(second->item.state, PX_ITEM_FAILED);
    assert_int_equal(second->item.status, PX_EBADLINE);
    assert_non_null(strstr(second->item.error, "same target as line 1"));
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

static void cut_first(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    if (request->of_path == 1) {
        http_text(reply, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 5\r\n"
                         "Content-Disposition: attachment; filename=n\r\n\r\nhe");
        reply->end = HTTP_CLOSE;
    } else {
        http_text(reply, "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\nContent-Length: 3\r\n"
                         "Content-Range: bytes 2-4/5\r\n\r\nllo");
    }
}

static void test_latename_is_kept_over_tries(void **state)
{
    (void)state;
    site_open(&site, cut_first, (struct px_fetch_opts){.content_disposition = true});
    struct fetch_task *task = site_fetch(&site, "/get", "");
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_true(task->detail.resumed);
    area_assert(&site.area, "n", "hello", 5);
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latename_is_the_servers_word),
        cmocka_unit_test(test_latename_hostile_names_stay_in_the_directory),
        cmocka_unit_test(test_latename_of_an_existing_file_is_settled_by_the_head),
        cmocka_unit_test(test_latename_two_urls_with_one_name_never_overwrite),
        cmocka_unit_test(test_latename_is_kept_over_tries),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
