/* SPDX-License-Identifier: MIT
 *
 * copy/manner.h - reading and writing the pieces of a file by way of a buffer, in the manner that was
 * asked for: through the page cache, around it (--direct), or leaving nothing in it (--drop-cache).
 * Where a file system does not take one, the next is taken, and px_explain_note() says so.
 */
#ifndef PX_COPY_MANNER_H
#define PX_COPY_MANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "copy/ahead.h"
#include "copy/direct.h"
#include "copy/drop.h"

struct px_data;

/* Of a whole file, found out before its first byte; whoever copies a part of it gets the same. */
struct px_manner {
    size_t align;        /* O_DIRECT is on, in multiples of this; 0: it is not */
    struct px_kept kept; /* --drop-cache: what was in memory before */
};

/* Up to `n` bytes from offset `at` into the worker's buffer, fewer at the end only or in a short read
 * of the system's; `whole`: from the descriptor's own offset. -1 with errno. */
PX_NODISCARD ssize_t px_manner_read(struct px_data *data, uint64_t at, size_t n, bool whole);

/* Writes the buffer's first `n` bytes to offset `at`; fewer than a multiple of the alignment only at
 * the end of the file. -1 with errno. */
PX_NODISCARD int px_manner_write(struct px_data *data, uint64_t at, size_t n);

/* The piece from `*from` to `*end`, widened to the alignment: not below `least`, not beyond `most`. */
void px_manner_widen(const struct px_data *data, uint64_t least, uint64_t most, uint64_t *from,
                     uint64_t *end);

/* After the last piece of the file or part. */
void px_manner_end(struct px_data *data);

#endif
