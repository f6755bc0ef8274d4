/* SPDX-License-Identifier: MIT
 *
 * copy/link.c - symbolic links, special files and further names of files. Entered by any
 * worker; no locks. The worker's data buffer holds the text of the link until it is made (at most
 * PATH_MAX bytes, symlink(7)).
 */
#define _GNU_SOURCE /* DT_FIFO and the like */

#include "copy/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fdio.h"
#include "copy/backup.h"
#include "copy/check.h"
#include "copy/data.h"
#include "copy/dir.h"
#include "copy/meta.h"
#include "copy/policy.h"
#include "copy/temp.h"

#define NODE_MODE 0600

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

/* A special file is made without permissions for others; its mode is set with its owner. */
static int node_make_as(struct px_copier *copier, const struct px_node *node, const char *name)
{
    if (node->twin >= 0) {
        return px_link_fd(copier->io, node->twin, node->fds.target, name);
    }
    if (node->text != NULL) {
        return copier->io->symlinkat(node->text, node->fds.target, name);
    }
    const bool device = S_ISCHR(node->source.st_mode) || S_ISBLK(node->source.st_mode);
    return copier->io->mknodat(node->fds.target, name, (node->source.st_mode & S_IFMT) | NODE_MODE,
                               device ? node->source.st_rdev : 0);
}

static int node_meta(struct px_copier *copier, const struct px_entry *entry,
                     const struct px_node *node, const char *name, struct px_fail *fail)
{
    const struct px_dir *dir = entry->dir;
    if (node->is_name) {
        return PX_OK;
    }
    const bool fresh = dir->plain && strcmp(name, entry->target_name) == 0;
    const struct px_meta_at at = {.pair = dir->pair,
                                  .source_dirfd = node->fds.source,
                                  .source_name = entry->source_name,
                                  .dirfd = node->fds.target,
                                  .name = name,
                                  .want = &node->source,
                                  .has = fresh ? &dir->fresh : NULL};
    return px_meta_apply_at(copier, &at, fail);
}

/* Of another file system or mount, too many links, a file system without links, somebody else's file
 * (protected_hardlinks): what no other target would mend, and no fault of the target. */
static bool node_refuses_link(int err)
{
    return err == EXDEV || err == EMLINK || err == EPERM || err == EOPNOTSUPP;
}

static int node_fail_make(struct px_fail *fail, int err, const struct px_node *node)
{
    const char *stage = node->text != NULL ? "make link" : "make special file";
    if (node->twin >= 0 && node_refuses_link(err)) {
        return px_fail_set(fail, PX_EREFUSED, err, "make hard link%s",
                           err == EPERM ? " to a file of somebody else (protected_hardlinks)" : "");
    }
    if (err == EPERM && node->text == NULL) {
        return px_fail_set(fail, PX_EREFUSED, err, "%s", stage);
    }
    return px_fail_target(fail, err, stage, node->fds.target);
}

/* The name is taken: make it under the temporary name, complete, and rename it over. */
static int node_replace(struct px_copier *copier, const struct px_entry *entry,
                        const struct px_node *node, struct px_fail *fail)
{
    const struct px_io_ops *io = copier->io;
    const int dirfd = node->fds.target;
    char temp[PX_TEMP_ROOM];
    int status = px_temp_choose(copier, entry, temp, fail);
    if (status == PX_OK) {
        status = px_temp_clear(copier, dirfd, temp, fail);
    }
    if (status != PX_OK) {
        return status;
    }
    if (node_make_as(copier, node, temp) != 0) {
        return node_fail_make(fail, errno, node);
    }
    const int meta = node_meta(copier, entry, node, temp, fail);
    status = meta == PX_EATTR ? PX_OK : meta;
    if (status == PX_OK) {
        status = px_backup_keep(copier, entry, dirfd, &node->source, fail);
        if (status != PX_OK) {
            PX_IGNORE(io->unlinkat(dirfd, temp, 0)); /* the next run removes it */
            return status;
        }
    }
    if (status == PX_OK && io->renameat(dirfd, temp, dirfd, entry->target_name) == 0) {
        if (node->twin >= 0) { /* rename(2) leaves it when both are one file */
            PX_IGNORE(io->unlinkat(dirfd, temp, 0));
        }
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

int px_node_make(struct px_copier *copier, struct px_entry *entry, const struct px_node *node,
                 struct px_fail *fail)
{
    struct stat old;
    if (node_make_as(copier, node, entry->target_name) == 0) {
        return node_meta(copier, entry, node, entry->target_name, fail);
    }
    if (errno != EEXIST) {
        return node_fail_make(fail, errno, node);
    }
    if (px_policy_keeps(&copier->copy->opts)) {
        entry->skip_reason = PX_SKIP_EXISTS;
        return PX_OK;
    }
    if (copier->io->fstatat(node->fds.target, entry->target_name, &old, AT_SYMLINK_NOFOLLOW) == 0) {
        /* A special file gives way to another one only. */
        const char *obstacle = px_policy_obstacle(old.st_mode);
        const bool special = node->text == NULL && !S_ISREG(node->source.st_mode);
        if (obstacle != NULL && (!special || S_ISDIR(old.st_mode))) {
            return px_fail_set(fail, PX_EEXIST, 0, "publish: the target is %s", obstacle);
        }
        if (old.st_dev == node->source.st_dev && old.st_ino == node->source.st_ino) {
            entry->skip_reason = "same file";
            return PX_OK;
        }
    }
    return node_replace(copier, entry, node, fail);
}

/* Looks at the source and makes the same at the target. `link`: it must be a symbolic link. */
static int node_copy(struct px_copier *copier, struct px_entry *entry, struct px_node *node,
                     bool link, struct px_fail *fail)
{
    struct stat *source = &node->source;
    if (copier->io->fstatat(node->fds.source, entry->source_name, source, AT_SYMLINK_NOFOLLOW) !=
        0) {
        return px_fail_source(fail, errno, link ? "stat link" : "stat special file");
    }
    if (link != S_ISLNK(source->st_mode) || S_ISREG(source->st_mode) || S_ISDIR(source->st_mode)) {
        return px_fail_set(fail, PX_ECHANGED, 0, "stat: it is of another kind now");
    }
    if (px_policy_misses(copier, entry)) {
        return PX_OK;
    }
    bool copy;
    int status = px_hardlink_enter(copier, entry, source, &copy, fail);
    if (status == PX_OK && copy && !copier->copy->opts.check) {
        status = px_policy_apply(copier, entry, source, fail);
    }
    if (status != PX_OK || !copy || entry->skip_reason != NULL) {
        return status;
    }
    if (link) {
        status = link_read(copier, node->fds.source, entry->source_name, &node->text, fail);
    }
    if (status == PX_OK && copier->copy->opts.check) {
        return px_check_node(copier, entry, source, node->text, fail);
    }
    return status == PX_OK ? px_node_make(copier, entry, node, fail) : status;
}

static void node_run(struct px_copier *copier, struct px_entry *entry, bool link)
{
    struct px_fail fail;
    entry->attempts = 1;
    px_copier_begin(copier, entry);
    struct px_node node = {.fds = px_dir_acquire(entry->dir), .twin = -1};
    const int status = node_copy(copier, entry, &node, link, &fail);
    px_dir_release(entry->dir);
    px_copier_phase(entry, PX_COPY_META);
    if (!entry->waits) {
        px_copier_settle_status(copier, entry, status, &fail);
    }
}

void px_link_copy(struct px_copier *copier, struct px_entry *entry)
{
    node_run(copier, entry, true);
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

void px_special_copy(struct px_copier *copier, struct px_entry *entry, unsigned char type)
{
    struct px_fail fail;
    if (copier->copy->opts.specials) {
        node_run(copier, entry, false);
        return;
    }
    px_copier_begin(copier, entry);
    PX_IGNORE(px_fail_set(&fail, PX_ESPECIAL, 0, "%s", special_name(type)));
    entry->skip_reason = "special file";
    px_copier_settle(copier, entry, PX_ITEM_SKIPPED, &fail);
}
