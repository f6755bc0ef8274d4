/* SPDX-License-Identifier: MIT
 *
 * One try of one task (F1, F6, F7, F8): going on from the bytes held, cancel and stall. Its requests
 * are in test_ask.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/site.h"

#define BODY "0123456789"

static struct site site;

static void part_from(struct http_reply *reply, size_t from, const char *etag)
{
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Range: bytes %zu-9/10\r\n"
             "Content-Length: %zu\r\n\r\n",
             etag, from, 10 - from);
    http_text(reply, head);
    http_text(reply, &BODY[from]);
}

static void cut_at(struct http_reply *reply, size_t n, const char *headers)
{
    char head[256];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%sContent-Length: 10\r\n\r\n%.*s", headers,
             (int)n, BODY);
    http_text(reply, head);
    reply->end = HTTP_CLOSE;
}

/* The second request of a path that is cut short the first time. */
static void serve_rest(const char *kind, const struct http_request *request,
                       struct http_reply *reply)
{
    const size_t from = http_range(request->head);
    if (request->of_path == 1) {
        cut_at(reply, 4, strcmp(kind, "novalidator") == 0 ? "" : "ETag: \"e\"\r\n");
    } else if (from == 0 || strcmp(kind, "ignored") == 0) {
        http_whole(reply, "200 OK", "ETag: \"new\"\r\n", BODY, 10);
    } else if (strcmp(kind, "changed") == 0) {
        part_from(reply, from, "\"new\"");
    } else if (strcmp(kind, "wrongstart") == 0) {
        part_from(reply, from - 1, "\"e\"");
    } else if (strcmp(kind, "stated") == 0) {
        part_from(reply, from, "\"e\"\r\nRepr-Digest: md5=:eB5eJF1ptWaXm4bijSPyxw==:");
    } else if (strcmp(kind, "misstated") == 0) {
        part_from(reply, from, "\"e\"\r\nRepr-Digest: md5=:1B2M2Y8AsgTpgAmY7PhCfg==:");
    } else if (strcmp(kind, "gone416") == 0) {
        http_text(reply,
                  "HTTP/1.1 416 No\r\nContent-Range: bytes */3\r\nContent-Length: 0\r\n\r\n");
    } else {
        part_from(reply, from, "\"e\"");
    }
}

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    const char *path = request->path;
    (void)ctx;
    if (strcmp(path, "/file") == 0) {
        http_whole(reply, "200 OK", "ETag: \"e\"\r\n", BODY, 10);
    } else if (strncmp(path, "/rest/", 6) == 0) {
        serve_rest(path + 6, request, reply);
    } else if (strcmp(path, "/hold") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 10\r\n\r\n0123");
        reply->end = HTTP_HOLD;
    } else {
        http_whole(reply, "404 Not Found", "", "", 0);
    }
}

static const struct px_fetch_opts defaults;

/* --- going on --------------------------------------------------------------------------------- */

static struct fetch_task *cut_then_again(const char *path)
{
    site_open(&site, serve, defaults);
    struct fetch_task *task = site_fetch(&site, path, "");
    assert_int_equal(task->item.status, PX_ENET);
    assert_true(task->facts.transient);
    assert_int_equal(task->part.held, 4);
    assert_int_equal(area_count(&site.area), 0); /* nameless still */
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(task->item.attempts, 2);
    return task;
}

static void test_transfer_retry_goes_on_from_the_bytes_held(void **state)
{
    (void)state;
    struct fetch_task *task = cut_then_again("/rest/good");
    assert_true(task->detail.resumed);
    assert_int_equal(task->detail.http_status, 206);
    assert_int_equal(task->item.bytes, 10);
    assert_int_equal(task->detail.bytes_kept, 0); /* a try of this run is no earlier run */
    area_assert(&site.area, "good", BODY, 10);
    assert_int_equal(px_fetch_account(site.fetch, 0)->bytes, 10); /* none twice */
    assert_int_equal(px_fetch_account(site.fetch, 0)->counter[PX_FETCH_RESUMED], 1);
    site_close(&site);
}

static void test_transfer_range_that_is_not_as_asked_is_fetched_anew(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ignored", "changed", "wrongstart", "gone416"};
    for (size_t i = 0; i < 4; i++) {
        char path[64];
        snprintf(path, sizeof path, "/rest/%s", kinds[i]);
        struct fetch_task *task = cut_then_again(path);
        assert_false(task->detail.resumed);
        assert_string_equal(task->detail.etag, "\"new\"");
        area_assert(&site.area, kinds[i], BODY, 10);
        site_close(&site);
    }
}

static void test_transfer_without_a_validator_nothing_is_resumed(void **state)
{
    (void)state;
    struct fetch_task *task = cut_then_again("/rest/novalidator");
    http_stop(&site.server);
    assert_false(site_was_sent(&site, 1, "Range"));
    assert_false(task->detail.resumed);
    area_assert(&site.area, "novalidator", BODY, 10);
    site_close(&site);
}

/* As an engine that is made now would see its directory. */
static void look_again(void)
{
    present_fini(&site.fetch->present);
    present_scan(&site.fetch->present, px_io_real(), site.area.fd);
}

/* A part that an earlier process left, with its state. */
static void leave_part(const char *url, const char *etag, const char *bytes)
{
    struct fetch_task *task = fetching_task(site.fetch, url, "");
    assert_int_equal(task_open_dir(task), PX_OK);
    struct part_place place = task_place(task);
    struct state state = {.url_hash = task_url_hash(task), .size = 10};
    snprintf(state.boot, sizeof state.boot, "%s", site.fetch->boot);
    snprintf(state.etag, sizeof state.etag, "%s", etag);
    assert_int_equal(part_append(&task->part, &place, bytes, strlen(bytes)), PX_OK);
    assert_int_equal(part_keep(&task->part, &place), PX_OK);
    assert_int_equal(part_save_state(&task->part, &place, &state, url), PX_OK);
    task_free(task);
    look_again();
}

static void test_transfer_goes_on_from_what_an_earlier_run_left(void **state)
{
    (void)state;
    static const char sum[] = "checksum=md5=781e5e245d69b566979b86e28d23f2c7\n"; /* of BODY */
    site_open(&site, serve, defaults);
    (void)http_url(&site.server, "/rest/good");
    leave_part(http_url(&site.server, "/rest/good"), "\"e\"", "01234");
    struct fetch_task *task = site_give(&site, "/rest/good", sum);
    /* the first request of the path is the one that is cut: let another take that */
    struct fetch_task *first =
        fetching_task(site.fetch, http_url(&site.server, "/rest/good"), "out=elsewhere\n");
    fake_init(&site.worker);
    fake_give(&site.worker, first);
    fake_give(&site.worker, task);
    fake_run(&site.worker, site.fetch);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_true(task->detail.resumed);
    assert_int_equal(task->item.bytes, 10);
    assert_int_equal(task->detail.bytes_kept, 5);
    assert_int_equal(px_fetch_account(site.fetch, 0)->bytes_kept, 5);
    area_assert(&site.area, "good", BODY, 10);
    assert_false(area_has(&site.area, ".good.part.state"));
    site_close(&site);
}

/* What the reply to a range states is about all bytes, those of the earlier try included. */
static void test_transfer_digest_stated_with_the_rest_is_of_the_whole(void **state)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {{"/rest/stated", PX_OK}, {"/rest/misstated", PX_EINTEGRITY}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        site_open(&site, serve, defaults);
        struct fetch_task *task = site_fetch(&site, rows[i].path, "");
        assert_int_equal(task->item.status, PX_ENET);
        assert_int_equal(task->part.held, 4);
        site_again(&site, task);
        assert_int_equal(task->item.status, rows[i].status);
        assert_string_equal(task->detail.digest_hex, "781e5e245d69b566979b86e28d23f2c7");
        assert_true(task->detail.resumed);
        site_close(&site);
    }
}

static void test_transfer_of_a_changed_file_drops_what_an_earlier_run_left(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    leave_part(http_url(&site.server, "/file"), "\"old\"", "XXXX");
    struct fetch_task *task = site_fetch(&site, "/file", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_false(task->detail.resumed);
    assert_int_equal(task->detail.bytes_kept, 0);
    area_assert(&site.area, "file", BODY, 10);
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

static void test_transfer_target_that_another_process_fetches_is_in_use(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    struct fetch_task *holder = fetching_task(site.fetch, http_url(&site.server, "/file"), "");
    assert_int_equal(task_open_dir(holder), PX_OK);
    struct part_place place = task_place(holder);
    assert_int_equal(part_append(&holder->part, &place, "x", 1), PX_OK);
    assert_int_equal(part_keep(&holder->part, &place), PX_OK);
    look_again();
    struct fetch_task *task = site_fetch(&site, "/file", "");
    assert_int_equal(task->item.status, PX_EINUSE);
    assert_int_equal(atomic_load(&site.server.requests), 0);
    part_discard(&holder->part, &place);
    task_free(holder);
    site_close(&site);
}

/* --- giving up -------------------------------------------------------------------------------- */

static void test_transfer_stall_is_transient_and_keeps_the_bytes(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.stall_timeout_ms = 400});
    struct fetch_task *task = site_fetch(&site, "/hold", "");
    assert_int_equal(task->item.status, PX_ENET);
    assert_true(task->facts.transient);
    assert_non_null(strstr(task->item.error, "no byte for"));
    assert_int_equal(task->part.held, 4);
    assert_false(area_has(&site.area, "hold"));
    site_close(&site);
}

static void test_transfer_refused_connection_is_transient(void **state)
{
    (void)state;
    site_open(&site, serve, defaults);
    http_stop(&site.server);
    struct fetch_task *task = site_fetch(&site, "/file", "");
    assert_int_equal(task->item.status, PX_ENET);
    assert_true(task->facts.transient);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transfer_retry_goes_on_from_the_bytes_held),
        cmocka_unit_test(test_transfer_range_that_is_not_as_asked_is_fetched_anew),
        cmocka_unit_test(test_transfer_without_a_validator_nothing_is_resumed),
        cmocka_unit_test(test_transfer_goes_on_from_what_an_earlier_run_left),
        cmocka_unit_test(test_transfer_digest_stated_with_the_rest_is_of_the_whole),
        cmocka_unit_test(test_transfer_of_a_changed_file_drops_what_an_earlier_run_left),
        cmocka_unit_test(test_transfer_target_that_another_process_fetches_is_in_use),
        cmocka_unit_test(test_transfer_stall_is_transient_and_keeps_the_bytes),
        cmocka_unit_test(test_transfer_refused_connection_is_transient),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
