/* SPDX-License-Identifier: MIT
 *
 * Executors and tasks that the tests of futures share. Tasks record, the test thread asserts. Include
 * after <cmocka.h>.
 */
#ifndef PX_TESTS_CORE_TASKS_H
#define PX_TESTS_CORE_TASKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pxfer/future.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "support/gate.h"

#define MOST_WORKERS 8
#define MOST_CAPACITY 4

/* One task: waits at its gate, if it has one, then returns what it is told to. */
struct job {
    struct gate *gate;
    int status;
    atomic_uint runs;
    pthread_t thread; /* that ran it */
    void *state;      /* that it was given */
};

static inline int job_run(void *arg, void *state, void **result)
{
    struct job *job = arg;
    if (job->gate != NULL) {
        gate_pass(job->gate);
    }
    job->thread = pthread_self();
    job->state = state;
    atomic_fetch_add(&job->runs, 1);
    *result = job;
    return job->status;
}

static inline struct px_executor *executor_start(unsigned workers, size_t capacity)
{
    const struct px_executor_opts opts = {.workers = workers, .capacity = capacity, .name = "test"};
    struct px_executor *executor = NULL;
    assert_int_equal(px_executor_new(&opts, &executor), PX_OK);
    assert_int_equal(px_executor_workers(executor), workers);
    return executor;
}

static inline struct px_future *submit_job(struct px_executor *executor, struct job *job)
{
    struct px_future *future = NULL;
    assert_int_equal(px_executor_submit(executor, job_run, job, &future), PX_OK);
    assert_non_null(future);
    assert_ptr_equal(px_future_arg(future), job);
    return future;
}

static inline void executor_end(struct px_executor *executor)
{
    assert_int_equal(px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN), PX_OK);
    px_executor_free(executor);
}

/* Workers 0..8 (0 is inline) x capacity 1..4. */
static inline void over_matrix(void (*check)(unsigned workers, size_t capacity))
{
    for (unsigned workers = 0; workers <= MOST_WORKERS; workers++) {
        for (size_t capacity = 1; capacity <= MOST_CAPACITY; capacity++) {
            check(workers, capacity);
        }
    }
}

#endif
