/* SPDX-License-Identifier: MIT
 *
 * copy/ahead.h - asking for what will be read next, on sources that answer slowly.
 */
#ifndef PX_COPY_AHEAD_H
#define PX_COPY_AHEAD_H

#include <stdint.h>

#include <pxfer/attr.h>

struct px_data;

/* Of one worker's way through a file. */
struct px_ahead {
    uint64_t until; /* asked for up to here */
    uint64_t bytes; /* of the reads that are being timed */
    int64_t took_ns;
};

/* Before a read at `at`: asks for what follows, if the source has turned out to be slow. */
void px_ahead_ask(struct px_data *data, uint64_t at);

/* After it: `bytes` came, the last of them before `at`, and that took so long. */
void px_ahead_note(struct px_data *data, uint64_t at, uint64_t bytes, int64_t took_ns);

#endif
