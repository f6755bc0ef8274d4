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
    if (update == PX_UPDATE_NONE || update == PX_UPDATE_NONE_FAIL) {
        return PX_SKIP_EXISTS;
    }
    if (update == PX_UPDATE_ALL || (source->st_mode & S_IFMT) != (target->st_mode & S_IFMT)) {
        return NULL;
    }
    const int order = policy_compare_times(&target->st_mtim, &source->st_mtim);
    if (order > 0 || (order == 0 && target->st_size == source->st_size)) {
        return "not older";
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
    return opts->update == PX_UPDATE_NONE || opts->update == PX_UPDATE_NONE_FAIL;
}

/* What would be done with it, in a dry run. */
static int policy_plan(struct px_entry *entry, const struct stat *source, const struct stat *target,
                       struct px_fail *fail)
{
    entry->skip_reason = PX_SKIP_DRY_RUN;
    entry->bytes = S_ISREG(source->st_mode) ? (uint64_t)source->st_size : 0;
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
        return policy_plan(entry, source, exists ? &target : NULL, fail);
    }
    return PX_OK;
}
