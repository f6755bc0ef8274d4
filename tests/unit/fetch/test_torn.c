/* SPDX-License-Identifier: MIT
 *
 * A body without a length that ends with its connection (F2): over TLS only close_notify is its end;
 * without TLS there is nothing to wait for. The golden test F01-tls-cut does it over TLS.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/torn.h"
#include "fetch/transfer.h"

#include "fetch/fetching.h"
#include "fetch/site.h"

static struct site site;

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    (void)request;
    http_text(reply, "HTTP/1.1 200 OK\r\n\r\nhello");
    reply->end = HTTP_CLOSE;
}

static void test_torn_without_tls_the_close_is_the_end(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/hello", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    area_assert(&site.area, "hello", "hello", 5);
    site_close(&site);
}

static void test_torn_open_tls_is_found_and_said(void **state)
{
    struct transfer transfer = {.plain_frames = true, .tls_open = true};

    (void)state;
    assert_true(torn_found(&transfer));
    assert_non_null(strstr(transfer.error, "close_notify"));
    transfer = (struct transfer){.plain_frames = true, .tls_open = false};
    assert_false(torn_found(&transfer));
    assert_string_equal(transfer.error, "");
}

static void test_torn_body_with_another_end_is_none(void **state)
{
    struct transfer with_length = {.plain_frames = true, .tls_open = true, .head.n_lengths = 1};
    struct transfer chunked = {.plain_frames = true, .tls_open = true};
    struct transfer http2 = {.plain_frames = false, .tls_open = true};

    (void)state;
    chunked.head.value[HEAD_TRANSFER_ENCODING] = "chunked";
    assert_false(torn_found(&with_length));
    assert_false(torn_found(&chunked));
    assert_false(torn_found(&http2));
}

static void test_torn_head_forgets_the_reply_before(void **state)
{
    struct transfer transfer = {.plain_frames = true, .tls_open = true, .easy = curl_easy_init()};

    (void)state;
    torn_watch(&transfer, "X: y\r\n", 6);
    assert_true(transfer.tls_open);
    torn_watch(&transfer, "\r\n", 2);
    assert_false(transfer.tls_open);
    curl_easy_cleanup(transfer.easy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_without_tls_the_close_is_the_end),
        cmocka_unit_test(test_torn_open_tls_is_found_and_said),
        cmocka_unit_test(test_torn_body_with_another_end_is_none),
        cmocka_unit_test(test_torn_head_forgets_the_reply_before),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
