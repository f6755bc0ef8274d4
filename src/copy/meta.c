/* SPDX-License-Identifier: MIT
 *
 * copy/meta.c - attributes, set on held descriptors: owner, mode, times. In this order because
 * chown(2) clears the set-ID bits (and capabilities) and every other call touches ctime, some mtime.
 * Extended attributes and ACLs belong between the data and the owner; security.capability after it.
 * No state, no locks; any worker.
 */
#define _GNU_SOURCE /* O_PATH, AT_EMPTY_PATH */

#include "copy/meta.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fdio.h"

#define MODE_BITS 07777
#define MODE_SPECIAL 07000
#define MODE_SETID 06000

mode_t px_meta_mode(mode_t want, bool owner_kept)
{
    return want & (owner_kept ? MODE_BITS : MODE_BITS & ~MODE_SPECIAL);
}

/* errnos that mean "not you" or "not on this file system", as against a broken disk. */
static bool meta_is_refusal(int err)
{
    return err == EPERM || err == EACCES || err == EINVAL || err == EOPNOTSUPP || err == ENOSYS;
}

static bool meta_same_owner(const struct stat *want, uid_t uid, gid_t gid)
{
    return want->st_uid == uid && want->st_gid == gid;
}

static int meta_fail(struct px_fail *fail, int err, const char *stage, int fd)
{
    if (meta_is_refusal(err)) {
        return px_fail_set(fail, PX_EATTR, err, "%s", stage);
    }
    return px_fail_target(fail, err, stage, fd);
}

/* `*kept` tells whether the file now has owner and group of `want`. */
static int meta_owner(const struct px_copier *copier, int fd, const struct stat *want,
                      const struct px_owned *has, bool *kept, struct px_fail *fail)
{
    *kept = meta_same_owner(want, has->uid, has->gid);
    if (*kept) {
        return PX_OK;
    }
    if (copier->io->fchown(fd, want->st_uid, want->st_gid) == 0) {
        *kept = true;
        return PX_OK;
    }
    const int err = errno;
    if (!meta_is_refusal(err)) {
        return px_fail_target(fail, err, "set owner", fd);
    }
    /* The group alone may be allowed to us: one of our own. */
    PX_IGNORE(want->st_gid != has->gid ? copier->io->fchown(fd, (uid_t)-1, want->st_gid) : 0);
    if (copier->copy->opts.demand_ownership) {
        return px_fail_set(fail, PX_EATTR, err, "set owner");
    }
    return PX_OK;
}

/* Runs the steps in order; the first refusal is remembered, a broken target ends it. */
int px_meta_apply(const struct px_copier *copier, int fd, const struct stat *want,
                  const struct px_owned *has, struct px_fail *fail)
{
    const struct px_io_ops *io = copier->io;
    bool kept;
    int status = meta_owner(copier, fd, want, has, &kept, fail);
    if (status != PX_OK && status != PX_EATTR) {
        return status;
    }
    const mode_t mode = px_meta_mode(want->st_mode, kept);
    const bool chowned = !meta_same_owner(want, has->uid, has->gid);
    if (mode != has->mode || (chowned && (mode & MODE_SETID) != 0)) {
        if (io->fchmod(fd, mode) != 0) {
            status = meta_fail(fail, errno, "set mode", fd);
        }
    }
    if (status != PX_OK && status != PX_EATTR) {
        return status;
    }
    const struct timespec times[2] = {want->st_atim, want->st_mtim};
    if (io->futimens(fd, times) != 0) {
        status = meta_fail(fail, errno, "set times", fd);
    }
    return status;
}

/* By descriptor: whoever may write to the directory could put a hard link of something else at the
 * name, and would have it given away. */
static int meta_link_owner(const struct px_copier *copier, int dirfd, const char *name,
                           const struct stat *want, struct px_fail *fail)
{
    const struct px_io_ops *io = copier->io;
    const int fd = io->openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0) {
        return px_fail_target(fail, errno, "set owner of link", dirfd);
    }
    struct stat st;
    int status = PX_OK;
    if (io->fstat(fd, &st) != 0 || !S_ISLNK(st.st_mode) || st.st_nlink != 1) {
        status = px_fail_set(fail, PX_EATTR, 0, "set owner of link: it was replaced");
    } else if (meta_same_owner(want, st.st_uid, st.st_gid)) {
        status = PX_OK;
    } else if (io->fchownat(fd, "", want->st_uid, want->st_gid, AT_EMPTY_PATH) != 0 &&
               (!meta_is_refusal(errno) || copier->copy->opts.demand_ownership)) {
        status = meta_fail(fail, errno, "set owner of link", dirfd);
    }
    PX_IGNORE(io->close(fd)); /* nothing was written through it */
    return status;
}

int px_meta_apply_link(const struct px_copier *copier, int dirfd, const char *name,
                       const struct stat *want, const struct px_owned *has, struct px_fail *fail)
{
    int status = PX_OK;
    if (has == NULL || !meta_same_owner(want, has->uid, has->gid)) {
        status = meta_link_owner(copier, dirfd, name, want, fail);
    }
    if (status != PX_OK && status != PX_EATTR) {
        return status;
    }
    const struct timespec times[2] = {want->st_atim, want->st_mtim};
    if (copier->io->utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
        return meta_fail(fail, errno, "set times of link", dirfd);
    }
    return status;
}
