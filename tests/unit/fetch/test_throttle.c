/* SPDX-License-Identifier: MIT
 *
 * Transfers under a limit of rates: they take the time that the limit says, whole and right, large
 * ones by pausing, small ones by beginning later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/site.h"
#include "fetch/throttle.h"
#include "fetch/transfer.h"

#define BODY_BYTES 60000

static struct site site;
static char body[BODY_BYTES];

static int remove_all(void **state)
{
    (void)state;
    site_close(&site);
    return 0;
}

static void whole(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    http_whole(reply, "200 OK", "", body,
               strstr(request->path, "small") != NULL ? 1000 : BODY_BYTES);
}

static int make_body(void **state)
{
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (char)(i * 2654435761U >> 13);
    }
    return fetching_setup(state);
}

static double seconds_of_run(void)
{
    const int64_t begin = px_now_ns();
    fake_run(&site.worker, site.fetch);
    return (double)(px_now_ns() - begin) / 1e9;
}

static void test_throttle_without_a_limit_does_nothing(void **state)
{
    (void)state;
    site_open(&site, whole, (struct px_fetch_opts){.retries = -1});
    struct transfer transfer = {.fetch = site.fetch};
    throttle_count(&transfer, 1000000);
    assert_int_equal(transfer.until_ns, 0);
    assert_true(throttle_is_free(&transfer, 1));
}

static void test_throttle_large_file_takes_its_time(void **state)
{
    (void)state;
    site_open(&site, whole, (struct px_fetch_opts){.retries = -1, .limit_rate = 150000});
    site_give(&site, "/a", "");
    const double took = seconds_of_run();
    assert_true(took > 0.35); /* 0.4 s, but the last block comes at once */
    area_assert(&site.area, "a", body, BODY_BYTES);
}

static void test_throttle_small_files_take_theirs_together(void **state)
{
    (void)state;
    site_open(&site, whole,
              (struct px_fetch_opts){.retries = -1, .limit_rate = 100000, .streams = 3});
    char path[16];
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "/small-%d", i);
        site_give(&site, path, "");
    }
    const double took = seconds_of_run();
    assert_true(took > 0.3);
    assert_int_equal(area_count(&site.area), 40);
    area_assert(&site.area, "small-39", body, 1000);
}

static void test_throttle_limit_of_each_file_is_not_shared(void **state)
{
    (void)state;
    site_open(
        &site, whole,
        (struct px_fetch_opts){
            .retries = -1, .limit_rate_per_file = 150000, .streams = 16, .http = PX_HTTP_1_1});
    /* 0.4 s on a quiet machine, one after the other 6.4 s; a busy one may hold up a try or two */
    double took = 5;
    for (int try = 0; try < 8 && took >= 5; try++) {
        char path[16];
        for (int i = 0; i < 16; i++) {
            snprintf(path, sizeof path, "/f%d-%d", i, try);
            site_give(&site, path, "");
        }
        took = seconds_of_run();
        assert_true(took > 0.35);
    }
    assert_true(took < 5);
    area_assert(&site.area, "f15-0", body, BODY_BYTES);
}

#define TEST(name) cmocka_unit_test_teardown(name, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_throttle_without_a_limit_does_nothing),
        TEST(test_throttle_large_file_takes_its_time),
        TEST(test_throttle_small_files_take_theirs_together),
        TEST(test_throttle_limit_of_each_file_is_not_shared),
    };
    return cmocka_run_group_tests(tests, make_body, fetching_teardown);
}
