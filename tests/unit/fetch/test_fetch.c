/* SPDX-License-Identifier: MIT
 *
 * The engine: made whole or not at all, defaults, names of phases, the public functions together.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <pxfer/pool.h>
#include <pxfer/source.h>

#include "fetch/site.h"

static void test_fetch_names_match_their_enums(void **state)
{
    (void)state;
    size_t phases = 0, counters = 0;
    while (px_fetch_phase_names()[phases] != NULL) {
        phases++;
    }
    while (px_fetch_counter_names()[counters] != NULL) {
        counters++;
    }
    assert_int_equal(phases, PX_FETCH_PHASES_);
    assert_int_equal(counters, PX_FETCH_COUNTERS_);
    assert_true(phases <= PX_PHASES && counters <= PX_COUNTERS);
    assert_string_equal(px_fetch_phase_names()[PX_FETCH_DISK], "disk");
    assert_string_equal(px_fetch_counter_names()[PX_FETCH_RESUMED], "resumed");
}

static void test_fetch_new_fills_in_defaults(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 2, .retries = -1};
    struct px_fetch *fetch = fetching_new(&opts);
    assert_int_equal(fetch->opts.streams, 1);
    assert_int_equal(fetch->opts.retries, 5);
    assert_int_equal(fetch->opts.stall_timeout_ms, 60000);
    assert_int_equal(fetch->opts.connect_timeout_ms, 10000);
    assert_int_equal(fetch->retry.base_ms, 1000);
    assert_int_equal(fetch->retry.max_retry_after_ms, 300000);
    assert_int_equal(strncmp(fetch->opts.user_agent, "pfetch/", 7), 0);
    assert_int_equal(px_fetch_account(fetch, 1)->items, 0);
    assert_int_equal((uintptr_t)px_fetch_account(fetch, 1) % PX_CACHE_LINE, 0);
    px_fetch_free(fetch);
}

static void test_fetch_new_refuses_nonsense(void **state)
{
    (void)state;
    struct px_fetch *fetch = NULL;
    char error[64];
    const struct px_fetch_opts none = {0};
    const struct px_fetch_opts many = {.workers = 1, .streams = 1000000};
    assert_int_equal(px_fetch_new(&none, error, sizeof error, &fetch), PX_EINVAL);
    assert_int_equal(px_fetch_new(&many, error, sizeof error, &fetch), PX_EINVAL);
    px_fetch_free(NULL);
}

static void test_fetch_new_directory_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct area area;
    struct px_fetch *fetch = NULL;
    char error[256], dir[200];
    area_make(&area);
    area_put(&area, "file\x1b", "x", 1);
    snprintf(dir, sizeof dir, "%s/file\x1b/sub", area.dir);
    const struct px_fetch_opts opts = {.workers = 1, .dir = dir};
    assert_int_equal(px_fetch_new(&opts, error, sizeof error, &fetch), PX_EIO);
    assert_non_null(strstr(error, "file\\e/sub: Not a directory"));
    assert_int_equal(px_fetch_new(&opts, error, 0, &fetch), PX_EIO);
    area_remove(&area);
}

static void test_fetch_new_makes_the_directory(void **state)
{
    (void)state;
    struct area area;
    char dir[200];
    area_make(&area);
    snprintf(dir, sizeof dir, "%s/a/b", area.dir);
    const struct px_fetch_opts opts = {.workers = 1, .dir = dir};
    px_fetch_free(fetching_new(&opts));
    assert_true(area_has(&area, "a/b"));
    area_remove(&area);
}

static void test_fetch_mode_follows_the_umask(void **state)
{
    (void)state;
    const mode_t old = umask(027);
    const struct px_fetch_opts opts = {.workers = 1};
    struct px_fetch *fetch = fetching_new(&opts);
    assert_int_equal(fetch->mode, 0640);
    assert_int_equal(umask(old), 027); /* as it was */
    px_fetch_free(fetch);
}

static void test_fetch_sync_is_for_the_end_policy_only(void **state)
{
    (void)state;
    static const enum px_fsync policies[] = {PX_FSYNC_NONE, PX_FSYNC_FILE, PX_FSYNC_END};
    for (int i = 0; i < 3; i++) {
        const struct px_fetch_opts opts = {.workers = 1, .fsync = policies[i]};
        struct px_fetch *fetch = fetching_new(&opts);
        assert_int_equal(px_fetch_sync(fetch), PX_OK);
        px_fetch_free(fetch);
    }
}

/* --- source, pool and body together ----------------------------------------------------------- */

struct run {
    struct px_source *source;
    unsigned ok, failed, finished_by_source;
};

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    if (strncmp(request->path, "/flaky", 6) == 0 && request->of_path < 3) {
        http_whole(reply, "503 Later", "", "", 0);
    } else if (strncmp(request->path, "/gone", 5) == 0) {
        http_whole(reply, "404 Gone", "", "", 0);
    } else {
        http_whole(reply, "200 OK", "", "hello", 5);
    }
}

static void count(struct run *run, struct px_result *result)
{
    run->ok += result->ok != 0;
    run->failed += result->failed != 0;
    run->source->ops->release(run->source, result);
}

static void sink(void *ctx, void *result)
{
    struct run *run = ctx;
    struct px_result *task = result;
    if (run->source->ops->done(run->source, task) == PX_OK) {
        count(run, task);
    }
}

/* A run loop as small as it can be. */
static void run_all(struct run *run, struct px_pool *pool)
{
    for (;;) {
        struct px_next next;
        const int rc =
            px_pool_has_room(pool) ? run->source->ops->next(run->source, &next) : PX_EINVAL;
        if (rc == PX_EEND) {
            return;
        }
        if (rc == PX_OK && next.finished) {
            run->finished_by_source++;
            count(run, next.task);
        } else if (rc == PX_OK) {
            assert_int_equal(px_pool_submit(pool, next.task), PX_OK);
        } else {
            const int64_t until = rc == PX_EAGAIN ? next.until_ns : PX_FOREVER;
            PX_IGNORE(px_pool_pump(pool, until)); /* nothing in flight: asked again at once */
        }
    }
}

static void test_fetch_source_and_body_in_a_pool_fetch_a_list(void **state)
{
    (void)state;
    static const unsigned workers[] = {0, 1, 2, 4};
    for (size_t w = 0; w < 4; w++) {
        struct site site;
        char list[300], line[100];
        const char *input = list;
        area_make(&site.area);
        http_start(&site.server, serve, NULL);
        snprintf(list, sizeof list, "%s/list", site.area.dir);
        FILE *file = fopen(list, "w");
        for (int i = 0; i < 60; i++) {
            snprintf(line, sizeof line, "/%s%d",
                     i % 20 == 0   ? "flaky"
                     : i % 15 == 1 ? "gone"
                                   : "f",
                     i);
            fprintf(file, "%s\n", http_url(&site.server, line));
        }
        fputs("nonsense\n", file);
        fclose(file);
        const struct px_fetch_opts opts = {.workers = workers[w] == 0 ? 1 : workers[w],
                                           .streams = 2,
                                           .dir = site.area.dir,
                                           .inputs = &input,
                                           .n_inputs = 1,
                                           .retries = 5,
                                           .retry_base_ms = 1};
        struct px_fetch *fetch = fetching_new(&opts);
        struct run run = {0};
        struct px_pool *pool = NULL;
        assert_int_equal(px_fetch_source(fetch, &run.source), PX_OK);
        const struct px_pool_opts pool_opts = {.workers = workers[w],
                                               .per_worker = 2,
                                               .capacity = 4,
                                               .body = px_fetch_body(fetch),
                                               .sink = sink,
                                               .sink_ctx = &run};
        assert_int_equal(px_pool_new(&pool_opts, &pool), PX_OK);
        run_all(&run, pool);
        px_pool_free(pool);
        assert_int_equal(run.ok, 56);
        assert_int_equal(run.failed, 5);
        assert_int_equal(run.finished_by_source, 1);
        run.source->ops->free(run.source);
        px_fetch_free(fetch);
        http_fini(&site.server);
        area_remove(&site.area);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_names_match_their_enums),
        cmocka_unit_test(test_fetch_new_fills_in_defaults),
        cmocka_unit_test(test_fetch_new_refuses_nonsense),
        cmocka_unit_test(test_fetch_new_directory_that_cannot_be_made_is_told),
        cmocka_unit_test(test_fetch_new_makes_the_directory),
        cmocka_unit_test(test_fetch_mode_follows_the_umask),
        cmocka_unit_test(test_fetch_sync_is_for_the_end_policy_only),
        cmocka_unit_test(test_fetch_source_and_body_in_a_pool_fetch_a_list),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
