/* SPDX-License-Identifier: MIT
 *
 * What follows from the head of a reply, for what is held, for the task, for the body. (The verdicts
 * themselves: test_gate.c.)
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/activity.h>

#include "fetch/site.h"

static struct site site;

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    const size_t from = http_range(request->head);
    (void)ctx;
    if (request->of_path == 1 && strcmp(request->path, "/whole") != 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Type: application/x\r\n"
                         "Content-Length: 10\r\n\r\n0123");
        reply->end = HTTP_CLOSE;
    } else if (strcmp(request->path, "/page") == 0) {
        http_whole(reply, "200 OK", "Content-Type: text/html\r\nETag: \"f\"\r\n", "<html>", 6);
    } else if (from == 4) {
        http_text(reply, "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\n"
                         "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789");
    } else {
        http_whole(reply, "200 OK",
                   "ETag: \"w\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                   "Repr-Digest: md5=:eB5eJF1ptWaXm4bijSPyxw==:\r\n",
                   "0123456789", 10);
    }
}

static void test_judge_whole_reply_notes_what_its_bytes_are_known_by(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.details = true});
    struct fetch_task *task = site_fetch(&site, "/whole", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_string_equal(task->detail.etag, "\"w\"");
    assert_string_equal(task->detail.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(task->detail.digest_hex, "781e5e245d69b566979b86e28d23f2c7");
    assert_int_equal(task->size, 10);
    assert_false(task->detail.resumed);
    site_close(&site);
}

static void test_judge_digest_of_the_server_is_not_used_when_told_so(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.ignore_server_digest = true});
    struct fetch_task *task = site_fetch(&site, "/whole", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_null(task->detail.digest_hex);
    site_close(&site);
}

static void test_judge_rest_of_the_file_goes_behind_what_is_held(void **state)
{
    (void)state;
    struct px_activity_sample shown;
    struct px_activity *activity;
    assert_int_equal(px_activity_new(8, &activity), PX_OK);
    site_open(&site, serve, (struct px_fetch_opts){.activity = activity});
    struct fetch_task *task = site_fetch(&site, "/rest", "");
    assert_int_equal(task->part.held, 4);
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_true(task->detail.resumed);
    assert_int_equal(task->detail.http_status, 206);
    assert_int_equal(px_fetch_account(site.fetch, 0)->counter[PX_FETCH_RESUMED], 1);
    area_assert(&site.area, "rest", "0123456789", 10);
    px_activity_sample(activity, 0, &shown);
    assert_int_equal(shown.done_bytes, 10);
    assert_int_equal(px_activity_bytes(activity), 10); /* none twice */
    site_close(&site);
    px_activity_free(activity);
}

static void test_judge_refused_reply_is_not_taken_for_the_file(void **state)
{
    static const char *const types[] = {"application/*"};
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.expect_types = types, .n_expect_types = 1});
    struct fetch_task *task = site_fetch(&site, "/page", "");
    assert_int_equal(task->part.held, 4);
    site_again(&site, task);
    assert_int_equal(task->item.status, PX_EPROTO);
    assert_non_null(strstr(task->item.error, "text/html"));
    assert_string_equal(task->detail.etag, "\"e\"");
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_whole_reply_notes_what_its_bytes_are_known_by),
        cmocka_unit_test(test_judge_digest_of_the_server_is_not_used_when_told_so),
        cmocka_unit_test(test_judge_rest_of_the_file_goes_behind_what_is_held),
        cmocka_unit_test(test_judge_refused_reply_is_not_taken_for_the_file),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
