/* SPDX-License-Identifier: MIT
 *
 * The end of an executor over the matrix workers 0..8 x capacity 1..4, drained or canceled: every future
 * is finished, whoever ends it.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tasks.h"

enum { JOBS = 40 };

static void check_drain(unsigned workers, size_t capacity)
{
    struct px_executor *executor = executor_start(workers, capacity);
    struct job *jobs = calloc(JOBS, sizeof *jobs);
    for (int i = 0; i < JOBS; i++) {
        px_future_unref(submit_job(executor, &jobs[i]));
    }
    assert_int_equal(px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN), PX_OK);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].runs, 1);
    }
    struct px_future *future = NULL;
    assert_int_equal(px_executor_submit(executor, job_run, &jobs[0], &future), PX_ECLOSED);
    assert_null(future);
    assert_int_equal(px_executor_shutdown(executor, PX_SHUTDOWN_CANCEL), PX_OK);
    px_executor_free(executor);
    free(jobs);
}

static void test_executor_shutdown_drain_runs_what_is_queued(void **state)
{
    (void)state;
    over_matrix(check_drain);
}

/* Opens the gate when tasks are refused: then a shutdown has begun, with its flags raised. */
struct opener {
    struct px_executor *executor;
    struct gate *gate;
    pthread_t thread;
};

static void *open_when_refused(void *arg)
{
    const struct opener *opener = arg;
    struct job job = {0};
    const struct px_task task = {.run = job_run, .arg = &job};
    struct px_future *future = NULL;
    while (px_executor_submit_task(opener->executor, &task, PX_NOWAIT, &future) == PX_EAGAIN) {
        sched_yield();
    }
    gate_set(opener->gate, true);
    return NULL;
}

/* Each worker is busy at the gate, each place is taken. */
struct full {
    struct gate gate;
    struct job jobs[MOST_WORKERS + MOST_CAPACITY];
    struct px_future *futures[MOST_WORKERS + MOST_CAPACITY];
    struct px_executor *executor;
    struct opener opener;
};

static void full_make(struct full *full, unsigned workers, size_t capacity)
{
    *full = (struct full){.gate = GATE_CLOSED};
    full->executor = executor_start(workers, capacity);
    for (unsigned i = 0; i < workers + capacity; i++) {
        full->jobs[i].gate = i < workers ? &full->gate : NULL;
        full->futures[i] = submit_job(full->executor, &full->jobs[i]);
        gate_await(&full->gate, i < workers ? i + 1 : workers);
    }
    full->opener = (struct opener){.executor = full->executor, .gate = &full->gate};
    assert_int_equal(pthread_create(&full->opener.thread, NULL, open_when_refused, &full->opener),
                     0);
}

static void full_is_canceled(struct full *full, unsigned workers, size_t capacity)
{
    pthread_join(full->opener.thread, NULL);
    for (unsigned i = 0; i < workers + capacity; i++) {
        assert_int_equal(px_future_state(full->futures[i]),
                         i < workers ? PX_FUTURE_DONE : PX_FUTURE_CANCELED);
        assert_int_equal(full->jobs[i].runs, i < workers);
        px_future_unref(full->futures[i]);
    }
}

static void check_cancel(unsigned workers, size_t capacity)
{
    if (workers == 0) {
        return; /* nothing is ever queued */
    }
    struct full full;
    full_make(&full, workers, capacity);
    assert_int_equal(px_executor_shutdown(full.executor, PX_SHUTDOWN_CANCEL), PX_OK);
    full_is_canceled(&full, workers, capacity);
    px_executor_free(full.executor);
}

static void test_executor_shutdown_cancel_finishes_every_future(void **state)
{
    (void)state;
    over_matrix(check_cancel);
}

static void test_executor_free_cancels_what_is_queued(void **state)
{
    (void)state;
    struct full full;
    full_make(&full, 2, 3);
    px_executor_free(full.executor);
    full_is_canceled(&full, 2, 3);
    px_executor_free(NULL);
}

static void *shut_down_draining(void *arg)
{
    struct px_executor *executor = arg;
    return px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN) == PX_OK ? arg : NULL;
}

static void test_executor_shutdown_from_several_threads_all_wait_for_the_end(void **state)
{
    (void)state;
    struct full full;
    full_make(&full, 1, 2);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, shut_down_draining, full.executor), 0);
    }
    assert_int_equal(px_executor_shutdown(full.executor, PX_SHUTDOWN_CANCEL), PX_OK);
    for (unsigned i = 0; i < 3; i++) { /* run or canceled, whichever call was first */
        assert_true(px_future_done(full.futures[i]));
        px_future_unref(full.futures[i]);
    }
    for (int i = 0; i < 2; i++) {
        void *good = NULL;
        pthread_join(threads[i], &good);
        assert_ptr_equal(good, full.executor);
    }
    pthread_join(full.opener.thread, NULL);
    px_executor_free(full.executor);
}

/* The system gives the ids of threads that are gone to new ones: those are no workers. */
static void test_executor_shutdown_by_a_thread_with_a_workers_old_id_is_taken(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(2, 1);
    assert_int_equal(px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN), PX_OK);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, shut_down_draining, executor), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *good = NULL;
        pthread_join(threads[i], &good);
        assert_ptr_equal(good, executor);
    }
    px_executor_free(executor);
}

static int shut_down_own(void *arg, void *state, void **result)
{
    (void)state;
    (void)result;
    return px_executor_shutdown(arg, PX_SHUTDOWN_DRAIN);
}

static void test_executor_shutdown_from_its_own_task_is_refused(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 2; workers++) {
        struct px_executor *executor = executor_start(workers, 1);
        struct px_future *future = NULL;
        int status = PX_OK;
        assert_int_equal(px_executor_submit(executor, shut_down_own, executor, &future), PX_OK);
        assert_int_equal(px_future_result(future, PX_FOREVER, &status, NULL), PX_OK);
        assert_int_equal(status, PX_EINVAL);
        px_future_unref(future);
        executor_end(executor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_executor_shutdown_drain_runs_what_is_queued),
        cmocka_unit_test(test_executor_shutdown_cancel_finishes_every_future),
        cmocka_unit_test(test_executor_free_cancels_what_is_queued),
        cmocka_unit_test(test_executor_shutdown_from_several_threads_all_wait_for_the_end),
        cmocka_unit_test(test_executor_shutdown_by_a_thread_with_a_workers_old_id_is_taken),
        cmocka_unit_test(test_executor_shutdown_from_its_own_task_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
