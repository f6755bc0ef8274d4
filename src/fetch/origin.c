/* SPDX-License-Identifier: MIT
 *
 * fetch/origin.c - which servers asked to be left alone, and until when.
 *
 * Read and written by the source on the owner's thread: a pause is decided in one place, so no lock
 * is needed and no worker ever sleeps for a host.
 */
#include "fetch/origin.h"

#include <stdlib.h>

#include <uthash.h>

#include <pxfer/status.h>

struct pause {
    uint64_t origin; /* key */
    int64_t until_ns;
    UT_hash_handle hh;
};

struct origins {
    struct pause *table;
};

int origins_new(struct origins **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? PX_OK : PX_ENOMEM;
}

static void forget(struct origins *origins, struct pause *pause)
{
    HASH_DEL(origins->table, pause);
    free(pause);
}

void origins_free(struct origins *origins)
{
    struct pause *pause, *next;

    if (origins == NULL) {
        return;
    }
    HASH_ITER (hh, origins->table, pause, next) {
        forget(origins, pause);
    }
    free(origins);
}

/* Drops what is over; when that frees nothing, the pause that ends first. */
static void make_room(struct origins *origins, int64_t now_ns)
{
    struct pause *pause, *next, *first = NULL;

    HASH_ITER (hh, origins->table, pause, next) {
        if (pause->until_ns <= now_ns) {
            forget(origins, pause);
        } else if (first == NULL || pause->until_ns < first->until_ns) {
            first = pause;
        }
    }
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash moves the table's head off what it removes
    if (HASH_COUNT(origins->table) >= ORIGINS_MAX && first != NULL) {
        forget(origins, first);
    }
}

int origins_pause(struct origins *origins, uint64_t origin, int64_t until_ns, int64_t now_ns)
{
    struct pause *pause;

    HASH_FIND(hh, origins->table, &origin, sizeof origin, pause);
    if (pause == NULL) {
        if (HASH_COUNT(origins->table) >= ORIGINS_MAX) {
            make_room(origins, now_ns);
        }
        pause = calloc(1, sizeof *pause);
        if (pause == NULL) {
            return PX_ENOMEM;
        }
        pause->origin = origin;
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): nor that a removed entry is in no bucket
        HASH_ADD(hh, origins->table, origin, sizeof pause->origin, pause);
    }
    if (until_ns > pause->until_ns) {
        pause->until_ns = until_ns;
    }
    return PX_OK;
}

int64_t origins_ready_ns(struct origins *origins, uint64_t origin, int64_t now_ns)
{
    struct pause *pause;

    if (origins->table == NULL) {
        return now_ns;
    }
    HASH_FIND(hh, origins->table, &origin, sizeof origin, pause);
    if (pause == NULL) {
        return now_ns;
    }
    if (pause->until_ns <= now_ns) {
        forget(origins, pause);
        return now_ns;
    }
    return pause->until_ns;
}

size_t origins_count(const struct origins *origins)
{
    return HASH_COUNT(origins->table);
}
