/* SPDX-License-Identifier: MIT
 *
 * copy/pace.c - the pace of a worker that moves data. Worker's thread; the meter is an atomic that
 * all workers share. Without a limit it costs a comparison for each piece.
 */
#include "copy/pace.h"

#include <poll.h>

#include <pxfer/timing.h>

/* Pieces under a limit: whole blocks, so that holes are found and blocks can be shared. */
#define BLOCK_BYTES ((uint64_t)4096)
#define LARGE_BLOCK_BYTES ((uint64_t)64 * 1024)

/* Whoever waits looks so often whether the run is to stop. */
#define LOOK_UP_MS 100

uint64_t px_pace_piece(const struct px_copier *copier, uint64_t most)
{
    const uint64_t rate = copier->copy->meter.bytes_per_s;
    if (rate == 0) {
        return most;
    }
    const uint64_t piece = meter_block(rate, BLOCK_BYTES, most);
    return piece - piece % (piece < LARGE_BLOCK_BYTES ? BLOCK_BYTES : LARGE_BLOCK_BYTES);
}

bool px_pace_moved(struct px_copier *copier, uint64_t bytes)
{
    bool stop = px_copier_moved(copier, bytes);
    struct meter *meter = &copier->copy->meter;
    if (meter->bytes_per_s == 0) {
        return stop;
    }
    int64_t now_ns = px_now_ns();
    const int64_t until_ns = meter_draw(meter, bytes, now_ns);
    while (!stop && now_ns < until_ns) {
        const int64_t left_ms = (until_ns - now_ns) / PX_NS_PER_MS + 1;
        PX_IGNORE(poll(NULL, 0, left_ms < LOOK_UP_MS ? (int)left_ms : LOOK_UP_MS));
        stop = px_copier_stopping(copier);
        now_ns = px_now_ns();
    }
    return stop;
}
