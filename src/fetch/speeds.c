/* SPDX-License-Identifier: MIT
 *
 * fetch/speeds.c - how fast each mirror's host has been in this run. Part of the source; no locks.
 */
#include "fetch/speeds.h"

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/timing.h>

#define FAILED_NS (30 * PX_NS_PER_S)
/* Of the last try in the mean. */
#define WEIGHT 0.3

static struct speed *find_or_add(struct speeds *speeds, uint64_t origin)
{
    for (unsigned i = 0; i < speeds->used; i++) {
        if (speeds->at[i].origin == origin) {
            return &speeds->at[i];
        }
    }
    unsigned i = speeds->next++ % SPEEDS_MAX;
    speeds->used += speeds->used < SPEEDS_MAX;
    speeds->at[i] = (struct speed){.origin = origin};
    return &speeds->at[i];
}

void speeds_note(struct speeds *speeds, uint64_t origin, uint64_t bytes, int64_t took_ns)
{
    if (bytes < SPEEDS_LEAST_BYTES || took_ns <= 0) {
        return;
    }
    struct speed *speed = find_or_add(speeds, origin);
    double now = (double)bytes * (double)PX_NS_PER_S / (double)took_ns;

    speed->bytes_per_s =
        speed->bytes_per_s > 0 ? (1 - WEIGHT) * speed->bytes_per_s + WEIGHT * now : now;
}

void speeds_note_failure(struct speeds *speeds, uint64_t origin, int64_t now_ns)
{
    find_or_add(speeds, origin)->failed_ns = now_ns;
}

double speeds_of(const struct speeds *speeds, uint64_t origin, int64_t now_ns)
{
    for (unsigned i = 0; i < speeds->used; i++) {
        const struct speed *speed = &speeds->at[i];

        if (speed->origin == origin) {
            bool failed = speed->failed_ns != 0 && now_ns - speed->failed_ns < FAILED_NS;

            return failed ? -1 : speed->bytes_per_s;
        }
    }
    return 0;
}
