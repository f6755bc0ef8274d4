/* SPDX-License-Identifier: MIT
 *
 * app/rate.h - how fast it goes now (a sliding window) and how long it will take. Pure: times come
 * in as arguments.
 */
#ifndef PX_APP_RATE_H
#define PX_APP_RATE_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/timing.h>

#define RATE_SAMPLES 32
#define RATE_WINDOW_NS (10 * PX_NS_PER_S)

/* {0} is an empty window. A sample within window / samples of the one before replaces it, so any
 * frequency of calls covers the whole window. */
struct rate_window {
    struct rate_sample {
        int64_t at_ns;
        uint64_t value;
    } sample[RATE_SAMPLES];
    size_t first; /* oldest */
    size_t n;
    struct rate_sample last; /* newest, always kept */
};

/* `value` is a running total (bytes, items) at `now_ns`; both never go back. */
void rate_add(struct rate_window *window, int64_t now_ns, uint64_t value);

/* Units per second over the window; 0 while there are not two moments to compare. */
double rate_per_s(const struct rate_window *window);

/* What is known for an estimate of the time that is left. */
struct rate_eta {
    uint64_t total_items;  /* 0 = not known: no estimate */
    uint64_t ended_items;  /* finished in any way */
    uint64_t worked_items; /* of these: not skipped */
    uint64_t worked_bytes; /* theirs */
    uint64_t active_items;
    uint64_t active_left_bytes; /* still to come of active items whose size is known */
    double items_per_s;
    double bytes_per_s;
};

/* Nanoseconds left, -1 = cannot be told. By bytes when the finished items say how large one is,
 * else by items. */
int64_t rate_eta_ns(const struct rate_eta *known);

#endif
