/* SPDX-License-Identifier: MIT
 *
 * copy/walk.h - directories become tasks: listing, packing names, handing them out.
 */
#ifndef PX_COPY_WALK_H
#define PX_COPY_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "copy/copier.h"

/* One getdents64(2): the kernel needs 24 to 280 bytes for a name, so this is some 2,000 of them. */
#define PX_WALK_BUF_BYTES ((size_t)64 * 1024)

/* Works on the task in hand (ROOT, DIR or NAMES). True: it is at its end (or the engine is stopping):
 * call px_walk_end() and emit it. False: it was laid aside on the worker's own stack, below what
 * must be done first, and will be popped again. */
PX_NODISCARD bool px_walk_run(struct px_copier *copier);

/* Counts what was not done as canceled and gives up the directory. */
void px_walk_end(struct px_copier *copier);

/* Before `bytes` of data are copied: offers half of the files that the task in hand still has to
 * the other workers, when that many bytes, or the time since the last such offer, are worth it. */
void px_walk_share(struct px_copier *copier, uint64_t bytes);

#endif
