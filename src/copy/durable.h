/* SPDX-License-Identifier: MIT
 *
 * copy/durable.h - --sync=file for names: what is told of as durable is found again after a power cut.
 * All calls do nothing with another --sync.
 */
#ifndef PX_COPY_DURABLE_H
#define PX_COPY_DURABLE_H

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/dir.h"

/* Puts the names in the directory on the disk. PX_EIO, PX_EFULL. */
PX_NODISCARD int px_durable_names(struct px_copier *copier, struct px_dir *dir,
                                  struct px_fail *fail);

/* The same at the end of a directory; of an operand also the name that it has itself. */
PX_NODISCARD int px_durable_end(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail);

/* After a file got its name in `dir`: syncs that, too, where nobody else will before it is told of. */
PX_NODISCARD int px_durable_published(struct px_copier *copier, struct px_dir *dir,
                                      const struct stat *source, struct px_fail *fail);

/* Before the task in hand is given back, all of whose names are in `dir`: where its items say that they
 * are on the disk, their names are put there. What goes wrong is an item of its own, the
 * directory's, and the others say so no more. */
void px_durable_promised(struct px_copier *copier, struct px_dir *dir);

#endif
