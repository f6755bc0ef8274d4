/* SPDX-License-Identifier: MIT
 *
 * copy/handout.c - from directories to tasks for everybody. Entered by every worker with a task of
 * its own; no locks.
 *
 * A directory is listed by one worker, one buffer of entries at a time. Its sub-directories are
 * offered to the queue one by one, its other names in packs; the last pack of each buffer the lister
 * copies itself. What the queue refuses goes on the lister's own stack, above the listing, which
 * goes on when all that is above it is done. So a worker holds at most one buffer's worth of names
 * for each level of depth, however wide or deep the tree is.
 */
#define _GNU_SOURCE /* struct dirent64, DT_ values */

#include "copy/handout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fdio.h"
#include "base/path.h"
#include "copy/dir.h"
#include "copy/names.h"
#include "copy/select.h"
#include "copy/shard.h"

/* A pack is halved before a file of this size, and after this time, so that nobody else is idle for
 * long while one worker sits on a pack of large files: 250 files of 2 MB are spread in 8 steps. */
#define SHARE_MIN_BYTES ((uint64_t)1024 * 1024)
#define SHARE_AFTER_NS (2 * PX_NS_PER_MS)

/* Names of a list that are handed out in one go. */
#define LISTED_AT_ONCE 1024

/* --- listing ---------------------------------------------------------------------------------- */

/* What is being done to a listing in this step. */
struct lister {
    struct px_copier *copier;
    struct px_select select;
    bool aside; /* the listing lies on the own stack, below tasks that were refused */
};

static void handout_lay_aside(struct lister *lister)
{
    if (!lister->aside) {
        px_copier_push(lister->copier, lister->copier->task);
        lister->aside = true;
    }
}

/* The listing is not whole: the directory will be reported as failed. err 0: out of memory. */
static void handout_break_listing(struct px_copier *copier, int err)
{
    struct px_dir *dir = copier->task->dir;
    if (dir->listing_fail == NULL) {
        dir->listing_fail = calloc(1, sizeof *dir->listing_fail);
    }
    if (dir->listing_fail != NULL) {
        PX_IGNORE(px_fail_source(dir->listing_fail, err != 0 ? err : ENOMEM, "read directory"));
    } else {
        px_dir_set_partly(dir);
    }
}

/* A full pack becomes a task of its own; the pack is empty again. */
static void handout_send(struct lister *lister, struct px_names *names, bool dirs)
{
    struct px_copier *copier = lister->copier;
    struct px_copy_task *task = px_task_new(PX_TASK_NAMES, NULL);
    struct px_names *pack = px_names_dup(names);
    px_names_clear(names);
    if (task == NULL || pack == NULL) {
        free(pack);
        px_task_free(task);
        handout_break_listing(copier, 0);
        return;
    }
    *(dirs ? &task->dirs : &task->files) = pack;
    task->dir = copier->task->dir;
    px_dir_hold(task->dir);
    if (!px_copier_offer(copier, task)) {
        handout_lay_aside(lister);
        px_copier_push(copier, task);
    }
}

/* File systems that give no type (XFS without ftype, some FUSE): one look. A name that cannot be
 * looked at is a file, whose open will say why. */
static unsigned char handout_type_of(const struct px_copier *copier, int dirfd, const char *name)
{
    struct stat st;
    const bool follow = copier->copy->opts.follow == PX_FOLLOW_ALL;
    if (copier->io->fstatat(dirfd, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        return DT_REG;
    }
    return (unsigned char)IFTODT(st.st_mode);
}

static void handout_add(struct lister *lister, int dirfd, unsigned char type, const char *name)
{
    struct px_copier *copier = lister->copier;
    if (px_path_is_dots(name)) {
        return;
    }
    if (type == DT_UNKNOWN || (type == DT_LNK && copier->copy->opts.follow == PX_FOLLOW_ALL)) {
        type = handout_type_of(copier, dirfd, name);
    }
    const bool dirs = type == DT_DIR;
    if (!px_shard_takes(copier->task->dir, name, dirs) ||
        px_select_excludes(&lister->select, name, dirs)) {
        return;
    }
    struct px_names *names = dirs ? copier->dirs : copier->files;
    if (px_names_add(names, type, name) == PX_OK) {
        return;
    }
    handout_send(lister, names, dirs);
    if (px_names_add(names, type, name) != PX_OK) {
        handout_break_listing(copier, ENAMETOOLONG);
    }
}

static struct px_names *handout_keep(struct px_copier *copier, const struct px_names *names)
{
    if (px_names_left(names) == 0) {
        return NULL;
    }
    struct px_names *pack = px_names_dup(names);
    if (pack == NULL) {
        handout_break_listing(copier, 0);
    }
    return pack;
}

/* Of a directory that was read as a whole: is the name, which was asked for, there? */
static bool handout_is_there(const struct px_copier *copier, int dirfd, const char *name,
                             bool is_dir)
{
    struct stat st;
    const bool follow = copier->copy->opts.follow == PX_FOLLOW_ALL;
    if (copier->io->fstatat(dirfd, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        return errno != ENOENT; /* the listing has met it */
    }
    return !is_dir || S_ISDIR(st.st_mode);
}

/* As many names of a list as a buffer of entries has. */
static void handout_list_names(struct lister *lister, int fd)
{
    struct px_dir *dir = lister->copier->task->dir;
    char name[PX_LISTED_NAME_ROOM];
    lister->copier->task->listing = true;
    for (unsigned i = 0; i < LISTED_AT_ONCE; i++) {
        bool is_dir;
        if (!px_listed_next(&dir->listed, &dir->listed_at, name, &is_dir)) {
            lister->copier->task->listing = false;
            return;
        }
        if (!dir->listed.whole || !handout_is_there(lister->copier, fd, name, is_dir)) {
            handout_add(lister, fd, is_dir ? DT_DIR : DT_UNKNOWN, name);
        }
    }
}

static void handout_list_dir(struct lister *lister, int fd)
{
    struct px_copier *copier = lister->copier;
    const ssize_t bytes = copier->io->getdents(fd, copier->dents, PX_COPIER_DENTS_BYTES);
    if (bytes < 0) {
        handout_break_listing(copier, errno);
    }
    copier->task->listing = bytes > 0;
    for (ssize_t at = 0; at < bytes;) {
        const struct dirent64 *entry = (const void *)(copier->dents + at);
        handout_add(lister, fd, entry->d_type, entry->d_name);
        at += entry->d_reclen;
    }
    if (bytes == 0 && px_dir_is_asked(copier->task->dir)) {
        handout_list_names(lister, fd); /* when there are more, the end is read once more */
    }
}

/* One buffer of entries. False: the listing was laid aside. */
bool px_handout_list(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    struct lister lister = {.copier = copier};
    const int64_t begin_ns = px_now_ns();
    px_names_clear(copier->files);
    px_names_clear(copier->dirs);
    if (px_select_begin(copier, task->dir, &lister.select) != PX_OK) {
        handout_break_listing(copier, 0);
        task->listing = false;
        return true;
    }
    const int fd = px_dir_acquire(task->dir).source;
    if (task->dir->is_listed) {
        handout_list_names(&lister, fd);
    } else {
        handout_list_dir(&lister, fd);
    }
    px_dir_release(task->dir);
    px_select_end(&lister.select);
    task->dirs = handout_keep(copier, copier->dirs);
    task->files = handout_keep(copier, copier->files);
    copier->account->phase_ns[PX_COPY_WALK] += px_now_ns() - begin_ns;
    return !lister.aside;
}

/* --- handing out ------------------------------------------------------------------------------ */

/* Every sub-directory becomes a task. False: the queue is full; the rest of this task was laid aside
 * below the one that was refused. */
bool px_handout_dirs(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    unsigned char type;
    const char *name;
    while ((name = px_names_take(task->dirs, &type)) != NULL) {
        struct px_copy_task *child = px_task_new(PX_TASK_DIR, name);
        if (child == NULL) {
            handout_break_listing(copier, 0);
            continue;
        }
        child->dir = task->dir;
        px_dir_hold(child->dir);
        if (!px_copier_offer(copier, child)) {
            px_copier_push(copier, task);
            px_copier_push(copier, child);
            return false;
        }
    }
    free(task->dirs);
    task->dirs = NULL;
    return true;
}

void px_handout_share(struct px_copier *copier, uint64_t bytes)
{
    struct px_copy_task *task = copier->task;
    if (copier->copy->opts.workers < 2 || px_names_left(task->files) == 0) {
        return;
    }
    const int64_t now_ns = px_now_ns();
    if (bytes < SHARE_MIN_BYTES && now_ns - copier->shared_ns < SHARE_AFTER_NS) {
        return;
    }
    copier->shared_ns = now_ns;
    struct px_copy_task *half = px_task_new(PX_TASK_NAMES, NULL);
    if (half == NULL) {
        return; /* then we do it all */
    }
    half->files = px_names_split(task->files);
    if (half->files == NULL) {
        px_task_free(half);
        return;
    }
    half->dir = task->dir;
    half->alone = task->alone;
    px_dir_hold(half->dir);
    if (!px_copier_offer(copier, half)) {
        px_copier_push(copier, half);
    }
}
