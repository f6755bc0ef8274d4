/* SPDX-License-Identifier: MIT
 *
 * copy/check.c - comparing without writing. Entered by any worker; no locks. The worker's data
 * buffer holds a piece of the source in its first half, of the target in its second.
 */

#include "copy/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/fdio.h"
#include "copy/data.h"

#define HALF_BYTES (PX_DATA_BUF_BYTES / 2)
#define MODE_BITS 07777

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

const char *px_check_attrs(const struct stat *source, const struct stat *target, bool owner)
{
    if (!S_ISLNK(source->st_mode) &&
        (source->st_mode & MODE_BITS) != (target->st_mode & MODE_BITS)) {
        return "mode";
    }
    if (owner && (source->st_uid != target->st_uid || source->st_gid != target->st_gid)) {
        return "owner";
    }
    return same_time(&source->st_mtim, &target->st_mtim) ? NULL : "time of modification";
}

/* Only root can have kept the owner of everything. */
static int check_attrs(const struct px_copier *copier, const struct stat *source,
                       const struct stat *target, struct px_fail *fail)
{
    const char *what = px_check_attrs(source, target, copier->copy->uid == 0);
    return what == NULL ? PX_OK : px_fail_set(fail, PX_EATTR, 0, "check: another %s", what);
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

static int check_bytes(struct px_copier *copier, int in, int out, uint64_t *bytes,
                       struct px_fail *fail)
{
    unsigned char *left = copier->buf;
    unsigned char *right = copier->buf + HALF_BYTES;
    for (uint64_t at = 0;;) {
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
        if (both < HALF_BYTES) {
            return PX_OK;
        }
        if (px_copier_moved(copier, both)) {
            return PX_ECANCELED;
        }
    }
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
    const int status = check_bytes(copier, in, out, &entry->bytes, fail);
    return status == PX_OK ? check_attrs(copier, source, &target, fail) : status;
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
    PX_IGNORE(copier->io->close(out)); /* only read */
    return status;
}

/* --- everything else -------------------------------------------------------------------------- */

int px_check_node(struct px_copier *copier, const struct px_entry *entry, const struct stat *source,
                  const char *text, struct px_fail *fail)
{
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    struct stat target = {0};
    int status = PX_OK;
    if (fds.target < 0 ||
        copier->io->fstatat(fds.target, entry->target_name, &target, AT_SYMLINK_NOFOLLOW) != 0) {
        status = check_missing(fail, errno, fds.target);
    } else if ((source->st_mode & S_IFMT) != (target.st_mode & S_IFMT) ||
               source->st_rdev != target.st_rdev) {
        status = px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target is of another kind");
    } else if (text != NULL) {
        char *there = (char *)copier->buf + HALF_BYTES; /* `text` is in the first half */
        const ssize_t len =
            copier->io->readlinkat(fds.target, entry->target_name, there, HALF_BYTES);
        if (len < 0 || (size_t)len != strlen(text) || memcmp(there, text, (size_t)len) != 0) {
            status = px_fail_set(fail, PX_EINTEGRITY, 0, "check: the link says something else");
        }
    }
    px_dir_release(entry->dir);
    return status == PX_OK ? check_attrs(copier, source, &target, fail) : status;
}

int px_check_dir(struct px_copier *copier, const struct px_dir *dir, struct px_fail *fail)
{
    struct stat target = {0};
    if (dir->fds.target < 0) {
        return px_fail_set(fail, PX_EINTEGRITY, 0, "check: the target lacks it");
    }
    if (copier->io->fstat(dir->fds.target, &target) != 0) {
        return px_fail_target(fail, errno, "check: stat target", dir->fds.target);
    }
    return check_attrs(copier, &dir->st, &target, fail);
}
