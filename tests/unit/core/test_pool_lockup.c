/* SPDX-License-Identifier: MIT
 *
 * The lock-up that the pool is built to avoid: one thread that both feeds and drains two bounded queues.
 * First with two queues and a worker, where it happens; then the same load through a pool, where it
 * cannot (src/core/pool.c says why).
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

enum { TASKS = 300, CAPACITY = 2 };

/* --- two queues ------------------------------------------------------------------------------- */

struct naive {
    struct px_queue *tasks;
    struct px_queue *results;
};

static void *naive_worker(void *arg)
{
    struct naive *naive = arg;
    void *item;
    while (px_queue_pop(naive->tasks, PX_FOREVER, &item) == PX_OK &&
           px_queue_push(naive->results, item, PX_FOREVER) == PX_OK) {
        /* on to the next */
    }
    return NULL;
}

/* One thread that pushes all tasks before it pops a result: the results fill up, the worker waits
 * for room there, the tasks fill up, and the next push would wait for ever. */
static void test_two_queues_fed_and_drained_by_one_thread_lock_up(void **state)
{
    (void)state;
    struct naive naive;
    assert_int_equal(px_queue_new(CAPACITY, &naive.tasks), PX_OK);
    assert_int_equal(px_queue_new(CAPACITY, &naive.results), PX_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, naive_worker, &naive), 0);
    for (int i = 0; i < CAPACITY + 1 + CAPACITY; i++) { /* results, one in its hand, tasks */
        assert_int_equal(px_queue_push(naive.tasks, &naive, PX_FOREVER), PX_OK);
    }
    assert_int_equal(px_queue_push(naive.tasks, &naive, px_deadline_in_ns(50 * PX_NS_PER_MS)),
                     PX_ETIMEDOUT);
    assert_int_equal(px_queue_len(naive.results), CAPACITY);
    assert_int_equal(px_queue_len(naive.tasks), CAPACITY);
    px_queue_close(naive.results);
    px_queue_close(naive.tasks);
    assert_int_equal(pthread_join(thread, NULL), 0);
    px_queue_free(naive.tasks);
    px_queue_free(naive.results);
}

/* --- the same through a pool ------------------------------------------------------------------ */

static void echo(struct px_worker *worker, void *state)
{
    void *task;
    (void)state;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        px_worker_emit(worker, task);
    }
}

static void count(void *ctx, void *result)
{
    (void)result;
    (*(unsigned *)ctx)++;
}

/* A push that finds no room says so instead of waiting; the thread then takes results, which makes some. */
static void test_pool_fed_and_drained_by_one_thread_goes_on(void **state)
{
    (void)state;
    unsigned results = 0;
    const struct px_pool_opts opts = {.workers = 1,
                                      .capacity = CAPACITY,
                                      .body = {.run = echo},
                                      .sink = count,
                                      .sink_ctx = &results};
    struct px_pool *pool = NULL;
    assert_int_equal(px_pool_new(&opts, &pool), PX_OK);
    for (unsigned pushed = 0; pushed < TASKS;) {
        const int status = px_pool_submit(pool, &results);
        pushed += status == PX_OK;
        if (status != PX_OK) {
            assert_int_equal(status, PX_EAGAIN);
            assert_int_equal(px_pool_pump(pool, PX_FOREVER), PX_OK);
        }
    }
    px_pool_drain(pool);
    assert_int_equal(results, TASKS);
    px_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_queues_fed_and_drained_by_one_thread_lock_up),
        cmocka_unit_test(test_pool_fed_and_drained_by_one_thread_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
