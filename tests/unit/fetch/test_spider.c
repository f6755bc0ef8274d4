/* SPDX-License-Identifier: MIT
 *
 * Is it there? By HEAD, by a GET that is cut off, over redirects; nothing is written.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/site.h"

static struct site site;
static char *big;
#define BIG_BYTES ((size_t)8 << 20)

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    const char *path = request->path;
    const bool head = strncmp(request->head, "HEAD ", 5) == 0;
    (void)ctx;
    if (strcmp(path, "/there") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: a/b\r\n\r\n");
        if (!head) {
            http_text(reply, "hello");
        }
    } else if (strcmp(path, "/nohead") == 0 && head) {
        http_text(reply, "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/nohead") == 0) {
        http_whole(reply, "200 OK", "", big, BIG_BYTES);
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/hangup") == 0 && head) {
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/hangup") == 0) {
        http_whole(reply, "200 OK", "", "x", 1);
    } else if (strcmp(path, "/moved") == 0) {
        http_text(reply, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
    } else if (strcmp(path, "/page") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8388608"
                         "\r\n\r\n<html><head><title>A page</title></head>");
        http_add(reply, big, BIG_BYTES - 40);
        reply->end = HTTP_CLOSE;
    } else {
        http_text(reply, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
}

static int set_up(void **state)
{
    if (fetching_setup(state) != 0) {
        return -1;
    }
    big = calloc(1, BIG_BYTES);
    return big != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    free(big);
    return fetching_teardown(state);
}

static void test_spider_head_finds_what_is_there(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true, .details = true});
    struct fetch_task *task = site_fetch(&site, "/there", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(task->detail.http_status, 200);
    assert_string_equal(task->detail.content_type, "a/b");
    assert_null(task->item.target);
    assert_int_equal(task->item.bytes, 0);
    assert_int_equal(atomic_load(&site.server.requests), 1);
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

static void test_spider_missing_is_a_failure_of_the_server(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true});
    struct fetch_task *task = site_fetch(&site, "/gone", "");
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    assert_int_equal(task->item.status, PX_EHTTP);
    assert_int_equal(task->detail.http_status, 404);
    assert_false(task->facts.transient);
    site_close(&site);
}

static void test_spider_refused_head_becomes_a_get_that_is_cut_off(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true});
    struct fetch_task *task = site_fetch(&site, "/nohead", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(atomic_load(&site.server.requests), 2);
    site_close(&site);
}

static void test_spider_hung_up_head_is_a_get_in_the_next_try(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true});
    struct fetch_task *task = site_fetch(&site, "/hangup", "");
    assert_int_equal(task->item.status, PX_ENET);
    assert_true(task->facts.transient);
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    site_close(&site);
}

static void test_spider_redirect_is_followed(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true});
    struct fetch_task *task = site_fetch(&site, "/moved", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(task->detail.redirects, 1);
    assert_non_null(strstr(task->detail.final_url, "/there"));
    site_close(&site);
}

static void test_spider_title_is_read_and_no_more(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true, .titles = true});
    struct fetch_task *task = site_fetch(&site, "/page", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_string_equal(task->detail.title, "A page");
    assert_int_equal(atomic_load(&site.server.requests), 1);
    site_close(&site);
}

static void test_spider_tells_what_a_download_would_refuse(void **state)
{
    static const char *const types[] = {"image/*"};
    static const struct {
        struct px_fetch_opts opts;
        const char *path, *says;
    } rows[] = {
        {{.max_bytes = 4}, "/there", "5 bytes, more than --max-size 4"},
        {{.max_bytes = 5}, "/there", NULL},
        {{.min_bytes = 6}, "/there", "5 bytes, less than --min-size 6"},
        {{.max_bytes = 4}, "/moved", "5 bytes, more than --max-size 4"},
        {{.max_bytes = 1000}, "/nohead", "8388608 bytes, more than --max-size 1000"},
        {{.expect_types = types, .n_expect_types = 1}, "/there", "Content-Type is a/b"},
        {{.expect_types = types, .n_expect_types = 1}, "/gone", "HTTP 404"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct px_fetch_opts opts = rows[i].opts;
        opts.spider = true;
        site_open(&site, serve, opts);
        struct fetch_task *task = site_fetch(&site, rows[i].path, "");
        assert_int_equal(task->item.state, rows[i].says == NULL ? PX_ITEM_OK : PX_ITEM_FAILED);
        assert_true(rows[i].says == NULL || strstr(task->item.error, rows[i].says) != NULL);
        assert_false(task->facts.transient);
        site_close(&site);
    }
}

static void test_spider_list_options_for_files_have_no_effect(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true});
    struct fetch_task *task = site_fetch(&site, "/there", " out=sub/x\n");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spider_head_finds_what_is_there),
        cmocka_unit_test(test_spider_missing_is_a_failure_of_the_server),
        cmocka_unit_test(test_spider_refused_head_becomes_a_get_that_is_cut_off),
        cmocka_unit_test(test_spider_hung_up_head_is_a_get_in_the_next_try),
        cmocka_unit_test(test_spider_redirect_is_followed),
        cmocka_unit_test(test_spider_title_is_read_and_no_more),
        cmocka_unit_test(test_spider_tells_what_a_download_would_refuse),
        cmocka_unit_test(test_spider_list_options_for_files_have_no_effect),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
