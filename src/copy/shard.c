/* SPDX-License-Identifier: MIT
 *
 * copy/shard.c - shares of a tree. Any worker; no locks, nothing but what is fixed in a directory.
 */
#define _GNU_SOURCE /* O_TMPFILE */

#include "copy/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/share.h"

#define OWNER_ALL 0700
#define ALL_MODE_BITS 07777

/* Each of the other runs takes the rights away once, when it ends. */
#define TRIES 1000

/* --- shares ----------------------------------------------------------------------------------- */

static bool shard_is_on(const struct px_copy_opts *opts)
{
    return opts->shard_count > 1;
}

static unsigned shard_depth(const struct px_copy_opts *opts)
{
    return opts->shard_depth > 0 ? opts->shard_depth : 1;
}

void px_shard_enter(struct px_dir *dir)
{
    const struct px_dir *parent = dir->parent;
    dir->level = parent->level + 1;
    if (parent->parent == NULL) { /* the operand itself: its name is not part of the paths */
        dir->path_hash = px_share_begin();
    } else {
        dir->path_hash =
            px_share_add(parent->path_hash, dir->source_name, strlen(dir->source_name));
        dir->path_hash = px_share_add(dir->path_hash, "/", 1);
    }
}

bool px_shard_is_shared(const struct px_dir *dir)
{
    const struct px_copy_opts *opts = &dir->copy->opts;
    return shard_is_on(opts) && dir->level <= shard_depth(opts);
}

bool px_shard_takes(const struct px_dir *dir, const char *name, bool is_dir)
{
    const struct px_copy_opts *opts = &dir->copy->opts;
    if (!px_shard_is_shared(dir) || (is_dir && dir->level < shard_depth(opts))) {
        return true;
    }
    const uint64_t hash = px_share_add(dir->path_hash, name, strlen(name));
    return px_share_pick(hash, opts->shard_count) == opts->shard_index;
}

bool px_shard_takes_operand(const struct px_copy_opts *opts, const char *name)
{
    return !shard_is_on(opts) ||
           px_share_of(name, strlen(name), opts->shard_count) == opts->shard_index;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* After EACCES in `dirfd`: true when its owner, who we are, got rights back that were missing. */
static bool shard_give_rights(int dirfd)
{
    struct stat st;
    return errno == EACCES && fstat(dirfd, &st) == 0 && st.st_uid == geteuid() &&
           (st.st_mode & OWNER_ALL) != OWNER_ALL &&
           fchmod(dirfd, (st.st_mode & ALL_MODE_BITS) | OWNER_ALL) == 0;
}

/* `call` until it succeeds or fails for another reason; its value in `rc`. errno is the call's. */
#define SHARD_TRY(rc, dirfd, call)                                      \
    do {                                                                \
        int tries_ = TRIES;                                             \
        int err_;                                                       \
        do {                                                            \
            (rc) = (call);                                              \
            err_ = errno;                                               \
        } while ((rc) < 0 && tries_-- > 0 && shard_give_rights(dirfd)); \
        errno = err_;                                                   \
    } while (0)

static int shard_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    int rc;
    const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    if (!makes || dirfd < 0) {
        return px_io_real()->openat(dirfd, path, flags, mode);
    }
    SHARD_TRY(rc, dirfd, px_io_real()->openat(dirfd, path, flags, mode));
    return rc;
}

static int shard_linkat(int olddir, const char *oldpath, int newdir, const char *newpath, int flags)
{
    int rc;
    SHARD_TRY(rc, newdir, px_io_real()->linkat(olddir, oldpath, newdir, newpath, flags));
    return rc;
}

static int shard_renameat(int olddir, const char *oldpath, int newdir, const char *newpath)
{
    int rc;
    SHARD_TRY(rc, newdir, px_io_real()->renameat(olddir, oldpath, newdir, newpath));
    return rc;
}

static int shard_unlinkat(int dirfd, const char *path, int flags)
{
    int rc;
    SHARD_TRY(rc, dirfd, px_io_real()->unlinkat(dirfd, path, flags));
    return rc;
}

static int shard_mkdirat(int dirfd, const char *path, mode_t mode)
{
    int rc;
    SHARD_TRY(rc, dirfd, px_io_real()->mkdirat(dirfd, path, mode));
    return rc;
}

static int shard_symlinkat(const char *target, int dirfd, const char *path)
{
    int rc;
    SHARD_TRY(rc, dirfd, px_io_real()->symlinkat(target, dirfd, path));
    return rc;
}

static int shard_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
    int rc;
    SHARD_TRY(rc, dirfd, px_io_real()->mknodat(dirfd, path, mode, dev));
    return rc;
}

struct px_io_ops px_shard_io(void)
{
    struct px_io_ops io = *px_io_real();
    io.openat = shard_openat;
    io.linkat = shard_linkat;
    io.renameat = shard_renameat;
    io.unlinkat = shard_unlinkat;
    io.mkdirat = shard_mkdirat;
    io.symlinkat = shard_symlinkat;
    io.mknodat = shard_mknodat;
    return io;
}
