/* SPDX-License-Identifier: MIT
 *
 * fetch/bad.c - a file that failed its check, kept for looking at. On the thread of the worker that
 * has it; no locks but the part's own.
 */
#define _GNU_SOURCE
#include "fetch/bad.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/name.h"

/* A second name, so that .NAME.part goes as every part goes, under its lock. */
static int second_name(const struct part *part, const struct part_place *place, const char *name)
{
    const struct px_io_ops *io = place->io;
    char from[NAME_ROOM];

    if (part->base == NULL) {
        return px_link_fd(io, part->fd, place->dirfd, name);
    }
    name_beside(part->base, PART_SUFFIX, from);
    int rc = io->linkat(place->dirfd, from, place->dirfd, name, 0);
    if (rc != 0 && (errno == EPERM || errno == EOPNOTSUPP)) { /* no hard links here */
        rc = io->renameat(place->dirfd, from, place->dirfd, name);
    }
    return rc;
}

int bad_keep(struct part *part, const struct part_place *place)
{
    const struct px_io_ops *io = place->io;
    char name[NAME_ROOM];

    if (!part_is_open(part)) {
        return PX_OK; /* an empty file: there is nothing to look at */
    }
    name_beside(place->name, BAD_SUFFIX, name);
    if ((part->ragged && io->ftruncate(part->fd, (off_t)part->held) != 0) ||
        io->fchmod(part->fd, place->mode) != 0) {
        return px_status_from_errno(errno);
    }
    int rc = second_name(part, place, name);
    if (rc != 0 && errno == EEXIST && io->unlinkat(place->dirfd, name, 0) == 0) {
        rc = second_name(part, place, name);
    }
    return rc == 0 ? PX_OK : px_status_from_errno(errno);
}
