/* SPDX-License-Identifier: MIT
 *
 * What micro_queue.c and micro_pool.c share: the ways to hand pointers from thread to thread that are
 * compared. All are called through struct way, so that all pay for the same indirect call.
 */
#ifndef MICRO_H
#define MICRO_H

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#define MICRO_CAPACITY 256
#define MICRO_BATCH 32

struct way {
    const char *name;
    size_t batch; /* items that one call hands over; the arrays have room for as many */
    void *(*make)(void);
    void (*drop)(void *queue);
    void (*push)(void *queue, void **items, size_t n); /* waits for room where there is a bound */
    size_t (*pop)(void *queue, void **items, size_t max); /* waits for the first one */
};

static inline void micro_check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "micro: %s failed\n", what);
        exit(1);
    }
}

static inline void *micro_calloc(size_t n, size_t size)
{
    void *made = calloc(n, size);
    micro_check(made != NULL, "calloc");
    return made;
}

static inline void micro_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    micro_check(pthread_create(thread, NULL, run, arg) == 0, "pthread_create");
}

static char micro_pill; /* its address says: no more */

/* --- px_queue -------------------------------------------------------------------------------*/

static void *px_way_make(void)
{
    struct px_queue *queue = NULL;
    micro_check(px_queue_new(MICRO_CAPACITY, &queue) == PX_OK, "px_queue_new");
    return queue;
}

static void px_way_drop(void *queue)
{
    px_queue_free(queue);
}

static void px_way_push(void *queue, void **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        micro_check(px_queue_push(queue, items[i], PX_FOREVER) == PX_OK, "px_queue_push");
    }
}

static size_t px_way_pop(void *queue, void **items, size_t max)
{
    (void)max;
    micro_check(px_queue_pop(queue, PX_FOREVER, items) == PX_OK, "px_queue_pop");
    return 1;
}

static void px_way_push_many(void *queue, void **items, size_t n)
{
    for (size_t pushed = 0; n > 0; items += pushed, n -= pushed) {
        micro_check(px_queue_push_many(queue, items, n, PX_FOREVER, &pushed) == PX_OK,
                    "px_queue_push_many");
    }
}

static size_t px_way_pop_many(void *queue, void **items, size_t max)
{
    size_t n;
    micro_check(px_queue_pop_many(queue, PX_FOREVER, items, max, &n) == PX_OK, "px_queue_pop_many");
    return n;
}

/* --- GAsyncQueue, without a bound -----------------------------------------------------------*/

static void *glib_way_make(void)
{
    return g_async_queue_new();
}

static void glib_way_drop(void *queue)
{
    g_async_queue_unref(queue);
}

static void glib_way_push(void *queue, void **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_async_queue_push(queue, items[i]);
    }
}

static size_t glib_way_pop(void *queue, void **items, size_t max)
{
    (void)max;
    items[0] = g_async_queue_pop(queue);
    return 1;
}

static void glib_way_push_many(void *queue, void **items, size_t n)
{
    g_async_queue_lock(queue);
    for (size_t i = 0; i < n; i++) {
        g_async_queue_push_unlocked(queue, items[i]);
    }
    g_async_queue_unlock(queue);
}

static size_t glib_way_pop_many(void *queue, void **items, size_t max)
{
    g_async_queue_lock(queue);
    size_t n = 0;
    items[n++] = g_async_queue_pop_unlocked(queue);
    while (n < max && (items[n] = g_async_queue_try_pop_unlocked(queue)) != NULL) {
        n++;
    }
    g_async_queue_unlock(queue);
    return n;
}

/* --- a plain ring, as one would write it first ----------------------------------------------*/

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    size_t head, len;
    void *items[MICRO_CAPACITY];
};

static void *ring_way_make(void)
{
    struct ring *ring = micro_calloc(1, sizeof *ring);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->not_empty, NULL);
    pthread_cond_init(&ring->not_full, NULL);
    return ring;
}

static void ring_way_drop(void *queue)
{
    struct ring *ring = queue;
    pthread_cond_destroy(&ring->not_full);
    pthread_cond_destroy(&ring->not_empty);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}

static void ring_way_push(void *queue, void **items, size_t n)
{
    struct ring *ring = queue;
    for (size_t i = 0; i < n; i++) {
        pthread_mutex_lock(&ring->lock);
        while (ring->len == MICRO_CAPACITY) {
            pthread_cond_wait(&ring->not_full, &ring->lock);
        }
        ring->items[(ring->head + ring->len++) % MICRO_CAPACITY] = items[i];
        pthread_cond_signal(&ring->not_empty);
        pthread_mutex_unlock(&ring->lock);
    }
}

static size_t ring_way_pop(void *queue, void **items, size_t max)
{
    struct ring *ring = queue;
    (void)max;
    pthread_mutex_lock(&ring->lock);
    while (ring->len == 0) {
        pthread_cond_wait(&ring->not_empty, &ring->lock);
    }
    items[0] = ring->items[ring->head];
    ring->head = (ring->head + 1) % MICRO_CAPACITY;
    ring->len--;
    pthread_cond_signal(&ring->not_full);
    pthread_mutex_unlock(&ring->lock);
    return 1;
}

static const struct way micro_ways[] = {
    {"px", 1, px_way_make, px_way_drop, px_way_push, px_way_pop},
    {"px-batch", MICRO_BATCH, px_way_make, px_way_drop, px_way_push_many, px_way_pop_many},
    {"glib", 1, glib_way_make, glib_way_drop, glib_way_push, glib_way_pop},
    {"glib-batch", MICRO_BATCH, glib_way_make, glib_way_drop, glib_way_push_many,
     glib_way_pop_many},
    {"ring", 1, ring_way_make, ring_way_drop, ring_way_push, ring_way_pop},
};

/* NULL: no such name. */
static inline const struct way *micro_way(const char *name)
{
    for (size_t i = 0; i < sizeof micro_ways / sizeof micro_ways[0]; i++) {
        if (strcmp(micro_ways[i].name, name) == 0) {
            return &micro_ways[i];
        }
    }
    return NULL;
}

#endif
