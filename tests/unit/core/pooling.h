/* SPDX-License-Identifier: MIT
 *
 * core/pooling.h - a pool whose body and sink count what they see, over workers 0..4 x capacity 1..3.
 * Bodies record, the test thread asserts. Header only, for one file of a program. Include after
 * <cmocka.h>.
 */
#ifndef PX_TESTS_CORE_POOLING_H
#define PX_TESTS_CORE_POOLING_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pxfer/pool.h>
#include <pxfer/status.h>

#include "support/gate.h"

enum { TASKS = 300 };

struct task {
    struct task *next; /* the worker's own stack */
    unsigned children; /* depth of the tree of tasks below this one */
    bool made_by_worker;
    bool canceled;
    unsigned worker;
    unsigned results; /* how often the sink saw it */
};

struct bench {
    atomic_uint inits, finis, unmasked;
    atomic_uint inside, most_inside; /* workers at a task */
    unsigned limit;                  /* of the pool */
    unsigned fail_init_of; /* worker index whose init fails; UINT32_MAX: none; UINT32_MAX-1: all */
    struct gate gate;      /* where each task waits */
    /* owner only */
    unsigned seen;
    unsigned seen_canceled;
    unsigned twice;
    struct px_pool *pool;
    struct task *follow_up; /* submitted from inside the sink */
};

static inline struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->fail_init_of = UINT32_MAX;
    bench->gate = (struct gate)GATE_CLOSED;
    gate_set(&bench->gate, true);
    return bench;
}

static inline int body_init(struct px_worker *worker, void *ctx, void **state)
{
    struct bench *bench = ctx;
    sigset_t mask;
    if (pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGINT) != 1) {
        atomic_fetch_add(&bench->unmasked, 1);
    }
    atomic_fetch_add(&bench->inits, 1);
    *state = bench;
    if (bench->fail_init_of == worker->index || bench->fail_init_of == UINT32_MAX - 1) {
        return PX_ENOMEM;
    }
    return PX_OK;
}

static inline void body_fini(struct px_worker *worker, void *state)
{
    (void)worker;
    atomic_fetch_add(&((struct bench *)state)->finis, 1);
}

/* Two children for each level: what the queue has no room for goes on this worker's own stack. */
static inline void make_children(struct px_worker *worker, const struct task *task,
                                 struct task **stack)
{
    for (int i = 0; i < 2 && task->children > 0; i++) {
        struct task *child = calloc(1, sizeof *child);
        child->children = task->children - 1;
        child->made_by_worker = true;
        if (px_worker_offer(worker, child) != PX_OK) {
            child->next = *stack;
            *stack = child;
        }
    }
}

static inline void run_one(struct px_worker *worker, struct task *task, struct bench *bench,
                           struct task **stack)
{
    px_worker_turn(worker);
    const unsigned now = atomic_fetch_add(&bench->inside, 1) + 1;
    unsigned most = atomic_load(&bench->most_inside);
    while (now > most && !atomic_compare_exchange_weak(&bench->most_inside, &most, now)) {
    }
    gate_pass(&bench->gate);
    task->worker = worker->index;
    task->canceled = px_worker_stopping(worker);
    if (!task->canceled) {
        make_children(worker, task, stack);
    }
    atomic_fetch_sub(&bench->inside, 1);
    px_worker_emit(worker, task);
}

static inline void body_run(struct px_worker *worker, void *state)
{
    struct bench *bench = state;
    struct task *stack = NULL;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        run_one(worker, task, bench, &stack);
        while (stack != NULL) {
            struct task *own = stack;
            stack = own->next;
            run_one(worker, own, bench, &stack);
        }
    }
}

static inline void sink(void *ctx, void *result)
{
    struct bench *bench = ctx;
    struct task *task = result;
    bench->seen++;
    bench->seen_canceled += task->canceled;
    bench->twice += task->results++ != 0;
    if (task->made_by_worker) {
        free(task);
    }
    if (bench->follow_up != NULL) {
        struct task *more = bench->follow_up;
        bench->follow_up = NULL;
        if (px_pool_submit(bench->pool, more) != PX_OK) {
            bench->twice += 1000; /* the ticket of the delivered result must be free */
        }
    }
}

static inline int pool_start(struct bench *bench, unsigned workers, size_t capacity)
{
    const struct px_pool_opts opts = {
        .workers = workers,
        .capacity = capacity,
        .limit = bench->limit,
        .body = {body_init, body_run, body_fini, bench},
        .sink = sink,
        .sink_ctx = bench,
        .name = "test",
    };
    return px_pool_new(&opts, &bench->pool);
}

/* Main's loop as the programs have it: push while there is a ticket, else pump. */
static inline void submit_all(struct px_pool *pool, struct task *tasks, size_t n)
{
    for (size_t i = 0; i < n;) {
        const int status = px_pool_submit(pool, &tasks[i]);
        if (status == PX_OK) {
            i++;
        } else {
            assert_int_equal(status, PX_EAGAIN);
            assert_int_equal(px_pool_pump(pool, PX_FOREVER), PX_OK);
        }
    }
}

typedef void case_fn(unsigned workers, size_t capacity);

static inline void over_matrix(case_fn *check)
{
    for (unsigned workers = 0; workers <= 4; workers++) {
        for (size_t capacity = 1; capacity <= 3; capacity++) {
            check(workers, capacity);
        }
    }
}

#endif
