/* SPDX-License-Identifier: MIT
 *
 * copy/dest.h - the destinations of a run: DST, or each --to. They are worked on together, from one
 * look at the source and one read of each file, and each fails for itself: one that is full or
 * read-only gets nothing more, the others go on.
 *
 * Made and freed on the owner's thread; the rest from any worker, no locks.
 */
#ifndef PX_COPY_DEST_H
#define PX_COPY_DEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "copy/plan.h"

struct px_copy;

/* The file system that a destination is on. Destinations on the same one share it, and so its end. */
struct px_volume {
    dev_t dev;
    atomic_bool full; /* or read-only: nothing more is begun */
};

struct px_dest {
    /* fixed */
    struct px_plan plan; /* all plans have the same roots, in the same order */
    struct px_volume *volume;
    struct px_volume own; /* where `volume` points to for the first one on a file system */
    char *shortfall; /* it cannot take what is to be copied, and why; NULL: as far as is known */

    atomic_uint_fast64_t deleted; /* names, by --delete */
};

struct px_dests {
    struct px_dest *items;
    size_t n;
    atomic_size_t open_volumes; /* not full */
    atomic_bool full;           /* all are */
};

/* A plan for each destination that the options name, and a look at them together:
 *   PX_EREFUSED  two are one, or one is inside what is copied to another
 * and errors as px_plan_make(), with the text in `error` (n bytes). Nothing is left to free then. */
PX_NODISCARD int px_dests_open(const struct px_copy *copy, char *error, size_t n,
                               struct px_dests *out);
void px_dests_close(struct px_dests *dests);

bool px_dest_is_full(const struct px_dest *dest);

/* It met a failure that everything else would meet as well. True: it is the first, the one that is
 * told. */
PX_NODISCARD bool px_dest_fill(struct px_dests *dests, struct px_dest *dest);

/* The same operand in this destination's plan; `root` is the first one's. NULL stays NULL. */
const struct px_root *px_dest_root(const struct px_dests *dests, const struct px_dest *dest,
                                   const struct px_root *root);

#endif
