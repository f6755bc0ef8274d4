/* SPDX-License-Identifier: MIT
 *
 * The worker body on a handle of the test's own: several transfers at once, exactly one result for
 * each task, cancel, pauses that other workers found, faults at every call.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fetch/site.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct site site;

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    if (strcmp(request->path, "/hold") == 0) {
        http_text(reply, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
        reply->end = HTTP_HOLD;
        atomic_store(&site.worker.stop, true); /* the gate: cancel once it is in flight */
    } else if (strcmp(request->path, "/busy") == 0) {
        http_whole(reply, "429 Later", "Retry-After: 100\r\n", "", 0);
    } else {
        http_whole(reply, "200 OK", "", request->path, strlen(request->path));
    }
}

static void give_many(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char path[32];
        snprintf(path, sizeof path, "/f%u", i);
        site_give(&site, path, "");
    }
}

static void expect_many(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char path[32];
        snprintf(path, sizeof path, "/f%u", i);
        area_assert(&site.area, path + 1, path, strlen(path));
    }
    assert_int_equal(area_count(&site.area), n);
}

static void test_worker_fetches_all_with_any_number_of_streams(void **state)
{
    (void)state;
    static const unsigned streams[] = {1, 2, 7, 40, 64};
    for (size_t i = 0; i < ROWS(streams); i++) {
        site_open(&site, serve, (struct px_fetch_opts){.streams = streams[i]});
        give_many(40);
        fake_run(&site.worker, site.fetch);
        expect_many(40);
        assert_true(atomic_load(&site.server.connections) <= streams[i]);
        for (size_t k = 0; k < 40; k++) {
            assert_int_equal(site.worker.emitted[k]->item.state, PX_ITEM_OK);
        }
        site_close(&site);
    }
}

static void test_worker_keeps_its_connection(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    give_many(50);
    fake_run(&site.worker, site.fetch);
    assert_int_equal(atomic_load(&site.server.connections), 1);
    site_close(&site);
}

static void test_worker_each_task_is_emitted_once(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.streams = 3});
    give_many(20);
    fake_run(&site.worker, site.fetch);
    for (size_t i = 0; i < 20; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_ptr_not_equal(site.worker.emitted[i], site.worker.emitted[k]);
        }
    }
    site_close(&site);
}

static void test_worker_stop_cancels_what_is_in_flight_and_what_still_comes(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.streams = 2});
    site_give(&site, "/hold", "");
    site_give(&site, "/hold", "out=other\n");
    give_many(5);
    const int64_t begin = px_now_ns();
    fake_run(&site.worker, site.fetch);
    assert_true(px_now_ns() - begin <
                30 * PX_NS_PER_S); /* a server that stalls is left after 60 s */
    assert_int_equal(site.worker.n_emitted, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(site.worker.emitted[i]->item.state, PX_ITEM_CANCELED);
        assert_int_equal(site.worker.emitted[i]->result.canceled, 1);
    }
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

static void test_worker_gives_back_tasks_of_a_paused_host(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.retries = -1});
    struct fetch_task *busy = site_give(&site, "/busy", "");
    struct fetch_task *later = site_give(&site, "/f1", "");
    fake_run(&site.worker, site.fetch);
    assert_true(busy->facts.busy);
    assert_true(later->held_back);
    assert_int_equal(later->item.attempts, 0);
    assert_int_equal(atomic_load(&site.server.requests), 1);
    site_close(&site);
}

static void test_worker_makes_directories_of_out_options(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){.streams = 2});
    site_give(&site, "/a", "out=x/y/one\n");
    site_give(&site, "/b", "out=x/y/two\n");
    site_give(&site, "/c", "out=x/three\n");
    fake_run(&site.worker, site.fetch);
    area_assert(&site.area, "x/y/one", "/a", 2);
    area_assert(&site.area, "x/y/two", "/b", 2);
    area_assert(&site.area, "x/three", "/c", 2);
    site_close(&site);
}

static void test_worker_directory_that_cannot_be_made_fails_its_task_only(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    area_put(&site.area, "file", "x", 1);
    struct fetch_task *bad = site_give(&site, "/a", "out=file/sub\n");
    struct fetch_task *good = site_give(&site, "/b", "");
    fake_run(&site.worker, site.fetch);
    assert_int_equal(bad->item.status, PX_EIO);
    assert_int_equal(bad->item.os_errno, ENOTDIR);
    assert_int_equal(good->item.state, PX_ITEM_OK);
    site_close(&site);
}

static void test_worker_any_failing_call_fails_one_task_and_leaves_no_half_file(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(openat), IO_FAULT(pwrite), IO_FAULT(linkat),
                                     IO_FAULT(close)};
    for (size_t m = 0; m < ROWS(members); m++) {
        for (unsigned nth = 1; nth < 30; nth++) {
            unsigned failed = 0;
            site_open(&site, serve, (struct px_fetch_opts){.streams = 2});
            give_many(4);
            io_fault_arm(members[m], nth, EIO, IO_FAULT_ONCE);
            fake_run(&site.worker, site.fetch);
            const bool fired = io_fault_fired();
            for (size_t i = 0; i < 4; i++) {
                struct fetch_task *task = site.worker.emitted[i];
                failed += task->item.state == PX_ITEM_FAILED;
                assert_int_equal(area_has(&site.area, task->name), task->item.state == PX_ITEM_OK);
                if (task->item.state == PX_ITEM_OK) {
                    const char *path = strrchr(task->url, '/');
                    area_assert(&site.area, task->name, path, strlen(path));
                }
            }
            assert_true(failed <= 1);
            site_close(&site);
            if (!fired) {
                break;
            }
        }
    }
}

static void test_worker_without_work_begins_and_ends(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fake_worker worker;
    void *self = NULL;
    fake_init(&worker);
    assert_int_equal(worker_init(&worker.base, fetch, &self), PX_OK);
    worker_fini(&worker.base, self);
    worker_fini(&worker.base, NULL);
    px_fetch_free(fetch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_fetches_all_with_any_number_of_streams),
        cmocka_unit_test(test_worker_keeps_its_connection),
        cmocka_unit_test(test_worker_each_task_is_emitted_once),
        cmocka_unit_test(test_worker_stop_cancels_what_is_in_flight_and_what_still_comes),
        cmocka_unit_test(test_worker_gives_back_tasks_of_a_paused_host),
        cmocka_unit_test(test_worker_makes_directories_of_out_options),
        cmocka_unit_test(test_worker_directory_that_cannot_be_made_fails_its_task_only),
        cmocka_unit_test(test_worker_any_failing_call_fails_one_task_and_leaves_no_half_file),
        cmocka_unit_test(test_worker_without_work_begins_and_ends),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
