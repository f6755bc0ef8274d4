/* SPDX-License-Identifier: MIT
 *
 * Bytes on their way (F2, F3, F26, F29): judged before they are written, never more than announced,
 * written in blocks, kept when there are many.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/site.h"

static struct site site;
static char *big; /* 3 MiB of a pattern */
#define BIG_BYTES ((size_t)3 << 20)

static int make_big(void **state)
{
    big = malloc(BIG_BYTES);
    for (size_t i = 0; big != NULL && i < BIG_BYTES; i++) {
        big[i] = (char)(i * 7 + i / 1000);
    }
    return big != NULL ? fetching_setup(state) : -1;
}

static int free_big(void **state)
{
    free(big);
    return fetching_teardown(state);
}

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    const char *path = request->path;
    (void)ctx;
    if (strcmp(path, "/big") == 0) {
        http_whole(reply, "200 OK", "ETag: \"b\"\r\n", big, BIG_BYTES);
    } else if (strcmp(path, "/small") == 0) {
        http_whole(reply, "200 OK", "", "hello", 5);
    } else if (strcmp(path, "/empty") == 0) {
        http_whole(reply, "200 OK", "", "", 0);
    } else if (strcmp(path, "/chunked") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    } else if (strcmp(path, "/chunkcut") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/nolength") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/long") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more");
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/two") == 0) {
        http_text(reply,
                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!");
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/head") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 400; i++) {
            char line[1100];
            snprintf(line, sizeof line, "X-%d: %01000d\r\n", i, i);
            http_text(reply, line);
        }
        reply->end = HTTP_CLOSE;
    } else if (strcmp(path, "/bigerror") == 0) {
        http_whole(reply, "404 Not Found", "", big, BIG_BYTES);
        reply->end = HTTP_CLOSE;
    } else {
        http_whole(reply, "404 Not Found", "", "no such thing", 13);
    }
}

static void expect_file(const char *path, const void *bytes, size_t n)
{
    struct fetch_task *task = site_fetch(&site, path, "");
    if (task->item.state != PX_ITEM_OK) {
        fail_msg("%s: %s", path, task->item.error);
    }
    assert_int_equal(task->item.bytes, n);
    assert_int_equal(task->detail.http_status, 200);
    area_assert(&site.area, path + 1, bytes, n);
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

static void test_body_of_each_framing_is_stored(void **state)
{
    (void)state;
    static const struct px_fetch_opts none;
    site_open(&site, serve, none);
    expect_file("/small", "hello", 5);
    site_open(&site, serve, none);
    expect_file("/empty", "", 0);
    site_open(&site, serve, none);
    expect_file("/chunked", "hello world", 11);
    site_open(&site, serve, none);
    expect_file("/nolength", "hello", 5);
}

static void test_body_small_file_is_one_write_and_no_part(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    site_fetch(&site, "/small", "");
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 1);
    assert_int_equal(io_fault_calls(IO_FAULT(renameat)), 0);
    site_close(&site);
}

static void test_body_large_file_is_written_in_blocks_and_kept_on_the_way(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/big", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), BIG_BYTES / site.fetch->buffer_bytes);
    assert_int_equal(io_fault_calls(IO_FAULT(renameat)), 1); /* the state, once */
    area_assert(&site.area, "big", big, BIG_BYTES);
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

static void test_body_longer_than_announced_is_never_written(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/long", "");
    /* libcurl cuts what is beyond Content-Length off itself, and says no more of it */
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    assert_int_equal(task->item.status, PX_EPROTO);
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

static void expect_failure(const char *path, int status, bool transient)
{
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, path, "");
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    assert_int_equal(task->item.status, status);
    assert_int_equal(task->facts.transient, transient);
    assert_non_null(task->item.error);
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

static void test_body_that_cannot_be_trusted_is_not_written(void **state)
{
    (void)state;
    expect_failure("/two", PX_EPROTO, false);
    expect_failure("/head", PX_EPROTO, false);
    expect_failure("/chunkcut", PX_ENET, true);
    expect_failure("/other", PX_EHTTP, false);
    expect_failure("/bigerror", PX_EHTTP, false);
}

static void test_body_of_an_error_is_read_to_keep_the_connection(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    site_give(&site, "/other", "");
    site_give(&site, "/small", "");
    fake_run(&site.worker, site.fetch);
    assert_int_equal(atomic_load(&site.server.connections), 1);
    site_close(&site);
}

static void test_body_every_failing_write_is_a_local_failure(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(openat), IO_FAULT(pwrite), IO_FAULT(linkat),
                                     IO_FAULT(fchmod), IO_FAULT(renameat)};
    for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
        for (unsigned nth = 1; nth < 60; nth++) {
            site_open(&site, serve, (struct px_fetch_opts){0});
            struct fetch_task *task = site_give(&site, "/big", "");
            io_fault_arm(members[m], nth, ENOSPC, IO_FAULT_STICKY);
            fake_run(&site.worker, site.fetch);
            const bool fired = io_fault_fired();
            if (task->item.state == PX_ITEM_OK) {
                area_assert(&site.area, "big", big, BIG_BYTES);
            } else {
                assert_int_equal(task->item.status, PX_EFULL);
                assert_false(task->facts.transient); /* no retry storm on a full disk */
                assert_false(area_has(&site.area, "big"));
            }
            io_fault_reset();
            site_close(&site);
            if (!fired) {
                break;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body_of_each_framing_is_stored),
        cmocka_unit_test(test_body_small_file_is_one_write_and_no_part),
        cmocka_unit_test(test_body_large_file_is_written_in_blocks_and_kept_on_the_way),
        cmocka_unit_test(test_body_longer_than_announced_is_never_written),
        cmocka_unit_test(test_body_that_cannot_be_trusted_is_not_written),
        cmocka_unit_test(test_body_of_an_error_is_read_to_keep_the_connection),
        cmocka_unit_test(test_body_every_failing_write_is_a_local_failure),
    };
    return cmocka_run_group_tests(tests, make_big, free_big);
}
