/* SPDX-License-Identifier: MIT
 *
 * copy/same.c - what is at the target already and stays. Entered by any worker with a file whose
 * source it has open; no locks.
 *
 * The target is opened once, without following a link, and everything is done by that descriptor. It
 * is never written to: an attribute is set whole or not at all.
 */
#include "copy/same.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fdio.h"
#include "copy/check.h"
#include "copy/dir.h"
#include "copy/meta.h"
#include "copy/policy.h"

#define ALL_MODE_BITS 07777

/* -1 with errno; `*is` what it is. */
static int same_open(struct px_copier *copier, const struct px_entry *entry, struct stat *is)
{
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = -1;
    int err = ENOENT;
    if (fds.target >= 0) {
        fd = copier->io->openat(fds.target, entry->target_name, flags, 0);
        err = errno;
    }
    px_dir_release(entry->dir);
    if (fd >= 0 && copier->io->fstat(fd, is) != 0) {
        err = errno;
        PX_IGNORE(copier->io->close(fd)); /* only looked at */
        fd = -1;
    }
    errno = err;
    return fd;
}

static int same_give(struct px_copier *copier, const struct px_entry *entry,
                     const struct px_file *file, int fd, const struct stat *is,
                     struct px_fail *fail)
{
    const struct px_meta job = {
        .pair = entry->dir->pair,
        .in = file->in,
        .out = fd,
        .want = &file->st,
        .has = {is->st_uid, is->st_gid, is->st_mode & ALL_MODE_BITS},
    };
    return px_meta_apply(copier, &job, fail);
}

/* --- contents --------------------------------------------------------------------------------- */

/* PX_OK: the same bytes. PX_EINTEGRITY: it is to be copied. */
static int same_compare(struct px_copier *copier, const struct px_file *file, int fd,
                        const struct stat *is, struct px_fail *fail)
{
    struct stat after;
    uint64_t bytes = 0;
    if (!S_ISREG(is->st_mode) || is->st_size != file->st.st_size) {
        return PX_EINTEGRITY;
    }
    const int status = px_check_bytes(copier, file->in, fd, &file->st, &bytes, fail);
    if (status != PX_OK) {
        return status == PX_EIO ? PX_EINTEGRITY : status; /* what cannot be read is replaced */
    }
    if (copier->io->fstat(file->in, &after) != 0) {
        return px_fail_source(fail, errno, "stat source");
    }
    return px_file_is_unchanged(&file->st, &after) ? PX_OK : PX_EAGAIN;
}

/* Its ctime stays as it is when nothing is to be changed. */
static int same_keep(struct px_copier *copier, struct px_entry *entry, const struct px_file *file,
                     int fd, const struct stat *is, struct px_fail *fail)
{
    struct px_fail unlike;
    int status = PX_OK;
    if (!copier->copy->opts.dry_run &&
        px_check_file_attrs(copier, entry, file->in, fd, &file->st, is, &unlike) != PX_OK) {
        status = same_give(copier, entry, file, fd, is, fail);
    }
    if (status == PX_OK) {
        entry->skip_reason = "same contents";
    }
    return status;
}

int px_same_contents(struct px_copier *copier, struct px_entry *entry, const struct px_file *file,
                     bool *copy, struct px_fail *fail)
{
    struct stat is;
    const int fd = entry->dir->made ? -1 : same_open(copier, entry, &is);
    if (fd < 0) {
        return PX_OK;
    }
    int status = same_compare(copier, file, fd, &is, fail);
    if (status == PX_OK) {
        *copy = false;
        status = same_keep(copier, entry, file, fd, &is, fail);
    }
    PX_IGNORE(copier->io->close(fd)); /* only read */
    px_copier_phase(entry, PX_COPY_DATA);
    return status == PX_EINTEGRITY ? PX_OK : status;
}

/* --- attributes ------------------------------------------------------------------------------- */

static int same_refuse(int err, struct px_fail *fail)
{
    if (err == ELOOP) {
        return px_fail_set(fail, PX_EEXIST, 0, "set attributes: the target is a symbolic link");
    }
    return px_fail_set(fail, PX_EATTR, err, "set attributes");
}

int px_same_attributes(struct px_copier *copier, struct px_entry *entry, const struct px_file *file,
                       bool *copy, struct px_fail *fail)
{
    struct stat is;
    if (entry->dir->made || copier->copy->opts.dry_run) {
        return PX_OK;
    }
    const int fd = same_open(copier, entry, &is);
    if (fd < 0 && errno == ENOENT) {
        return PX_OK;
    }
    *copy = false;
    if (fd < 0) {
        return same_refuse(errno, fail);
    }
    int status = PX_OK;
    if (!S_ISREG(is.st_mode)) {
        status = px_fail_set(fail, PX_EEXIST, 0, "set attributes: the target is %s",
                             px_policy_obstacle(is.st_mode));
    } else {
        entry->action = PX_ACTION_REPLACE;
        entry->skip_reason = px_policy_skip(copier->copy->opts.update, &file->st, &is);
    }
    if (status == PX_OK && entry->skip_reason == NULL) {
        status = same_give(copier, entry, file, fd, &is, fail);
    }
    PX_IGNORE(copier->io->close(fd)); /* no data went through it */
    px_copier_phase(entry, PX_COPY_META);
    return status;
}
