/* SPDX-License-Identifier: MIT
 *
 * copy/file.h - one regular file from open to its final name.
 */
#ifndef PX_COPY_FILE_H
#define PX_COPY_FILE_H

#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/manner.h"
#include "copy/proof.h"
#include "copy/publish.h"

#define PX_FILE_TRIES 3

/* From this size on the display gets a line of the file's own instead of the directory's. */
#define PX_FILE_SHOW_MIN_BYTES ((uint64_t)1024 * 1024)

/* A file in hand: the open source, what it was when it was opened, and the new file. */
struct px_file {
    int in; /* -1: not open */
    struct stat st;
    struct px_out out;
    struct px_proof proof;
    struct px_manner manner;
};

/* Copies the file of `entry` and settles it; or hands it to px_chunks, which settles it. */
void px_file_copy(struct px_copier *copier, struct px_entry *entry);

/* The tries that are left for an entry whose first one saw the source change: one stream, the source
 * opened anew. The result is for px_copier_settle_status(). */
PX_NODISCARD int px_file_copy_again(struct px_copier *copier, struct px_entry *entry,
                                    struct px_fail *fail);

/* The steps of one try, for those who make it for several targets (copy/fanout.h).
 * A try begins: */
void px_file_begin_try(struct px_entry *entry);
/* Opens the source of `entry` and looks at it: file->in, file->st. PX_ESRC, PX_ECHANGED. */
PX_NODISCARD int px_file_look(struct px_copier *copier, const struct px_entry *entry,
                              struct px_file *file, struct px_fail *fail);
/* Before anything is written. `*copy`: it is to be copied; else the result is the file's. */
PX_NODISCARD int px_file_judge(struct px_copier *copier, struct px_entry *entry,
                               struct px_file *file, bool *copy, struct px_fail *fail);
/* The last try saw the source change, too. PX_ECHANGED. */
int px_file_fail_changing(struct px_fail *fail);

/* What follows when all bytes are written: was the source left alone meanwhile, owner, mode, times,
 * final name. PX_EAGAIN: it changed, or must be written again for another reason. PX_EATTR: done,
 * but an attribute could not be kept. */
PX_NODISCARD int px_file_end(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                             struct px_fail *fail);

/* Closes what is open, removes an unpublished target. */
void px_file_close(struct px_copier *copier, const struct px_entry *entry, struct px_file *file);

/* Pure: is it the same file in the same state (device, inode, size, mtime, ctime)? */
bool px_file_is_unchanged(const struct stat *before, const struct stat *after);

/* After `status`: is what there is of a large file to be kept for the next run? */
void px_file_keep_part(struct px_file *file, int status);

/* Pure: is it the same file, longer? */
bool px_file_has_grown(const struct stat *before, const struct stat *after);

#endif
