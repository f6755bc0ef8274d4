/* SPDX-License-Identifier: MIT
 *
 * core/pool_worker.c - taking tasks, giving results, and the poison pill. Each function is entered by the
 * worker whose handle it gets, but for pool_poison(): the pool's owner. No locks of its own; of the
 * queues and the turns none is held with another.
 */
#include "core/pool_worker.h"

#include <stdint.h>

#include <pxfer/status.h>

/* Its address is the poison pill; it never leaves this file. */
static const char pool_sentinel;

static void *pool_pill(void)
{
    return (void *)(uintptr_t)&pool_sentinel;
}

void pool_poison(struct pool_ends *ends)
{
    /* PX_ECLOSED: a closed queue is a pill for everybody. */
    PX_IGNORE(px_queue_push(ends->tasks, pool_pill(), PX_FOREVER));
}

bool pool_is_stopping(const struct pool_ends *ends)
{
    return atomic_load_explicit(&ends->stopping, memory_order_relaxed);
}

/* --- the calls ------------------------------------------------------------------------------ */

static struct pool_ends *ends_of(const struct px_worker *handle)
{
    return ((const struct pool_worker *)handle)->ends;
}

static int pool_next(struct px_worker *handle, int64_t deadline_ns, void **task)
{
    struct pool_worker *worker = (struct pool_worker *)handle;
    if (worker->ended) {
        return PX_ECLOSED;
    }
    struct px_queue *tasks = worker->ends->tasks;
    const int status = px_queue_pop(tasks, deadline_ns, task);
    if (status == PX_OK && *task == pool_pill()) {
        PX_IGNORE(px_queue_task_done(tasks)); /* the pill was counted, like every push */
        worker->ended = true;
        return PX_ECLOSED;
    }
    worker->ended = status == PX_ECLOSED;
    return status;
}

int pool_worker_offer(struct px_worker *handle, void *task)
{
    struct px_queue *tasks = ends_of(handle)->tasks;
    const int status = px_queue_push(tasks, task, PX_NOWAIT);
    if (status == PX_OK) {
        return PX_OK;
    }
    px_queue_task_add(tasks); /* the caller keeps it, and still owes its result */
    return PX_EAGAIN;
}

static void pool_emit(struct px_worker *handle, void *result)
{
    /* Cannot fail: this queue is never closed, and there is no deadline. */
    PX_IGNORE(px_queue_push(ends_of(handle)->results, result, PX_FOREVER));
}

static void pool_emit_nothing(struct px_worker *handle, void *result)
{
    (void)result;
    PX_IGNORE(px_queue_task_done(ends_of(handle)->tasks)); /* cannot fail: the task was counted */
}

bool pool_worker_stopping(const struct px_worker *handle)
{
    return pool_is_stopping(ends_of(handle));
}

/* --- the same with a limit -------------------------------------------------------------------- */

static int pool_limited_next(struct px_worker *handle, int64_t deadline_ns, void **task)
{
    struct pool_worker *worker = (struct pool_worker *)handle;
    struct turns *turns = worker->ends->turns;
    if (worker->working) {
        worker->working = false;
        turns_give(turns);
    }
    int status = worker->ended ? PX_OK : turns_await(turns, worker->rank, deadline_ns);
    if (status == PX_OK) {
        status = pool_next(handle, deadline_ns, task);
    }
    if (status == PX_OK) {
        turns_take(turns);
        worker->working = true;
    }
    return status;
}

static void pool_limited_turn(struct px_worker *handle)
{
    turns_pass(ends_of(handle)->turns);
}

/* --- which of them -------------------------------------------------------------------------- */

static const struct px_worker_ops *ops_for(const struct pool_ends *ends)
{
    static const struct px_worker_ops threaded = {pool_next, pool_worker_offer, pool_emit,
                                                  pool_worker_stopping, NULL};
    static const struct px_worker_ops sinkless = {pool_next, pool_worker_offer, pool_emit_nothing,
                                                  pool_worker_stopping, NULL};
    static const struct px_worker_ops limited = {pool_limited_next, pool_worker_offer, pool_emit,
                                                 pool_worker_stopping, pool_limited_turn};
    if (ends->results == NULL) {
        return &sinkless;
    }
    return ends->turns != NULL ? &limited : &threaded;
}

void pool_worker_init(struct pool_worker *worker, struct pool_ends *ends, unsigned index)
{
    *worker = (struct pool_worker){.handle = {.ops = ops_for(ends), .index = index}, .ends = ends};
}
