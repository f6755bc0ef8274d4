/* SPDX-License-Identifier: MIT
 *
 * What a worker does between the two queues, and where it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"

#define main example_main
#include "examples/two_queues.c"
#undef main

static unsigned long twice(unsigned long n)
{
    return 2 * n;
}

static void test_work_runs_each_task_until_the_sentinel(void **state)
{
    (void)state;
    struct queues queues;
    struct task tasks[3] = {{twice, 1, 0}, {fib, 10, 0}, {twice, 3, 0}};
    void *item = NULL;
    assert_int_equal(px_queue_new(4, &queues.tasks), PX_OK);
    assert_int_equal(px_queue_new(4, &queues.results), PX_OK);
    assert_int_equal(px_queue_push(queues.tasks, &tasks[0], PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(queues.tasks, &tasks[1], PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(queues.tasks, NULL, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(queues.tasks, &tasks[2], PX_NOWAIT), PX_OK);
    assert_null(work(&queues));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(px_queue_pop(queues.results, PX_NOWAIT, &item), PX_OK);
        assert_ptr_equal(item, &tasks[i]);
    }
    assert_int_equal(tasks[0].result, 2);
    assert_int_equal(tasks[1].result, 55);
    assert_int_equal(px_queue_pop(queues.results, PX_NOWAIT, &item), PX_EAGAIN);
    assert_int_equal(px_queue_len(queues.tasks), 1); /* another worker's */
    px_queue_free(queues.tasks);
    px_queue_free(queues.results);
}

static void test_work_closed_queue_ends_it_too(void **state)
{
    (void)state;
    struct queues queues = {NULL, NULL};
    assert_int_equal(px_queue_new(1, &queues.tasks), PX_OK);
    px_queue_close(queues.tasks);
    assert_null(work(&queues));
    px_queue_free(queues.tasks);
}

static void test_two_queues_any_number_of_workers_gives_all_results(void **state)
{
    (void)state;
    static const char *const workers[] = {"1", "2", "4", "64"};
    for (size_t i = 0; i < 4; i++) {
        struct printed printed;
        assert_int_equal(example_run(&printed, "two_queues", workers[i], "5", "10"), 0);
        assert_string_equal(printed.text, "55\n55\n55\n55\n55\n");
    }
}

static void test_two_queues_more_than_there_is_room_for_is_refused(void **state)
{
    (void)state;
    struct printed printed;
    assert_int_equal(example_run(&printed, "two_queues", "65", "1", "10"), 2);
    assert_int_equal(example_run(&printed, "two_queues", "1", "65", "10"), 2);
    assert_int_equal(example_run(&printed, "two_queues", "-1", "1", "10"), 2);
    assert_string_equal(printed.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_runs_each_task_until_the_sentinel),
        cmocka_unit_test(test_work_closed_queue_ends_it_too),
        cmocka_unit_test(test_two_queues_any_number_of_workers_gives_all_results),
        cmocka_unit_test(test_two_queues_more_than_there_is_room_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
