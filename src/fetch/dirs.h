/* SPDX-License-Identifier: MIT
 *
 * fetch/dirs.h - the directories that files are put into: each opened once, made when missing,
 * shared by all workers, kept open while anybody uses it and a little longer.
 *
 * Any thread.
 */
#ifndef FETCH_DIRS_H
#define FETCH_DIRS_H

#include <stddef.h>

#include <pxfer/attr.h>

struct dirs;
struct px_io_ops;

struct dir {
    int fd; /* O_RDONLY | O_DIRECTORY, for the *at calls and fsync */
};

/* io is borrowed. PX_ENOMEM. */
PX_NODISCARD int dirs_new(const struct px_io_ops *io, struct dirs **out);
/* Nobody may hold a directory any more. */
void dirs_free(struct dirs *dirs);

/* path[0..len), relative to the current directory or absolute; "" is ".". Made with its parents
 * when missing (mode 0777 & ~umask). Give it back with dirs_put(). PX_EIO, PX_EFULL with errno;
 * PX_ENOMEM. */
PX_NODISCARD int dirs_get(struct dirs *dirs, const char *path, size_t len, const struct dir **out);
void dirs_put(struct dirs *dirs, const struct dir *dir); /* NULL is legal */

#endif
