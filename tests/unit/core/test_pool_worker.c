/* SPDX-License-Identifier: MIT
 *
 * The worker's side of a pool, with queues of the test's own: nothing here waits for another thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "core/pool_worker.h"

#define CAPACITY 2

struct fixture {
    struct pool_ends ends;
    struct turns turns; /* in use when ends.turns says so */
    struct pool_worker worker;
    struct px_worker *handle;
};

static int setup(void **state)
{
    struct fixture *fix = calloc(1, sizeof *fix);
    assert_non_null(fix);
    assert_int_equal(px_queue_new(CAPACITY, &fix->ends.tasks), PX_OK);
    assert_int_equal(px_queue_new(CAPACITY, &fix->ends.results), PX_OK);
    assert_int_equal(turns_init(&fix->turns, 1), PX_OK);
    pool_worker_init(&fix->worker, &fix->ends, 7);
    fix->handle = &fix->worker.handle;
    *state = fix;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fix = *state;
    turns_fini(&fix->turns);
    px_queue_free(fix->ends.results);
    px_queue_free(fix->ends.tasks);
    free(fix);
    return 0;
}

static void push_task(struct fixture *fix, int *task)
{
    assert_int_equal(px_queue_push(fix->ends.tasks, task, PX_NOWAIT), PX_OK);
}

static void test_pool_worker_takes_tasks_until_the_pill(void **state)
{
    struct fixture *fix = *state;
    int a;
    void *task;
    assert_int_equal(fix->handle->index, 7);
    push_task(fix, &a);
    pool_poison(&fix->ends);
    assert_int_equal(px_worker_next(fix->handle, PX_FOREVER, &task), PX_OK);
    assert_ptr_equal(task, &a);
    assert_int_equal(px_worker_next(fix->handle, PX_FOREVER, &task), PX_ECLOSED);
    assert_int_equal(px_queue_unfinished(fix->ends.tasks), 1); /* the pill is not, the task is */
    /* Never again, whatever comes: that is another one's. */
    push_task(fix, &a);
    assert_int_equal(px_worker_next(fix->handle, PX_FOREVER, &task), PX_ECLOSED);
    assert_int_equal(px_queue_len(fix->ends.tasks), 1);
}

static void test_pool_worker_closed_queue_is_emptied_first(void **state)
{
    struct fixture *fix = *state;
    int a;
    void *task;
    push_task(fix, &a);
    px_queue_close(fix->ends.tasks);
    pool_poison(&fix->ends); /* no harm */
    assert_int_equal(px_worker_next(fix->handle, PX_FOREVER, &task), PX_OK);
    assert_false(fix->worker.ended);
    assert_int_equal(px_worker_next(fix->handle, PX_FOREVER, &task), PX_ECLOSED);
    assert_true(fix->worker.ended);
}

static void test_pool_worker_empty_queue_does_not_end_it(void **state)
{
    struct fixture *fix = *state;
    void *task;
    assert_int_equal(px_worker_next(fix->handle, PX_NOWAIT, &task), PX_EAGAIN);
    assert_false(fix->worker.ended);
}

static void test_pool_worker_refused_offer_still_owes_a_result(void **state)
{
    struct fixture *fix = *state;
    int tasks[CAPACITY + 1];
    for (size_t i = 0; i < CAPACITY; i++) {
        assert_int_equal(px_worker_offer(fix->handle, &tasks[i]), PX_OK);
    }
    assert_int_equal(px_worker_offer(fix->handle, &tasks[CAPACITY]), PX_EAGAIN);
    assert_int_equal(px_queue_len(fix->ends.tasks), CAPACITY);
    assert_int_equal(px_queue_unfinished(fix->ends.tasks), CAPACITY + 1);
}

static void test_pool_worker_emitted_result_is_there(void **state)
{
    struct fixture *fix = *state;
    int a;
    void *result;
    px_worker_emit(fix->handle, &a);
    assert_int_equal(px_queue_pop(fix->ends.results, PX_NOWAIT, &result), PX_OK);
    assert_ptr_equal(result, &a);
}

static void test_pool_worker_without_results_emit_ends_the_task(void **state)
{
    struct fixture *fix = *state;
    struct pool_ends ends = {.tasks = fix->ends.tasks};
    struct pool_worker worker;
    int a;
    void *task;
    pool_worker_init(&worker, &ends, 0);
    push_task(fix, &a);
    assert_int_equal(px_worker_next(&worker.handle, PX_NOWAIT, &task), PX_OK);
    assert_int_equal(px_queue_unfinished(ends.tasks), 1);
    px_worker_emit(&worker.handle, task);
    assert_int_equal(px_queue_unfinished(ends.tasks), 0);
}

static void test_pool_worker_beyond_the_limit_takes_nothing(void **state)
{
    struct fixture *fix = *state;
    struct pool_worker second;
    int tasks[2];
    void *task;
    fix->ends.turns = &fix->turns; /* one at a time */
    pool_worker_init(&fix->worker, &fix->ends, 0);
    pool_worker_init(&second, &fix->ends, 1);
    second.rank = 1;
    push_task(fix, &tasks[0]);
    push_task(fix, &tasks[1]);
    assert_int_equal(px_worker_next(&second.handle, PX_NOWAIT, &task), PX_EAGAIN);
    assert_int_equal(px_worker_next(fix->handle, PX_NOWAIT, &task), PX_OK);
    assert_true(fix->worker.working);
    px_worker_turn(fix->handle); /* nobody waits: it goes on at once */
    turns_open(&fix->turns);
    assert_int_equal(px_worker_next(&second.handle, PX_NOWAIT, &task), PX_OK);
    assert_ptr_equal(task, &tasks[1]);
    assert_int_equal(px_worker_next(fix->handle, PX_NOWAIT, &task), PX_EAGAIN);
    assert_false(fix->worker.working); /* it gave its turn back before it asked */
}

static void test_pool_worker_hears_of_the_stop(void **state)
{
    struct fixture *fix = *state;
    assert_false(px_worker_stopping(fix->handle));
    atomic_store(&fix->ends.stopping, true);
    assert_true(px_worker_stopping(fix->handle));
    assert_true(pool_is_stopping(&fix->ends));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_pool_worker_takes_tasks_until_the_pill),
        T(test_pool_worker_closed_queue_is_emptied_first),
        T(test_pool_worker_empty_queue_does_not_end_it),
        T(test_pool_worker_refused_offer_still_owes_a_result),
        T(test_pool_worker_emitted_result_is_there),
        T(test_pool_worker_without_results_emit_ends_the_task),
        T(test_pool_worker_beyond_the_limit_takes_nothing),
        T(test_pool_worker_hears_of_the_stop),
    };
    return cmocka_run_group_tests_name("pool_worker", tests, NULL, NULL);
}
