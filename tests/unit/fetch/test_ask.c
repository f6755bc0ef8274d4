/* SPDX-License-Identifier: MIT
 *
 * The requests of a try (F4, F22): redirects and who gets the secrets, the same URL once more, the
 * whole in place of a rest.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/redirect.h"
#include "fetch/site.h"

#define BODY "0123456789"

static struct site site, other;

static void moved(struct http_reply *reply, const char *location)
{
    char head[1024];
    snprintf(head, sizeof head,
             "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 3\r\n\r\nyes", location);
    http_text(reply, head);
}

/* A chain: /chain/N leads to /chain/N-1, and /chain/0 to the file. */
static void serve_chain(int left, struct http_reply *reply)
{
    char path[32];
    snprintf(path, sizeof path, "/chain/%d", left - 1);
    moved(reply, left > 0 ? path : "/file");
}

/* Cut short the first time; the rest is always of another file. */
static void serve_changed(const char *etag, const struct http_request *request,
                          struct http_reply *reply)
{
    const size_t from = http_range(request->head);
    char head[256];
    if (from > 0) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 206 Partial Content\r\nETag: \"x\"\r\nContent-Range: bytes %zu-9/10\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 from, 10 - from, &BODY[from]);
    } else {
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nETag: \"%s\"\r\nContent-Length: 10\r\n\r\n0123", etag);
        reply->end = HTTP_CLOSE;
    }
    http_text(reply, head);
}

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    const char *path = request->path;
    char text[128];
    (void)ctx;
    if (strcmp(path, "/file") == 0) {
        http_whole(reply, "200 OK", "ETag: \"e\"\r\n", BODY, 10);
    } else if (strcmp(path, "/here") == 0) {
        moved(reply, "/file");
    } else if (strcmp(path, "/there") == 0) {
        snprintf(text, sizeof text, "http://127.0.0.1:%u/back", other.server.port);
        moved(reply, text);
    } else if (strcmp(path, "/away") == 0) {
        snprintf(text, sizeof text, "http://127.0.0.1:%u/file", other.server.port);
        moved(reply, text);
    } else if (strcmp(path, "/back") == 0) {
        snprintf(text, sizeof text, "http://127.0.0.1:%u/file", site.server.port);
        moved(reply, text);
    } else if (strncmp(path, "/chain/", 7) == 0) {
        serve_chain(atoi(path + 7), reply);
    } else if (strcmp(path, "/etc") == 0) {
        moved(reply, "file:///etc/passwd");
    } else if (strcmp(path, "/tonohead") == 0) {
        moved(reply, "/nohead");
    } else if (strcmp(path, "/nohead") == 0 && strncmp(request->head, "HEAD ", 5) == 0) {
        http_whole(reply, "405 No", "", "", 0);
    } else if (strcmp(path, "/nohead") == 0) {
        http_whole(reply, "200 OK", "", "x", 1);
    } else if (strcmp(path, "/changed") == 0 && request->of_path == 3) {
        http_whole(reply, "200 OK", "ETag: \"x\"\r\n", "ABCDEFGHIJ", 10);
    } else if (strcmp(path, "/changed") == 0) {
        serve_changed("e", request, reply);
    } else if (strcmp(path, "/flips") == 0) {
        snprintf(text, sizeof text, "%u", request->number);
        serve_changed(text, request, reply);
    } else {
        http_whole(reply, "404 Not Found", "", "", 0);
    }
}

static const struct px_fetch_opts defaults;

/* --- redirects -------------------------------------------------------------------------------- */

static void test_ask_hop_is_named_by_the_given_url(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    struct fetch_task *task = site_fetch(&site, "/here", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    area_assert(&site.area, "here", BODY, 10);
    assert_string_equal(task->detail.final_url, http_url(&site.server, "/file"));
    assert_int_equal(task->detail.redirects, 1);
    assert_int_equal(task->item.attempts, 1);
    site_close(&site);
}

static void test_ask_hop_secrets_go_to_their_origin_only(void **state)
{
    (void)state;
    char url[256];
    static const char *const run[] = {"X-Run: secret"};
    site_open(&other, serve, defaults);
    site_open(&site, serve, (struct px_fetch_opts){.headers = run, .n_headers = 1});
    snprintf(url, sizeof url, "http://user:pass@127.0.0.1:%u/there", site.server.port);
    struct fetch_task *task = fetching_task(
        site.fetch, url, "header=X-Task: secret\nheader=Cookie: a=b\nreferer=http://r/\n");
    fake_give(&site.worker, task);
    fake_run(&site.worker, site.fetch);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    http_stop(&site.server);
    http_stop(&other.server);
    static const char *const names[] = {"X-Run", "X-Task", "Cookie", "Referer", "Authorization"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(site_was_sent(&site, 0, names[i]));
        assert_false(site_was_sent(&other, 0, names[i]));
        assert_true(site_was_sent(&site, 1, names[i])); /* and back again */
    }
    site_close(&site);
    site_close(&other);
}

static void expect_protocol_failure(const char *path, const char *text)
{
    site_open(&site, serve, defaults);
    struct fetch_task *task = site_fetch(&site, path, "");
    assert_int_equal(task->item.status, PX_EPROTO);
    assert_non_null(strstr(task->item.error, text));
    assert_false(task->facts.transient);
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

static void test_ask_hop_too_many_or_to_a_file_is_refused(void **state)
{
    (void)state;
    expect_protocol_failure("/chain/10", "more than 10 redirects");
    expect_protocol_failure("/etc", "neither http nor https");
}

static void test_ask_hop_as_many_as_are_allowed_are_followed(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    struct fetch_task *task = site_fetch(&site, "/chain/9", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(task->detail.redirects, REDIRECT_MAX);
    area_assert(&site.area, "9", BODY, 10);
    site_close(&site);
}

/* --- the first, and the same again ------------------------------------------------------------ */

/* Both in the same place: of where the first was led nothing is left, nor of its headers. */
static void test_ask_first_of_the_next_task_goes_to_its_own_url_with_its_own_headers(void **state)
{
    (void)state;
    static const char *const run[] = {"X-Run: secret"};
    site_open(&other, serve, defaults);
    site_open(&site, serve, (struct px_fetch_opts){.headers = run, .n_headers = 1});
    (void)site_give(&site, "/away", "header=X-Task: secret\n");
    struct fetch_task *second = site_fetch(&site, "/file", "");
    assert_int_equal(second->item.state, PX_ITEM_OK);
    assert_string_equal(second->detail.final_url, http_url(&site.server, "/file"));
    assert_int_equal(second->detail.redirects, 0);
    http_stop(&site.server);
    http_stop(&other.server);
    assert_int_equal(atomic_load(&other.server.requests), 1);
    assert_int_equal(atomic_load(&site.server.requests), 2);
    assert_true(site_was_sent(&site, 0, "X-Task"));
    assert_true(site_was_sent(&site, 1, "X-Run"));
    assert_false(site_was_sent(&site, 1, "X-Task"));
    site_close(&site);
    site_close(&other);
}

static void test_ask_again_is_of_the_url_that_it_was_led_to(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.spider = true});
    struct fetch_task *task = site_fetch(&site, "/tonohead", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(task->detail.redirects, 1);
    http_stop(&site.server);
    assert_int_equal(atomic_load(&site.server.requests), 3);
    assert_int_equal(strncmp(site.server.heads[1], "HEAD /nohead ", 13), 0);
    assert_int_equal(strncmp(site.server.heads[2], "GET /nohead ", 12), 0);
    site_close(&site);
}

/* --- the whole in place of a rest ------------------------------------------------------------- */

static void test_ask_anew_fetches_the_whole_in_the_same_try(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    struct fetch_task *task = site_fetch(&site, "/changed", "");
    assert_int_equal(task->part.held, 4);
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(task->item.attempts, 2);
    assert_int_equal(task->restarts, 1);
    assert_false(task->detail.resumed);
    assert_string_equal(task->detail.etag, "\"x\"");
    area_assert(&site.area, "changed", "ABCDEFGHIJ", 10);
    http_stop(&site.server);
    assert_int_equal(atomic_load(&site.server.requests), 3);
    assert_true(site_was_sent(&site, 1, "Range"));
    assert_false(site_was_sent(&site, 2, "Range"));
    site_close(&site);
}

static void test_ask_anew_of_a_file_that_changes_for_ever_is_given_up(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    struct fetch_task *task = site_fetch(&site, "/flips", "");
    for (int i = 0; i < 6 && task->facts.transient; i++) {
        site_again(&site, task);
    }
    assert_int_equal(task->item.status, PX_EINTEGRITY);
    assert_non_null(strstr(task->item.error, "changed on the server"));
    assert_int_equal(task->restarts, TASK_RESTARTS_MAX + 1);
    assert_false(area_has(&site.area, "flips"));
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ask_hop_is_named_by_the_given_url),
        cmocka_unit_test(test_ask_hop_secrets_go_to_their_origin_only),
        cmocka_unit_test(test_ask_hop_too_many_or_to_a_file_is_refused),
        cmocka_unit_test(test_ask_hop_as_many_as_are_allowed_are_followed),
        cmocka_unit_test(test_ask_first_of_the_next_task_goes_to_its_own_url_with_its_own_headers),
        cmocka_unit_test(test_ask_again_is_of_the_url_that_it_was_led_to),
        cmocka_unit_test(test_ask_anew_fetches_the_whole_in_the_same_try),
        cmocka_unit_test(test_ask_anew_of_a_file_that_changes_for_ever_is_given_up),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
