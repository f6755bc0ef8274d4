/* SPDX-License-Identifier: MIT
 *
 * copy/publish.c - from an open new file to its final name. Entered by the worker that holds the
 * file (the last one of those that shared it). No locks but flock(2) on temporary files.
 *
 * Why nameless files: besides leaving nothing behind after a kill they are cheaper than temporary
 * names. tests/bench/copycalls, a new file of 4 KiB, us of CPU (Linux 6.18, loop devices):
 *
 *                                ext4   xfs  tmpfs  btrfs
 *     in place (may be torn)     18.0  22.5   10.6   23.5
 *     O_TMPFILE, linkat          25.0  27.0   12.3   36.2
 *     temporary name, rename     29.6  35.0   17.5   53.4
 */
#define _GNU_SOURCE /* O_TMPFILE */

#include "copy/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/backup.h"
#include "copy/chunks.h"
#include "copy/dir.h"
#include "copy/earlier.h"
#include "copy/policy.h"

#define TEMP_MODE 0600
#define ALL_MODE_BITS 07777
#define TEMP_TRIES 3

/* --- open ------------------------------------------------------------------------------------- */

/* errnos that say "this file system has no nameless files". */
static bool out_is_unsupported(int err)
{
    return err == EOPNOTSUPP || err == EISDIR || err == EINVAL || err == ENOENT || err == ENOSYS;
}

static int out_look(struct px_copier *copier, struct px_out *out, struct px_fail *fail)
{
    struct stat st;
    if (copier->io->fstat(out->fd, &st) != 0) {
        return px_fail_target(fail, errno, "create", out->fd);
    }
    out->has = (struct px_owned){st.st_uid, st.st_gid, st.st_mode & ALL_MODE_BITS};
    return PX_OK;
}

/* PX_EAGAIN: there is no such thing here. */
static int out_open_nameless(struct px_copier *copier, const struct px_dir *dir, int dirfd,
                             const struct stat *source, struct px_out *out, struct px_fail *fail)
{
    const mode_t mode = px_meta_new_mode(copier, source->st_mode);
    out->named = false;
    out->fd = px_open_nameless(copier->io, dirfd, mode);
    if (out->fd < 0) {
        return out_is_unsupported(errno) ? PX_EAGAIN : px_fail_target(fail, errno, "create", dirfd);
    }
    if (!dir->plain) {
        return out_look(copier, out, fail);
    }
    out->has = (struct px_owned){dir->fresh.uid, dir->fresh.gid, mode & ~copier->copy->umask};
    return PX_OK;
}

/* One try to make the temporary file and to hold its lock. PX_EAGAIN: it was taken away between the
 * two, try again. */
static int out_try_named(struct px_copier *copier, int dirfd, struct px_out *out,
                         struct px_fail *fail)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    out->fd = copier->io->openat(dirfd, out->temp, flags, TEMP_MODE);
    if (out->fd < 0 && errno == EEXIST) {
        const int status = px_temp_clear(copier, dirfd, out->temp, fail);
        return status == PX_OK ? PX_EAGAIN : status;
    }
    if (out->fd < 0) {
        return px_fail_target(fail, errno, "create", dirfd);
    }
    bool ours = false;
    if (px_temp_lock(out->fd, fail) == PX_OK) {
        out->named = true; /* to be removed when the check fails */
        const int status = px_temp_check(copier, dirfd, out->temp, out->fd, &ours, fail);
        if (status != PX_OK) {
            return status;
        }
    }
    if (ours) {
        return PX_OK;
    }
    out->named = false;
    PX_IGNORE(copier->io->close(out->fd)); /* empty, and somebody removes its name right now */
    out->fd = -1;
    return PX_EAGAIN;
}

static int out_open_named(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                          struct px_out *out, struct px_fail *fail)
{
    int status = px_temp_choose(copier, entry, out->temp, fail);
    if (status != PX_OK) {
        return status;
    }
    status = PX_EAGAIN;
    for (int i = 0; i < TEMP_TRIES && status == PX_EAGAIN; i++) {
        status = out_try_named(copier, dirfd, out, fail);
    }
    if (status == PX_EAGAIN) {
        return px_fail_set(fail, PX_EINUSE, 0, "create: another pcopy writes this file");
    }
    return status == PX_OK ? out_look(copier, out, fail) : status;
}

/* Is what is open a file that we may go on with? */
static bool part_is_ours(const struct px_copier *copier, const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_nlink == 1 && st->st_uid == copier->copy->uid;
}

/* Is there another file of that name that may be copied itself? Within one directory it is the very
 * temporary file. */
static bool part_is_a_source(const struct px_copier *copier, struct px_dir_fds fds,
                             const char *name)
{
    struct stat source;
    struct stat target;
    if (copier->io->fstatat(fds.source, name, &source, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    return copier->io->fstatat(fds.target, name, &target, AT_SYMLINK_NOFOLLOW) != 0 ||
           source.st_dev != target.st_dev || source.st_ino != target.st_ino;
}

static int part_take(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                     const struct stat *source, struct px_out *out, struct px_fail *fail)
{
    struct stat st;
    bool same = false;
    int status = px_temp_lock(out->fd, fail);
    if (status == PX_OK) {
        status = px_temp_check(copier, dirfd, out->temp, out->fd, &same, fail);
    }
    if (status != PX_OK) {
        return status;
    }
    if (!same || copier->io->fstat(out->fd, &st) != 0 || !part_is_ours(copier, &st)) {
        return PX_EAGAIN;
    }
    out->named = true;
    out->part = true;
    out->has = (struct px_owned){st.st_uid, st.st_gid, st.st_mode & ALL_MODE_BITS};
    out->fresh = st.st_size != source->st_size ||
                 !px_earlier_knows_part(copier, entry, source, (uint64_t)st.st_ino, out);
    if (out->fresh && st.st_size != 0 && copier->io->ftruncate(out->fd, 0) != 0) {
        return px_fail_target(fail, errno, "set size", out->fd);
    }
    if (out->fresh) {
        px_earlier_begin(copier, entry, source, (uint64_t)st.st_ino, out);
    }
    return PX_OK;
}

/* A large file's temporary one, of this run or an earlier one. PX_EAGAIN: what has the name is not
 * to be used; take another way. */
static int out_open_part(struct px_copier *copier, const struct px_entry *entry,
                         struct px_dir_fds fds, const struct stat *source, struct px_out *out,
                         struct px_fail *fail)
{
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    px_temp_part_name(entry->target_name, out->temp);
    if (part_is_a_source(copier, fds, out->temp)) {
        return PX_EAGAIN;
    }
    out->fd = copier->io->openat(fds.target, out->temp, flags, TEMP_MODE);
    if (out->fd < 0) {
        return PX_EAGAIN;
    }
    const int status = part_take(copier, entry, fds.target, source, out, fail);
    if (status == PX_EAGAIN) {
        PX_IGNORE(copier->io->close(out->fd)); /* nothing was written through it */
        out->fd = -1;
    }
    return status;
}

/* What a run with a journal left behind is of no use to one without. */
static void part_forget(struct px_copier *copier, const struct px_entry *entry, int dirfd)
{
    char part[PX_TEMP_ROOM];
    struct px_fail fail;
    px_temp_part_name(entry->target_name, part);
    PX_IGNORE(px_temp_clear(copier, dirfd, part, &fail)); /* else it stays: no harm */
}

int px_out_open(struct px_copier *copier, const struct px_entry *entry, const struct stat *source,
                struct px_out *out, struct px_fail *fail)
{
    struct px_dir *dir = entry->dir;
    *out = (struct px_out){.fd = -1};
    const struct px_dir_fds fds = px_dir_acquire(dir);
    int status = PX_EAGAIN;
    if (px_earlier_continues(copier, entry, source)) {
        status = out_open_part(copier, entry, fds, source, out, fail);
    }
    if (status == PX_EAGAIN && !dir->made && copier->copy->opts.memory == NULL &&
        (uint64_t)source->st_size / 2 >= px_chunks_bytes(copier)) {
        part_forget(copier, entry, fds.target);
    }
    if (status == PX_EAGAIN &&
        !atomic_load_explicit(&dir->pair->no_nameless, memory_order_relaxed)) {
        status = out_open_nameless(copier, dir, fds.target, source, out, fail);
    }
    if (status == PX_EAGAIN) {
        *out = (struct px_out){.fd = -1};
        status = out_open_named(copier, entry, fds.target, out, fail);
        /* Only now: ENOENT could also have been the directory itself that is gone. */
        if (status == PX_OK) {
            atomic_store_explicit(&dir->pair->no_nameless, true, memory_order_relaxed);
        }
    }
    px_dir_release(dir);
    if (status != PX_OK) {
        px_out_abort(copier, entry, out);
    }
    return status;
}

/* --- commit ----------------------------------------------------------------------------------- */

/* May the new file take the place of what has the name? PX_OK with entry->skip_reason: it may not,
 * and that is fine. */
static int out_may_replace(struct px_copier *copier, struct px_entry *entry, int dirfd,
                           const struct stat *source, struct px_fail *fail)
{
    if (px_policy_keeps(&copier->copy->opts)) {
        entry->skip_reason = PX_SKIP_EXISTS;
        return PX_OK;
    }
    struct stat old;
    if (copier->io->fstatat(dirfd, entry->target_name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
        return PX_OK; /* gone meanwhile, or rename will say */
    }
    const char *obstacle = px_policy_obstacle(old.st_mode);
    if (obstacle != NULL) {
        return px_fail_set(fail, PX_EEXIST, 0, "publish: the target is %s", obstacle);
    }
    if (old.st_dev == source->st_dev && old.st_ino == source->st_ino) {
        entry->skip_reason = "same file";
        return PX_OK;
    }
    entry->action = PX_ACTION_REPLACE;
    return px_backup_keep(copier, entry, dirfd, source, fail);
}

/* Gives the nameless file the temporary name, locked before anybody can see it. */
static int out_link_temp(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                         struct px_out *out, struct px_fail *fail)
{
    int status = px_temp_choose(copier, entry, out->temp, fail);
    if (status == PX_OK) {
        status = px_temp_lock(out->fd, fail);
    }
    for (int i = 0; i < TEMP_TRIES && status == PX_OK; i++) {
        if (px_link_fd(copier->io, out->fd, dirfd, out->temp) == 0) {
            out->named = true;
            return PX_OK;
        }
        const int err = errno;
        if (err != EEXIST) {
            return px_fail_target(fail, err, "link temporary name", dirfd);
        }
        status = px_temp_clear(copier, dirfd, out->temp, fail);
    }
    return status != PX_OK
               ? status
               : px_fail_set(fail, PX_EINUSE, 0, "create: another pcopy writes this file");
}

static int out_rename(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                      struct px_out *out, struct px_fail *fail)
{
    if (copier->io->renameat(dirfd, out->temp, dirfd, entry->target_name) == 0) {
        out->named = false;
        return PX_OK;
    }
    const int err = errno;
    if (err == EISDIR || err == ENOTEMPTY || err == EEXIST) {
        return px_fail_set(fail, PX_EEXIST, err, "publish: the name is taken");
    }
    return px_fail_target(fail, err, "rename", dirfd);
}

static int out_commit_nameless(struct px_copier *copier, struct px_entry *entry, int dirfd,
                               const struct stat *source, struct px_out *out, struct px_fail *fail)
{
    if (px_link_fd(copier->io, out->fd, dirfd, entry->target_name) == 0) {
        return PX_OK;
    }
    const int err = errno;
    if (err != EEXIST && (out_is_unsupported(err) || err == EPERM || err == EXDEV)) {
        /* No AT_EMPTY_PATH and no /proc, or a file system that cannot link. */
        atomic_store_explicit(&entry->dir->pair->no_nameless, true, memory_order_relaxed);
        return PX_EAGAIN;
    }
    if (err != EEXIST) {
        return px_fail_target(fail, err, "link", dirfd);
    }
    int status = out_may_replace(copier, entry, dirfd, source, fail);
    if (status != PX_OK || entry->skip_reason != NULL) {
        return status;
    }
    status = out_link_temp(copier, entry, dirfd, out, fail);
    return status == PX_OK ? out_rename(copier, entry, dirfd, out, fail) : status;
}

/* NFS and quotas report at close what writing did not: ask before the name is given. Another
 * descriptor keeps the file, and with it the lock. */
static int out_ask_close(struct px_copier *copier, struct px_out *out, struct px_fail *fail)
{
    const int twin = fcntl(out->fd, F_DUPFD_CLOEXEC, 3);
    if (twin < 0) {
        return px_fail_target(fail, errno, "close", out->fd);
    }
    if (copier->io->close(twin) != 0) {
        return px_fail_target(fail, errno, "close", out->fd);
    }
    return PX_OK;
}

/* Where nothing may be replaced the name is given by a link, which cannot replace. */
static int out_commit_no_clobber(struct px_copier *copier, struct px_entry *entry, int dirfd,
                                 struct px_out *out, struct px_fail *fail)
{
    const struct px_io_ops *io = copier->io;
    if (io->linkat(dirfd, out->temp, dirfd, entry->target_name, 0) == 0) {
        return PX_OK; /* the temporary name goes with px_out_abort() */
    }
    if (errno == EEXIST) {
        entry->skip_reason = PX_SKIP_EXISTS;
        return PX_OK;
    }
    struct stat st; /* a file system without links: look, then rename */
    if (io->fstatat(dirfd, entry->target_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        entry->skip_reason = PX_SKIP_EXISTS;
        return PX_OK;
    }
    return out_rename(copier, entry, dirfd, out, fail);
}

static int out_commit_named(struct px_copier *copier, struct px_entry *entry, int dirfd,
                            const struct stat *source, struct px_out *out, struct px_fail *fail)
{
    int status = out_ask_close(copier, out, fail);
    if (status != PX_OK) {
        return status;
    }
    if (px_policy_keeps(&copier->copy->opts)) {
        return out_commit_no_clobber(copier, entry, dirfd, out, fail);
    }
    if (!entry->dir->made) {
        status = out_may_replace(copier, entry, dirfd, source, fail);
        if (status != PX_OK || entry->skip_reason != NULL) {
            return status;
        }
    }
    return out_rename(copier, entry, dirfd, out, fail);
}

int px_out_commit(struct px_copier *copier, struct px_entry *entry, const struct stat *source,
                  struct px_out *out, struct px_fail *fail)
{
    if (copier->copy->opts.sync == PX_SYNC_FILE && copier->io->fsync(out->fd) != 0) {
        const int failed = px_fail_target(fail, errno, "fsync", out->fd);
        px_out_abort(copier, entry, out);
        return failed;
    }
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    int status = out->named ? out_commit_named(copier, entry, fds.target, source, out, fail)
                            : out_commit_nameless(copier, entry, fds.target, source, out, fail);
    px_dir_release(entry->dir);
    if (status == PX_OK && !out->named) {
        const int fd = out->fd;
        out->fd = -1;
        if (copier->io->close(fd) != 0) {
            status = px_fail_set(fail, px_status_from_errno(errno), errno, "close");
        }
        return status;
    }
    px_out_abort(copier, entry, out);
    return status;
}

void px_out_abort(struct px_copier *copier, const struct px_entry *entry, struct px_out *out)
{
    if (out->named && !(out->part && out->keep)) {
        const struct px_dir_fds fds = px_dir_acquire(entry->dir);
        PX_IGNORE(copier->io->unlinkat(fds.target, out->temp, 0)); /* the next run removes it */
        px_dir_release(entry->dir);
        out->named = false;
    }
    if (out->fd >= 0) {
        PX_IGNORE(copier->io->close(out->fd)); /* unpublished, or already asked */
        out->fd = -1;
    }
}
