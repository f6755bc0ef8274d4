/* SPDX-License-Identifier: MIT
 *
 * copy/hardlink.h - names that are hard links of each other in the source become hard links of each
 * other in the target, whichever workers meet them.
 *
 * The first name of a group is copied like any other; names that are met meanwhile wait, holding up
 * nobody, and are handed out again when the copy has its name or failed. Then they are linked to it;
 * or, after a failure, the next one is copied. Only what has several links is remembered, and only
 * until all of them were met.
 */
#ifndef PX_COPY_HARDLINK_H
#define PX_COPY_HARDLINK_H

#include <stdbool.h>
#include <sys/stat.h>

#include <pxfer/attr.h>
#include <pxfer/item.h>

#include "base/mutex.h"

struct px_copier;
struct px_dest;
struct px_entry;
struct px_fail;
struct px_group;

struct px_hardlinks {
    struct px_mutex lock;
    struct px_group *groups PX_GUARDED; /* a hash; protected by lock, as is all in a group */
};

/* PX_ENOMEM. */
PX_NODISCARD int px_hardlinks_init(struct px_hardlinks *links);
/* After all workers, before the plan is gone. */
void px_hardlinks_fini(struct px_hardlinks *links);

/* What is to be done with an entry that is what `source` says. `*copy`: copy it (it may lead its group
 * from now on: entry->group). Else PX_OK: it is linked, or entry->skip_reason says why not, or
 * entry->waits is set: it comes again as another task, the caller must not settle it. PX_EEXIST,
 * PX_EFULL, PX_EIO, PX_EINUSE, PX_ENOMEM: the entry failed. */
PX_NODISCARD int px_hardlink_enter(struct px_copier *copier, struct px_entry *entry,
                                   const struct stat *source, bool *copy, struct px_fail *fail);

/* For --check: has this name become what the first name of its group, compared before, has become?
 * PX_EATTR: it is another file. PX_ENOMEM. */
PX_NODISCARD int px_hardlink_check(struct px_copier *copier, const struct px_dest *dest,
                                   const struct stat *source, const struct stat *target,
                                   struct px_fail *fail);

/* The entry that leads a group was settled: `there`, also when an attribute was lost on the way. For
 * px_copier_settle(). */
void px_hardlink_settled(struct px_copier *copier, struct px_entry *entry, enum px_item_state state,
                         bool there);

#endif
