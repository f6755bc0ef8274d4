/* SPDX-License-Identifier: MIT
 *
 * Where the time went: counts that must be exact, times that must hang together.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/site.h"

static struct site site;

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    if (strncmp(request->path, "/bad", 4) == 0) {
        http_whole(reply, "500 No", "", "", 0);
    } else {
        http_whole(reply, "200 OK", "", "hello", 5);
    }
}

static void test_account_counts_items_bytes_and_connections(void **state)
{
    (void)state;
    char path[16];
    site_open(&site, serve, (struct px_fetch_opts){.retries = 0});
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "/%s%d", i < 3 ? "bad" : "f", i);
        site_give(&site, path, "");
    }
    fake_run(&site.worker, site.fetch);
    const struct px_account *account = px_fetch_account(site.fetch, 0);
    assert_int_equal(account->items, 10);
    assert_int_equal(account->item.count, 10);
    assert_int_equal(account->bytes, 35);
    assert_int_equal(account->counter[PX_FETCH_CONNECTIONS], 1);
    assert_int_equal(account->counter[PX_FETCH_RETRIES], 0);
    site_close(&site);
}

static void test_account_a_task_that_comes_back_is_one_item(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.retries = 5});
    struct fetch_task *task = site_fetch(&site, "/bad", "");
    const struct px_account *account = px_fetch_account(site.fetch, 0);
    assert_int_equal(account->items, 0);
    assert_true(account->items_ns > 0);
    task->plan.tries = 5; /* as the source counts */
    site_again(&site, task);
    assert_int_equal(account->items, 1);
    assert_int_equal(account->counter[PX_FETCH_RETRIES], 1);
    assert_int_equal(account->item.sum_ns, account->items_ns);
    site_close(&site);
}

static void test_account_phases_are_within_the_items_own_time(void **state)
{
    (void)state;
    int64_t sum = 0;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/f", "");
    for (int i = PX_FETCH_DNS; i < PX_FETCH_PHASES_; i++) {
        assert_true(task->item.phase_ns[i] >= 0);
        sum += task->item.phase_ns[i];
    }
    const int64_t own = task->item.end_ns - task->item.begin_ns;
    assert_true(own > 0 && sum > 0);
    assert_true(sum <= own + PX_NS_PER_MS);
    assert_true(task->item.phase_ns[PX_FETCH_DISK] > 0);
    assert_true(task->item.phase_ns[PX_FETCH_FIRST_BYTE] > 0);
    assert_int_equal(task->item.phase_ns[PX_FETCH_TLS], 0);
    const struct px_account *account = px_fetch_account(site.fetch, 0);
    assert_true(account->busy_ns > 0 && account->busy_ns <= own);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account_counts_items_bytes_and_connections),
        cmocka_unit_test(test_account_a_task_that_comes_back_is_one_item),
        cmocka_unit_test(test_account_phases_are_within_the_items_own_time),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
