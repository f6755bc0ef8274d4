/* SPDX-License-Identifier: MIT
 *
 * core/activity.c - what is in hand right now. Each slot is written by its worker and sampled by the
 * owner ten times a second; its counters have a cache line of their own, its name a lock that nobody but
 * the sampler ever contends for. No lock is taken under it.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/activity.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/cache_line.h"
#include "base/mutex.h"
#include "base/show.h"

struct activity_slot {
    /* atomic: written by the slot's worker, read by the sampler; relaxed, for each is a number that
     * is right by itself, and a display may be a moment late */
    _Alignas(PX_CACHE_LINE) atomic_uint_fast64_t all_bytes; /* since the start */
    atomic_uint_fast64_t all_items;
    atomic_uint_fast64_t done_bytes; /* of the present item */
    atomic_uint_fast64_t total_bytes;

    _Alignas(PX_CACHE_LINE) struct px_mutex lock;

    /* protected by lock */
    bool active PX_GUARDED;
    int64_t begin_ns PX_GUARDED;
    uint64_t group PX_GUARDED;
    char name[PX_ACTIVITY_NAME_BYTES] PX_GUARDED; /* raw; escaped when sampled, which is rarer */
};

struct px_activity {
    size_t n_slots;
    struct activity_slot slots[];
};

int px_activity_new(size_t slots, struct px_activity **out)
{
    if (slots == 0) {
        return PX_EINVAL;
    }
    struct px_activity *activity = NULL;
    if (slots > (SIZE_MAX - sizeof *activity) / sizeof activity->slots[0]) {
        return PX_ENOMEM;
    }
    const size_t bytes = sizeof *activity + slots * sizeof activity->slots[0];
    activity = aligned_alloc(PX_CACHE_LINE, bytes); /* calloc(3) promises 16 */
    if (activity == NULL) {
        return PX_ENOMEM;
    }
    memset(activity, 0, bytes);
    for (; activity->n_slots < slots; activity->n_slots++) {
        if (px_mutex_init(&activity->slots[activity->n_slots].lock) != PX_OK) {
            px_activity_free(activity);
            return PX_ENOMEM;
        }
    }
    *out = activity;
    return PX_OK;
}

void px_activity_free(struct px_activity *activity)
{
    if (activity == NULL) {
        return;
    }
    for (size_t i = 0; i < activity->n_slots; i++) {
        px_mutex_fini(&activity->slots[i].lock);
    }
    free(activity);
}

/* The tail of a long path or URL says more than its head: "...images/0042.png". */
static void activity_copy_name(char *dst, const char *name)
{
    const size_t len = strlen(name);
    const char *start = name;
    if (len >= PX_ACTIVITY_NAME_BYTES) {
        start = name + len - (PX_ACTIVITY_NAME_BYTES - 1);
    }
    memcpy(dst, start, strlen(start) + 1);
}

void px_activity_begin(struct px_activity *activity, size_t index, const char *name,
                       uint64_t total_bytes)
{
    if (activity == NULL) {
        return;
    }
    struct activity_slot *slot = &activity->slots[index];
    atomic_store_explicit(&slot->done_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->total_bytes, total_bytes, memory_order_relaxed);
    const int64_t now = px_now_ns();
    px_mutex_lock(&slot->lock);
    activity_copy_name(slot->name, name);
    slot->begin_ns = now;
    slot->group = 0;
    slot->active = true;
    px_mutex_unlock(&slot->lock);
}

void px_activity_total(struct px_activity *activity, size_t index, uint64_t total_bytes)
{
    if (activity != NULL) {
        atomic_store_explicit(&activity->slots[index].total_bytes, total_bytes,
                              memory_order_relaxed);
    }
}

void px_activity_add(struct px_activity *activity, size_t index, uint64_t bytes)
{
    if (activity != NULL) {
        struct activity_slot *slot = &activity->slots[index];
        atomic_fetch_add_explicit(&slot->done_bytes, bytes, memory_order_relaxed);
        atomic_fetch_add_explicit(&slot->all_bytes, bytes, memory_order_relaxed);
    }
}

void px_activity_item(struct px_activity *activity, size_t index)
{
    if (activity != NULL) {
        atomic_fetch_add_explicit(&activity->slots[index].all_items, 1, memory_order_relaxed);
    }
}

void px_activity_join(struct px_activity *activity, size_t index, uint64_t group)
{
    if (activity != NULL) {
        struct activity_slot *slot = &activity->slots[index];
        px_mutex_lock(&slot->lock);
        slot->group = group;
        px_mutex_unlock(&slot->lock);
    }
}

void px_activity_done(struct px_activity *activity, size_t index, uint64_t bytes)
{
    if (activity != NULL) {
        atomic_store_explicit(&activity->slots[index].done_bytes, bytes, memory_order_relaxed);
    }
}

void px_activity_end(struct px_activity *activity, size_t index)
{
    if (activity != NULL) {
        struct activity_slot *slot = &activity->slots[index];
        px_mutex_lock(&slot->lock);
        slot->active = false;
        px_mutex_unlock(&slot->lock);
    }
}

size_t px_activity_slots(const struct px_activity *activity)
{
    return activity != NULL ? activity->n_slots : 0;
}

void px_activity_sample(struct px_activity *activity, size_t index, struct px_activity_sample *out)
{
    struct activity_slot *slot = &activity->slots[index];
    char raw[PX_ACTIVITY_NAME_BYTES];
    px_mutex_lock(&slot->lock);
    out->active = slot->active;
    out->begin_ns = slot->begin_ns;
    out->group = slot->group;
    memcpy(raw, slot->name, sizeof raw);
    px_mutex_unlock(&slot->lock);
    out->done_bytes = atomic_load_explicit(&slot->done_bytes, memory_order_relaxed);
    out->total_bytes = atomic_load_explicit(&slot->total_bytes, memory_order_relaxed);
    px_show_str(out->name, sizeof out->name, raw);
}

uint64_t px_activity_bytes(struct px_activity *activity)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < px_activity_slots(activity); i++) {
        sum += atomic_load_explicit(&activity->slots[i].all_bytes, memory_order_relaxed);
    }
    return sum;
}

uint64_t px_activity_items(struct px_activity *activity)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < px_activity_slots(activity); i++) {
        sum += atomic_load_explicit(&activity->slots[i].all_items, memory_order_relaxed);
    }
    return sum;
}
