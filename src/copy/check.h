/* SPDX-License-Identifier: MIT
 *
 * copy/check.h - is the target what the source is (--check)? Reads both, writes nothing.
 */
#ifndef PX_COPY_CHECK_H
#define PX_COPY_CHECK_H

#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/dir.h"
#include "copy/fail.h"

/* A regular file, open as `in`. PX_OK: the same. PX_EINTEGRITY: missing, of another kind, or with
 * other contents. PX_EATTR: mode, owner, time or an extended attribute differ, or it is no hard link
 * of what the source's other names became. PX_ESRC, PX_EIO, PX_ECANCELED. */
PX_NODISCARD int px_check_file(struct px_copier *copier, struct px_entry *entry, int in,
                               const struct stat *source, struct px_fail *fail);

/* Its two parts, of files of one size that are open for reading. PX_OK, PX_EINTEGRITY, PX_ESRC, PX_EIO,
 * PX_ECANCELED; `*bytes` is how many were compared. */
PX_NODISCARD int px_check_bytes(struct px_copier *copier, int in, int out, const struct stat *st,
                                uint64_t *bytes, struct px_fail *fail);
/* PX_OK, PX_EATTR. */
PX_NODISCARD int px_check_file_attrs(struct px_copier *copier, const struct px_entry *entry, int in,
                                     int out, const struct stat *source, const struct stat *target,
                                     struct px_fail *fail);

/* A link or a special file; `text`: what the link says, NULL for none. */
PX_NODISCARD int px_check_node(struct px_copier *copier, const struct px_entry *entry,
                               const struct stat *source, const char *text, struct px_fail *fail);

/* A directory: its own attributes. */
PX_NODISCARD int px_check_dir(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail);

/* Pure: what of `kept` (a mask of px_copy_keep) differs, static text; NULL: nothing. */
const char *px_check_attrs(const struct stat *source, const struct stat *target, unsigned kept);

#endif
