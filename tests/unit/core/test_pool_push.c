/* SPDX-License-Identifier: MIT
 *
 * A pool without a sink, pushed to from any thread, over workers 0..4 x capacity 1..3.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pxfer/pool.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "support/gate.h"

enum { TASKS = 100, PUSHERS = 3 };

struct task {
    unsigned runs;
    bool canceled;
};

static void body_run(struct px_worker *worker, void *state)
{
    (void)state;
    void *next;
    while (px_worker_next(worker, PX_FOREVER, &next) == PX_OK) {
        struct task *task = next;
        task->canceled = px_worker_stopping(worker);
        task->runs++;
        px_worker_emit(worker, NULL);
    }
}

/* Each task waits at the gate that is the state of all. */
static int gated_init(struct px_worker *worker, void *ctx, void **state)
{
    (void)worker;
    *state = ctx;
    return PX_OK;
}

static void gated_run(struct px_worker *worker, void *state)
{
    void *next;
    while (px_worker_next(worker, PX_FOREVER, &next) == PX_OK) {
        struct task *task = next;
        gate_pass(state);
        task->canceled = px_worker_stopping(worker);
        task->runs++;
        px_worker_emit(worker, NULL);
    }
}

static void sink(void *ctx, void *result)
{
    (void)ctx;
    (void)result;
}

static struct px_pool *pool_start(unsigned workers, size_t capacity)
{
    const struct px_pool_opts opts = {
        .workers = workers, .capacity = capacity, .body = {.run = body_run}};
    struct px_pool *pool = NULL;
    assert_int_equal(px_pool_new(&opts, &pool), PX_OK);
    return pool;
}

struct pusher {
    struct px_pool *pool;
    struct task tasks[TASKS];
    unsigned refused;
};

static void *push_all(void *arg)
{
    struct pusher *pusher = arg;
    for (size_t i = 0; i < TASKS; i++) {
        pusher->refused += px_pool_push(pusher->pool, &pusher->tasks[i], PX_FOREVER) != PX_OK;
    }
    return NULL;
}

static void push_from_many_threads(struct px_pool *pool, struct pusher *pushers, bool threads)
{
    pthread_t thread[PUSHERS];
    for (unsigned i = 0; i < PUSHERS; i++) {
        pushers[i].pool = pool;
        if (threads) {
            assert_int_equal(pthread_create(&thread[i], NULL, push_all, &pushers[i]), 0);
        } else {
            push_all(&pushers[i]); /* an inline pool belongs to one thread */
        }
    }
    for (unsigned i = 0; i < PUSHERS && threads; i++) {
        pthread_join(thread[i], NULL);
    }
}

static void check_each_once(unsigned workers, size_t capacity)
{
    struct px_pool *pool = pool_start(workers, capacity);
    struct pusher *pushers = calloc(PUSHERS, sizeof *pushers);
    push_from_many_threads(pool, pushers, workers > 0);
    px_pool_drain(pool);
    assert_int_equal(px_pool_unfinished(pool), 0);
    for (unsigned i = 0; i < PUSHERS; i++) {
        assert_int_equal(pushers[i].refused, 0);
        for (size_t t = 0; t < TASKS; t++) {
            assert_int_equal(pushers[i].tasks[t].runs, 1);
            assert_false(pushers[i].tasks[t].canceled);
        }
    }
    struct task late = {0};
    assert_int_equal(px_pool_push(pool, &late, PX_FOREVER), PX_ECLOSED);
    assert_int_equal(px_pool_submit(pool, &late), PX_ECLOSED);
    assert_int_equal(px_pool_pump(pool, PX_NOWAIT), PX_EINVAL);
    px_pool_free(pool);
    assert_int_equal(late.runs, 0);
    free(pushers);
}

static void test_pool_push_every_task_is_run_once(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 4; workers++) {
        for (size_t capacity = 1; capacity <= 3; capacity++) {
            check_each_once(workers, capacity);
        }
    }
}

static void test_pool_push_waits_for_room_until_the_deadline(void **state)
{
    (void)state;
    struct gate gate = GATE_CLOSED;
    const struct px_pool_opts opts = {
        .workers = 1, .capacity = 1, .body = {gated_init, gated_run, NULL, &gate}};
    struct px_pool *pool = NULL;
    struct task tasks[3] = {{0}};
    assert_int_equal(px_pool_new(&opts, &pool), PX_OK);
    assert_int_equal(px_pool_push(pool, &tasks[0], PX_FOREVER), PX_OK);
    gate_await(&gate, 1); /* the worker has it */
    assert_int_equal(px_pool_push(pool, &tasks[1], PX_FOREVER), PX_OK);
    assert_int_equal(px_pool_push(pool, &tasks[2], PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_pool_push(pool, &tasks[2], px_now_ns()), PX_ETIMEDOUT);
    px_pool_cancel(pool);
    assert_int_equal(px_pool_push(pool, &tasks[2], PX_FOREVER), PX_ECLOSED);
    gate_set(&gate, true);
    px_pool_free(pool);
    assert_int_equal(tasks[0].runs + tasks[1].runs, 2);
    assert_true(tasks[1].canceled); /* every task is seen by the body, also then */
    assert_int_equal(tasks[2].runs, 0);
}

static void test_pool_push_with_a_sink_is_refused(void **state)
{
    (void)state;
    const struct px_pool_opts opts = {.workers = 1, .body = {.run = body_run}, .sink = sink};
    struct px_pool *pool = NULL;
    struct task task = {0};
    assert_int_equal(px_pool_new(&opts, &pool), PX_OK);
    assert_int_equal(px_pool_push(pool, &task, PX_NOWAIT), PX_EINVAL);
    px_pool_free(pool);
    assert_int_equal(task.runs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_push_every_task_is_run_once),
        cmocka_unit_test(test_pool_push_waits_for_room_until_the_deadline),
        cmocka_unit_test(test_pool_push_with_a_sink_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
