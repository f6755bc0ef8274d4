/* SPDX-License-Identifier: MIT
 *
 * What becomes of a failed try, with a clock that the test moves: retries, pauses of hosts, mirrors.
 * The test plays the run loop and the workers.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/sourcing.h"

/* --- retries ---------------------------------------------------------------------------------- */

static void test_again_transient_failure_comes_back_when_due(void **state)
{
    (void)state;
    open_source("http://h/a\n", DEFAULTS);
    struct fetch_task *task = next(false);
    assert_int_equal(source->ops->waiting_items(source), 0);
    assert_int_equal(fail_with(task, net), PX_EAGAIN);
    assert_int_equal(source->ops->waiting_items(source), 1);
    const int64_t due = next_again();
    assert_true(due >= fake.now + 750 * MS && due <= fake.now + 1250 * MS);
    fake.now = due - 1;
    assert_true(next_again() == due);
    fake.now = due;
    assert_ptr_equal(next(false), task);
    assert_int_equal(source->ops->waiting_items(source), 0);
    finish_well(task);
    expect_end();
}

static void test_again_gives_up_after_the_retries(void **state)
{
    (void)state;
    open_source("http://h/a\n", (struct px_fetch_opts){.retries = 2});
    struct fetch_task *task = next(false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fail_with(task, net), PX_EAGAIN);
        fake.now = next_again();
        assert_ptr_equal(next(false), task);
    }
    assert_int_equal(fail_with(task, net), PX_OK);
    release(task);
    expect_end();
}

static void test_again_lasting_failure_is_final_at_once(void **state)
{
    (void)state;
    open_source("http://h/a\n", DEFAULTS);
    struct fetch_task *task = next(false);
    assert_int_equal(fail_with(task, lasting), PX_OK);
    release(task);
    expect_end();
}

/* --- pauses ----------------------------------------------------------------------------------- */

static void test_again_retry_after_pauses_the_host_and_no_other(void **state)
{
    (void)state;
    open_source("http://busy/1\nhttp://busy/2\nhttp://free/3\nhttp://busy/4\n",
                (struct px_fetch_opts){.retries = 1});
    struct fetch_task *one = next(false);
    assert_int_equal(fail_with(one, busy_for(2000)), PX_EAGAIN);
    struct fetch_task *three = next(false); /* line 2 waits, line 3 goes */
    assert_string_equal(three->url, "http://free/3");
    finish_well(three);
    assert_true(next_again() == fake.now + 2000 * MS);
    fake.now += 2000 * MS;
    /* oldest first, and none of them lost a try to the pause */
    struct fetch_task *a = next(false), *b = next(false), *c = next(false);
    assert_ptr_equal(a, one);
    assert_string_equal(b->url, "http://busy/2");
    assert_string_equal(c->url, "http://busy/4");
    assert_int_equal(a->plan.tries, 0);
    finish_well(a);
    finish_well(b);
    finish_well(c);
    expect_end();
}

static void test_again_a_storm_of_429_burns_no_tries(void **state)
{
    (void)state;
    open_source("http://busy/1\n", (struct px_fetch_opts){.retries = 1});
    struct fetch_task *task = next(false);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(fail_with(task, busy_for(1000)), PX_EAGAIN);
        fake.now = next_again();
        assert_ptr_equal(next(false), task);
    }
    finish_well(task);
}

static void test_again_a_longer_pause_holds_those_that_wait(void **state)
{
    (void)state;
    open_source("http://busy/1\nhttp://busy/2\n", DEFAULTS);
    struct fetch_task *one = next(false), *two = next(false);
    assert_int_equal(fail_with(one, busy_for(1000)), PX_EAGAIN);
    assert_int_equal(fail_with(two, busy_for(5000)), PX_EAGAIN);
    const int64_t begin = fake.now;
    fake.now += 1000 * MS;
    assert_true(next_again() == begin + 5000 * MS);
    fake.now = begin + 5000 * MS;
    assert_ptr_equal(next(false), one);
    assert_ptr_equal(next(false), two);
    finish_well(one);
    finish_well(two);
}

static void test_again_too_long_a_retry_after_is_final(void **state)
{
    (void)state;
    open_source("http://busy/1\n",
                (struct px_fetch_opts){.retries = -1, .max_retry_after_ms = 10000});
    struct fetch_task *task = next(false);
    assert_int_equal(fail_with(task, busy_for(3600000)), PX_OK);
    assert_non_null(strstr(task->item.error, "wait 3600 s"));
    assert_non_null(strstr(task->item.error, "HTTP 429"));
    release(task);
    expect_end();
}

static void test_again_task_given_back_untouched_waits_for_its_host(void **state)
{
    (void)state;
    open_source("http://busy/1\nhttp://busy/2\n", DEFAULTS);
    struct fetch_task *one = next(false), *two = next(false);
    assert_int_equal(fail_with(one, busy_for(1000)), PX_EAGAIN);
    two->held_back = true; /* a worker saw the pause on the notice board */
    assert_int_equal(source->ops->done(source, &two->result), PX_EAGAIN);
    fake.now += 1000 * MS;
    assert_ptr_equal(next(false), one);
    assert_ptr_equal(next(false), two);
    assert_false(two->held_back);
    finish_well(one);
    finish_well(two);
    expect_end();
}

/* --- mirrors ---------------------------------------------------------------------------------- */

static void test_again_next_mirror_is_asked_at_once_and_costs_no_try(void **state)
{
    (void)state;
    open_source("http://h/a\thttp://m/a\n", DEFAULTS);
    struct fetch_task *task = next(false);
    assert_string_equal(task->ask_url, "http://h/a");
    assert_int_equal(fail_with(task, lasting), PX_EAGAIN);
    assert_ptr_equal(next(false), task);
    assert_string_equal(task->ask_url, "http://m/a");
    assert_int_equal(task->plan.tries, 0);
    assert_int_equal(fail_with(task, lasting), PX_OK); /* none of them has it */
    assert_non_null(strstr(task->item.error, " (mirror http://m/a)"));
    release(task);
    expect_end();
}

static void test_again_local_failure_is_not_the_mirrors(void **state)
{
    (void)state;
    open_source("http://h/a\thttp://m/a\n", DEFAULTS);
    struct fetch_task *task = next(false);
    assert_int_equal(fail_with(task, (struct retry_facts){.status = PX_EFULL}), PX_OK);
    release(task);
    expect_end();
}

static void test_again_max_time_leaves_no_room_for_a_try(void **state)
{
    (void)state;
    open_source("http://h/a\n", (struct px_fetch_opts){.retries = -1, .max_time_ms = 500});
    struct fetch_task *task = next(false);
    task->item.begin_ns = fake.now;
    assert_int_equal(fail_with(task, net), PX_OK); /* due after 0.75 s at the soonest */
    release(task);
    expect_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sourcing_begin, sourcing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_again_transient_failure_comes_back_when_due),
        TEST(test_again_gives_up_after_the_retries),
        TEST(test_again_lasting_failure_is_final_at_once),
        TEST(test_again_retry_after_pauses_the_host_and_no_other),
        TEST(test_again_a_storm_of_429_burns_no_tries),
        TEST(test_again_a_longer_pause_holds_those_that_wait),
        TEST(test_again_too_long_a_retry_after_is_final),
        TEST(test_again_task_given_back_untouched_waits_for_its_host),
        TEST(test_again_next_mirror_is_asked_at_once_and_costs_no_try),
        TEST(test_again_local_failure_is_not_the_mirrors),
        TEST(test_again_max_time_leaves_no_room_for_a_try),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
