/* SPDX-License-Identifier: MIT
 *
 * copy/durable.c - the fsync(2) of directories. Any worker; no locks. fsync of a file says nothing of
 * the names that it has, fsync(2): those are their directory's. One call for all names of a task
 * costs little beside the one for each of their files.
 */
#include "copy/durable.h"

#include <errno.h>

#include "base/fdio.h"
#include "copy/chunks.h"

/* EINVAL, EBADF: a file system whose directories cannot be synced, one that may not be read. */
int px_durable_names(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail)
{
    if (copier->copy->opts.sync != PX_SYNC_FILE) {
        return PX_OK;
    }
    const struct px_dir_fds fds = px_dir_acquire(dir);
    int status = PX_OK;
    if (fds.target < 0) {
        status = px_fail_target(fail, EBADF, "fsync directory", fds.target);
    } else if (copier->io->fsync(fds.target) != 0 && errno != EINVAL && errno != EBADF) {
        status = px_fail_target(fail, errno, "fsync directory", fds.target);
    }
    px_dir_release(dir);
    return status;
}

int px_durable_end(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail)
{
    const int status = px_durable_names(copier, dir, fail);
    return status == PX_OK && dir->parent == dir->top ? px_durable_names(copier, dir->parent, fail)
                                                      : status;
}

/* Nobody finishes a container; and what the last of many workers publishes is told of with a task of
 * its own, while others are told of with that of their directory. */
int px_durable_published(struct px_copier *copier, struct px_dir *dir, const struct stat *source,
                         struct px_fail *fail)
{
    const bool alone = copier->copy->opts.memory != NULL &&
                       (uint64_t)source->st_size / 2 >= px_chunks_bytes(copier);
    return dir->parent == NULL || alone ? px_durable_names(copier, dir, fail) : PX_OK;
}

void px_durable_promised(struct px_copier *copier, struct px_dir *dir)
{
    struct px_fail fail;
    if (dir->parent == NULL || !px_task_claims_durable(copier->task)) {
        return; /* in a container each name was synced by itself */
    }
    const int status = px_durable_names(copier, dir, &fail);
    if (status != PX_OK) {
        struct px_entry entry = px_dir_entry(dir);
        px_task_disclaim_durable(copier->task);
        px_copier_begin(copier, &entry);
        px_copier_settle_status(copier, &entry, status, &fail);
    }
}
