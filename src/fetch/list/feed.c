/* SPDX-License-Identifier: MIT
 *
 * fetch/list/feed.c - the bytes of an input, unpacked where they are gzip data.
 *
 * Below the reader of lines (lines.c), on the owner's thread; no locks. A pipe that is still being
 * written must not stop the run loop, so anything but a regular file is polled before it is read.
 */
#define _GNU_SOURCE
#include "fetch/list/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/list/gunzip.h"

/* RFC 1952 section 2.3.1. No text begins so: 0x1f is a control byte. */
#define GZIP_ID1 0x1f
#define GZIP_ID2 0x8b

/* --- open and close --------------------------------------------------------------------------*/

static int open_path(struct feed *feed, const char *path)
{
    if (feed->spool != NULL && feed->spool->whole) {
        feed->from_spool = true;
        return feed->io->lseek(feed->spool->fd, 0, SEEK_SET) == 0 ? feed->spool->fd : -1;
    }
    if (strcmp(path, "-") == 0) {
        return STDIN_FILENO;
    }
    feed->owns_fd = true;
    /* O_NONBLOCK: opening a FIFO that has no writer yet must not wait */
    return feed->io->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
}

/* 0, or an errno. */
static int look_at(struct feed *feed, int fd)
{
    struct stat st;

    if (feed->io->fstat(fd, &st) != 0) {
        return errno;
    }
    if (S_ISDIR(st.st_mode)) {
        return EISDIR;
    }
    feed->may_wait = !S_ISREG(st.st_mode);
    /* Standard input is never opened anew, so a file there is read once, too. */
    if (feed->spool != NULL && !feed->from_spool && !feed->may_wait && feed->owns_fd) {
        feed->spool = NULL;
    }
    if (feed->spool != NULL && feed->spool->fd < 0) {
        feed->spool->fd = px_open_unlinked(feed->io);
        return feed->spool->fd < 0 ? errno : 0;
    }
    return 0;
}

int feed_open(struct feed *feed, const struct px_io_ops *io, const char *path,
              struct feed_spool *spool)
{
    *feed = (struct feed){.io = io, .fd = -1, .spool = spool};
    const int fd = open_path(feed, path);
    if (fd < 0) {
        return -1;
    }
    const int err = look_at(feed, fd);
    if (err != 0) {
        if (feed->owns_fd) {
            PX_IGNORE(io->close(fd)); /* was not written to */
        }
        errno = err;
        return -1;
    }
    feed->fd = fd;
    return 0;
}

void feed_close(struct feed *feed)
{
    if (feed->owns_fd && feed->fd >= 0) {
        PX_IGNORE(feed->io->close(feed->fd)); /* was not written to */
    }
    gunzip_free(feed->gunzip);
    free(feed->packed);
    *feed = (struct feed){.fd = -1};
}

void feed_spool_fini(struct feed_spool *spool, const struct px_io_ops *io)
{
    if (spool->fd >= 0) {
        PX_IGNORE(io->close(spool->fd)); /* nobody will read it */
    }
    *spool = (struct feed_spool){.fd = -1};
}

/* --- reading ---------------------------------------------------------------------------------*/

/* As it stands in the file. `*n` 0: the end. */
static int read_raw(struct feed *feed, void *buf, size_t room, size_t *n)
{
    struct pollfd ready = {.fd = feed->fd, .events = POLLIN};

    if (feed->may_wait && poll(&ready, 1, 0) == 0) {
        return PX_EAGAIN;
    }
    const ssize_t got = feed->io->read(feed->fd, buf, room);
    if (got < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? PX_EAGAIN : PX_EIO;
    }
    if (feed->spool != NULL && !feed->from_spool) {
        if (px_write_all(feed->io, feed->spool->fd, buf, (size_t)got) != 0) {
            return PX_EIO;
        }
        feed->spool->whole = got == 0;
    }
    feed->raw_ended = got == 0;
    *n = (size_t)got;
    return PX_OK;
}

static int begin_gzip(struct feed *feed, const char *first, size_t n)
{
    feed->packed = malloc(FEED_PACKED_BYTES);
    if (feed->packed == NULL) {
        return PX_ENOMEM;
    }
    memcpy(feed->packed, first, n);
    feed->in = feed->packed;
    feed->in_len = n;
    return gunzip_new(&feed->gunzip);
}

/* The first bytes: gzip data or not? They are in buf; plain ones stay there. */
static int read_first(struct feed *feed, char *buf, size_t room, size_t *n)
{
    size_t held = 0;

    room = room < FEED_PACKED_BYTES ? room : FEED_PACKED_BYTES;
    if (feed->held_first) {
        buf[held++] = GZIP_ID1;
    }
    do {
        size_t got = 0;
        int rc = read_raw(feed, buf + held, room - held, &got);

        if (rc != PX_OK) {
            feed->held_first = held > 0;
            return rc;
        }
        held += got;
    } while (held == 1 && buf[0] == GZIP_ID1 && !feed->raw_ended);
    feed->known = true;
    if (held >= 2 && buf[0] == GZIP_ID1 && (unsigned char)buf[1] == GZIP_ID2) {
        *n = 0;
        return begin_gzip(feed, buf, held);
    }
    *n = held;
    return PX_OK;
}

static int read_gzip(struct feed *feed, char *buf, size_t room, size_t *n)
{
    for (;;) {
        int rc = gunzip_run(feed->gunzip, &feed->in, &feed->in_len, buf, room, n);

        if (rc != PX_OK || *n > 0) {
            return *n > 0 ? PX_OK : rc; /* damage shows again next time */
        }
        if (feed->raw_ended) {
            return gunzip_is_whole(feed->gunzip) ? PX_OK : PX_EINTEGRITY;
        }
        size_t got = 0;
        rc = read_raw(feed, feed->packed, FEED_PACKED_BYTES, &got);
        if (rc != PX_OK) {
            return rc;
        }
        feed->in = feed->packed;
        feed->in_len = got;
    }
}

int feed_read(struct feed *feed, char *buf, size_t room, size_t *n)
{
    *n = 0;
    if (!feed->known) {
        int rc = read_first(feed, buf, room, n);

        if (rc != PX_OK || feed->gunzip == NULL) {
            return rc;
        }
    }
    return feed->gunzip != NULL ? read_gzip(feed, buf, room, n) : read_raw(feed, buf, room, n);
}
