/* SPDX-License-Identifier: MIT
 *
 * fetch/list/lines.h - the records of a file or pipe, one after the other, never waiting for long: what
 * is not there yet is "not now". Memory: one buffer that grows to the longest line, at most 1 MiB.
 *
 * One thread.
 */
#ifndef FETCH_LIST_LINES_H
#define FETCH_LIST_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "fetch/list/feed.h"

struct px_io_ops;

#define LINES_MAX_BYTES ((size_t)1 << 20) /* a longer line is not read as one */
#define LINES_SAMPLE_BYTES 64             /* what is kept of it for the message */

struct lines {
    struct feed feed;
    bool ended;    /* the feed said so */
    bool begun;    /* three bytes were seen: a BOM is behind us, or there is none */
    bool too_long; /* inside a line that is longer than the limit */
    char separator;
    char *buf;
    size_t room, begin, end;
    size_t scanned;  /* bytes from begin on that hold no separator */
    size_t next;     /* where the record after the peeked one begins, 0 = none was peeked */
    uint64_t number; /* of the peeked record, 1-based */
};

/* `path` "-" is fd 0, which stays open. spool: see feed.h. -1 with errno: it cannot be opened. */
PX_NODISCARD int lines_open(struct lines *lines, const struct px_io_ops *io, const char *path,
                            char separator, struct feed_spool *spool);
void lines_close(struct lines *lines);

/* The next record, without its separator and (for lines) a CR before it; the first without a UTF-8
 * BOM. It stays next, and valid, until lines_take(). PX_EAGAIN: not there yet. PX_EEND.
 * PX_EBADLINE: longer than the limit; then `*text` is its beginning. PX_EIO: read failed (errno).
 * PX_EINTEGRITY: damaged gzip data. PX_ENOMEM. */
PX_NODISCARD int lines_peek(struct lines *lines, const char **text, size_t *len);

/* Goes on to the record after the one that was peeked. */
void lines_take(struct lines *lines);

/* For what is no lines: the bytes that were read and not taken, and whether no more will come. */
size_t lines_held(const struct lines *lines, const char **text, bool *ended);

/* Reads once, so that more bytes are held or the end is known. Statuses as lines_peek(). */
PX_NODISCARD int lines_fill(struct lines *lines);

/* Takes the first n of the bytes that are held. */
void lines_drop(struct lines *lines, size_t n);

#endif
