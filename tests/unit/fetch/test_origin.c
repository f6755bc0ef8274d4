/* SPDX-License-Identifier: MIT
 *
 * Servers: pauses that are never made shorter, slots that are never too many, delays, turns; and no
 * more of them remembered than the limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "fetch/origin.h"
#include "fetch/task.h"
#include "support/random.h"

static struct origins *new_with(struct origins_rules rules)
{
    struct origins *origins = NULL;
    assert_int_equal(origins_new(&rules, &origins), PX_OK);
    return origins;
}

static struct origins *new_origins(void)
{
    return new_with((struct origins_rules){0});
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
        const uint64_t server = random_next(&x) % SERVERS;
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

/* --- slots, delays, turns --------------------------------------------------------------------- */

static int acquire(struct origins *origins, uint64_t origin, int64_t now_ns, int64_t *until_ns)
{
    *until_ns = -1;
    return origins_acquire(origins, origin, now_ns, until_ns);
}

static void wait_for(struct origins *origins, struct fetch_task *task, uint64_t origin,
                     uint64_t order)
{
    *task = (struct fetch_task){.origin = origin, .plan = {.order = order}};
    assert_int_equal(origins_wait(origins, task, 1), PX_OK);
}

/* The task that may start at `now_ns` is this one; its slot is taken. */
static void expect_next(struct origins *origins, int64_t now_ns, const struct fetch_task *task)
{
    int64_t until_ns = -1;
    assert_ptr_equal(origins_next(origins, now_ns, &until_ns), task);
}

static void expect_none_until(struct origins *origins, int64_t now_ns, int64_t expected_ns)
{
    int64_t until_ns = -1;
    assert_null(origins_next(origins, now_ns, &until_ns));
    assert_true(until_ns == expected_ns);
}

static void test_origins_slots_are_as_many_as_the_rule_says(void **state)
{
    (void)state;
    int64_t until;
    struct origins *origins = new_with((struct origins_rules){.most = 2});
    assert_int_equal(acquire(origins, 7, 1, &until), PX_OK);
    assert_int_equal(acquire(origins, 7, 1, &until), PX_OK);
    assert_int_equal(acquire(origins, 7, 1, &until), PX_EAGAIN);
    assert_true(until == PX_FOREVER);
    assert_int_equal(acquire(origins, 8, 1, &until), PX_OK);
    origins_release(origins, 7, 2);
    assert_int_equal(acquire(origins, 7, 2, &until), PX_OK);
    for (int i = 0; i < 2; i++) {
        origins_release(origins, 7, 3);
    }
    origins_release(origins, 8, 3);
    origins_release(origins, 8, 3); /* one too many: nothing */
    assert_int_equal(origins_count(origins), 0);
    origins_free(origins);
}

static void test_origins_without_rules_anybody_may_start(void **state)
{
    (void)state;
    int64_t until;
    struct origins *origins = new_origins();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(acquire(origins, 7, 1, &until), PX_OK);
    }
    pause_until(origins, 7, 50, 1);
    assert_int_equal(acquire(origins, 7, 1, &until), PX_EAGAIN);
    assert_true(until == 50);
    assert_int_equal(acquire(origins, 7, 50, &until), PX_OK);
    origins_free(origins);
}

static void test_origins_delay_lies_between_two_starts(void **state)
{
    (void)state;
    int64_t until;
    struct origins *origins = new_with((struct origins_rules){.delay_ns = 100});
    assert_int_equal(acquire(origins, 7, 10, &until), PX_OK);
    origins_release(origins, 7, 20); /* however short the transfer was */
    assert_int_equal(acquire(origins, 7, 109, &until), PX_EAGAIN);
    assert_true(until == 110);
    assert_int_equal(acquire(origins, 7, 115, &until), PX_OK);
    assert_int_equal(acquire(origins, 7, 200, &until), PX_EAGAIN);
    assert_true(until == 215); /* from the start itself, not from when it could have been */
    origins_free(origins);
}

static void test_origins_waiting_task_goes_when_a_slot_is_free(void **state)
{
    (void)state;
    int64_t until;
    struct fetch_task a, b;
    struct origins *origins = new_with((struct origins_rules){.most = 1});
    assert_int_equal(acquire(origins, 7, 1, &until), PX_OK);
    wait_for(origins, &a, 7, 1);
    wait_for(origins, &b, 7, 2);
    expect_none_until(origins, 1, PX_FOREVER);
    origins_release(origins, 7, 2);
    assert_int_equal(acquire(origins, 7, 2, &until), PX_EAGAIN); /* who waits goes first */
    assert_true(until == PX_FOREVER);
    expect_next(origins, 2, &a);
    expect_none_until(origins, 2, PX_FOREVER);
    origins_release(origins, 7, 3);
    expect_next(origins, 3, &b);
    assert_int_equal(origins_waiting(origins), 0);
    origins_release(origins, 7, 4);
    assert_int_equal(origins_count(origins), 0);
    origins_free(origins);
}

static void test_origins_the_older_task_goes_first(void **state)
{
    (void)state;
    static const uint64_t orders[] = {5, 6, 2, 7, 3, 9, 1};
    static const uint64_t sorted[] = {1, 2, 3, 5, 6, 7, 9};
    struct fetch_task tasks[7];
    struct origins *origins = new_origins();
    for (size_t i = 0; i < 7; i++) {
        wait_for(origins, &tasks[i], 7, orders[i]);
    }
    for (size_t i = 0; i < 7; i++) {
        int64_t until;
        const struct fetch_task *task = origins_next(origins, 1, &until);
        assert_non_null(task);
        assert_int_equal(task->plan.order, sorted[i]);
    }
    origins_free(origins);
}

static void test_origins_servers_take_turns(void **state)
{
    (void)state;
    struct fetch_task a[3], b[3], c[1];
    struct origins *origins = new_origins();
    for (uint64_t i = 0; i < 3; i++) {
        wait_for(origins, &a[i], 1, i);
    }
    for (uint64_t i = 0; i < 3; i++) {
        wait_for(origins, &b[i], 2, 10 + i);
    }
    wait_for(origins, &c[0], 3, 20);
    const struct fetch_task *const turns[] = {&a[0], &b[0], &c[0], &a[1], &b[1], &a[2], &b[2]};
    for (size_t i = 0; i < 7; i++) {
        expect_next(origins, 1, turns[i]);
    }
    expect_none_until(origins, 1, PX_FOREVER);
    origins_free(origins);
}

static void test_origins_the_next_time_is_the_earliest_of_those_that_wait(void **state)
{
    (void)state;
    int64_t until;
    struct fetch_task a, b, c;
    struct origins *origins = new_with((struct origins_rules){.most = 1, .delay_ns = 100});
    assert_int_equal(acquire(origins, 3, 10, &until), PX_OK); /* full: of no account */
    pause_until(origins, 1, 500, 1);
    pause_until(origins, 2, 300, 1);
    wait_for(origins, &a, 1, 1);
    wait_for(origins, &b, 2, 2);
    wait_for(origins, &c, 3, 3);
    expect_none_until(origins, 20, 300);
    pause_until(origins, 2, 400, 20); /* longer meanwhile */
    expect_none_until(origins, 300, 400);
    expect_next(origins, 400, &b);
    origins_release(origins, 3, 400);
    expect_next(origins, 400, &c);
    expect_none_until(origins, 400, 500);
    expect_next(origins, 500, &a);
    origins_free(origins);
}

static void test_origins_drop_gives_all_that_wait_without_a_slot(void **state)
{
    (void)state;
    struct fetch_task a, b, c;
    struct origins *origins = new_with((struct origins_rules){.most = 1});
    wait_for(origins, &a, 1, 1);
    wait_for(origins, &b, 1, 2);
    wait_for(origins, &c, 2, 3);
    for (int i = 0; i < 3; i++) {
        assert_non_null(origins_drop(origins));
    }
    assert_null(origins_drop(origins));
    assert_int_equal(origins_count(origins), 0);
    origins_free(origins);
}

static void test_origins_in_use_are_never_forgotten(void **state)
{
    (void)state;
    int64_t until;
    struct origins *origins = new_with((struct origins_rules){.most = 1});
    for (uint64_t i = 0; i < 3 * ORIGINS_MAX; i++) {
        assert_int_equal(acquire(origins, i, 1, &until), PX_OK);
    }
    for (uint64_t i = 0; i < 3 * ORIGINS_MAX; i++) {
        assert_int_equal(acquire(origins, i, 1, &until), PX_EAGAIN);
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
        cmocka_unit_test(test_origins_slots_are_as_many_as_the_rule_says),
        cmocka_unit_test(test_origins_without_rules_anybody_may_start),
        cmocka_unit_test(test_origins_delay_lies_between_two_starts),
        cmocka_unit_test(test_origins_waiting_task_goes_when_a_slot_is_free),
        cmocka_unit_test(test_origins_the_older_task_goes_first),
        cmocka_unit_test(test_origins_servers_take_turns),
        cmocka_unit_test(test_origins_the_next_time_is_the_earliest_of_those_that_wait),
        cmocka_unit_test(test_origins_drop_gives_all_that_wait_without_a_slot),
        cmocka_unit_test(test_origins_in_use_are_never_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
