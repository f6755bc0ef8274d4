/* SPDX-License-Identifier: MIT
 *
 * copy/extra.c - names that only the target has. Entered by whoever finishes a directory, so nobody
 * else works in it any more. No locks; the count of deletions is the engine's atomic.
 *
 * The source is asked for each name when it is about to go, through the directory held since it was
 * listed: what turned up there meanwhile stays. Nothing is resolved by path and no link is followed:
 * a directory is opened below the one held (O_NOFOLLOW), and left through "..", which must be the
 * directory that we came from. So depth costs memory for names only, not descriptors.
 */
#define _GNU_SOURCE /* struct dirent64, DT_ values */

#include "copy/extra.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "base/grow.h"
#include "base/path.h"
#include "copy/backup.h"
#include "copy/select.h"
#include "copy/shard.h"
#include "copy/temp.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* --- lists of names --------------------------------------------------------------------------- */

/* NUL-terminated names, one after the other, each behind a byte with its DT_ type. */
struct names {
    char *bytes;
    size_t used;
    size_t room;
    size_t taken;
};

static int names_put(struct names *names, unsigned char type, const char *name)
{
    const size_t need = strlen(name) + 2;
    char *bytes = px_grow(names->bytes, &names->room, names->used + need, 1);
    if (bytes == NULL) {
        return PX_ENOMEM;
    }
    names->bytes = bytes;
    bytes[names->used] = (char)type;
    memcpy(bytes + names->used + 1, name, need - 1);
    names->used += need;
    return PX_OK;
}

static const char *names_take(struct names *names, unsigned char *type)
{
    if (names->taken == names->used) {
        return NULL;
    }
    const char *at = names->bytes + names->taken;
    *type = (unsigned char)at[0];
    names->taken += strlen(at + 1) + 2;
    return at + 1;
}

/* All names of the directory for which `wants` (NULL: all) says so. errno in `*err`. */
static int names_list(struct px_copier *copier, int fd,
                      bool (*wants)(void *ctx, unsigned char type, const char *name), void *ctx,
                      struct names *out)
{
    for (;;) {
        const ssize_t bytes = copier->io->getdents(fd, copier->dents, PX_COPIER_DENTS_BYTES);
        if (bytes <= 0) {
            return bytes == 0 ? PX_OK : PX_EIO;
        }
        for (ssize_t at = 0; at < bytes;) {
            const struct dirent64 *entry = (const void *)(copier->dents + at);
            const char *name = entry->d_name;
            at += entry->d_reclen;
            if (!px_path_is_dots(name) && (wants == NULL || wants(ctx, entry->d_type, name)) &&
                names_put(out, entry->d_type, name) != PX_OK) {
                return PX_ENOMEM;
            }
        }
    }
}

/* --- one name, with all below it -------------------------------------------------------------- */

/* A directory on the way down. */
struct level {
    struct level *up;
    struct names names;
    dev_t dev;
    ino_t ino;
    bool keeps; /* something below stays, so it stays */
    char name[];
};

struct removal {
    struct px_copier *copier;
    int fd; /* of `top` */
    struct level *top;
    dev_t dev; /* nothing on another file system is touched */
    bool kept; /* something in it stays, and so does all that it is in */
    const struct px_select *select;
    struct px_dest *dest;
    struct px_fail *fail;
};

/* The path of `name` below the levels, as patterns see it; the caller frees. */
static char *removal_path(const struct removal *r, const char *name)
{
    size_t len = r->select->prefix + strlen(name) + 1;
    for (const struct level *level = r->top; level != NULL; level = level->up) {
        len += strlen(level->name) + 1;
    }
    char *path = malloc(len);
    if (path == NULL) {
        return NULL;
    }
    memcpy(path, r->select->path, r->select->prefix);
    char *end = path + len - (strlen(name) + 1);
    memcpy(end, name, strlen(name) + 1);
    for (const struct level *level = r->top; level != NULL; level = level->up) {
        const size_t part = strlen(level->name);
        *--end = '/';
        end -= part;
        memcpy(end, level->name, part);
    }
    return path;
}

/* Excluded names and backups stay, also in what is deleted. Out of memory: it stays. */
static bool removal_protects(const struct removal *r, const char *name, bool is_dir)
{
    const struct px_patterns *patterns = r->select->patterns;
    if (px_backup_is_name(&r->copier->copy->opts, name)) {
        return true;
    }
    if (patterns->n == 0 || r->select->path == NULL) {
        return patterns->n > 0 && px_patterns_exclude(patterns, name, is_dir);
    }
    char *path = removal_path(r, name);
    const bool excluded = path == NULL || px_patterns_exclude(patterns, path, is_dir);
    free(path);
    return excluded;
}

/* May one more be deleted? */
static bool extra_count(const struct removal *r)
{
    const struct px_copy_opts *opts = &r->copier->copy->opts;
    const uint64_t limit = opts->max_delete;
    if (opts->delete_none) {
        return false;
    }
    const uint64_t before = atomic_fetch_add_explicit(&r->dest->deleted, 1, memory_order_relaxed);
    if (limit == 0 || before < limit) {
        return true;
    }
    atomic_fetch_sub_explicit(&r->dest->deleted, 1, memory_order_relaxed);
    return false;
}

static int removal_unlink(struct removal *r, int dirfd, const char *name, int flags)
{
    if (!extra_count(r)) {
        return px_fail_set(r->fail, PX_EREFUSED, 0, "delete: --max-delete is reached");
    }
    if (r->copier->copy->opts.dry_run) {
        return PX_OK;
    }
    if (r->copier->io->unlinkat(dirfd, name, flags) != 0 && errno != ENOENT) {
        const int err = errno;
        return px_fail_target(r->fail, err, "delete", dirfd);
    }
    r->copier->account->counter[PX_COPY_DELETED]++;
    return PX_OK;
}

/* Goes into `name`, which is below r->fd, and lists it. */
static int removal_enter(struct removal *r, const char *name)
{
    const struct px_io_ops *io = r->copier->io;
    struct level *level = calloc(1, sizeof *level + strlen(name) + 1);
    if (level == NULL) {
        return px_fail_set(r->fail, PX_ENOMEM, 0, "delete: out of memory");
    }
    memcpy(level->name, name, strlen(name) + 1);
    const int fd = io->openat(r->fd, name, OPEN_DIR, 0);
    struct stat st = {0};
    int status = PX_OK;
    if (fd < 0 || io->fstat(fd, &st) != 0) {
        status = px_fail_target(r->fail, errno, "delete: open directory", r->fd);
    } else if (st.st_dev != r->dev) {
        status = px_fail_set(r->fail, PX_EREFUSED, 0, "delete: a file system is mounted there");
    } else if (names_list(r->copier, fd, NULL, NULL, &level->names) != PX_OK) {
        status = px_fail_target(r->fail, errno, "delete: read directory", fd);
    }
    if (status != PX_OK) {
        if (fd >= 0) {
            PX_IGNORE(io->close(fd)); /* a directory: only read */
        }
        free(level->names.bytes);
        free(level);
        return status;
    }
    level->dev = st.st_dev;
    level->ino = st.st_ino;
    level->up = r->top;
    if (r->top != NULL) {
        PX_IGNORE(io->close(r->fd)); /* a directory: only read */
    }
    r->top = level;
    r->fd = fd;
    return PX_OK;
}

/* Back to the level above (to `base` from the first), and removes what was left. */
static int removal_leave(struct removal *r, int base)
{
    const struct px_io_ops *io = r->copier->io;
    struct level *done = r->top;
    struct level *up = done->up;
    int fd = base;
    int status = PX_OK;
    if (up != NULL) {
        struct stat st;
        fd = io->openat(r->fd, "..", OPEN_DIR, 0);
        if (fd < 0 || io->fstat(fd, &st) != 0) {
            status = px_fail_target(r->fail, errno, "delete: open directory", r->fd);
        } else if (st.st_dev != up->dev || st.st_ino != up->ino) {
            status = px_fail_set(r->fail, PX_EREFUSED, 0, "delete: the directory was moved");
        }
    }
    PX_IGNORE(io->close(r->fd)); /* a directory: only read */
    r->fd = fd;
    r->top = up;
    if (status == PX_OK && !done->keeps) {
        status = removal_unlink(r, fd, done->name, AT_REMOVEDIR);
    }
    if (done->keeps) {
        *(up != NULL ? &up->keeps : &r->kept) = true;
    }
    free(done->names.bytes);
    free(done);
    return status;
}

static void removal_give_up(struct removal *r)
{
    if (r->top != NULL && r->fd >= 0) {
        PX_IGNORE(r->copier->io->close(r->fd)); /* a directory: only read */
    }
    while (r->top != NULL) {
        struct level *up = r->top->up;
        free(r->top->names.bytes);
        free(r->top);
        r->top = up;
    }
}

static bool removal_is_dir(const struct removal *r, unsigned char type, const char *name)
{
    struct stat st;
    if (type != DT_UNKNOWN) {
        return type == DT_DIR;
    }
    return r->copier->io->fstatat(r->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(st.st_mode);
}

static int removal_one(struct removal *r, const char *name, bool is_dir)
{
    if (removal_protects(r, name, is_dir)) {
        r->top->keeps = true;
        return PX_OK;
    }
    return is_dir ? removal_enter(r, name) : removal_unlink(r, r->fd, name, 0);
}

/* The tree `name` of directory `base`, deepest first. */
static int removal_run(struct removal *r, int base, const char *name)
{
    r->fd = base;
    int status = removal_enter(r, name);
    while (status == PX_OK && r->top != NULL) {
        unsigned char type;
        const char *next = names_take(&r->top->names, &type);
        if (px_copier_stopping(r->copier)) {
            status = PX_ECANCELED;
        } else if (next == NULL) {
            status = removal_leave(r, base);
        } else {
            status = removal_one(r, next, removal_is_dir(r, type, next));
        }
    }
    removal_give_up(r);
    return status;
}

/* --- the directory ---------------------------------------------------------------------------- */

struct scan {
    struct px_copier *copier;
    struct px_dir *dir;
    struct px_dir_fds fds;
    struct px_select select;
};

/* Has the source no such name, and may it go? */
static bool scan_wants(void *ctx, unsigned char type, const char *name)
{
    struct scan *scan = ctx;
    struct stat st;
    if (px_backup_is_name(&scan->copier->copy->opts, name) ||
        scan->copier->io->fstatat(scan->fds.source, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
        errno != ENOENT) {
        return false;
    }
    if (type == DT_UNKNOWN &&
        scan->copier->io->fstatat(scan->fds.target, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        type = (unsigned char)IFTODT(st.st_mode);
    }
    return px_shard_takes(scan->dir, name, false) &&
           !px_select_excludes(&scan->select, name, type == DT_DIR);
}

static enum px_copy_type extra_type(mode_t mode)
{
    return S_ISDIR(mode)   ? PX_COPY_DIR
           : S_ISLNK(mode) ? PX_COPY_LINK
           : S_ISREG(mode) ? PX_COPY_FILE
                           : PX_COPY_SPECIAL;
}

/* `*kept`: it is a directory, and something in it is not to be deleted. */
static int extra_delete(struct scan *scan, const char *name, const struct stat *st, bool *kept,
                        struct px_fail *fail)
{
    struct removal r = {.copier = scan->copier,
                        .fd = -1,
                        .select = &scan->select,
                        .dest = scan->dir->dest,
                        .fail = fail};
    struct stat dir;
    if (scan->copier->io->fstat(scan->fds.target, &dir) != 0) {
        return px_fail_target(fail, errno, "delete", scan->fds.target);
    }
    r.dev = dir.st_dev;
    const int status = S_ISDIR(st->st_mode) ? removal_run(&r, scan->fds.target, name)
                                            : removal_unlink(&r, scan->fds.target, name, 0);
    *kept = r.kept;
    return status;
}

static void extra_one(struct scan *scan, const char *name)
{
    struct px_copier *copier = scan->copier;
    struct px_fail fail = {.status = PX_OK};
    struct stat st;
    struct px_entry entry = {.dir = scan->dir,
                             .source_name = name,
                             .target_name = name,
                             .action = PX_ACTION_DELETE,
                             .attempts = 1};
    px_copier_begin(copier, &entry);
    if (copier->io->fstatat(scan->fds.target, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return; /* gone by itself */
    }
    entry.type = extra_type(st.st_mode);
    bool kept = false;
    int status = copier->copy->opts.check
                     ? px_fail_set(&fail, PX_EINTEGRITY, 0, "check: only the target has it")
                     : extra_delete(scan, name, &st, &kept, &fail);
    if (status == PX_OK && kept) {
        entry.skip_reason = "holds what is excluded";
    }
    if (status == PX_OK && !kept && copier->copy->opts.dry_run) {
        entry.skip_reason = PX_SKIP_DRY_RUN;
        entry.bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    }
    px_copier_phase(&entry, PX_COPY_META);
    px_copier_settle_status(copier, &entry, status, &fail);
}

static bool extra_is_due(const struct px_copier *copier, struct px_dir *dir)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    return (opts->remove_extra || opts->check) && dir->target_is.type != 0 && !dir->made &&
           !dir->elsewhere && !dir->is_listed && dir->head->listing_fail == NULL &&
           !atomic_load_explicit(&dir->partly, memory_order_relaxed) &&
           (opts->check || !atomic_load_explicit(&dir->failed, memory_order_relaxed)) &&
           !px_copier_stopping(copier);
}

/* The listing of the source may have ended early without an error when the directory was removed:
 * then it has no name any more, and says so. */
static bool source_is_there(const struct px_copier *copier, int fd)
{
    struct stat st;
    return copier->io->fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* The names that are too many; none when the directory was removed. */
static int scan_names(struct scan *scan, struct names *names, struct px_fail *fail)
{
    struct px_copier *copier = scan->copier;
    const int fd = copier->io->openat(scan->fds.target, ".", OPEN_DIR, 0);
    if (fd < 0) {
        return px_fail_target(fail, errno, "read target directory", scan->fds.target);
    }
    int status = PX_OK;
    if (source_is_there(copier, scan->fds.source)) {
        status = px_select_begin(copier, scan->dir, &scan->select);
        status = status == PX_OK ? names_list(copier, fd, scan_wants, scan, names) : status;
    }
    if (status != PX_OK) {
        PX_IGNORE(px_fail_target(fail, status == PX_ENOMEM ? ENOMEM : errno,
                                 "read target directory", scan->fds.target));
    }
    PX_IGNORE(copier->io->close(fd)); /* a directory: only read */
    return status;
}

int px_extra_handle(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail)
{
    if (!extra_is_due(copier, dir)) {
        return PX_OK;
    }
    struct scan scan = {.copier = copier, .dir = dir, .fds = px_dir_acquire(dir)};
    struct names names = {0};
    const int status = scan_names(&scan, &names, fail);
    unsigned char type;
    const char *name;
    while (status == PX_OK && !px_copier_stopping(copier) &&
           (name = names_take(&names, &type)) != NULL) {
        extra_one(&scan, name);
    }
    px_select_end(&scan.select);
    free(names.bytes);
    px_dir_release(dir);
    return status;
}
