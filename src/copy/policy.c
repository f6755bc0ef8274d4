/* SPDX-License-Identifier: MIT
 *
 * copy/policy.c - what is left alone. No state, no locks; any worker.
 */

#include "copy/policy.h"

#include <fcntl.h>

#include "base/fdio.h"
#include "copy/dir.h"

/* <0, 0, >0 as a is older than, as old as, newer than b. */
static int policy_compare_times(const struct timespec *a, const struct timespec *b)
{
    if (a->tv_sec != b->tv_sec) {
        return a->tv_sec < b->tv_sec ? -1 : 1;
    }
    return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

const char *px_policy_skip(enum px_update update, const struct stat *source,
                           const struct stat *target)
{
    const int order = policy_compare_times(&target->st_mtim, &source->st_mtim);
    const bool same_kind = (source->st_mode & S_IFMT) == (target->st_mode & S_IFMT);
    const bool same_size = same_kind && target->st_size == source->st_size;
    switch (update) {
    case PX_UPDATE_NONE:
    case PX_UPDATE_NONE_FAIL: return PX_SKIP_EXISTS;
    case PX_UPDATE_OLDER:
        return (same_kind && order > 0) || (same_size && order == 0) ? "not older" : NULL;
    case PX_UPDATE_CHANGED: return same_size && order == 0 ? "not changed" : NULL;
    case PX_UPDATE_SIZE: return same_size && S_ISREG(source->st_mode) ? "same size" : NULL;
    case PX_UPDATE_ALL:
    case PX_UPDATE_CONTENTS: break;
    }
    return NULL;
}

const char *px_policy_obstacle(mode_t target)
{
    switch (target & S_IFMT) {
    case S_IFREG:
    case S_IFLNK: return NULL;
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a FIFO";
    case S_IFSOCK: return "a socket";
    case S_IFCHR: return "a character device";
    case S_IFBLK: return "a block device";
    default: return "a special file";
    }
}

bool px_policy_keeps(const struct px_copy_opts *opts)
{
    return opts->update == PX_UPDATE_NONE || opts->update == PX_UPDATE_NONE_FAIL ||
           opts->files == PX_FILES_ATTRIBUTES; /* an empty file replaces nothing */
}

bool px_policy_misses(struct px_copier *copier, struct px_entry *entry)
{
    struct stat target;
    if (!copier->copy->opts.existing_only) {
        return false;
    }
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    if (fds.target < 0 ||
        copier->io->fstatat(fds.target, entry->target_name, &target, AT_SYMLINK_NOFOLLOW) != 0) {
        entry->skip_reason = "not there";
    }
    px_dir_release(entry->dir);
    return entry->skip_reason != NULL;
}

/* What would be done with it, in a dry run. */
static int policy_plan(enum px_copy_files files, struct px_entry *entry, const struct stat *source,
                       const struct stat *target, struct px_fail *fail)
{
    entry->skip_reason = PX_SKIP_DRY_RUN;
    if (files == PX_FILES_COPY && S_ISREG(source->st_mode)) {
        entry->bytes = (uint64_t)source->st_size;
    }
    if (target == NULL) {
        return PX_OK;
    }
    const char *obstacle = px_policy_obstacle(target->st_mode);
    const bool special = !S_ISREG(source->st_mode) && !S_ISLNK(source->st_mode);
    if (obstacle != NULL && (!special || S_ISDIR(target->st_mode))) {
        return px_fail_set(fail, PX_EEXIST, 0, "publish: the target is %s", obstacle);
    }
    entry->action = PX_ACTION_REPLACE;
    if (source->st_dev == target->st_dev && source->st_ino == target->st_ino) {
        entry->skip_reason = "same file";
    }
    return PX_OK;
}

int px_policy_apply(struct px_copier *copier, struct px_entry *entry, const struct stat *source,
                    struct px_fail *fail)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    struct stat target;
    const bool looks =
        (opts->update != PX_UPDATE_ALL || opts->dry_run) && !entry->dir->made && fds.target >= 0;
    const bool exists = looks && copier->io->fstatat(fds.target, entry->target_name, &target,
                                                     AT_SYMLINK_NOFOLLOW) == 0;
    px_dir_release(entry->dir);
    if (exists) {
        entry->skip_reason = px_policy_skip(opts->update, source, &target);
    }
    if (opts->dry_run && entry->skip_reason == NULL) {
        return policy_plan(opts->files, entry, source, exists ? &target : NULL, fail);
    }
    return PX_OK;
}
