/* SPDX-License-Identifier: MIT
 *
 * core/future.h - what futures and executors know of each other; see pxfer/future.h for the rest.
 *
 * Lock order: a future's lock, then that of who watches it (px_watch.notify is called under it).
 */
#ifndef PX_CORE_FUTURE_H
#define PX_CORE_FUTURE_H

#include <stdbool.h>

#include <pxfer/future.h>

/* Somebody who waits for more than one future; embedded, linked into the future. */
struct px_watch {
    struct px_watch *prev;
    struct px_watch *next;
    /* The future is finished. Called once, under the future's lock: take a leaf lock at most. */
    void (*notify)(struct px_watch *watch);
};

/* A pending future with one reference; `task` is copied. PX_ENOMEM. */
PX_NODISCARD int px_future_new(struct px_executor *executor, const struct px_task *task,
                               struct px_future **out);

/* Runs the task on this thread, unless somebody else has it, had it or canceled it. */
void px_future_run(struct px_future *future, void *state);

/* Runs the task on this thread if it is queued and this is one of its executor's workers. */
void px_future_help(struct px_future *future);

/* PX_OK: `watch` will be notified, or is taken off by px_future_unwatch() first. PX_EEND: the future is
 * finished, nothing was done. */
PX_NODISCARD int px_future_watch(struct px_future *future, struct px_watch *watch);

/* When this has returned, notify is not running and will not be called. */
void px_future_unwatch(struct px_future *future, struct px_watch *watch);

/* --- core/executor.c ------------------------------------------------------------------------- */

/* One worker's own. */
struct px_executor_slot;

/* The slot of the calling thread if it is a worker of `executor`, else NULL. */
struct px_executor_slot *px_executor_slot_here(struct px_executor *executor);

/* What a worker does with a task: runs it, or cancels it when the executor is canceled. */
void px_executor_process(struct px_executor_slot *slot, struct px_future *future);

/* Tasks that an executor may hold, queued and running; 1 for an inline one. */
size_t px_executor_room(const struct px_executor *executor);

#endif
