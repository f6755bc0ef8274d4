/* SPDX-License-Identifier: MIT
 *
 * fetch/publish.c - the one step that gives a finished file its name.
 *
 * On the thread of the worker that has the file. linkat(2) never replaces, rename(2) always does:
 * each mode of --on-exist is one of the two.
 */
#define _GNU_SOURCE
#include "fetch/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/name.h"

#define NUMBERS 100000 /* NAME.1 ... before it is an error that all are taken */

static int publish_fail(struct publish *publish, const char *stage, int err)
{
    publish->stage = stage;
    publish->err = err;
    return err == EEXIST ? PX_EEXIST : px_status_from_errno(err);
}

char *publish_numbered(const char *name, unsigned number)
{
    char safe[NAME_ROOM];
    char *text = NULL;

    if (number == 0) {
        return strdup(name);
    }
    if (asprintf(&text, "%s.%u", name, number) < 0) {
        return NULL;
    }
    size_t len = strlen(text);
    if (len > NAME_BYTES) {
        /* two long names that differ in the number alone differ in the hash, too */
        name_make_safe(text, len, safe);
        free(text);
        text = strdup(safe);
    }
    return text;
}

/* So that nobody sees the final name with the time of the download. */
static int set_time(struct publish *publish)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)publish->mtime}};

    if (publish->mtime > 0 && publish->io->futimens(publish->fd, times) != 0) {
        return publish_fail(publish, "set the time", errno);
    }
    return PX_OK;
}

static int sync_file(struct publish *publish)
{
    int rc = set_time(publish);

    if (rc != PX_OK) {
        return rc;
    }
    if (publish->sync && publish->io->fsync(publish->fd) != 0) {
        return publish_fail(publish, "fsync", errno);
    }
    return PX_OK;
}

/* The name is there; what is left can only say that the promise of --fsync was not kept. */
static int sync_dir(struct publish *publish)
{
    if (publish->sync && publish->io->fsync(publish->dirfd) != 0) {
        return publish_fail(publish, "fsync directory", errno);
    }
    return PX_OK;
}

/* Tries `name`, then in the rename mode NAME.1, NAME.2 ... */
static int link_free_name(struct publish *publish, int (*link_as)(struct publish *, const char *))
{
    unsigned numbers = publish->on_exist == PX_ON_EXIST_RENAME ? NUMBERS : 0;

    if (link_as(publish, publish->name) == 0) {
        return PX_OK;
    }
    for (unsigned i = 1; errno == EEXIST && i <= numbers; i++) {
        char *name = publish_numbered(publish->name, i);

        if (name == NULL) {
            return publish_fail(publish, "name", ENOMEM);
        }
        if (link_as(publish, name) == 0) {
            publish->final_name = name;
            return PX_OK;
        }
        int err = errno;
        free(name);
        errno = err;
    }
    return publish_fail(publish, "link", errno);
}

static const char *published_name(const struct publish *publish)
{
    return publish->final_name != NULL ? publish->final_name : publish->name;
}

static int link_nameless(struct publish *publish, const char *name)
{
    return px_link_fd(publish->io, publish->fd, publish->dirfd, name);
}

int publish_nameless(struct publish *publish)
{
    int rc = sync_file(publish);

    if (rc == PX_OK) {
        rc = link_free_name(publish, link_nameless);
    }
    if (rc == PX_EEXIST && publish->on_exist == PX_ON_EXIST_OVERWRITE) {
        return PX_EAGAIN;
    }
    if (rc != PX_OK) {
        return rc;
    }
    rc = sync_dir(publish);
    /* A file system that tells of a failed write only at close (none is known that has nameless
     * files): then the name goes again, it was absent before. */
    if (publish->io->close(publish->fd) != 0) {
        rc = publish_fail(publish, "close", errno);
        PX_IGNORE(publish->io->unlinkat(publish->dirfd, published_name(publish), 0));
    }
    publish->fd = -1;
    return rc;
}

/* Network file systems tell of failed writes at close, and close gives up the lock: so a duplicate
 * is closed, which flushes the same, before the name is given. */
static int flush_by_close(struct publish *publish)
{
    int copy = fcntl(publish->fd, F_DUPFD_CLOEXEC, 3);

    if (copy < 0) {
        return publish_fail(publish, "dup", errno);
    }
    return publish->io->close(copy) == 0 ? PX_OK : publish_fail(publish, "close", errno);
}

static int link_named(struct publish *publish, const char *name)
{
    struct stat st;

    if (publish->io->linkat(publish->dirfd, publish->part_name, publish->dirfd, name, 0) == 0) {
        PX_IGNORE(publish->io->unlinkat(publish->dirfd, publish->part_name, 0)); /* litter */
        return 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK) {
        return -1;
    }
    /* no hard links here (FAT, some network file systems): look, then rename */
    if (publish->io->fstatat(publish->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return publish->io->renameat(publish->dirfd, publish->part_name, publish->dirfd, name);
}

/* A file or a symlink (the link itself) may be replaced; rename(2) would also replace a FIFO. */
static int rename_over(struct publish *publish)
{
    struct stat st;

    if (publish->io->fstatat(publish->dirfd, publish->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
        publish->stage =
            S_ISDIR(st.st_mode) ? "target is a directory" : "target is not a regular file";
        publish->err = 0;
        return PX_EIO;
    }
    if (publish->io->renameat(publish->dirfd, publish->part_name, publish->dirfd, publish->name) !=
        0) {
        return publish_fail(publish, "rename", errno);
    }
    return PX_OK;
}

int publish_named(struct publish *publish)
{
    int rc = sync_file(publish);

    if (rc == PX_OK && publish->io->fchmod(publish->fd, publish->mode) != 0) {
        rc = publish_fail(publish, "chmod", errno);
    }
    if (rc == PX_OK) {
        rc = flush_by_close(publish);
    }
    if (rc != PX_OK) {
        return rc;
    }
    rc = publish->on_exist == PX_ON_EXIST_OVERWRITE ? rename_over(publish)
                                                    : link_free_name(publish, link_named);
    if (rc != PX_OK) {
        return rc;
    }
    rc = sync_dir(publish);
    PX_IGNORE(publish->io->close(publish->fd)); /* flushed above: nothing left to fail */
    publish->fd = -1;
    return rc;
}
