/* SPDX-License-Identifier: MIT
 *
 * fetch/nameset.h - which targets a run has given out already, for lists of any length in bounded
 * memory: up to a limit in memory, beyond it in an unlinked temporary file (the page cache may keep
 * that, the process does not).
 *
 * One thread. A target is known by a 64-bit hash keyed afresh in each run: at 10 million lines the
 * chance that any two different ones are taken for the same is below 3 in a million.
 */
#ifndef FETCH_NAMESET_H
#define FETCH_NAMESET_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct nameset;
struct px_io_ops;

/* Who has a target. */
struct nameset_owner {
    uint32_t tag;  /* a hash of what is fetched to it and the number of the list */
    uint32_t line; /* where it stands; 4294967295 = that or more */
};

/* `memory_bytes`: 0 = 4 MiB. io is borrowed. PX_ENOMEM. */
PX_NODISCARD int nameset_new(const struct px_io_ops *io, size_t memory_bytes, struct nameset **out);
void nameset_free(struct nameset *set);

/* Gives `target` to `owner`. PX_EEXIST: it has one already, put into `*owner`. PX_EIO: the
 * temporary file failed (errno). PX_ENOMEM. */
PX_NODISCARD int nameset_add(struct nameset *set, const char *target, size_t len,
                             struct nameset_owner *owner);

#endif
