/* SPDX-License-Identifier: MIT
 *
 * copy/link.h - what has no data: symbolic links are copied as links; FIFOs, sockets and devices are
 * made anew when that was asked for, else left out with a line.
 */
#ifndef PX_COPY_LINK_H
#define PX_COPY_LINK_H

#include "copy/copier.h"

/* Copies the symbolic link of `entry` and settles it. What has the name already, other than a
 * directory, is replaced by rename: a link there is not followed, its target stays as it is. */
void px_link_copy(struct px_copier *copier, struct px_entry *entry);

/* The same for a FIFO, socket or device; `type` is its DT_ type. Without px_copy_opts.specials it is
 * settled as skipped: PX_ESPECIAL with a line. */
void px_special_copy(struct px_copier *copier, struct px_entry *entry, unsigned char type);

#endif
