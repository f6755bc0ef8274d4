/* SPDX-License-Identifier: MIT
 *
 * core/queue.c - the bounded FIFO that carries tasks to the workers and results back. Any thread
 * enters any function; each queue owns one lock, and no other lock is ever taken under it.
 *
 * Three predicates, three condition variables, so that a wake-up always reaches somebody who waits
 * for that very thing (one condition variable for two predicates can wake the wrong one and hang):
 *   not_empty   consumers: there are items enough (one, but for px_queue_await), or it is closed
 *   not_full    producers: there is room, or the queue is closed
 *   all_done    joiners: no task is unfinished
 */
#include <stdbool.h>
#include <stdlib.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "base/mutex.h"

struct px_queue {
    /* fixed after new */
    size_t capacity;
    void **ring;

    struct px_mutex lock;
    struct px_cond not_empty;
    struct px_cond not_full;
    struct px_cond all_done;

    /* protected by lock */
    size_t head PX_GUARDED; /* index of the oldest item */
    size_t len PX_GUARDED;
    size_t unfinished PX_GUARDED;
    size_t waiting_consumers PX_GUARDED; /* so that nobody is signalled when nobody waits */
    size_t waiting_producers PX_GUARDED;
    size_t enough PX_GUARDED; /* items for which a waiting consumer wants to be woken; 0: any */
    bool closed PX_GUARDED;
};

int px_queue_new(size_t capacity, struct px_queue **out)
{
    if (capacity == 0) {
        return PX_EINVAL;
    }
    struct px_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return PX_ENOMEM;
    }
    queue->capacity = capacity;
    queue->ring = calloc(capacity, sizeof *queue->ring);
    if (queue->ring == NULL) {
        goto out_free;
    }
    if (px_mutex_init(&queue->lock) != PX_OK) {
        goto out_ring;
    }
    if (px_cond_init(&queue->not_empty) != PX_OK) {
        goto out_lock;
    }
    if (px_cond_init(&queue->not_full) != PX_OK) {
        goto out_not_empty;
    }
    if (px_cond_init(&queue->all_done) != PX_OK) {
        goto out_not_full;
    }
    *out = queue;
    return PX_OK;

out_not_full:
    px_cond_fini(&queue->not_full);
out_not_empty:
    px_cond_fini(&queue->not_empty);
out_lock:
    px_mutex_fini(&queue->lock);
out_ring:
    free(queue->ring);
out_free:
    free(queue);
    return PX_ENOMEM;
}

void px_queue_free(struct px_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    px_cond_fini(&queue->all_done);
    px_cond_fini(&queue->not_full);
    px_cond_fini(&queue->not_empty);
    px_mutex_fini(&queue->lock);
    free(queue->ring);
    free(queue);
}

static int queue_await_room_locked(struct px_queue *queue, int64_t deadline_ns)
    PX_REQUIRES(queue->lock)
{
    int status = PX_OK;
    while (!queue->closed && queue->len == queue->capacity && status == PX_OK) {
        queue->waiting_producers++;
        status = px_cond_wait_by(&queue->not_full, &queue->lock, deadline_ns);
        queue->waiting_producers--;
    }
    if (queue->closed) {
        return PX_ECLOSED;
    }
    /* Room that came with the deadline still counts. */
    return queue->len < queue->capacity ? PX_OK : status;
}

static int queue_await_items_locked(struct px_queue *queue, size_t n, int64_t deadline_ns)
    PX_REQUIRES(queue->lock)
{
    int status = PX_OK;
    while (!queue->closed && queue->len < n && status == PX_OK) {
        queue->waiting_consumers++;
        status = px_cond_wait_by(&queue->not_empty, &queue->lock, deadline_ns);
        queue->waiting_consumers--;
    }
    if (queue->len >= n) {
        return PX_OK;
    }
    return queue->closed ? PX_ECLOSED : status;
}

int px_queue_push(struct px_queue *queue, void *item, int64_t deadline_ns)
{
    px_mutex_lock(&queue->lock);
    const int status = queue_await_room_locked(queue, deadline_ns);
    bool wake = false;
    if (status == PX_OK) {
        queue->ring[(queue->head + queue->len) % queue->capacity] = item;
        queue->len++;
        queue->unfinished++;
        wake = queue->waiting_consumers > 0 && queue->len >= queue->enough;
    }
    px_mutex_unlock(&queue->lock);
    if (wake) {
        px_cond_signal(&queue->not_empty); /* one item, one consumer */
    }
    return status;
}

int px_queue_pop(struct px_queue *queue, int64_t deadline_ns, void **item)
{
    px_mutex_lock(&queue->lock);
    const int status = queue_await_items_locked(queue, 1, deadline_ns);
    bool wake = false;
    if (status == PX_OK) {
        *item = queue->ring[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->len--;
        wake = queue->waiting_producers > 0;
    }
    px_mutex_unlock(&queue->lock);
    if (wake) {
        px_cond_signal(&queue->not_full); /* one place, one producer */
    }
    return status;
}

int px_queue_await(struct px_queue *queue, size_t n, int64_t deadline_ns)
{
    px_mutex_lock(&queue->lock);
    queue->enough = n < queue->capacity ? n : queue->capacity;
    const int status = queue_await_items_locked(queue, queue->enough, deadline_ns);
    queue->enough = 0;
    px_mutex_unlock(&queue->lock);
    return status;
}

void px_queue_close(struct px_queue *queue)
{
    px_mutex_lock(&queue->lock);
    queue->closed = true;
    px_cond_broadcast(&queue->not_empty);
    px_cond_broadcast(&queue->not_full);
    px_mutex_unlock(&queue->lock);
}

void px_queue_task_add(struct px_queue *queue)
{
    px_mutex_lock(&queue->lock);
    queue->unfinished++;
    px_mutex_unlock(&queue->lock);
}

int px_queue_task_done(struct px_queue *queue)
{
    px_mutex_lock(&queue->lock);
    const int status = queue->unfinished > 0 ? PX_OK : PX_EINVAL;
    if (status == PX_OK && --queue->unfinished == 0) {
        px_cond_broadcast(&queue->all_done); /* every joiner may go on */
    }
    px_mutex_unlock(&queue->lock);
    return status;
}

int px_queue_join(struct px_queue *queue, int64_t deadline_ns)
{
    px_mutex_lock(&queue->lock);
    int status = PX_OK;
    while (queue->unfinished > 0 && status == PX_OK) {
        status = px_cond_wait_by(&queue->all_done, &queue->lock, deadline_ns);
    }
    if (queue->unfinished == 0) {
        status = PX_OK;
    }
    px_mutex_unlock(&queue->lock);
    return status;
}

size_t px_queue_len(struct px_queue *queue)
{
    px_mutex_lock(&queue->lock);
    const size_t len = queue->len;
    px_mutex_unlock(&queue->lock);
    return len;
}

size_t px_queue_capacity(const struct px_queue *queue)
{
    return queue->capacity;
}

size_t px_queue_unfinished(struct px_queue *queue)
{
    px_mutex_lock(&queue->lock);
    const size_t unfinished = queue->unfinished;
    px_mutex_unlock(&queue->lock);
    return unfinished;
}
