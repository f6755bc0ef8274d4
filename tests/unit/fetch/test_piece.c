/* SPDX-License-Identifier: MIT
 *
 * A transfer of one piece of a file: what it asks for, what it takes, how it ends. One worker on the
 * test's thread; the test plays the source.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/joint.h"
#include "fetch/site.h"
#include "support/io_fault.h"

#define SIZE 100000
#define CUT 40000

static struct site site;
static char body[SIZE];

static void put_range(struct http_reply *reply, const char *headers, size_t from, size_t to)
{
    char head[512];
    snprintf(head, sizeof head,
             "HTTP/1.1 206 Partial Content\r\n%sContent-Range: bytes %zu-%zu/%d\r\n"
             "Content-Length: %zu\r\n\r\n",
             headers, from, to - 1, SIZE, to - from);
    http_text(reply, head);
    http_add(reply, body + from, to - from);
}

/* Cut short at first; then ranges as the path says. */
static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    char range[64] = "", head[256];
    size_t from = 0, to = SIZE;
    (void)ctx;
    if (http_header(request->head, "Range", range, sizeof range)) {
        sscanf(range, "bytes=%zu-%zu", &from, &to);
        to += to < SIZE;
    }
    const bool none = strcmp(request->path, "/none") == 0;
    if (range[0] == '\0' || strcmp(request->path, "/ignored") == 0) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n%sContent-Length: %d\r\n\r\n",
                 none ? "Accept-Ranges: none\r\n" : "", SIZE);
        http_text(reply, head);
        http_add(reply, body, request->of_path == 1 ? CUT : SIZE);
        reply->end = HTTP_CLOSE;
    } else if (strcmp(request->path, "/changed") == 0) {
        put_range(reply, "ETag: \"new\"\r\n", from, to);
    } else {
        put_range(reply, "ETag: \"e\"\r\n", from, to);
    }
}

/* A task whose first try was cut short. */
static struct fetch_task *open_cut(const char *path)
{
    for (size_t i = 0; i < SIZE; i++) {
        body[i] = (char)(i * 7 + i / 251);
    }
    site_open(&site, serve, (struct px_fetch_opts){.split = 4, .min_split_bytes = 5000});
    struct fetch_task *task = site_fetch(&site, path, "");
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    assert_true(task->facts.transient);
    return task;
}

/* What a helper makes of a claim. */
static struct fetch_task *run_helper(struct fetch_task *owner)
{
    const struct share_limits limits = {.most = 4, .least = 5000, .least_late = 5000};
    struct split_claim claim;
    struct fetch_task *helper = NULL;
    struct fake_worker worker;
    assert_true(split_ask(&owner->joint->split, &limits, 2, px_now_ns(), &claim));
    assert_int_equal(task_new_helper(owner, &claim, 0, &helper), PX_OK);
    fake_init(&worker);
    fake_give(&worker, helper);
    fake_run(&worker, site.fetch);
    return helper;
}

static uint64_t held(const struct fetch_task *owner)
{
    struct ranges ranges;
    split_held(&owner->joint->split, &ranges);
    return ranges_sum(&ranges);
}

static void test_piece_owner_goes_on_with_what_is_missing(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/x");
    char range[64];
    assert_non_null(owner->joint);
    assert_int_equal(held(owner), CUT);
    assert_true(area_has(&site.area, ".x.part.state"));
    site_again(&site, owner);
    assert_int_equal(owner->item.state, PX_ITEM_OK);
    assert_int_equal(owner->item.bytes, SIZE);
    assert_true(http_header(site.server.heads[1], "Range", range, sizeof range));
    assert_string_equal(range, "bytes=40000-99999");
    assert_true(owner->detail.resumed);
    assert_int_equal(px_fetch_account(site.fetch, 0)->counter[PX_FETCH_RESUMED], 1);
    area_assert(&site.area, "x", body, SIZE);
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

static void test_piece_next_of_the_same_try_resumes_nothing(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/x");
    owner->goes_on = true;
    site_again(&site, owner);
    assert_int_equal(owner->item.state, PX_ITEM_OK);
    assert_int_equal(owner->item.attempts, 1);
    assert_false(owner->detail.resumed);
    assert_int_equal(px_fetch_account(site.fetch, 0)->counter[PX_FETCH_RESUMED], 0);
    site_close(&site);
}

static void test_piece_helper_writes_its_own_bytes_and_the_owner_the_rest(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/x");
    struct fetch_task *helper = run_helper(owner);
    assert_int_equal(helper->item.state, PX_ITEM_OK);
    assert_int_equal(helper->result.ok, 0);
    const uint64_t taken = held(owner) - CUT;
    assert_true(taken >= 5000 && taken < SIZE - CUT);
    task_free(helper);
    site_again(&site, owner);
    assert_int_equal(owner->item.state, PX_ITEM_OK);
    assert_int_equal(owner->detail.segments, 3); /* one of them twice */
    area_assert(&site.area, "x", body, SIZE);
    site_close(&site);
}

static void test_piece_owner_waits_while_another_has_the_rest(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/x");
    struct split_claim other;
    assert_true(split_take_free(&owner->joint->split, px_now_ns(), &other));
    owner->detail.bytes_kept = CUT;
    site_again(&site, owner);
    assert_true(owner->waits);
    assert_int_equal(owner->detail.bytes_kept, CUT);
    assert_int_equal(atomic_load(&site.server.requests), 1);
    split_give_back(&owner->joint->split, other.id);
    owner->waits = false;
    site_again(&site, owner);
    assert_int_equal(owner->item.state, PX_ITEM_OK);
    site_close(&site);
}

static void test_piece_helper_of_a_server_without_ranges_is_rejected(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/ignored");
    struct fetch_task *helper = run_helper(owner);
    assert_true(helper->rejected);
    assert_int_equal(held(owner), CUT);
    assert_int_equal(split_stopped(&owner->joint->split), SPLIT_GOES_ON);
    split_drop_claim(&owner->joint->split, helper->claim.id);
    task_free(helper);
    site_again(&site, owner); /* its own range is ignored, too */
    assert_true(owner->waits);
    assert_int_equal(split_stopped(&owner->joint->split), SPLIT_RANGELESS);
    site_close(&site);
}

static void test_piece_helper_that_sees_another_version_stops_all(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/changed");
    struct fetch_task *helper = run_helper(owner);
    assert_int_equal(split_stopped(&owner->joint->split), SPLIT_CHANGED);
    assert_int_equal(held(owner), CUT);
    task_free(helper);
    site_again(&site, owner);
    assert_true(owner->waits);
    site_close(&site);
}

static void test_piece_helper_write_failure_loses_no_bytes(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/x");
    io_fault_arm(IO_FAULT(pwrite), 1, EIO, IO_FAULT_ONCE);
    struct fetch_task *helper = run_helper(owner);
    assert_int_equal(helper->item.status, PX_EIO);
    assert_int_equal(held(owner), CUT);
    task_free(helper);
    site_again(&site, owner); /* one range */
    assert_true(owner->waits);
    owner->waits = false;
    site_again(&site, owner); /* the other */
    assert_int_equal(owner->item.state, PX_ITEM_OK);
    area_assert(&site.area, "x", body, SIZE);
    site_close(&site);
}

static void test_piece_is_not_made_where_ranges_are_refused_or_it_is_small(void **state)
{
    (void)state;
    struct fetch_task *owner = open_cut("/none");
    assert_null(owner->joint);
    site_close(&site);
    site_open(&site, serve, (struct px_fetch_opts){.split = 4, .min_split_bytes = SIZE});
    assert_null(site_fetch(&site, "/x", "")->joint);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_piece_owner_goes_on_with_what_is_missing),
        cmocka_unit_test(test_piece_next_of_the_same_try_resumes_nothing),
        cmocka_unit_test(test_piece_helper_writes_its_own_bytes_and_the_owner_the_rest),
        cmocka_unit_test(test_piece_owner_waits_while_another_has_the_rest),
        cmocka_unit_test(test_piece_helper_of_a_server_without_ranges_is_rejected),
        cmocka_unit_test(test_piece_helper_that_sees_another_version_stops_all),
        cmocka_unit_test(test_piece_helper_write_failure_loses_no_bytes),
        cmocka_unit_test(test_piece_is_not_made_where_ranges_are_refused_or_it_is_small),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
