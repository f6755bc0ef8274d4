/* SPDX-License-Identifier: MIT
 *
 * core/pool_worker.h - the worker's side of a pool: what is behind the calls of pxfer/worker.h. Knows
 * the two queues, the limit and the stop flag, not the pool.
 */
#ifndef PX_CORE_POOL_WORKER_H
#define PX_CORE_POOL_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include <pxfer/queue.h>
#include <pxfer/worker.h>

#include "base/cache_line.h"
#include "core/turns.h"

/* What all workers of a pool share; all pointers are fixed before a worker is made. */
struct pool_ends {
    struct px_queue *tasks;
    struct px_queue *results; /* NULL: an emitted task is over */
    struct turns *turns;      /* NULL: no limit */
    atomic_bool stopping;     /* relaxed: a request to hurry, with which nothing else comes */
};

struct pool_worker {
    struct px_worker handle; /* what the body sees; first member */
    struct pool_ends *ends;
    struct px_pool *pool;        /* for the pool's own use */
    void *state;                 /* the body's; this worker's thread only, as are these: */
    bool ended;                  /* sentinel or close was seen */
    bool working;                /* it has a turn */
    unsigned rank;               /* among those that were started; fixed when init has returned */
    char padding[PX_CACHE_LINE]; /* the next worker's fields are on another cache line */
};

/* A worker of a thread, with the calls that fit what there is of `ends`. */
void pool_worker_init(struct pool_worker *worker, struct pool_ends *ends, unsigned index);

/* Ends one worker: whoever pops the pill never pops again. Waits for room. */
void pool_poison(struct pool_ends *ends);

bool pool_is_stopping(const struct pool_ends *ends);

/* px_worker_offer() and px_worker_stopping(), for other workers with the same ends, too. */
PX_NODISCARD int pool_worker_offer(struct px_worker *handle, void *task);
bool pool_worker_stopping(const struct px_worker *handle);

#endif
