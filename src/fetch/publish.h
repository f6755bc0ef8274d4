/* SPDX-License-Identifier: MIT
 *
 * fetch/publish.h - the one step that gives a finished file its name. The name is old or absent
 * before it and complete after it; there is nothing in between.
 *
 * Below part.h, which keeps the lock on .NAME.part around it.
 */
#ifndef FETCH_PUBLISH_H
#define FETCH_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

struct px_io_ops;

struct publish {
    /* in */
    const struct px_io_ops *io;
    int fd; /* the file, all bytes written; closed here, and then -1, once the name was given */
    int dirfd;
    const char *name;
    const char *part_name; /* publish_named(): the name that it has now */
    enum px_on_exist on_exist;
    bool sync; /* fsync the file before, the directory after */
    mode_t mode;
    int64_t mtime; /* set before the name is given; 0 = as it is */
    /* out */
    char *final_name; /* rename mode: the name that was free; owned by the caller */
    const char *stage;
    int err;
};

/* For a nameless file. PX_EAGAIN: the name is taken and is to be replaced: name the part, then
 * publish_named(). PX_EEXIST: it is taken and stays. PX_EIO, PX_EFULL, PX_ENOMEM with stage and
 * err. */
PX_NODISCARD int publish_nameless(struct publish *publish);

/* For a file named part_name. As above without PX_EAGAIN. */
PX_NODISCARD int publish_named(struct publish *publish);

/* NAME for 0, else "NAME.number", cut to 255 bytes where it must be. Caller frees; NULL: no
 * memory. */
PX_NODISCARD char *publish_numbered(const char *name, unsigned number);

#endif
