/* SPDX-License-Identifier: MIT
 *
 * core/executor.c - futures over a pool without a sink: submit, the workers' body, shutdown.
 *
 *   any thread: submit ──▶ the pool's tasks ──▶ worker: process ──▶ the future tells who waits
 *
 * The pool holds one reference of each future that it has; the worker that pops it gives it back, run,
 * canceled or a husk (core/future.c). So a future that was taken is finished, whatever happens.
 *
 * Tasks may block in submit, in the one place where that could hang: all workers wait for room in the
 * queue that only they can empty. A worker therefore runs what it has no room for (caller runs).
 *
 * Locks: `lock` guards who is a worker now, and how far the shutdown is. It may be taken under a
 * future's lock (px_future_help); no other lock is taken under it.
 */
#include <pthread.h>
#include <stdlib.h>

#include <pxfer/pool.h>
#include <pxfer/status.h>

#include "base/mutex.h"
#include "core/future.h"

struct px_executor_slot {
    struct px_executor *executor;
    struct px_worker *worker;
    pthread_t thread; /* this and the above: fixed before px_executor_new() returns */

    /* this worker's thread only */
    void *state;    /* the init's */
    unsigned depth; /* tasks that run inside each other: an inline one's submit */

    /* protected by the executor's lock */
    bool present PX_GUARDED; /* between init and fini; later another thread may have its id */
};

enum executor_phase { EXECUTOR_OPEN, EXECUTOR_CLOSING, EXECUTOR_CLOSED };

struct px_executor {
    /* fixed after new */
    struct px_executor_opts opts;
    struct px_pool *pool;
    struct px_executor_slot *slots;
    unsigned n_slots;  /* at least 1 */
    pthread_t creator; /* of an inline executor, its only thread */

    struct px_mutex lock;
    struct px_cond closed;

    /* protected by lock */
    enum executor_phase phase PX_GUARDED;
};

static bool executor_is_inline(const struct px_executor *executor)
{
    return executor->opts.workers == 0;
}

/* An inline executor is used by one thread, so that its state needs no lock. */
static bool executor_is_foreign(const struct px_executor *executor)
{
    return executor_is_inline(executor) && !pthread_equal(executor->creator, pthread_self());
}

struct px_executor_slot *px_executor_slot_here(struct px_executor *executor)
{
    struct px_executor_slot *here = NULL;
    if (executor_is_inline(executor)) {
        return NULL;
    }
    px_mutex_lock(&executor->lock);
    for (unsigned i = 0; i < executor->n_slots && here == NULL; i++) {
        struct px_executor_slot *slot = &executor->slots[i];
        here = slot->present && pthread_equal(slot->thread, pthread_self()) ? slot : NULL;
    }
    px_mutex_unlock(&executor->lock);
    return here;
}

static void executor_set_present(struct px_executor_slot *slot, bool present)
{
    px_mutex_lock(&slot->executor->lock);
    slot->present = present;
    px_mutex_unlock(&slot->executor->lock);
}

/* --- the worker's side ------------------------------------------------------------------------ */

static int executor_body_init(struct px_worker *worker, void *ctx, void **state)
{
    struct px_executor *executor = ctx;
    struct px_executor_slot *slot = &executor->slots[worker->index];
    slot->executor = executor;
    slot->worker = worker;
    slot->thread = pthread_self();
    *state = slot;
    const struct px_executor_opts *opts = &executor->opts;
    const int status =
        opts->init != NULL ? opts->init(opts->ctx, worker->index, &slot->state) : PX_OK;
    executor_set_present(slot, status == PX_OK);
    return status;
}

static void executor_body_fini(struct px_worker *worker, void *state)
{
    (void)worker;
    struct px_executor_slot *slot = state;
    const struct px_executor_opts *opts = &slot->executor->opts;
    if (opts->fini != NULL) {
        opts->fini(opts->ctx, slot->state);
    }
    executor_set_present(slot, false);
}

void px_executor_process(struct px_executor_slot *slot, struct px_future *future)
{
    if (px_worker_stopping(slot->worker)) {
        PX_IGNORE(px_future_cancel(future)); /* refused: it runs elsewhere, or is finished */
    } else {
        px_future_run(future, slot->state);
    }
}

static void executor_body_run(struct px_worker *worker, void *state)
{
    struct px_executor_slot *slot = state;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        slot->depth++;
        px_executor_process(slot, task);
        slot->depth--;
        px_future_unref(task);
        px_worker_emit(worker, NULL);
    }
}

/* --- making and ending ------------------------------------------------------------------------ */

static int executor_start(struct px_executor *executor)
{
    const struct px_executor_opts *opts = &executor->opts;
    const struct px_pool_opts pool = {
        .workers = opts->workers,
        .capacity = opts->capacity,
        .body = {executor_body_init, executor_body_run, executor_body_fini, executor},
        .name = opts->name,
    };
    executor->n_slots = opts->workers > 0 ? opts->workers : 1;
    executor->creator = pthread_self();
    executor->slots = calloc(executor->n_slots, sizeof *executor->slots);
    if (executor->slots == NULL) {
        return PX_ENOMEM;
    }
    const int status = px_pool_new(&pool, &executor->pool);
    if (status != PX_OK) {
        free(executor->slots);
    }
    return status;
}

int px_executor_new(const struct px_executor_opts *opts, struct px_executor **out)
{
    struct px_executor *executor = calloc(1, sizeof *executor);
    if (executor == NULL) {
        return PX_ENOMEM;
    }
    executor->opts = *opts;
    executor->opts.capacity = opts->capacity > 0 ? opts->capacity : 1;
    int status = px_mutex_init(&executor->lock);
    if (status != PX_OK) {
        goto out_free;
    }
    status = px_cond_init(&executor->closed);
    if (status != PX_OK) {
        goto out_lock;
    }
    status = executor_start(executor);
    if (status == PX_OK) {
        *out = executor;
        return PX_OK;
    }
    px_cond_fini(&executor->closed);
out_lock:
    px_mutex_fini(&executor->lock);
out_free:
    free(executor);
    return status;
}

/* Whether this thread is in a task of it, which a shutdown would wait for. */
static bool executor_is_in_task(struct px_executor *executor)
{
    if (executor_is_inline(executor)) {
        return executor->slots[0].depth > 0;
    }
    return px_executor_slot_here(executor) != NULL;
}

/* True for the one thread that is to do it. */
static bool executor_enter_shutdown(struct px_executor *executor)
{
    px_mutex_lock(&executor->lock);
    const bool first = executor->phase == EXECUTOR_OPEN;
    if (first) {
        executor->phase = EXECUTOR_CLOSING;
    }
    while (!first && executor->phase != EXECUTOR_CLOSED) {
        PX_IGNORE(px_cond_wait_until(&executor->closed, &executor->lock, PX_FOREVER));
    }
    px_mutex_unlock(&executor->lock);
    return first;
}

int px_executor_shutdown(struct px_executor *executor, enum px_shutdown how)
{
    if (executor_is_foreign(executor) || executor_is_in_task(executor)) {
        return PX_EINVAL;
    }
    if (how == PX_SHUTDOWN_CANCEL) {
        px_pool_cancel(executor->pool); /* also for the thread that drains already */
    }
    if (executor_enter_shutdown(executor)) {
        px_pool_drain(executor->pool);
        px_mutex_lock(&executor->lock);
        executor->phase = EXECUTOR_CLOSED;
        px_cond_broadcast(&executor->closed);
        px_mutex_unlock(&executor->lock);
    }
    return PX_OK;
}

void px_executor_free(struct px_executor *executor)
{
    if (executor == NULL) {
        return;
    }
    PX_IGNORE(px_executor_shutdown(executor, PX_SHUTDOWN_CANCEL)); /* from a task: not allowed */
    px_pool_free(executor->pool);
    free(executor->slots);
    px_cond_fini(&executor->closed);
    px_mutex_fini(&executor->lock);
    free(executor);
}

unsigned px_executor_workers(const struct px_executor *executor)
{
    return px_pool_workers(executor->pool);
}

size_t px_executor_room(const struct px_executor *executor)
{
    const unsigned workers = px_executor_workers(executor);
    return workers > 0 ? executor->opts.capacity + workers : 1;
}

/* --- submit ----------------------------------------------------------------------------------- */

/* Takes the future's other reference on success. */
static int executor_push(struct px_executor *executor, struct px_future *future,
                         int64_t deadline_ns)
{
    int status = px_pool_push(executor->pool, future, PX_NOWAIT);
    if (status != PX_EAGAIN || deadline_ns == PX_NOWAIT) {
        return status;
    }
    struct px_executor_slot *slot = px_executor_slot_here(executor);
    if (slot == NULL) {
        return px_pool_push(executor->pool, future, deadline_ns);
    }
    px_executor_process(slot, future);
    px_future_unref(future);
    return PX_OK;
}

int px_executor_submit_task(struct px_executor *executor, const struct px_task *task,
                            int64_t deadline_ns, struct px_future **out)
{
    if (task->run == NULL || executor_is_foreign(executor)) {
        return PX_EINVAL;
    }
    struct px_future *future = NULL;
    int status = px_future_new(executor, task, &future);
    if (status != PX_OK) {
        return status;
    }
    status = executor_push(executor, px_future_ref(future), deadline_ns);
    if (status == PX_OK) {
        *out = future;
        return PX_OK;
    }
    px_future_unref(future);
    px_future_unref(future);
    return status;
}

int px_executor_submit(struct px_executor *executor, px_task_fn *run, void *arg,
                       struct px_future **out)
{
    const struct px_task task = {.run = run, .arg = arg};
    return px_executor_submit_task(executor, &task, PX_FOREVER, out);
}
