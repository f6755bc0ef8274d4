/* SPDX-License-Identifier: MIT
 *
 * copy/policy.h - is an entry to be copied at all, given what is at its target already (-n, -u)?
 */
#ifndef PX_COPY_POLICY_H
#define PX_COPY_POLICY_H

#include <stdbool.h>
#include <sys/stat.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "copy/copier.h"

/* Pure: why `source` is not copied over the existing `target`, as static text; NULL: it is.
 * PX_UPDATE_OLDER replaces when the target is older or, with the same time, of another size; what is
 * not of the same kind is no version of the same file: it is left to publishing to replace or
 * refuse. With PX_UPDATE_CONTENTS copy/same.h has the last word. */
const char *px_policy_skip(enum px_update update, const struct stat *source,
                           const struct stat *target);

/* Pure: what stands in the way at a target of that type and must not be replaced: "a directory",
 * "a FIFO" ..., static text; NULL: a file or a link, which may be. */
const char *px_policy_obstacle(mode_t target);

/* Pure: is what exists left alone whatever it is (--update=none, none-fail; --attributes-only)? */
bool px_policy_keeps(const struct px_copy_opts *opts);

/* With px_copy_opts.existing_only: is there nothing at the target of `entry`? Then entry->skip_reason
 * is set. */
bool px_policy_misses(struct px_copier *copier, struct px_entry *entry);

/* Looks at the target of `entry` where the policy needs it and sets entry->skip_reason; a dry run
 * skips everything that would be copied, with its action and size. PX_EEXIST: a dry run sees that
 * something stands in the way. */
PX_NODISCARD int px_policy_apply(struct px_copier *copier, struct px_entry *entry,
                                 const struct stat *source, struct px_fail *fail);

#endif
