/* SPDX-License-Identifier: MIT
 *
 * pxfer/pool.h - worker threads between a bounded task queue and a bounded result queue.
 *
 *     caller --submit--> [tasks] --> workers 1..n (struct px_worker_body) --> [results] --pump--> sink
 *
 * One thread, "the owner", calls everything here; the workers see only pxfer/worker.h. The owner
 * never blocks on tasks and the workers never block on results for long: in-flight work is limited
 * by tickets. A ticket is taken by px_pool_submit() and given back when the owner has seen the
 * result; there are capacity + workers * per_worker of them.
 *
 * Worker threads run with all signals blocked: signals are for the owner.
 *
 * With 0 workers the body runs inline, on the owner's thread, inside px_pool_pump(): the same code
 * for tests, debuggers and single-threaded measurements.
 *
 * Shutdown: px_pool_drain() pumps until no task is unfinished, sends one private sentinel (poison
 * pill) to each worker and joins them. px_pool_cancel() raises the stop flag and closes the task
 * queue; drain afterwards still delivers exactly one result for every task.
 *
 * Without a sink there are no results: what came of a task is told by the body itself, before it
 * calls px_worker_emit(), which ends the task there and then (its argument is not looked at). Such a
 * pool takes tasks from any thread, with px_pool_push(), and nobody pumps. The futures of
 * pxfer/future.h are built so.
 */
#ifndef PXFER_POOL_H
#define PXFER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/worker.h>

PX_BEGIN_DECLS

struct px_pool;

struct px_pool_opts {
    unsigned workers;    /* threads; 0 = inline */
    unsigned per_worker; /* tasks that one worker may hold at once; 0 means 1 */
    size_t capacity;     /* room of the task queue; 0 means 1 */
    unsigned limit; /* with a sink: workers that work at a time, for px_pool_limit(); 0 = all */
    struct px_worker_body body;
    /* Called on the owner's thread, inside px_pool_pump() and px_pool_drain(), once for each
     * result, with no lock held. It may call px_pool_submit() and px_pool_cancel(), not pump.
     * NULL: a pool without results. */
    void (*sink)(void *sink_ctx, void *result);
    void *sink_ctx;
    const char *name; /* threads are named NAME-0, NAME-1 ...; NULL means "px"; at most 10 bytes */
};

/* Starts the workers and waits until each has run its init. When some cannot be started the pool
 * goes on with those that could; see px_pool_workers().
 * PX_EINVAL: no body. PX_ENOMEM. PX_ETHREAD: not one worker started; or the status of
 * the body's init when that was why. */
PX_API PX_NODISCARD int px_pool_new(const struct px_pool_opts *opts, struct px_pool **out);

/* Cancels, drains and frees. NULL is legal. */
PX_API void px_pool_free(struct px_pool *pool);

/* Hands over a task. Never blocks. PX_EAGAIN: no ticket is free or the queue is full: pump first.
 * PX_ECLOSED: canceled or drained. On failure the task stays with the caller. */
PX_API PX_NODISCARD int px_pool_submit(struct px_pool *pool, void *task);

/* For a pool without a sink, from any thread: hands over a task, waits for room until the deadline
 * (pxfer/queue.h). An inline pool has run the task when this returns; it belongs to one thread.
 * PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT): no room in time. PX_ECLOSED: canceled or drained.
 * PX_EINVAL: the pool has a sink. On failure the task stays with the caller. */
PX_API PX_NODISCARD int px_pool_push(struct px_pool *pool, void *task, int64_t deadline_ns);

/* True when px_pool_submit() would take a task now. Where workers offer tasks of their own, one of
 * these may take the last place first: px_pool_submit() has the last word. */
PX_API bool px_pool_has_room(const struct px_pool *pool);

/* Waits for one result until the deadline (pxfer/queue.h), gives it to the sink; then to the sink
 * also those that are there already. PX_OK: at least one was given. PX_EAGAIN / PX_ETIMEDOUT: none
 * in time. PX_EEND: no task is unfinished, so nothing can come. PX_EINVAL: there is no sink. */
PX_API PX_NODISCARD int px_pool_pump(struct px_pool *pool, int64_t deadline_ns);

/* Raises the stop flag and refuses tasks from now on. Results still come: go on pumping, or drain.
 * Of a pool with workers and no sink any thread may call it. */
PX_API void px_pool_cancel(struct px_pool *pool);

/* Pumps until no task is unfinished, then stops and joins all workers. Idempotent. Without a sink:
 * refuses tasks from now on, then the same. */
PX_API void px_pool_drain(struct px_pool *pool);

/* For a pool that was made with a limit: so many workers (at least 1) work at a time from now on. The
 * others take no more tasks; those in the middle of one wait at their next px_worker_turn(). */
PX_API void px_pool_limit(struct px_pool *pool, unsigned limit);

/* The same pools: the time that workers have worked, summed, in ns. 0 without a limit. */
PX_API uint64_t px_pool_worked_ns(struct px_pool *pool);

/* How many workers were started (0 for an inline pool). */
PX_API unsigned px_pool_workers(const struct px_pool *pool);

/* Tasks submitted or offered whose result the sink has not seen. */
PX_API size_t px_pool_unfinished(struct px_pool *pool);

PX_END_DECLS

#endif
