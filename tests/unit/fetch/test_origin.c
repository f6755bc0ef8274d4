/* SPDX-License-Identifier: MIT
 *
 * Paused servers: never shorter, over on time, and no more of them than the limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "fetch/origin.h"

static struct origins *new_origins(void)
{
    struct origins *origins = NULL;
    assert_int_equal(origins_new(&origins), PX_OK);
    return origins;
}

static void pause_until(struct origins *origins, uint64_t origin, int64_t until_ns, int64_t now_ns)
{
    assert_int_equal(origins_pause(origins, origin, until_ns, now_ns), PX_OK);
}

static void test_origins_nobody_paused_is_ready_now(void **state)
{
    (void)state;
    struct origins *origins = new_origins();
    assert_int_equal(origins_ready_ns(origins, 0, 5), 5);
    assert_int_equal(origins_ready_ns(origins, UINT64_MAX, 5), 5);
    assert_int_equal(origins_count(origins), 0);
    origins_free(origins);
    origins_free(NULL);
}

static void test_origins_pause_holds_that_server_only_and_ends(void **state)
{
    (void)state;
    struct origins *origins = new_origins();
    pause_until(origins, 7, 100, 10);
    assert_int_equal(origins_ready_ns(origins, 7, 10), 100);
    assert_int_equal(origins_ready_ns(origins, 7, 99), 100);
    assert_int_equal(origins_ready_ns(origins, 8, 10), 10);
    assert_int_equal(origins_ready_ns(origins, 7, 100), 100);
    assert_int_equal(origins_count(origins), 0); /* over: forgotten */
    assert_int_equal(origins_ready_ns(origins, 7, 101), 101);
    origins_free(origins);
}

static void test_origins_pause_is_made_longer_never_shorter(void **state)
{
    (void)state;
    struct origins *origins = new_origins();
    pause_until(origins, 7, 100, 10);
    pause_until(origins, 7, 50, 20);
    assert_int_equal(origins_ready_ns(origins, 7, 20), 100);
    pause_until(origins, 7, 300, 20);
    assert_int_equal(origins_ready_ns(origins, 7, 20), 300);
    assert_int_equal(origins_count(origins), 1);
    pause_until(origins, 9, INT64_MAX, 20);
    assert_true(origins_ready_ns(origins, 9, 20) == INT64_MAX);
    origins_free(origins);
}

/* Server i is paused until 1000 + i. */
static struct origins *full_origins(void)
{
    struct origins *origins = new_origins();
    for (uint64_t i = 0; i < ORIGINS_MAX; i++) {
        pause_until(origins, i, 1000 + (int64_t)i, 1);
    }
    assert_int_equal(origins_count(origins), ORIGINS_MAX);
    return origins;
}

static void test_origins_beyond_the_limit_forget_what_ends_first(void **state)
{
    (void)state;
    struct origins *origins = full_origins();
    pause_until(origins, ORIGINS_MAX, 5000, 1);
    assert_int_equal(origins_count(origins), ORIGINS_MAX);
    assert_int_equal(origins_ready_ns(origins, 0, 1), 1);
    assert_int_equal(origins_ready_ns(origins, 1, 1), 1001);
    assert_int_equal(origins_ready_ns(origins, ORIGINS_MAX, 1), 5000);
    pause_until(origins, 5, 6000, 1); /* one that is known needs no room */
    assert_int_equal(origins_ready_ns(origins, 1, 1), 1001);
    origins_free(origins);
}

static void test_origins_beyond_the_limit_drop_first_what_is_over(void **state)
{
    (void)state;
    struct origins *origins = full_origins();
    pause_until(origins, ORIGINS_MAX, 5000, 1009);
    assert_int_equal(origins_count(origins), ORIGINS_MAX - 10 + 1);
    assert_int_equal(origins_ready_ns(origins, 10, 1009), 1010);
    origins_free(origins);
}

/* A table of fewer servers than the limit says exactly what a plain array would say. */
static void test_origins_random_calls_agree_with_an_array(void **state)
{
    (void)state;
    enum { SERVERS = 40 };
    int64_t until[SERVERS] = {0};
    struct origins *origins = new_origins();
    uint64_t x = 88172645463325252U;
    int64_t now = 1;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        const uint64_t server = x % SERVERS;
        now += (int64_t)(x >> 20 & 3);
        if ((x >> 40 & 1) != 0) {
            const int64_t asked = now + (int64_t)(x >> 30 & 255);
            until[server] = asked > until[server] ? asked : until[server];
            pause_until(origins, server, asked, now);
        }
        const int64_t expected = until[server] > now ? until[server] : now;
        assert_int_equal(origins_ready_ns(origins, server, now), expected);
    }
    origins_free(origins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origins_nobody_paused_is_ready_now),
        cmocka_unit_test(test_origins_pause_holds_that_server_only_and_ends),
        cmocka_unit_test(test_origins_pause_is_made_longer_never_shorter),
        cmocka_unit_test(test_origins_beyond_the_limit_forget_what_ends_first),
        cmocka_unit_test(test_origins_beyond_the_limit_drop_first_what_is_over),
        cmocka_unit_test(test_origins_random_calls_agree_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
