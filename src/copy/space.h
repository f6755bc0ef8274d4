/* SPDX-License-Identifier: MIT
 *
 * copy/space.h - is there room for what is to be copied? Asked before anything is written, of what can
 * be known cheaply then, and again before each large file.
 *
 * Whatever is counted is the least that it can come to (space.c), so what is refused would have
 * failed. What passes may fail all the same, with the messages of copy/fail.h.
 */
#ifndef PX_COPY_SPACE_H
#define PX_COPY_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "copy/copier.h"
#include "copy/fail.h"

/* What is free; UINT64_MAX: as much as you like, or nobody can say. */
struct px_space {
    uint64_t bytes;
    uint64_t inodes;
};

/* What is needed; replacing by less gives some back. */
struct px_need {
    int64_t bytes;
    int64_t inodes;
};

/* Pure: what statvfs(3) says. `root`: what is kept for root counts. */
struct px_space px_space_of(const struct statvfs *fs, bool root);

/* Pure: the least that the contents of a file take. */
uint64_t px_space_file_bytes(const struct stat *source, enum px_sparse sparse);

/* Pure: what one name adds, where `old` is there now (NULL: nothing is). Directories are not entered. */
struct px_need px_space_name_needs(const struct px_copy_opts *opts, const struct stat *source,
                                   const struct stat *old);

/* Pure. */
bool px_space_is_short(const struct px_space *space, const struct px_need *need);

/* Asks for what is free until it is enough, as long as it grows (and for two seconds at most): what was
 * removed a moment ago comes back late on some file systems. Sets `space` to the last answer. */
bool px_space_stays_short(struct px_space (*ask)(void *ctx), void *ctx, const struct px_need *need,
                          struct px_space *space);

/* All operands for all destinations. Sets px_dest.shortfall of those that are too small; PX_EFULL: all
 * are, with the text in `error` (n bytes). PX_ENOMEM. Main's thread, before there are workers. */
PX_NODISCARD int px_space_check(struct px_copy *copy, char *error, size_t n);

/* Before the bytes of one file are copied to `out`. PX_EFULL: they have no room there. */
PX_NODISCARD int px_space_check_file(const struct px_copier *copier, int out,
                                     const struct stat *source, struct px_fail *fail);

#endif
