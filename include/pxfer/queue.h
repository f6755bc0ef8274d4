/* SPDX-License-Identifier: MIT
 *
 * pxfer/queue.h - a bounded FIFO of pointers between threads.
 *
 * Back-pressure: a producer waits while the queue is full, a consumer while it is empty. Every
 * function may be called from any thread at any time between px_queue_new() and px_queue_free().
 *
 * Deadlines are absolute, in nanoseconds of CLOCK_MONOTONIC (px_now_ns() in pxfer/timing.h):
 *   PX_NOWAIT  does not block at all
 *   PX_FOREVER waits without a limit
 *
 * Items are borrowed pointers that the queue never looks at; NULL is a legal item. After a
 * successful push the queue holds the item; after a successful pop the caller does. A failed push
 * leaves the item with the caller. What a thread wrote before it pushed is seen by the thread that pops:
 * what belongs to an item needs no lock of its own as long as one thread at a time has the item.
 *
 * Counting, as in Python's queue.Queue: each successful push makes one unfinished task, each
 * px_queue_task_done() ends one, px_queue_join() waits until there is none.
 *
 * Of the consumers who wait the newest gets the next item, of the producers the oldest the next
 * place: work goes to few and busy threads rather than round all of them, and no producer starves.
 */
#ifndef PXFER_QUEUE_H
#define PXFER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define PX_NOWAIT ((int64_t)0)
#define PX_FOREVER INT64_MAX

PX_BEGIN_DECLS

struct px_queue;

/* Makes a queue with room for `capacity` items (at least 1), allocated at once.
 * PX_EINVAL: capacity is 0. PX_ENOMEM. */
PX_API PX_NODISCARD int px_queue_new(size_t capacity, struct px_queue **out);

/* No other thread may be inside a call. Items still queued are the caller's business: pop them
 * first. NULL is legal. */
PX_API void px_queue_free(struct px_queue *queue);

/* Appends `item`. Blocks until there is room or the deadline passed.
 * PX_ETIMEDOUT: no room by the deadline (PX_EAGAIN with PX_NOWAIT). PX_ECLOSED: closed. */
PX_API PX_NODISCARD int px_queue_push(struct px_queue *queue, void *item, int64_t deadline_ns);

/* Takes the oldest item. Blocks until there is one or the deadline passed.
 * PX_ETIMEDOUT: none by the deadline (PX_EAGAIN with PX_NOWAIT). PX_ECLOSED: closed and empty;
 * what was queued before the close is still handed out. */
PX_API PX_NODISCARD int px_queue_pop(struct px_queue *queue, int64_t deadline_ns, void **item);

/* The same for many items at a time, which costs the lock once: appends the first of `n` items, in
 * their order, and takes the oldest, as many as there is room or there are items. Both wait for room
 * or an item for the first only; 0 items do nothing. `*pushed` / `*popped`: how many; not 0 with
 * PX_OK, 0 with any other code. `items` is borrowed for the call. */
PX_API PX_NODISCARD int px_queue_push_many(struct px_queue *queue, void *const *items, size_t n,
                                           int64_t deadline_ns, size_t *pushed);
PX_API PX_NODISCARD int px_queue_pop_many(struct px_queue *queue, int64_t deadline_ns, void **items,
                                          size_t max, size_t *popped);

/* Waits until at least `n` items are queued (at most the capacity counts), without taking any: for a
 * consumer who would rather be woken once for many. PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT): there
 * are fewer, perhaps none. PX_ECLOSED: closed with fewer. */
PX_API PX_NODISCARD int px_queue_await(struct px_queue *queue, size_t n, int64_t deadline_ns);

/* Refuses every push from now on and wakes all who wait. Idempotent. */
PX_API void px_queue_close(struct px_queue *queue);

/* Counts one more unfinished task that never passes through the queue (a consumer that found the
 * queue full keeps the task to itself). Ended by px_queue_task_done() like any other. */
PX_API void px_queue_task_add(struct px_queue *queue);

/* One task is finished. PX_EINVAL: there was none unfinished (called too often). */
PX_API PX_NODISCARD int px_queue_task_done(struct px_queue *queue);

/* `n` tasks are finished. PX_EINVAL: fewer were unfinished; then nothing has changed. */
PX_API PX_NODISCARD int px_queue_tasks_done(struct px_queue *queue, size_t n);

/* Waits until no task is unfinished. Does not need a close.
 * PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT): there still is one. */
PX_API PX_NODISCARD int px_queue_join(struct px_queue *queue, int64_t deadline_ns);

/* Snapshots: true when they were taken. */
PX_API size_t px_queue_len(struct px_queue *queue);
PX_API size_t px_queue_capacity(const struct px_queue *queue);
PX_API size_t px_queue_unfinished(struct px_queue *queue);

PX_END_DECLS

#endif
