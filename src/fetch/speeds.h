/* SPDX-License-Identifier: MIT
 *
 * fetch/speeds.h - how fast each mirror's host has been in this run, and which have just failed.
 *
 * Of files with mirrors only; SPEEDS_MAX hosts, then the one that was noted first is forgotten. One
 * thread (the source's).
 */
#ifndef FETCH_SPEEDS_H
#define FETCH_SPEEDS_H

#include <stdint.h>

#define SPEEDS_MAX 256
/* Tries that moved less say nothing of a speed. */
#define SPEEDS_LEAST_BYTES ((uint64_t)64 << 10)

struct speed {
    uint64_t origin;
    double bytes_per_s; /* a moving mean; 0 = not known */
    int64_t failed_ns;  /* when it did last, 0 = never, or it has done well since */
};

/* {0} knows nothing. */
struct speeds {
    struct speed at[SPEEDS_MAX];
    unsigned used, next;
};

/* A try moved so many bytes in so long. */
void speeds_note(struct speeds *speeds, uint64_t origin, uint64_t bytes, int64_t took_ns);
void speeds_note_failure(struct speeds *speeds, uint64_t origin, int64_t now_ns);

/* Bytes a second; 0 = not known; negative: it has failed in the last half minute. */
double speeds_of(const struct speeds *speeds, uint64_t origin, int64_t now_ns);

#endif
