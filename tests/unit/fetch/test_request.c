/* SPDX-License-Identifier: MIT
 *
 * What is asked of servers: the headers of a run and of a task, ranges, the user agent.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/request.h"
#include "fetch/site.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct site site;

static void say_hello(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    (void)request;
    http_whole(reply, "200 OK", "", "hello", 5);
}

static void expect_header(unsigned request, const char *name, const char *want)
{
    char value[256];
    const bool there = http_header(site.server.heads[request], name, value, sizeof value);
    assert_int_equal(there, want != NULL);
    if (want != NULL) {
        assert_string_equal(value, want);
    }
}

static void expect_list(const struct curl_slist *list, const char *const *want, size_t n)
{
    for (size_t i = 0; i < n; i++, list = list->next) {
        assert_non_null(list);
        assert_string_equal(list->data, want[i]);
    }
    assert_null(list);
}

static void test_request_headers_of_a_task_replace_those_of_the_run(void **state)
{
    (void)state;
    static const char *const run[] = {"X-One: run", "X-Two: run", "x-two: run again", "X-Gone;"};
    static const char *const want[] = {"X-TWO: task", "Referer: http://r/", "User-Agent: mine",
                                       "X-One: run", "X-Gone;"};
    struct curl_slist *list;
    site_open(&site, say_hello, (struct px_fetch_opts){.headers = run, .n_headers = ROWS(run)});
    struct fetch_task *task =
        site_give(&site, "/x", "header=X-TWO: task\nreferer=http://r/\nout=y\nuser-agent=mine\n");
    assert_true(task->has_headers);
    assert_int_equal(request_headers(task, &list), PX_OK);
    expect_list(list, want, ROWS(want));
    curl_slist_free_all(list);
    assert_int_equal(request_run_headers(site.fetch, &list), PX_OK);
    expect_list(list, run, ROWS(run));
    curl_slist_free_all(list);
    task_free(task);
    site_close(&site);
}

static void test_request_on_the_wire_has_what_was_asked_for(void **state)
{
    (void)state;
    static const char *const run[] = {"X-Run: 1"};
    site_open(&site, say_hello, (struct px_fetch_opts){.headers = run, .n_headers = 1});
    site_give(&site, "/a", "");
    site_give(&site, "/b", "header=X-Task: 2\nuser-agent=other/1\n");
    site_give(&site, "/c", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    expect_header(0, "X-Run", "1");
    expect_header(0, "X-Task", NULL);
    expect_header(0, "Range", NULL);
    expect_header(0, "Accept-Encoding", NULL); /* the bytes as they are */
    expect_header(0, "Cookie", NULL);
    expect_header(1, "X-Run", "1");
    expect_header(1, "X-Task", "2");
    expect_header(1, "User-Agent", "other/1");
    expect_header(2, "X-Task", NULL); /* a kept handle forgets the task before */
    char value[64];
    assert_true(http_header(site.server.heads[2], "User-Agent", value, sizeof value));
    assert_int_equal(strncmp(value, "pfetch/", 7), 0);
    site_close(&site);
}

static void test_request_credentials_of_a_url_stay_with_its_task(void **state)
{
    (void)state;
    char url[256];
    site_open(&site, say_hello, (struct px_fetch_opts){0});
    snprintf(url, sizeof url, "http://user:pass@127.0.0.1:%u/a", site.server.port);
    fake_give(&site.worker, fetching_task(site.fetch, url, ""));
    site_give(&site, "/b", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    expect_header(0, "Authorization", "Basic dXNlcjpwYXNz");
    expect_header(1, "Authorization", NULL);
    site_close(&site);
}

static void test_request_login_of_a_list_stays_with_its_task(void **state)
{
    (void)state;
    char url[256];
    site_open(&site, say_hello, (struct px_fetch_opts){.access = {.user = "all:all"}});
    site_give(&site, "/a", "http-user=x\nhttp-user=user\nhttp-passwd=pass\n");
    site_give(&site, "/b", "http-user=user\n");
    snprintf(url, sizeof url, "http://me:own@127.0.0.1:%u/c", site.server.port);
    fake_give(&site.worker, fetching_task(site.fetch, url, "http-user=user\n"));
    site_give(&site, "/d", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    expect_header(0, "Authorization", "Basic dXNlcjpwYXNz"); /* user:pass */
    expect_header(1, "Authorization", "Basic dXNlcjo=");     /* user: */
    expect_header(2, "Authorization", "Basic bWU6b3du");     /* me:own */
    expect_header(3, "Authorization", "Basic YWxsOmFsbA=="); /* all:all */
    site_close(&site);
}

static void cut_first(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    if (strcmp(request->path, "/cut") == 0 && request->of_path == 1) {
        http_text(reply, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 5\r\n\r\nhe");
        reply->end = HTTP_CLOSE;
    } else if (strcmp(request->path, "/cut") == 0) {
        http_text(reply, "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\nContent-Length: 3\r\n"
                         "Content-Range: bytes 2-4/5\r\n\r\nllo");
    } else {
        http_whole(reply, "200 OK", "", "hello", 5);
    }
}

static void test_request_range_is_open_ended_and_forgotten_by_the_next(void **state)
{
    (void)state;
    site_open(&site, cut_first, (struct px_fetch_opts){0});
    struct fetch_task *cut = site_fetch(&site, "/cut", "");
    fake_init(&site.worker);
    fake_give(&site.worker, cut);
    site_give(&site, "/whole", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    expect_header(0, "Range", NULL);
    expect_header(1, "Range", "bytes=2-");
    expect_header(1, "If-Range", NULL);
    expect_header(2, "Range", NULL);
    area_assert(&site.area, "cut", "hello", 5);
    area_assert(&site.area, "whole", "hello", 5);
    site_close(&site);
}

static void test_request_condition_is_forgotten_by_the_next(void **state)
{
    (void)state;
    static const char *const run[] = {"X-Run: 1"};
    site_open(&site, say_hello, (struct px_fetch_opts){.headers = run, .n_headers = 1});
    struct fetch_task *dated = site_give(&site, "/dated", "");
    dated->condition = (struct task_condition){.has_date = true, .date_s = 784111777};
    struct fetch_task *tagged = site_give(&site, "/tagged", "header=X-Own: 2\n");
    tagged->condition = (struct task_condition){.etag = "\"e\""};
    struct fetch_task *tagged_only = site_give(&site, "/tagged-only", "");
    tagged_only->condition = (struct task_condition){.etag = "W/\"e\""};
    site_give(&site, "/plain", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    static const struct {
        const char *since, *none_match, *own;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", NULL, NULL},
        {NULL, "\"e\"", "2"},
        {NULL, "W/\"e\"", NULL},
        {NULL, NULL, NULL},
    };
    for (unsigned i = 0; i < ROWS(rows); i++) {
        expect_header(i, "If-Modified-Since", rows[i].since);
        expect_header(i, "If-None-Match", rows[i].none_match);
        expect_header(i, "X-Own", rows[i].own);
        expect_header(i, "X-Run", "1");
    }
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_headers_of_a_task_replace_those_of_the_run),
        cmocka_unit_test(test_request_on_the_wire_has_what_was_asked_for),
        cmocka_unit_test(test_request_credentials_of_a_url_stay_with_its_task),
        cmocka_unit_test(test_request_login_of_a_list_stays_with_its_task),
        cmocka_unit_test(test_request_range_is_open_ended_and_forgotten_by_the_next),
        cmocka_unit_test(test_request_condition_is_forgotten_by_the_next),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
