/* SPDX-License-Identifier: MIT
 *
 * copy/check.c - comparing without writing. Entered by any worker; no locks. The worker's data
 * buffer holds a piece of the source in its first half, of the target in its second.
 */

#define _GNU_SOURCE /* O_PATH, SEEK_DATA */

#include "copy/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/hardlink.h"
#include "copy/pace.h"
#include "copy/xattr.h"

#define HALF_BYTES (PX_DATA_BUF_BYTES / 2)
#define MODE_BITS 07777

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

const char *px_check_attrs(const struct stat *source, const struct stat *target, unsigned kept)
{
    if ((kept & PX_KEEP_MODE) != 0 && !S_ISLNK(source->st_mode) &&
        (source->st_mode & MODE_BITS) != (target->st_mode & MODE_BITS)) {
        return "mode";
    }
    if ((kept & PX_KEEP_OWNERSHIP) != 0 &&
        (source->st_uid != target->st_uid || source->st_gid != target->st_gid)) {
        return "owner";
    }
    if ((kept & PX_KEEP_TIMESTAMPS) != 0 && !same_time(&source->st_mtim, &target->st_mtim)) {
        return "time of modification";
    }
    return NULL;
}

struct sides {
    int source, target; /* open for reading, or O_PATH */
    const struct stat *source_st, *target_st;
    const struct px_dest *dest;
};

/* Only root can have kept the owner of everything. */
static int check_attrs(struct px_copier *copier, const struct sides *sides, struct px_fail *fail)
{
    const unsigned possible =
        copier->copy->uid == 0 ? PX_KEEP_ALL : PX_KEEP_ALL & ~(unsigned)PX_KEEP_OWNERSHIP;
    const char *what = px_check_attrs(sides->source_st, sides->target_st,
                                      possible & ~copier->copy->opts.keep.lose);
    if (what != NULL) {
        return px_fail_set(fail, PX_EATTR, 0, "check: another %s", what);
    }
    const int status = px_xattr_compare(copier, sides->source, sides->target, fail);
    return status == PX_OK
               ? px_hardlink_check(copier, sides->dest, sides->source_st, sides->target_st, fail)
               : status;
}

static int check_missing(struct px_fail *fail, int err, int dirfd)
{
    if (err == ENOENT || dirfd < 0) {
        return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target lacks it");
    }
    if (err == ELOOP) {
        return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target is a symbolic link");
    }
    return px_fail_target(fail, err, "check: open target", dirfd);
}

static void close_looked_at(struct px_copier *copier, int fd)
{
    if (fd >= 0) {
        PX_IGNORE(copier->io->close(fd)); /* only read */
    }
}

/* --- files ------------------------------------------------------------------------------------ */

/* As many bytes as there are, up to HALF_BYTES; -1 with errno. */
static ssize_t check_read(struct px_copier *copier, int fd, unsigned char *buf, uint64_t at)
{
    size_t have = 0;
    while (have < HALF_BYTES) {
        const ssize_t got =
            copier->io->pread(fd, buf + have, HALF_BYTES - have, (off_t)(at + have));
        if (got <= 0) {
            return got < 0 ? -1 : (ssize_t)have;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static size_t first_difference(const unsigned char *a, const unsigned char *b, size_t n)
{
    size_t i = 0;
    while (i < n && a[i] == b[i]) {
        i++;
    }
    return i;
}

/* Where the next byte at or after `at` is that is in no hole of `fd`, at most `size`; `at` where the
 * file system knows no holes. */
static uint64_t check_next_data(struct px_copier *copier, int fd, uint64_t at, uint64_t size)
{
    const off_t found = copier->io->lseek(fd, (off_t)at, SEEK_DATA);
    if (found < 0) {
        return errno == ENXIO ? size : at; /* lseek(2): a hole up to the end */
    }
    return (uint64_t)found < size ? (uint64_t)found : size;
}

/* What is a hole on both sides is equal and not read: a disk image of 1 TiB may have 1 GiB of data. */
static uint64_t check_pass_holes(struct px_copier *copier, int in, int out, uint64_t at,
                                 uint64_t size)
{
    const uint64_t left = check_next_data(copier, in, at, size);
    const uint64_t right = left > at ? check_next_data(copier, out, at, size) : at;
    const uint64_t next = left < right ? left : right;
    return next > at ? next : at;
}

int px_check_bytes(struct px_copier *copier, int in, int out, const struct stat *st,
                   uint64_t *bytes, struct px_fail *fail)
{
    const bool sparse = px_data_is_sparse(st);
    unsigned char *left = copier->buf;
    unsigned char *right = copier->buf + HALF_BYTES;
    for (uint64_t at = 0;;) {
        if (sparse) {
            at = check_pass_holes(copier, in, out, at, (uint64_t)st->st_size);
        }
        const ssize_t have = check_read(copier, in, left, at);
        if (have < 0) {
            return px_fail_set(fail, PX_ESRC, errno, "read at offset %" PRIu64, at);
        }
        const ssize_t got = check_read(copier, out, right, at);
        if (got < 0) {
            return px_fail_set(fail, PX_EIO, errno, "check: read target at offset %" PRIu64, at);
        }
        const size_t both = (size_t)(have < got ? have : got);
        const size_t same = first_difference(left, right, both);
        if (same < both || have != got) {
            return px_fail_set(fail, PX_EINTEGRITY, 0, "check: other contents from byte %" PRIu64,
                               at + same);
        }
        at += both;
        *bytes = at;
        const bool stop = px_pace_moved(copier, both);
        if (both < HALF_BYTES || stop) {
            return both < HALF_BYTES ? PX_OK : PX_ECANCELED;
        }
    }
}

int px_check_file_attrs(struct px_copier *copier, const struct px_entry *entry, int in, int out,
                        const struct stat *source, const struct stat *target, struct px_fail *fail)
{
    const struct sides sides = {in, out, source, target, entry->dir->dest};
    return check_attrs(copier, &sides, fail);
}

static int check_open_file(struct px_copier *copier, struct px_entry *entry, int in, int out,
                           const struct stat *source, struct px_fail *fail)
{
    struct stat target = {0};
    if (copier->io->fstat(out, &target) != 0) {
        return px_fail_target(fail, errno, "check: stat target", out);
    }
    if (!S_ISREG(target.st_mode)) {
        return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target is no regular file");
    }
    if (target.st_size != source->st_size) {
        return px_fail_set(fail, PX_EINTEGRITY, 0,
                           "check: the target has %" PRIu64 " bytes, not %" PRIu64,
                           (uint64_t)target.st_size, (uint64_t)source->st_size);
    }
    const int status = px_check_bytes(copier, in, out, source, &entry->bytes, fail);
    return status == PX_OK ? px_check_file_attrs(copier, entry, in, out, source, &target, fail)
                           : status;
}

int px_check_file(struct px_copier *copier, struct px_entry *entry, int in,
                  const struct stat *source, struct px_fail *fail)
{
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const int out =
        fds.target >= 0 ? copier->io->openat(fds.target, entry->target_name, flags, 0) : -1;
    const int err = errno;
    px_dir_release(entry->dir);
    if (out < 0) {
        return check_missing(fail, err, fds.target);
    }
    const int status = check_open_file(copier, entry, in, out, source, fail);
    close_looked_at(copier, out);
    return status;
}

/* --- everything else -------------------------------------------------------------------------- */

/* `sides` without the target's stat. */
static int check_opened_node(struct px_copier *copier, struct sides sides, const char *text,
                             struct px_fail *fail)
{
    const struct stat *source = sides.source_st;
    struct stat target = {0};
    if (copier->io->fstat(sides.target, &target) != 0) {
        return px_fail_target(fail, errno, "check: stat target", sides.target);
    }
    sides.target_st = &target;
    if ((source->st_mode & S_IFMT) != (target.st_mode & S_IFMT) ||
        source->st_rdev != target.st_rdev) {
        return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target is of another kind");
    }
    if (text != NULL) {
        char *there = (char *)copier->buf + HALF_BYTES; /* `text` is in the first half */
        const ssize_t len = copier->io->readlinkat(sides.target, "", there, HALF_BYTES);
        if (len < 0 || (size_t)len != strlen(text) || memcmp(there, text, (size_t)len) != 0) {
            return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the link says something else");
        }
    }
    return check_attrs(copier, &sides, fail);
}

int px_check_node(struct px_copier *copier, const struct px_entry *entry, const struct stat *source,
                  const char *text, struct px_fail *fail)
{
    const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    const int in =
        fds.source >= 0 ? copier->io->openat(fds.source, entry->source_name, flags, 0) : -1;
    const int in_err = fds.source >= 0 ? errno : EBADF;
    const int out =
        fds.target >= 0 ? copier->io->openat(fds.target, entry->target_name, flags, 0) : -1;
    const int out_err = errno;
    px_dir_release(entry->dir);
    int status;
    if (in < 0) {
        status = px_fail_source(fail, in_err, "read attributes");
    } else if (out < 0) {
        status = check_missing(fail, out_err, fds.target);
    } else {
        const struct sides sides = {in, out, source, NULL, entry->dir->dest};
        status = check_opened_node(copier, sides, text, fail);
    }
    close_looked_at(copier, out);
    close_looked_at(copier, in);
    return status;
}

/* --- directories ------------------------------------------------------------------------------ */

static int check_open_dir(struct px_copier *copier, const struct px_dir *dir, struct px_dir_fds fds,
                          struct px_fail *fail)
{
    struct stat target = {0};
    if (fds.target < 0) {
        return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target lacks it");
    }
    if (copier->io->fstat(fds.target, &target) != 0) {
        return px_fail_target(fail, errno, "check: stat target", fds.target);
    }
    const struct sides sides = {fds.source, fds.target, &dir->st, &target, dir->dest};
    return check_attrs(copier, &sides, fail);
}

int px_check_dir(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail)
{
    const struct px_dir_fds fds = px_dir_acquire(dir);
    const int status = check_open_dir(copier, dir, fds, fail);
    px_dir_release(dir);
    return status;
}
