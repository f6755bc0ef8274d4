/* SPDX-License-Identifier: MIT
 *
 * pxfer/worker.h - all that a worker body sees of the pool.
 *
 * A worker body is the function that a worker thread runs: it takes tasks with px_worker_next(),
 * does the work, and gives exactly one result for each task with px_worker_emit(). It never sees
 * the queues, the threads or the other workers, so a test can run it on a handle of its own:
 * fill in a struct px_worker_ops and call the body, no thread needed.
 *
 *     static void body(struct px_worker *w, void *state)
 *     {
 *         void *task;
 *         while (px_worker_next(w, PX_FOREVER, &task) == PX_OK) {
 *             if (!px_worker_stopping(w)) {
 *                 work(task, state);
 *             }
 *             px_worker_emit(w, task);
 *         }
 *     }
 *
 * All functions are called on the worker's own thread only.
 */
#ifndef PXFER_WORKER_H
#define PXFER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/queue.h>

PX_BEGIN_DECLS

struct px_worker;

struct px_worker_ops {
    int (*next)(struct px_worker *worker, int64_t deadline_ns, void **task);
    int (*offer)(struct px_worker *worker, void *task);
    void (*emit)(struct px_worker *worker, void *result);
    bool (*stopping)(const struct px_worker *worker);
    void (*turn)(struct px_worker *worker); /* NULL = nobody ever has to wait for a turn */
};

/* Embedded as the first member of the pool's own record (or a test's). Fixed after start. */
struct px_worker {
    const struct px_worker_ops *ops;
    unsigned index; /* 0-based; the same worker keeps it for its whole life */
};

/* The next task, whose result this worker now owes. Blocks until the deadline (pxfer/queue.h).
 * PX_EAGAIN (with PX_NOWAIT) or PX_ETIMEDOUT: none yet. PX_ECLOSED: there will never be another:
 * finish what is in flight and return. Once PX_ECLOSED was returned it is returned for ever. */
PX_NODISCARD static inline int px_worker_next(struct px_worker *worker, int64_t deadline_ns,
                                              void **task)
{
    return worker->ops->next(worker, deadline_ns, task);
}

/* Makes a new task out of a running one. Never blocks. Call it before the running task's result is
 * emitted. PX_OK: the queue took it, some worker will get it. PX_EAGAIN: no room (or stopping);
 * the caller keeps it and works on it later itself. Either way one more result is owed: by whoever
 * gets it, or by the caller. */
PX_NODISCARD static inline int px_worker_offer(struct px_worker *worker, void *task)
{
    return worker->ops->offer(worker, task);
}

/* The one result of one task; may be the task itself. The receiver of results owns it from here.
 * May wait for room; the receiver always makes some. In a pool without a sink it only ends the task. */
static inline void px_worker_emit(struct px_worker *worker, void *result)
{
    worker->ops->emit(worker, result);
}

/* True once the pool is canceled: give up what is in flight, emit PX_ECANCELED results for it and
 * for every task that px_worker_next() still hands out. Cheap: one relaxed atomic load, which says
 * nothing about what other threads wrote. */
static inline bool px_worker_stopping(const struct px_worker *worker)
{
    return worker->ops->stopping(worker);
}

/* Between two steps of a long task, with no lock held: waits while more workers work than the pool's
 * owner wants (px_pool_limit()). Cheap when nobody has to wait. */
static inline void px_worker_turn(struct px_worker *worker)
{
    if (worker->ops->turn != NULL) {
        worker->ops->turn(worker);
    }
}

/* The body and what belongs to it. init and fini run on the worker's thread and may be NULL. */
struct px_worker_body {
    /* Makes this worker's state (a curl handle, buffers). A failure here means that this worker
     * does not start. `*state` is NULL on entry. */
    int (*init)(struct px_worker *worker, void *ctx, void **state);
    /* Runs until px_worker_next() gave PX_ECLOSED. With an inline pool (0 workers) it is called
     * again and again, each time for the tasks that are there. */
    void (*run)(struct px_worker *worker, void *state);
    void (*fini)(struct px_worker *worker, void *state);
    void *ctx; /* borrowed; handed to init */
};

PX_END_DECLS

#endif
