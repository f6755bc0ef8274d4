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
    if (update == PX_UPDATE_NONE) {
        return "exists";
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

void px_policy_apply(struct px_copier *copier, struct px_entry *entry, const struct stat *source)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    struct stat target;
    if (opts->update != PX_UPDATE_ALL && !entry->dir->made && fds.target >= 0 &&
        copier->io->fstatat(fds.target, entry->target_name, &target, AT_SYMLINK_NOFOLLOW) == 0) {
        entry->skip_reason = px_policy_skip(opts->update, source, &target);
    }
    px_dir_release(entry->dir);
    if (opts->dry_run && entry->skip_reason == NULL) {
        entry->skip_reason = PX_SKIP_DRY_RUN;
    }
}
