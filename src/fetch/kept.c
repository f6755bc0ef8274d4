/* SPDX-License-Identifier: MIT
 *
 * fetch/kept.c - tasks that wait for their time: a binary heap.
 *
 * Part of the source, on the owner's thread; no locks.
 */
#include "fetch/kept.h"

#include <stdbool.h>
#include <stdlib.h>

#include <pxfer/status.h>

#include "base/grow.h"
#include "fetch/task.h"

static bool goes_before(const struct fetch_task *a, const struct fetch_task *b)
{
    if (a->plan.ready_ns != b->plan.ready_ns) {
        return a->plan.ready_ns < b->plan.ready_ns;
    }
    return a->plan.order < b->plan.order;
}

static void swap(struct kept *kept, size_t a, size_t b)
{
    struct fetch_task *task = kept->heap[a];

    kept->heap[a] = kept->heap[b];
    kept->heap[b] = task;
}

int kept_add(struct kept *kept, struct fetch_task *task)
{
    struct fetch_task **heap = px_grow(kept->heap, &kept->room, kept->len + 1, sizeof(void *));

    if (heap == NULL) {
        return PX_ENOMEM;
    }
    kept->heap = heap;
    size_t at = kept->len++;
    kept->heap[at] = task;
    while (at > 0 && goes_before(kept->heap[at], kept->heap[(at - 1) / 2])) {
        swap(kept, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
    return PX_OK;
}

struct fetch_task *kept_first(const struct kept *kept)
{
    return kept->len > 0 ? kept->heap[0] : NULL;
}

struct fetch_task *kept_take(struct kept *kept)
{
    struct fetch_task *first = kept_first(kept);
    size_t at = 0;

    if (first == NULL) {
        return NULL;
    }
    kept->heap[0] = kept->heap[--kept->len];
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < kept->len; child++) {
            if (goes_before(kept->heap[child], kept->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return first;
        }
        swap(kept, at, least);
        at = least;
    }
}

void kept_fini(struct kept *kept)
{
    free(kept->heap);
    *kept = (struct kept){0};
}
