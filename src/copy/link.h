/* SPDX-License-Identifier: MIT
 *
 * copy/link.h - what has no data: symbolic links are copied as links; FIFOs, sockets and devices are
 * made anew when that was asked for, else left out with a line.
 */
#ifndef PX_COPY_LINK_H
#define PX_COPY_LINK_H

#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/dir.h"
#include "copy/fail.h"

/* What is to be made: a hard link to `twin`, else a symbolic link with `text`, else a node of the
 * source's type. */
struct px_node {
    const char *text; /* borrowed; NULL: none */
    int twin;         /* the source itself, open with O_PATH; -1: none */
    bool is_name;     /* a name for the source, whose attributes are not carried over */
    struct stat source;
    struct px_dir_fds fds;
};

/* Makes it under entry->target_name, whole or not at all; what has the name already, other than a
 * directory or what px_policy_obstacle() tells, is replaced by rename. entry->skip_reason is set when
 * that is to stay, or is the source itself. PX_EEXIST, PX_EREFUSED, PX_EATTR, PX_EFULL, PX_EIO. */
PX_NODISCARD int px_node_make(struct px_copier *copier, struct px_entry *entry,
                              const struct px_node *node, struct px_fail *fail);

/* Copies the symbolic link of `entry` and settles it. What has the name already, other than a
 * directory, is replaced by rename: a link there is not followed, its target stays as it is. */
void px_link_copy(struct px_copier *copier, struct px_entry *entry);

/* The same for a FIFO, socket or device; `type` is its DT_ type. Without px_copy_opts.specials it is
 * settled as skipped: PX_ESPECIAL with a line. */
void px_special_copy(struct px_copier *copier, struct px_entry *entry, unsigned char type);

#endif
