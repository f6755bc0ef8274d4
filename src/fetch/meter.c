/* SPDX-License-Identifier: MIT
 *
 * fetch/meter.c - rate limits. Entered by all workers; owns no lock.
 *
 * Why not CURLOPT_MAX_RECV_SPEED_LARGE: it is a limit of one handle, and a share of the sum would
 * have to be computed anew for all handles of all threads whenever one of them becomes slow, begins
 * or ends; with a kept handle it does not hold for the second transfer (curl issue 7042, open); and
 * it judges over seconds, after a first burst of whatever was there. Here a transfer that has
 * received a block pauses until that block is paid for, whoever else pays meanwhile: what one of
 * them does not use another one has.
 */
#include "fetch/meter.h"

#include <pxfer/timing.h>

#define BLOCK_MIN_BYTES 1024 /* libcurl's least CURLOPT_BUFFERSIZE */
#define BLOCK_MAX_BYTES \
    16384 /* CURL_MAX_WRITE_SIZE: more than one callback's bytes are stored while
                                 the transfer pauses, and copied at each pause */
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

uint64_t meter_block(uint64_t bytes_per_s, uint64_t most)
{
    const uint64_t block = bytes_per_s / BLOCKS_PER_S;

    if (bytes_per_s == 0) {
        return most;
    }
    most = most < BLOCK_MAX_BYTES ? most : BLOCK_MAX_BYTES;
    return block > most ? most : block > BLOCK_MIN_BYTES ? block : BLOCK_MIN_BYTES;
}
