/* SPDX-License-Identifier: MIT
 *
 * copy/drop.h - --drop-cache beside the calls that leave nothing in memory (RWF_DONTCACHE): what of a
 * source was there before, and where the kernel has no such calls, dropping by hand: some MiB behind
 * the copying, pages of the source that were not there before, those of the target when they are on
 * the disk.
 */
#ifndef PX_COPY_DROP_H
#define PX_COPY_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "copy/copier.h"

struct px_data;

#define PX_DROP_UNITS 64

/* Which parts of a source have pages in memory that somebody else may want. */
struct px_kept {
    bool looked; /* false: nothing was read, so nothing is to be dropped */
    uint64_t size;
    uint64_t unit_bytes; /* 0: nothing is to be kept */
    uint64_t units;      /* bit i: the unit i has some */
};

/* What is copied and not yet dropped. */
struct px_trail {
    bool begun;
    uint64_t dropped; /* up to here */
    uint64_t sent;    /* up to here the disk was told to write */
    uint64_t at;
};

/* Before the first byte is read. Where nobody knows (no cachestat(2), Linux 6.5), nothing is kept. */
void px_drop_look(const struct px_copier *copier, int in, uint64_t size, struct px_kept *out);

/* When nobody reads it any more: what the kernel has read ahead without need. */
void px_drop_source(const struct px_copier *copier, int in, const struct px_kept *kept);

/* The bytes from `from` to `until` were copied. */
void px_drop_moved(struct px_data *data, uint64_t from, uint64_t until);

/* The last of the file or part; waits for the disk where the target needs it. */
void px_drop_end(struct px_data *data);

#endif
