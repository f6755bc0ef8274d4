/* SPDX-License-Identifier: MIT
 *
 * copy/same.h - a file that is at the target already and stays: it has the same contents (-c), or
 * only its attributes are wanted (--attributes-only). It is given the attributes where it is.
 */
#ifndef PX_COPY_SAME_H
#define PX_COPY_SAME_H

#include <stdbool.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/file.h"

/* Compares the open source with what is at the target. When they have the same bytes, `*copy` is
 * false, entry->skip_reason is set, and the target has the attributes (not in a dry run). A target
 * that is absent, of another size or kind, or that cannot be read, is no failure: it is to be copied.
 * PX_EATTR: an attribute could not be kept. PX_EAGAIN: the source changed meanwhile. PX_ESRC,
 * PX_EIO, PX_ECANCELED. */
PX_NODISCARD int px_same_contents(struct px_copier *copier, struct px_entry *entry,
                                  const struct px_file *file, bool *copy, struct px_fail *fail);

/* Gives a regular file at the target the attributes of the open source; `*copy` is false then.
 * Nothing is at the target, or this is a dry run: PX_OK, and it is still to be made. PX_EEXIST: it is
 * no regular file. PX_EATTR, PX_EIO. */
PX_NODISCARD int px_same_attributes(struct px_copier *copier, struct px_entry *entry,
                                    const struct px_file *file, bool *copy, struct px_fail *fail);

#endif
