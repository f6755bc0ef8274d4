/* SPDX-License-Identifier: MIT
 *
 * fetch/list/feed.h - the bytes of a file, a pipe or standard input, never waiting for long; gzip data
 * (known by its first two bytes, whatever it is called) comes as what is in it.
 *
 * One thread.
 */
#ifndef FETCH_LIST_FEED_H
#define FETCH_LIST_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

struct px_io_ops;
struct gunzip;

/* A copy of an input that cannot be read twice (a pipe, standard input), in a file without a name. */
struct feed_spool {
    int fd;     /* -1: none yet */
    bool whole; /* all of the input is in it: the next feed reads it in place of the input */
};

struct feed {
    const struct px_io_ops *io; /* borrowed */
    struct feed_spool *spool;   /* borrowed; NULL: no copy is made */
    int fd;                     /* -1: closed */
    bool owns_fd;
    bool may_wait;           /* a pipe, terminal or socket: poll before read */
    bool from_spool;         /* fd is the copy */
    bool raw_ended;          /* read(2) said so */
    bool known;              /* it is known whether this is gzip data */
    bool held_first;         /* not known yet: the first byte, 0x1f, was read */
    struct gunzip *gunzip;   /* NULL: no gzip data */
    unsigned char *packed;   /* room for FEED_PACKED_BYTES */
    const unsigned char *in; /* inside packed: what was not unpacked yet */
    size_t in_len;
};

#define FEED_PACKED_BYTES ((size_t)65536)

/* `path` "-" is fd 0, which stays open. -1 with errno: it cannot be opened. */
PX_NODISCARD int feed_open(struct feed *feed, const struct px_io_ops *io, const char *path,
                           struct feed_spool *spool);
void feed_close(struct feed *feed);

/* Up to room (at least 2) bytes to buf; `*n` is 0 at the end. PX_EAGAIN: not there yet.
 * PX_EIO with errno. PX_EINTEGRITY: damaged gzip data. PX_ENOMEM. */
PX_NODISCARD int feed_read(struct feed *feed, char *buf, size_t room, size_t *n);

void feed_spool_fini(struct feed_spool *spool, const struct px_io_ops *io);

#endif
