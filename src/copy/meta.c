/* SPDX-License-Identifier: MIT
 *
 * copy/meta.c - attributes, set on held descriptors: extended attributes and ACLs, owner,
 * capability, mode, times. In this order because an ACL sets permission bits, chown(2) clears the
 * set-ID bits and the capability, who has given a file away may not change it any more, and every
 * call touches ctime, some mtime. No state, no locks; any worker.
 */
#define _GNU_SOURCE /* O_PATH, AT_EMPTY_PATH */

#include "copy/meta.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fdio.h"
#include "copy/xattr.h"

#define MODE_BITS 07777
#define MODE_SPECIAL 07000
#define MODE_SETID 06000
#define NEW_FILE_MODE 0666
#define NEW_DIR_MODE 0777

/* The sticky bit of a directory protects what is in it from others, whoever owns it. */
mode_t px_meta_mode(mode_t want, bool owner_kept)
{
    const mode_t lost = S_ISDIR(want) ? MODE_SETID : MODE_SPECIAL;
    return want & (owner_kept ? MODE_BITS : MODE_BITS & ~lost);
}

static bool meta_keeps(const struct px_copier *copier, enum px_copy_keep what)
{
    return (copier->copy->opts.keep.lose & (unsigned)what) == 0;
}

static bool meta_demands(const struct px_copier *copier, enum px_copy_keep what)
{
    return (copier->copy->opts.keep.demand & (unsigned)what) != 0;
}

mode_t px_meta_new_mode(const struct px_copier *copier, mode_t source)
{
    if (!meta_keeps(copier, PX_KEEP_MODE)) {
        return S_ISDIR(source) ? NEW_DIR_MODE : NEW_FILE_MODE;
    }
    return source & NEW_DIR_MODE;
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
static int meta_owner(const struct px_copier *copier, const struct px_meta *meta, bool *kept,
                      struct px_fail *fail)
{
    const struct stat *want = meta->want;
    const struct px_owned *has = &meta->has;
    *kept = meta_same_owner(want, has->uid, has->gid);
    if (*kept || !meta_keeps(copier, PX_KEEP_OWNERSHIP)) {
        return PX_OK;
    }
    if (copier->io->fchown(meta->out, want->st_uid, want->st_gid) == 0) {
        *kept = true;
        return PX_OK;
    }
    const int err = errno;
    if (!meta_is_refusal(err)) {
        return px_fail_target(fail, err, "set owner", meta->out);
    }
    /* The group alone may be allowed to us: one of our own. */
    PX_IGNORE(want->st_gid != has->gid ? copier->io->fchown(meta->out, (uid_t)-1, want->st_gid)
                                       : 0);
    if (meta_demands(copier, PX_KEEP_OWNERSHIP)) {
        return px_fail_set(fail, PX_EATTR, err, "set owner");
    }
    return PX_OK;
}

/* `touched`: calls before this one may have changed the mode. */
static int meta_mode(const struct px_copier *copier, const struct px_meta *meta, bool kept,
                     bool touched, struct px_fail *fail)
{
    mode_t mode = px_meta_mode(meta->want->st_mode, kept);
    if (!meta_keeps(copier, PX_KEEP_MODE)) {
        mode = px_meta_new_mode(copier, meta->want->st_mode) & ~copier->copy->umask;
    }
    const bool chowned = !meta_same_owner(meta->want, meta->has.uid, meta->has.gid);
    if (S_ISLNK(meta->want->st_mode)) {
        return PX_OK; /* it has none of its own */
    }
    if (mode == meta->has.mode && !touched && !(chowned && (mode & MODE_SETID) != 0)) {
        return PX_OK;
    }
    return copier->io->fchmod(meta->out, mode) == 0 ? PX_OK
                                                    : meta_fail(fail, errno, "set mode", meta->out);
}

static int meta_times(const struct px_copier *copier, const struct px_meta *meta,
                      struct px_fail *fail)
{
    if (!meta_keeps(copier, PX_KEEP_TIMESTAMPS)) {
        return PX_OK;
    }
    const struct timespec times[2] = {meta->want->st_atim, meta->want->st_mtim};
    return copier->io->futimens(meta->out, times) == 0
               ? PX_OK
               : meta_fail(fail, errno, "set times", meta->out);
}

/* The first refusal is remembered; a broken target ends it. True: go on. */
static bool meta_step(int *status, int step, struct px_fail *fail, const struct px_fail *step_fail)
{
    if (step == PX_OK || (step == PX_EATTR && *status == PX_EATTR)) {
        return true;
    }
    *status = step;
    *fail = *step_fail;
    return step == PX_EATTR;
}

int px_meta_apply(struct px_copier *copier, const struct px_meta *meta, struct px_fail *fail)
{
    struct px_xattrs xattrs = {.pair = meta->pair,
                               .in = meta->in,
                               .out = meta->out,
                               .dir = S_ISDIR(meta->want->st_mode),
                               .clean = meta->clean,
                               .has = meta->has.mode};
    struct px_fail one;
    bool kept = false;
    int status = PX_OK;
    if (meta_step(&status, px_xattr_copy(copier, &xattrs, &one), fail, &one) &&
        meta_step(&status, meta_owner(copier, meta, &kept, &one), fail, &one) &&
        meta_step(&status, px_xattr_copy_capability(copier, &xattrs, &one), fail, &one) &&
        meta_step(&status, meta_mode(copier, meta, kept, xattrs.mode_touched, &one), fail, &one)) {
        PX_IGNORE(meta_step(&status, meta_times(copier, meta, &one), fail, &one));
    }
    return status;
}

/* --- links and special files ------------------------------------------------------------------ */

static int meta_open_path(const struct px_copier *copier, int dirfd, const char *name)
{
    return copier->io->openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* By descriptor: whoever may write to the directory could put a hard link of something else at the
 * name, and would have it given away. */
static int meta_at_opened(struct px_copier *copier, const struct px_meta_at *at,
                          struct px_meta *meta, struct px_fail *fail)
{
    struct stat st;
    if (copier->io->fstat(meta->out, &st) != 0 || st.st_nlink != 1 ||
        (st.st_mode & S_IFMT) != (at->want->st_mode & S_IFMT)) {
        return px_fail_set(fail, PX_EATTR, 0, "set owner: it was replaced");
    }
    meta->has = (struct px_owned){st.st_uid, st.st_gid, st.st_mode & MODE_BITS};
    return px_meta_apply(copier, meta, fail);
}

static int meta_at_open(struct px_copier *copier, const struct px_meta_at *at, struct px_fail *fail)
{
    struct px_meta meta = {.pair = at->pair, .want = at->want};
    meta.in = meta_open_path(copier, at->source_dirfd, at->source_name);
    if (meta.in < 0) {
        return px_fail_source(fail, errno, "read attributes");
    }
    meta.out = meta_open_path(copier, at->dirfd, at->name);
    if (meta.out < 0) {
        const int err = errno;
        PX_IGNORE(copier->io->close(meta.in)); /* only looked at */
        return px_fail_target(fail, err, "set owner", at->dirfd);
    }
    const int status = meta_at_opened(copier, at, &meta, fail);
    PX_IGNORE(copier->io->close(meta.out)); /* no data went through it */
    PX_IGNORE(copier->io->close(meta.in));
    return status;
}

int px_meta_apply_at(struct px_copier *copier, const struct px_meta_at *at, struct px_fail *fail)
{
    const bool owned = at->has != NULL && meta_same_owner(at->want, at->has->uid, at->has->gid);
    if (!S_ISLNK(at->want->st_mode) || (!owned && meta_keeps(copier, PX_KEEP_OWNERSHIP)) ||
        px_xattr_link_has_some(copier, at->pair, at->source_dirfd, at->source_name)) {
        return meta_at_open(copier, at, fail);
    }
    const struct timespec times[2] = {at->want->st_atim, at->want->st_mtim};
    if (meta_keeps(copier, PX_KEEP_TIMESTAMPS) &&
        copier->io->utimensat(at->dirfd, at->name, times, AT_SYMLINK_NOFOLLOW) != 0) {
        return meta_fail(fail, errno, "set times", at->dirfd);
    }
    return PX_OK;
}
