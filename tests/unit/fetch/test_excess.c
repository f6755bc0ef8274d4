/* SPDX-License-Identifier: MIT
 *
 * More bytes than the Content-Length says (F3): a failure where they can be seen, and never with a
 * server that is merely sloppy.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/site.h"

static struct site site;

/* /NAME: "hello" and what the NAME says behind it, at once. */
static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    http_whole(reply, "200 OK", "", "hello", 5);
    if (strcmp(request->path, "/line-end") == 0) {
        http_text(reply, "\r\n");
    } else if (strcmp(request->path, "/more") == 0) {
        http_text(reply, "more than that");
    } else if (strcmp(request->path, "/more-close") == 0) {
        http_text(reply, "more than that");
        reply->end = HTTP_CLOSE;
    }
}

static void expect(const char *path, enum px_item_state want)
{
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, path, "");
    assert_int_equal(task->item.state, want);
    if (want == PX_ITEM_OK) {
        area_assert(&site.area, path + 1, "hello", 5);
    } else {
        assert_int_equal(task->item.status, PX_EPROTO);
        assert_int_equal(area_count(&site.area), 0);
    }
    site_close(&site);
}

static void test_excess_is_a_failure_with_and_without_keep_alive(void **state)
{
    (void)state;
    expect("/more", PX_ITEM_FAILED);
    expect("/more-close", PX_ITEM_FAILED);
}

static void test_excess_none_is_none(void **state)
{
    (void)state;
    expect("/exact", PX_ITEM_OK);
    expect("/line-end", PX_ITEM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_excess_is_a_failure_with_and_without_keep_alive),
        cmocka_unit_test(test_excess_none_is_none),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
