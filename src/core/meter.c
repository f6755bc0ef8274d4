/* SPDX-License-Identifier: MIT
 *
 * core/meter.c - rate limits. Entered by all workers; owns no lock.
 *
 * Whoever has received a block pauses until that block is paid for, whoever else pays meanwhile:
 * what one of them does not use another one has, and no share of the sum has to be computed anew when
 * one becomes slow, begins or ends.
 */
#include "core/meter.h"

#include <pxfer/timing.h>

#define BLOCKS_PER_S 100

static int64_t cost_ns(uint64_t bytes, uint64_t bytes_per_s)
{
    const double ns = (double)bytes * (double)PX_NS_PER_S / (double)bytes_per_s;
    const double longest = 365.0 * 86400 * (double)PX_NS_PER_S; /* 1 B/s and 512 KiB: six days */

    return (int64_t)(ns < longest ? ns : longest);
}

int64_t meter_draw(struct meter *meter, uint64_t bytes, int64_t now_ns)
{
    if (meter->bytes_per_s == 0) {
        return now_ns;
    }
    const int64_t cost = cost_ns(bytes, meter->bytes_per_s);
    int_fast64_t paid = atomic_load_explicit(&meter->paid_ns, memory_order_relaxed);
    int_fast64_t until;
    do {
        const int64_t from =
            paid == 0 ? now_ns : now_ns - METER_SLACK_NS; /* no burst to begin with */
        until = (paid > from ? paid : from) + cost;
    } while (!atomic_compare_exchange_weak_explicit(&meter->paid_ns, &paid, until,
                                                    memory_order_relaxed, memory_order_relaxed));
    return until;
}

uint64_t meter_block(uint64_t bytes_per_s, uint64_t least, uint64_t most)
{
    const uint64_t block = bytes_per_s / BLOCKS_PER_S;

    if (bytes_per_s == 0 || block > most) {
        return most;
    }
    return block > least ? block : least;
}
