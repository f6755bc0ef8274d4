/* SPDX-License-Identifier: MIT
 *
 * copy/backup.h - what is about to be replaced is kept under another name (--backup).
 */
#ifndef PX_COPY_BACKUP_H
#define PX_COPY_BACKUP_H

#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"

/* Gives the file or link that has entry->target_name in `dirfd` its backup name as well; the caller
 * then renames the new one over it, so the name is never absent. Nothing there: nothing to do.
 * PX_EREFUSED: the backup would replace the source. PX_EEXIST: no name is free. PX_EFULL, PX_EIO. */
PX_NODISCARD int px_backup_keep(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                                const struct stat *source, struct px_fail *fail);

/* Pure: does the name look like a backup of something (what --delete leaves alone)? */
bool px_backup_is_name(const struct px_copy_opts *opts, const char *name);

#endif
