/* SPDX-License-Identifier: MIT
 *
 * fetch/origin.c - slots, delays and pauses of servers, and who waits for them.
 *
 * Read and written by the source on the owner's thread: what a server is asked for is decided in one
 * place, so no lock is needed and no worker ever sleeps for a host. Servers whose tasks wait and that
 * have a slot free are in a ring, which is gone round: that is the fairness between them. A server at
 * its limit is not in the ring, so a hundred of them cost nothing until one of their transfers ends.
 */
#include "fetch/origin.h"

#include <stdbool.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "fetch/task.h"

struct origin {
    uint64_t key;
    int64_t until_ns; /* no start before: it asked for a pause, or there is a delay */
    unsigned out;     /* slots that are taken */
    bool in_ring;
    struct fetch_task *first, *last; /* waiting, linked by plan.next */
    struct origin *prev, *next;      /* in the ring */
    UT_hash_handle hh;
};

struct origins {
    struct origins_rules rules;
    struct origin *table;
    struct origin *ring;
    int64_t earliest_ns; /* none of the ring may start before */
    size_t busy;         /* with something that goes on or waits */
    size_t waiting;      /* tasks */
};

int origins_new(const struct origins_rules *rules, struct origins **out)
{
    struct origins *origins = calloc(1, sizeof *origins);

    if (origins == NULL) {
        return PX_ENOMEM;
    }
    origins->rules = *rules;
    origins->earliest_ns = PX_FOREVER;
    *out = origins;
    return PX_OK;
}

static void forget(struct origins *origins, struct origin *origin)
{
    HASH_DEL(origins->table, origin);
    free(origin);
}

void origins_free(struct origins *origins)
{
    struct origin *origin, *next;

    if (origins == NULL) {
        return;
    }
    HASH_ITER (hh, origins->table, origin, next) {
        forget(origins, origin);
    }
    free(origins);
}

/* --- the table -------------------------------------------------------------------------------*/

static bool is_busy(const struct origin *origin)
{
    return origin->out > 0 || origin->first != NULL;
}

/* After a change of its slots or waiting tasks. It may be gone then. */
static void note_busy(struct origins *origins, struct origin *origin, bool was_busy, int64_t now_ns)
{
    if (!was_busy && is_busy(origin)) {
        origins->busy++;
    } else if (was_busy && !is_busy(origin)) {
        origins->busy--;
        if (origin->until_ns <= now_ns) {
            forget(origins, origin);
        }
    }
}

/* Drops what is over; when that frees nothing, the pause that ends first. */
static void make_room(struct origins *origins, int64_t now_ns)
{
    struct origin *origin, *next, *first = NULL;

    HASH_ITER (hh, origins->table, origin, next) {
        if (is_busy(origin)) {
            continue;
        }
        if (origin->until_ns <= now_ns) {
            forget(origins, origin);
        } else if (first == NULL || origin->until_ns < first->until_ns) {
            first = origin;
        }
    }
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash moves the table's head off what it removes
    if (HASH_COUNT(origins->table) - origins->busy >= ORIGINS_MAX && first != NULL) {
        forget(origins, first);
    }
}

static struct origin *find(const struct origins *origins, uint64_t key)
{
    struct origin *origin = NULL;

    if (origins->table != NULL) {
        HASH_FIND(hh, origins->table, &key, sizeof key, origin);
    }
    return origin;
}

/* NULL: out of memory. */
static struct origin *find_or_add(struct origins *origins, uint64_t key, int64_t now_ns)
{
    struct origin *origin = find(origins, key);

    if (origin != NULL) {
        return origin;
    }
    if (HASH_COUNT(origins->table) - origins->busy >= ORIGINS_MAX) {
        make_room(origins, now_ns);
    }
    origin = calloc(1, sizeof *origin);
    if (origin != NULL) {
        origin->key = key;
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): nor that a removed entry is in no bucket
        HASH_ADD(hh, origins->table, key, sizeof origin->key, origin);
        if (origin->hh.tbl == NULL) { /* without memory for it uthash has not taken it */
            free(origin);
            return NULL;
        }
    }
    return origin;
}

int origins_pause(struct origins *origins, uint64_t key, int64_t until_ns, int64_t now_ns)
{
    struct origin *origin = find_or_add(origins, key, now_ns);

    if (origin == NULL) {
        return PX_ENOMEM;
    }
    if (until_ns > origin->until_ns) {
        origin->until_ns = until_ns;
    }
    return PX_OK;
}

int64_t origins_ready_ns(struct origins *origins, uint64_t key, int64_t now_ns)
{
    struct origin *origin = find(origins, key);

    if (origin == NULL) {
        return now_ns;
    }
    if (origin->until_ns <= now_ns) {
        if (!is_busy(origin)) {
            forget(origins, origin);
        }
        return now_ns;
    }
    return origin->until_ns;
}

size_t origins_count(const struct origins *origins)
{
    return HASH_COUNT(origins->table);
}

/* --- slots -----------------------------------------------------------------------------------*/

static bool is_full(const struct origins *origins, const struct origin *origin)
{
    return origins->rules.most > 0 && origin->out >= origins->rules.most;
}

static void take_slot(struct origins *origins, struct origin *origin, int64_t now_ns)
{
    origin->out++;
    if (origins->rules.delay_ns > 0) {
        origin->until_ns = now_ns + origins->rules.delay_ns;
    }
}

int origins_acquire(struct origins *origins, uint64_t key, int64_t now_ns, int64_t *until_ns)
{
    struct origin *origin = find_or_add(origins, key, now_ns);

    if (origin == NULL) {
        return PX_ENOMEM;
    }
    if (is_full(origins, origin) || origin->first != NULL) {
        *until_ns = PX_FOREVER;
        return PX_EAGAIN;
    }
    if (origin->until_ns > now_ns) {
        *until_ns = origin->until_ns;
        return PX_EAGAIN;
    }
    const bool was_busy = is_busy(origin);
    take_slot(origins, origin, now_ns);
    note_busy(origins, origin, was_busy, now_ns);
    return PX_OK;
}

/* Into the ring or out of it, as its slots and waiting tasks say. */
static void update_ring(struct origins *origins, struct origin *origin)
{
    const bool belongs = origin->first != NULL && !is_full(origins, origin);

    if (belongs && !origin->in_ring) {
        DL_APPEND(origins->ring, origin);
        if (origin->until_ns < origins->earliest_ns) {
            origins->earliest_ns = origin->until_ns;
        }
    } else if (!belongs && origin->in_ring) {
        DL_DELETE(origins->ring, origin);
    }
    origin->in_ring = belongs;
}

void origins_release(struct origins *origins, uint64_t key, int64_t now_ns)
{
    struct origin *origin = find(origins, key);

    if (origin == NULL || origin->out == 0) {
        return;
    }
    origin->out--;
    update_ring(origins, origin);
    note_busy(origins, origin, true, now_ns);
}

/* --- who waits -------------------------------------------------------------------------------*/

/* One that comes back for another try is older than nearly all that wait: it is found soon from the
 * head; a new one belongs to the tail. */
static void link_in_order(struct origin *origin, struct fetch_task *task)
{
    struct fetch_task **at = &origin->first;

    if (origin->last != NULL && origin->last->plan.order <= task->plan.order) {
        at = &origin->last->plan.next;
    }
    while (*at != NULL && (*at)->plan.order <= task->plan.order) {
        at = &(*at)->plan.next;
    }
    task->plan.next = *at;
    *at = task;
    if (task->plan.next == NULL) {
        origin->last = task;
    }
}

int origins_wait(struct origins *origins, struct fetch_task *task, int64_t now_ns)
{
    struct origin *origin = find_or_add(origins, task->origin, now_ns);

    if (origin == NULL) {
        return PX_ENOMEM;
    }
    const bool was_busy = is_busy(origin);
    link_in_order(origin, task);
    origins->waiting++;
    update_ring(origins, origin);
    note_busy(origins, origin, was_busy, now_ns);
    return PX_OK;
}

static struct fetch_task *take_first(struct origins *origins, struct origin *origin)
{
    struct fetch_task *task = origin->first;

    origin->first = task->plan.next;
    if (origin->first == NULL) {
        origin->last = NULL;
    }
    task->plan.next = NULL;
    origins->waiting--;
    return task;
}

/* The first of the ring whose time has come; else the time when there may be one is noted. */
static struct origin *find_ready(struct origins *origins, int64_t now_ns)
{
    int64_t earliest_ns = PX_FOREVER;
    struct origin *origin;

    DL_FOREACH(origins->ring, origin)
    {
        if (origin->until_ns <= now_ns) {
            return origin;
        }
        earliest_ns = origin->until_ns < earliest_ns ? origin->until_ns : earliest_ns;
    }
    origins->earliest_ns = earliest_ns;
    return NULL;
}

struct fetch_task *origins_next(struct origins *origins, int64_t now_ns, int64_t *until_ns)
{
    struct origin *origin = now_ns >= origins->earliest_ns ? find_ready(origins, now_ns) : NULL;

    if (origin == NULL) {
        *until_ns = origins->earliest_ns;
        return NULL;
    }
    struct fetch_task *task = take_first(origins, origin);
    take_slot(origins, origin, now_ns);
    DL_DELETE(origins->ring, origin); /* to its end, if it has still something to wait for */
    origin->in_ring = false;
    update_ring(origins, origin);
    return task;
}

struct fetch_task *origins_drop(struct origins *origins)
{
    struct origin *origin, *next;

    if (origins->waiting == 0) {
        return NULL;
    }
    HASH_ITER (hh, origins->table, origin, next) {
        if (origin->first != NULL) {
            struct fetch_task *task = take_first(origins, origin);

            update_ring(origins, origin);
            note_busy(origins, origin, true, 0);
            return task;
        }
    }
    return NULL;
}

size_t origins_waiting(const struct origins *origins)
{
    return origins->waiting;
}
