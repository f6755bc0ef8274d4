/* SPDX-License-Identifier: MIT
 *
 * copy/parents.h - operands that keep the directories above them (--parents): a list of names below "."
 * or "/", as --files-from has one (copy/listed.h).
 */
#ifndef PX_COPY_PARENTS_H
#define PX_COPY_PARENTS_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "copy/copier.h"
#include "copy/dir.h"
#include "copy/listed.h"

/* px_copy_opts.names as a batch, in which directories are whole; the caller owns it. PX_EUSAGE with a
 * message in `error` (n bytes): a name with "..", or one that is the source itself. PX_ENOMEM. */
PX_NODISCARD int px_parents_list(const struct px_copy_opts *opts, char *error, size_t n,
                                 struct px_listed **out);

/* Is `entry` a directory on the way to an operand, or one itself? What the user has written as a path
 * may lead through symbolic links. */
bool px_parents_leads_to_operand(const struct px_copier *copier, const struct px_entry *entry);

/* Is it the directory that all operands are below, whose attributes nobody asked for? */
bool px_parents_is_top(const struct px_dir *dir);

#endif
