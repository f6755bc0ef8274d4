/* SPDX-License-Identifier: MIT
 *
 * copy/space.c - counts what is to be copied and asks what is free. The check of the operands runs on
 * main's thread before there are workers, with raw calls; that of a file on the worker that has it.
 *
 * The sizes below a directory are not known before it was walked, and to look at each name of millions
 * would cost a tenth of the copy. So first the file system of the source is asked: where all that is
 * on it fits, nothing is looked at. Else a bounded number of names is; what is beyond is counted as
 * nothing. Large files are asked for again when they are opened, whose sizes are known then.
 *
 * What is counted is the least: no blocks for names; a hard link its share; of a hole nothing; of what
 * is replaced only the difference; nothing where blocks may be shared; and file systems that compress
 * are not asked for bytes.
 */
#define _GNU_SOURCE /* O_PATH */

#include "copy/space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/path.h"
#include "copy/fsname.h"
#include "copy/policy.h"

/* One look takes 1.5 us where the names are cached, and the copy of a small file 16 us: this is 30 ms
 * at most. */
#define NAMES_MAX 20000
/* Each level holds two descriptors. */
#define DEPTH_MAX 32

/* From this size on a file is worth a call of its own: some 1 us of 300. */
#define FILE_MIN_BYTES ((uint64_t)1024 * 1024)

/* XFS gives back what a removed file had on a thread of the kernel: of 2 GiB removed a moment before,
 * statfs(2) has been seen to miss all. So what is too small is looked at again while it grows. */
#define LOOKS_MAX 40
#define LOOKS_IN_VAIN_MAX 3
#define LOOK_PAUSE_NS (40 * PX_NS_PER_MS)

#define STAT_BLOCK_BYTES 512 /* stat(2) */

/* linux/magic.h has neither. */
#define ZFS_MAGIC 0x2fc12fc1UL
#define BCACHEFS_MAGIC 0xca451a4eUL

#define OPEN_LOOK (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* --- pure ------------------------------------------------------------------------------------- */

struct px_space px_space_of(const struct statvfs *fs, bool root)
{
    struct px_space space = {UINT64_MAX, UINT64_MAX};
    if (fs->f_blocks != 0) {
        space.bytes = (uint64_t)(root ? fs->f_bfree : fs->f_bavail) * fs->f_frsize;
    }
    if (fs->f_files != 0) { /* btrfs and others make them as they are needed, and say 0 */
        space.inodes = root ? fs->f_ffree : fs->f_favail;
    }
    return space;
}

uint64_t px_space_file_bytes(const struct stat *source, enum px_sparse sparse)
{
    const uint64_t size = (uint64_t)source->st_size;
    const uint64_t there = (uint64_t)source->st_blocks * STAT_BLOCK_BYTES;
    switch (sparse) {
    case PX_SPARSE_NEVER: return size;
    case PX_SPARSE_ALWAYS: return 0; /* whatever is not zero */
    case PX_SPARSE_AUTO: break;
    }
    return there < size ? there : size;
}

struct px_need px_space_name_needs(const struct px_copy_opts *opts, const struct stat *source,
                                   const struct stat *old)
{
    struct px_need need = {0};
    const bool is_file = S_ISREG(source->st_mode);
    const bool is_kind = is_file || S_ISDIR(source->st_mode) || S_ISLNK(source->st_mode);
    if ((old != NULL && px_policy_skip(opts->update, source, old) != NULL) ||
        (old == NULL && opts->existing_only) || opts->files != PX_FILES_COPY ||
        (!is_kind && !opts->specials)) {
        return need;
    }
    const bool linked = is_file && source->st_nlink > 1 && (opts->keep.lose & PX_KEEP_LINKS) == 0;
    need.inodes = old == NULL && !linked;
    if (is_file) {
        const uint64_t bytes = px_space_file_bytes(source, opts->sparse);
        need.bytes = (int64_t)(linked ? bytes / source->st_nlink : bytes);
    }
    if (is_file && old != NULL && S_ISREG(old->st_mode) && opts->backup == PX_BACKUP_NONE) {
        need.bytes -= (int64_t)old->st_blocks * STAT_BLOCK_BYTES;
    }
    return need;
}

bool px_space_is_short(const struct px_space *space, const struct px_need *need)
{
    return (need->bytes > 0 && (uint64_t)need->bytes > space->bytes) ||
           (need->inodes > 0 && (uint64_t)need->inodes > space->inodes);
}

/* --- what is free ----------------------------------------------------------------------------- */

static bool type_compresses(unsigned long type)
{
    return type == BTRFS_SUPER_MAGIC || type == ZFS_MAGIC || type == BCACHEFS_MAGIC;
}

struct volume {
    int fd; /* anything on it */
    bool root;
};

static struct px_space space_ask(void *ctx)
{
    const struct volume *volume = ctx;
    const int fd = volume->fd;
    struct statvfs fs;
    struct statfs kind;
    struct px_space space = {UINT64_MAX, UINT64_MAX};
    if (fstatvfs(fd, &fs) == 0) {
        space = px_space_of(&fs, volume->root);
    }
    if (fstatfs(fd, &kind) == 0 && type_compresses((unsigned long)kind.f_type)) {
        space.bytes = UINT64_MAX;
    }
    return space;
}

bool px_space_stays_short(struct px_space (*ask)(void *ctx), void *ctx, const struct px_need *need,
                          struct px_space *space)
{
    const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS};
    *space = ask(ctx);
    for (int looks = 1, in_vain = 0; px_space_is_short(space, need) && looks < LOOKS_MAX; looks++) {
        const struct px_space before = *space;
        PX_IGNORE(nanosleep(&pause, NULL)); /* a signal makes it shorter */
        *space = ask(ctx);
        in_vain = space->bytes > before.bytes || space->inodes > before.inodes ? 0 : in_vain + 1;
        if (in_vain == LOOKS_IN_VAIN_MAX) {
            break;
        }
    }
    return px_space_is_short(space, need);
}

/* "file system ... free, at least N bytes are needed: M too few" */
static void space_tell(int fd, const struct px_space *space, const struct px_need *need, char *text,
                       size_t room)
{
    char where[PX_FSNAME_ROOM];
    const bool bytes = need->bytes > 0 && (uint64_t)need->bytes > space->bytes;
    const uint64_t wanted = bytes ? (uint64_t)need->bytes : (uint64_t)need->inodes;
    const uint64_t free = bytes ? space->bytes : space->inodes;
    (void)snprintf(text, room, "%s: %s, at least %" PRIu64 " %s are needed: %" PRIu64 " too few",
                   px_errno_text(ENOSPC), px_fsname(fd, where), wanted, bytes ? "bytes" : "inodes",
                   wanted - free);
}

/* --- what is needed --------------------------------------------------------------------------- */

struct count {
    const struct px_copy_opts *opts;
    struct px_need need;
    unsigned names; /* looked at */
    int flags;      /* O_NOATIME, where that is allowed */
    dev_t dev;      /* what is mounted below is not counted */
    bool no_bytes;  /* they may be shared */
};

static void count_name(struct count *count, const struct stat *source, const struct stat *old)
{
    const struct px_need need = px_space_name_needs(count->opts, source, old);
    count->need.bytes += count->no_bytes ? 0 : need.bytes;
    count->need.inodes += need.inodes;
}

static void count_close(int fd)
{
    if (fd >= 0) {
        PX_IGNORE(close(fd)); /* only looked at */
    }
}

static void count_dir(struct count *count, int source, int target, int depth);

/* One name in `source`; `target`: where it goes, -1: nothing is there. */
static void count_one(struct count *count, int source, int target, const char *name,
                      const char *target_name, int depth)
{
    struct stat st;
    struct stat old;
    if (fstatat(source, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    const bool there = target >= 0 && fstatat(target, target_name, &old, AT_SYMLINK_NOFOLLOW) == 0;
    count_name(count, &st, there ? &old : NULL);
    if (!S_ISDIR(st.st_mode) || st.st_dev != count->dev || depth == DEPTH_MAX) {
        return;
    }
    const int below = openat(source, name, OPEN_LOOK | count->flags);
    const int into = there ? openat(target, target_name, OPEN_LOOK) : -1;
    if (below >= 0 && (!there || into >= 0)) {
        count_dir(count, below, into, depth + 1);
    }
    count_close(below);
    count_close(into);
}

static void count_dir(struct count *count, int source, int target, int depth)
{
    const int twin = openat(source, ".", OPEN_LOOK | count->flags);
    DIR *list = twin >= 0 ? fdopendir(twin) : NULL;
    if (list == NULL) {
        count_close(twin);
        return;
    }
    const struct dirent *entry;
    while (count->names < NAMES_MAX && (entry = readdir(list)) != NULL) {
        if (!px_path_is_dots(entry->d_name)) {
            count->names++;
            count_one(count, source, target, entry->d_name, entry->d_name, depth);
        }
    }
    PX_IGNORE(closedir(list)); /* only read */
}

/* Options that leave out names, or make room, so that the least that is needed is nothing. */
static bool need_is_unknown(const struct px_copy_opts *opts)
{
    return opts->n_rules > 0 || opts->names_from != NULL || opts->n_names > 0 ||
           opts->remove_extra || opts->shard_count > 1 || opts->memory != NULL;
}

/* May the copy share the blocks of the source (FICLONE)? Between file systems only subvolumes of btrfs
 * can, and those are asked for no bytes. */
static bool may_share(const struct px_copy_opts *opts, dev_t source, int target)
{
    struct stat st;
    struct statfs kind;
    return opts->reflink != PX_REFLINK_NEVER && opts->sparse == PX_SPARSE_AUTO && !opts->verify &&
           opts->hash == PX_HASH_NONE && fstat(target, &st) == 0 && st.st_dev == source &&
           !(fstatfs(target, &kind) == 0 && px_fs_never_shares((unsigned long)kind.f_type));
}

/* Does all fit that is on the file system of `fd`? Holes are to be filled: who knows. */
static bool all_fits(const struct count *count, int fd, const struct px_space *space)
{
    struct statvfs fs;
    return count->opts->sparse != PX_SPARSE_NEVER && fstatvfs(fd, &fs) == 0 && fs.f_blocks != 0 &&
           fs.f_files != 0 && (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize <= space->bytes &&
           fs.f_files - fs.f_ffree <= space->inodes;
}

static void count_root(struct count *count, const struct px_plan *plan, const struct px_root *root,
                       const struct px_space *space)
{
    const int dir =
        root->status == PX_OK ? open(root->source_dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    const int self = dir >= 0 && S_ISDIR(root->expect.type)
                         ? openat(dir, root->source_name, O_PATH | O_DIRECTORY | O_CLOEXEC)
                         : -1;
    count->dev = root->expect.dev;
    count->no_bytes = may_share(count->opts, root->expect.dev, plan->target_fd);
    if (dir >= 0 && !(self >= 0 && all_fits(count, self, space))) {
        count_one(count, dir, plan->target_fd, root->source_name, root->target_name, 0);
    }
    count_close(self);
    count_close(dir);
}

/* --- before the start ------------------------------------------------------------------------- */

/* All that goes to the file system of `dest`, when it is the first one on it. */
static int check_volume(struct px_copy *copy, struct px_dest *dest, char *error, size_t n)
{
    struct volume volume = {dest->plan.target_fd, copy->uid == 0};
    struct px_space space = space_ask(&volume);
    struct count count = {.opts = &copy->opts, .flags = copy->open_flags};
    for (size_t i = 0; i < copy->dests.n; i++) {
        const struct px_dest *other = &copy->dests.items[i];
        count.names = 0;
        for (size_t k = 0; k < other->plan.n_roots && other->volume == dest->volume; k++) {
            count_root(&count, &other->plan, &other->plan.roots[k], &space);
        }
    }
    if (!px_space_stays_short(space_ask, &volume, &count.need, &space)) {
        return PX_OK;
    }
    space_tell(dest->plan.target_fd, &space, &count.need, error, n);
    for (size_t i = 0; i < copy->dests.n; i++) {
        struct px_dest *other = &copy->dests.items[i];
        if (other->volume == dest->volume && (other->shortfall = strdup(error)) == NULL) {
            return PX_ENOMEM;
        }
    }
    return PX_EFULL;
}

int px_space_check(struct px_copy *copy, char *error, size_t n)
{
    const struct px_copy_opts *opts = &copy->opts;
    if (opts->no_space_check || opts->dry_run || opts->check || need_is_unknown(opts)) {
        return PX_OK;
    }
    bool room = false;
    for (size_t i = 0; i < copy->dests.n; i++) {
        struct px_dest *dest = &copy->dests.items[i];
        const bool again = dest->volume != &dest->own; /* one that was looked at with another */
        const int status = again ? PX_OK : check_volume(copy, dest, error, n);
        if (status == PX_ENOMEM) {
            (void)snprintf(error, n, "out of memory");
            return status;
        }
        room = room || dest->shortfall == NULL;
    }
    return room ? PX_OK : PX_EFULL;
}

/* --- before a file ---------------------------------------------------------------------------- */

int px_space_check_file(const struct px_copier *copier, int out, const struct stat *source,
                        struct px_fail *fail)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    struct px_need need = {.bytes = (int64_t)px_space_file_bytes(source, opts->sparse)};
    if (opts->no_space_check || (uint64_t)need.bytes < FILE_MIN_BYTES) {
        return PX_OK;
    }
    struct volume volume = {out, copier->copy->uid == 0};
    struct px_space space = space_ask(&volume);
    struct stat st;
    if (!px_space_is_short(&space, &need) || fstat(out, &st) != 0) {
        return PX_OK;
    }
    need.bytes -= (int64_t)st.st_blocks * STAT_BLOCK_BYTES; /* an earlier run has begun it */
    if (!px_space_stays_short(space_ask, &volume, &need, &space)) {
        return PX_OK;
    }
    fail->status = PX_EFULL;
    fail->os_errno = ENOSPC;
    space_tell(out, &space, &need, fail->text, sizeof fail->text);
    return PX_EFULL;
}
