/* SPDX-License-Identifier: MIT
 *
 * When a request that goes on is given up, and what is said of it; at times that the test names.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fault.h"
#include "fetch/fetching.h"
#include "fetch/transfer.h"

#define START (100 * PX_NS_PER_S)
#define AT(seconds) (START + (int64_t)((seconds) * (double)PX_NS_PER_S))

static struct area area;
static struct px_fetch *fetch;
static struct transfer transfer;

static int begin(void **state)
{
    (void)state;
    area_make(&area);
    fetch = fetching_new(&(struct px_fetch_opts){.workers = 1,
                                                 .dir = area.dir,
                                                 .stall_timeout_ms = 1500,
                                                 .speed_limit = 1000,
                                                 .speed_time_ms = 2000,
                                                 .max_time_ms = 10000});
    transfer = (struct transfer){.fetch = fetch, .last_ns = START};
    transfer.task = fetching_task(fetch, "http://h/x", "");
    transfer.task->item.begin_ns = START;
    return 0;
}

static int end(void **state)
{
    (void)state;
    task_free(transfer.task);
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static void test_fault_stall_is_counted_from_the_last_byte(void **state)
{
    (void)state;
    assert_int_equal(fault_find(&transfer, AT(1.4)), FAULT_NONE);
    transfer.moved = true;
    assert_int_equal(fault_find(&transfer, AT(1.5)), FAULT_NONE);
    assert_false(transfer.moved);
    assert_int_equal(fault_find(&transfer, AT(2.9)), FAULT_NONE);
    assert_int_equal(fault_find(&transfer, AT(3.0)), FAULT_STALLED);
}

static void test_fault_pause_of_our_own_is_no_stall(void **state)
{
    (void)state;
    transfer.held = true;
    assert_int_equal(fault_find(&transfer, AT(9)), FAULT_NONE);
    transfer.held = false;
    assert_int_equal(fault_find(&transfer, AT(9.9)), FAULT_NONE);
}

static void test_fault_trickle_is_slow_and_enough_is_not(void **state)
{
    (void)state;
    enum fault seen = FAULT_NONE;
    for (int tick = 1; tick <= 30; tick++) {
        transfer.moved = true;
        transfer.body_bytes += 200; /* 2,000 a second */
        assert_int_equal(fault_find(&transfer, AT(tick * 0.1)), FAULT_NONE);
    }
    for (int tick = 31; tick <= 80 && seen == FAULT_NONE; tick++) {
        transfer.moved = true;
        transfer.body_bytes += 50;
        seen = fault_find(&transfer, AT(tick * 0.1));
    }
    assert_int_equal(seen, FAULT_SLOW);
}

static void test_fault_max_time_is_that_of_all_tries(void **state)
{
    (void)state;
    transfer.last_ns = AT(9); /* a later try */
    transfer.moved = true;
    assert_int_equal(fault_find(&transfer, AT(9.9)), FAULT_NONE);
    assert_int_equal(fault_find(&transfer, AT(10)), FAULT_LATE);
}

static void test_fault_says_what_it_was_and_only_lateness_is_final(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        const char *text;
        bool transient;
    } rows[] = {
        {FAULT_STALLED, "transfer: no byte for 1.5 s", true},
        {FAULT_SLOW, "transfer: less than 1000 B/s for 2.0 s", true},
        {FAULT_LATE, "transfer: not done after 10.0 s (--max-time)", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fault_set(&transfer, rows[i].fault);
        assert_int_equal(transfer.task->item.status, PX_ENET);
        assert_string_equal(transfer.task->item.error, rows[i].text);
        assert_int_equal(transfer.task->facts.transient, rows[i].transient);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fault_stall_is_counted_from_the_last_byte),
        TEST(test_fault_pause_of_our_own_is_no_stall),
        TEST(test_fault_trickle_is_slow_and_enough_is_not),
        TEST(test_fault_max_time_is_that_of_all_tries),
        TEST(test_fault_says_what_it_was_and_only_lateness_is_final),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
