/* SPDX-License-Identifier: MIT
 *
 * copy/select.h - which of the names that turn up are copied (--exclude, --include), and which
 * symbolic links are followed (-P, -H, -L).
 */
#ifndef PX_COPY_SELECT_H
#define PX_COPY_SELECT_H

#include <stdbool.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/dir.h"

/* The patterns of the options. PX_EUSAGE: one of them is none, PX_EIO: their file cannot be read;
 * `error` (n bytes) has the text. PX_ENOMEM. */
PX_NODISCARD int px_select_load(const struct px_copy_opts *opts, struct px_patterns *patterns,
                                char *error, size_t n);

/* The names of one directory, one after the other. */
struct px_select {
    const struct px_patterns *patterns;
    char *path;    /* owned; NULL: the names alone are enough */
    size_t prefix; /* of `path`: the directory, with its slash */
};

/* `dir`: the directory the names are in; NULL: they are operands. PX_ENOMEM. */
PX_NODISCARD int px_select_begin(const struct px_copier *copier, const struct px_dir *dir,
                                 struct px_select *select);
bool px_select_excludes(struct px_select *select, const char *name, bool is_dir);
void px_select_end(struct px_select *select);

/* Is the entry to be followed when it is a symbolic link? And O_NOFOLLOW when not, else 0. */
bool px_select_follows(const struct px_copier *copier, const struct px_entry *entry);
int px_select_open_flag(const struct px_copier *copier, const struct px_entry *entry);

/* A source that could not be opened. What was asked for by its name, or leads somewhere, need not ever
 * have been there; anything else has vanished. */
int px_select_fail_open(const struct px_copier *copier, const struct px_entry *entry, int err,
                        struct px_fail *fail);

#endif
