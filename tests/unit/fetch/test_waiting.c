/* SPDX-License-Identifier: MIT
 *
 * Tasks that wait: first for their own time, then for their host; how many of them keep a file open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "fetch/origin.h"
#include "fetch/task.h"
#include "fetch/waiting.h"

static struct waiting waiting;

static int open_waiting(void **state)
{
    (void)state;
    const struct origins_rules rules = {.most = 1};
    waiting = (struct waiting){0};
    return origins_new(&rules, &waiting.origins);
}

static int close_waiting(void **state)
{
    (void)state;
    waiting_fini(&waiting);
    origins_free(waiting.origins);
    return 0;
}

static struct fetch_task task_of_host(uint64_t host, uint64_t order, int64_t ready_ns)
{
    return (struct fetch_task){
        .origin = host, .plan = {.order = order, .ready_ns = ready_ns}, .part = {.fd = -1}};
}

static int start(struct fetch_task *task, int64_t now_ns)
{
    int64_t until_ns = PX_FOREVER;
    return waiting_start(&waiting, task, now_ns, &until_ns);
}

static const struct fetch_task *due(int64_t now_ns)
{
    struct fetch_task *task = NULL;
    int64_t until_ns = PX_FOREVER;
    return waiting_take_due(&waiting, now_ns, &task, &until_ns) == PX_OK ? task : NULL;
}

static int64_t until(int64_t now_ns)
{
    struct fetch_task *task = NULL;
    int64_t until_ns = PX_FOREVER;
    assert_int_equal(waiting_take_due(&waiting, now_ns, &task, &until_ns), PX_EAGAIN);
    return until_ns;
}

static void test_waiting_nothing_is_never_due(void **state)
{
    (void)state;
    assert_int_equal(waiting_count(&waiting), 0);
    assert_true(until(1) == PX_FOREVER);
    assert_null(waiting_take_any(&waiting));
}

static void test_waiting_second_task_of_a_host_waits_for_the_first(void **state)
{
    (void)state;
    struct fetch_task a = task_of_host(1, 1, 0), b = task_of_host(1, 2, 0);
    struct fetch_task other = task_of_host(2, 3, 0);
    assert_int_equal(start(&a, 1), PX_OK);
    assert_int_equal(start(&b, 1), PX_EAGAIN);
    assert_int_equal(start(&other, 1), PX_OK);
    assert_int_equal(waiting_count(&waiting), 1);
    assert_true(until(5) == PX_FOREVER);
    origins_release(waiting.origins, 1, 6);
    assert_ptr_equal(due(6), &b);
    assert_true(b.plan.ready_ns == 6); /* what it waited for its host is not the queue's time */
    assert_int_equal(waiting_count(&waiting), 0);
}

static void test_waiting_retry_waits_for_its_time_then_goes_before_younger_ones(void **state)
{
    (void)state;
    struct fetch_task a = task_of_host(1, 1, 100), b = task_of_host(1, 2, 0);
    struct fetch_task running = task_of_host(1, 0, 0);
    assert_int_equal(start(&running, 1), PX_OK);
    assert_int_equal(start(&b, 1), PX_EAGAIN);
    assert_int_equal(waiting_add(&waiting, &a), PX_OK);
    assert_true(until(50) == 100);
    assert_true(until(100) == PX_FOREVER); /* it is due, its host is not */
    origins_release(waiting.origins, 1, 101);
    assert_ptr_equal(due(101), &a);
    origins_release(waiting.origins, 1, 102);
    assert_ptr_equal(due(102), &b);
}

static void test_waiting_take_any_takes_both_kinds(void **state)
{
    (void)state;
    struct fetch_task a = task_of_host(1, 1, 100), b = task_of_host(2, 2, 0);
    struct fetch_task running = task_of_host(2, 0, 0);
    assert_int_equal(start(&running, 1), PX_OK);
    assert_int_equal(waiting_add(&waiting, &a), PX_OK);
    assert_int_equal(start(&b, 1), PX_EAGAIN);
    assert_int_equal(waiting_count(&waiting), 2);
    assert_ptr_equal(waiting_take_any(&waiting), &a);
    assert_ptr_equal(waiting_take_any(&waiting), &b);
    assert_null(waiting_take_any(&waiting));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_waiting, close_waiting)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_waiting_nothing_is_never_due),
        TEST(test_waiting_second_task_of_a_host_waits_for_the_first),
        TEST(test_waiting_retry_waits_for_its_time_then_goes_before_younger_ones),
        TEST(test_waiting_take_any_takes_both_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
