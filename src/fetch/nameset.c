/* SPDX-License-Identifier: MIT
 *
 * fetch/nameset.c - which targets a run has given out already, in bounded memory: a table of hashes
 * (base/bigmap.h). Called by the source on the owner's thread only; no locks.
 */
#define _GNU_SOURCE
#include "fetch/nameset.h"

#include <stdlib.h>
#include <sys/random.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/bigmap.h"
#include "fetch/name.h"

struct nameset {
    struct px_bigmap *map;
    uint64_t seed;
};

/* So that a list made by a stranger cannot hold names that all collide. */
static uint64_t random_seed(const void *fallback)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        seed = (uint64_t)px_now_ns() ^ (uint64_t)(uintptr_t)fallback;
    }
    return seed;
}

int nameset_new(const struct px_io_ops *io, size_t memory_bytes, struct nameset **out)
{
    struct nameset *set = calloc(1, sizeof *set);

    if (set == NULL) {
        return PX_ENOMEM;
    }
    set->seed = random_seed(set);
    int rc = px_bigmap_new(io, memory_bytes, &set->map);
    if (rc != PX_OK) {
        free(set);
        return rc;
    }
    *out = set;
    return PX_OK;
}

void nameset_free(struct nameset *set)
{
    if (set != NULL) {
        px_bigmap_free(set->map);
        free(set);
    }
}

int nameset_add(struct nameset *set, const char *target, size_t len, struct nameset_owner *owner)
{
    uint64_t value = (uint64_t)owner->tag << 32 | owner->line;
    int rc = px_bigmap_add(set->map, name_hash(target, len, set->seed), &value);

    if (rc == PX_EEXIST) {
        *owner = (struct nameset_owner){.tag = (uint32_t)(value >> 32), .line = (uint32_t)value};
    }
    return rc;
}
