/* SPDX-License-Identifier: MIT
 *
 * copy/link.c - symbolic links. Entered by any worker; no locks. The worker's data buffer holds the
 * text of the link meanwhile (at most PATH_MAX bytes, symlink(7)).
 */
#define _GNU_SOURCE /* DT_FIFO and the like */

#include "copy/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/dir.h"
#include "copy/meta.h"
#include "copy/policy.h"
#include "copy/temp.h"

/* The link's text, in the worker's buffer. */
static int link_read(struct px_copier *copier, int dirfd, const char *name, const char **text,
                     struct px_fail *fail)
{
    const size_t room = PX_DATA_BUF_BYTES;
    const ssize_t len = copier->io->readlinkat(dirfd, name, (char *)copier->buf, room);
    if (len < 0 && errno == EINVAL) {
        return px_fail_set(fail, PX_ECHANGED, 0, "read link: no symbolic link any more");
    }
    if (len < 0 || (size_t)len >= room) {
        return px_fail_source(fail, len < 0 ? errno : ENAMETOOLONG, "read link");
    }
    copier->buf[len] = '\0';
    *text = (const char *)copier->buf;
    return PX_OK;
}

/* The name is taken: make the link under the temporary name, complete, and rename it over. */
static int link_replace(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                        const char *text, const struct stat *source, struct px_fail *fail)
{
    const struct px_io_ops *io = copier->io;
    char temp[PX_TEMP_ROOM];
    int status = px_temp_choose(copier, entry, temp, fail);
    if (status == PX_OK) {
        status = px_temp_clear(copier, dirfd, temp, fail);
    }
    if (status != PX_OK) {
        return status;
    }
    if (io->symlinkat(text, dirfd, temp) != 0) {
        return px_fail_target(fail, errno, "make link", dirfd);
    }
    const int meta = px_meta_apply_link(copier, dirfd, temp, source, NULL, fail);
    status = meta == PX_EATTR ? PX_OK : meta;
    if (status == PX_OK && io->renameat(dirfd, temp, dirfd, entry->target_name) == 0) {
        return meta;
    }
    if (status == PX_OK) {
        const int err = errno;
        status = err == EISDIR || err == EEXIST || err == ENOTEMPTY
                     ? px_fail_set(fail, PX_EEXIST, err, "publish: the name is taken")
                     : px_fail_target(fail, err, "rename", dirfd);
    }
    PX_IGNORE(io->unlinkat(dirfd, temp, 0)); /* the next run removes it */
    return status;
}

static int link_make(struct px_copier *copier, struct px_entry *entry, int dirfd, const char *text,
                     const struct stat *source, struct px_fail *fail)
{
    if (copier->io->symlinkat(text, dirfd, entry->target_name) == 0) {
        const struct px_dir *dir = entry->dir;
        return px_meta_apply_link(copier, dirfd, entry->target_name, source,
                                  dir->plain ? &dir->fresh : NULL, fail);
    }
    if (errno != EEXIST) {
        return px_fail_target(fail, errno, "make link", dirfd);
    }
    struct stat old;
    if (copier->copy->opts.update == PX_UPDATE_NONE) {
        entry->skip_reason = "exists";
        return PX_OK;
    }
    if (copier->io->fstatat(dirfd, entry->target_name, &old, AT_SYMLINK_NOFOLLOW) == 0) {
        const char *obstacle = px_policy_obstacle(old.st_mode);
        if (obstacle != NULL) {
            return px_fail_set(fail, PX_EEXIST, 0, "publish: the target is %s", obstacle);
        }
        if (old.st_dev == source->st_dev && old.st_ino == source->st_ino) {
            entry->skip_reason = "same file";
            return PX_OK;
        }
    }
    return link_replace(copier, entry, dirfd, text, source, fail);
}

static int link_copy(struct px_copier *copier, struct px_entry *entry, struct px_dir_fds fds,
                     struct px_fail *fail)
{
    struct stat source;
    if (copier->io->fstatat(fds.source, entry->source_name, &source, AT_SYMLINK_NOFOLLOW) != 0) {
        return px_fail_source(fail, errno, "stat link");
    }
    if (!S_ISLNK(source.st_mode)) {
        return px_fail_set(fail, PX_ECHANGED, 0, "stat link: no symbolic link any more");
    }
    px_policy_apply(copier, entry, &source);
    if (entry->skip_reason != NULL) {
        return PX_OK;
    }
    const char *text = NULL;
    const int status = link_read(copier, fds.source, entry->source_name, &text, fail);
    if (status != PX_OK) {
        return status;
    }
    return link_make(copier, entry, fds.target, text, &source, fail);
}

void px_link_copy(struct px_copier *copier, struct px_entry *entry)
{
    struct px_fail fail;
    entry->attempts = 1;
    px_copier_begin(copier, entry);
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    const int status = link_copy(copier, entry, fds, &fail);
    px_dir_release(entry->dir);
    px_copier_phase(entry, PX_COPY_META);
    px_copier_settle_status(copier, entry, status, &fail);
}

static const char *special_name(unsigned char type)
{
    switch (type) {
    case DT_FIFO: return "FIFO";
    case DT_SOCK: return "socket";
    case DT_CHR: return "character device";
    case DT_BLK: return "block device";
    default: return "special file";
    }
}

void px_special_skip(struct px_copier *copier, struct px_entry *entry, unsigned char type)
{
    struct px_fail fail;
    px_copier_begin(copier, entry);
    PX_IGNORE(px_fail_set(&fail, PX_ESPECIAL, 0, "%s", special_name(type)));
    entry->skip_reason = "special file";
    px_copier_settle(copier, entry, PX_ITEM_SKIPPED, &fail);
}
