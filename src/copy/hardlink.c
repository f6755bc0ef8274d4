/* SPDX-License-Identifier: MIT
 *
 * copy/hardlink.c - groups of hard links. Entered by any worker with a name whose source has several
 * links; one lock, over the table and everything in it, never held around a call that goes to a file
 * system.
 *
 * A group is FREE (nobody copies it, nothing is there), LED (somebody copies it; names that are met
 * queue up in `waiting`) or THERE (`dir` and `name` say where). `users` counts workers that read dir
 * and name outside the lock, which keeps the group THERE. It is dropped when all its links were met.
 */
#define _GNU_SOURCE /* IFTODT */

#include "copy/hardlink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* An allocation that fails is told by the pointer, not by exit(). */
#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(key, bytes, hash) (hash) = group_hash(key)
#include <uthash.h>

#include "base/fdio.h"
#include "copy/backup.h"
#include "copy/copier.h"
#include "copy/dir.h"
#include "copy/names.h"
#include "copy/policy.h"
#include "copy/temp.h"

struct group_key {
    uint64_t dev;
    uint64_t ino;
    const struct px_dest *dest; /* links of each other are on one file system */
};

/* Inode numbers of one device, mostly: the high bits of the product are good ones. (The same file for
 * another destination hashes alike: there are few of those.) */
static unsigned group_hash(const void *key)
{
    const struct group_key *file = key;
    return (unsigned)(((file->ino ^ file->dev << 32) * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

enum group_state { GROUP_FREE, GROUP_LED, GROUP_THERE };

struct px_group {
    struct group_key key; /* the source's; fixed, as is: */
    struct stat source;
    enum group_state state;
    nlink_t left;       /* names not settled yet, as far as the source's link count tells */
    unsigned users;     /* of dir and name, outside the lock */
    struct px_dir *dir; /* kept; THERE only */
    char *name;         /* owned; LED and THERE */
    struct stat target; /* what it is there */
    char digest[PX_COPY_DIGEST_ROOM];
    struct px_copy_task *waiting; /* chained by `below` */
    UT_hash_handle hh;
};

int px_hardlinks_init(struct px_hardlinks *links)
{
    *links = (struct px_hardlinks){0};
    return px_mutex_init(&links->lock);
}

static void group_forget_place(struct px_group *group)
{
    px_dir_unkeep(group->dir);
    free(group->name);
    group->dir = NULL;
    group->name = NULL;
}

void px_hardlinks_fini(struct px_hardlinks *links)
{
    px_mutex_lock(&links->lock);
    struct px_group *group = links->groups;
    HASH_CLEAR(hh, links->groups); /* the table only: the groups are still chained */
    while (group != NULL) {
        struct px_group *next = group->hh.next;
        group_forget_place(group);
        free(group);
        group = next;
    }
    px_mutex_unlock(&links->lock);
    px_mutex_fini(&links->lock);
}

/* --- the table -------------------------------------------------------------------------------- */

/* The group of that file, made when it is new. NULL: out of memory. */
static struct px_group *groups_get_locked(struct px_hardlinks *links, const struct px_dest *dest,
                                          const struct stat *source) PX_REQUIRES(links->lock)
{
    const struct group_key key = {source->st_dev, source->st_ino, dest};
    struct px_group *group = NULL;
    HASH_FIND(hh, links->groups, &key, sizeof key, group);
    if (group != NULL) {
        return group;
    }
    group = calloc(1, sizeof *group);
    if (group == NULL) {
        return NULL;
    }
    group->key = key;
    group->source = *source;
    group->left = source->st_nlink;
    HASH_ADD(hh, links->groups, key, sizeof group->key, group);
    if (group->hh.tbl == NULL) {
        free(group);
        return NULL;
    }
    return group;
}

/* One more name was settled. When it was the last one the caller frees what is returned, without the
 * lock. */
static struct px_group *groups_count_locked(struct px_hardlinks *links, struct px_group *group)
    PX_REQUIRES(links->lock)
{
    group->left -= group->left > 0;
    if (group->left > 0 || group->users > 0 || group->state == GROUP_LED ||
        group->waiting != NULL) {
        return NULL;
    }
    HASH_DEL(links->groups, group);
    return group;
}

static void group_free(struct px_group *group)
{
    if (group != NULL) {
        group_forget_place(group);
        free(group);
    }
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* The entry as a task of its own. NULL: out of memory. */
static struct px_copy_task *task_of(struct px_copier *copier, const struct px_entry *entry,
                                    const struct stat *source)
{
    struct px_copy_task *task = px_task_new(PX_TASK_NAMES, NULL);
    if (task == NULL) {
        return NULL;
    }
    task->files = px_names_new(px_names_room_max() / PX_NAMES_MAX);
    if (task->files == NULL || px_names_add(task->files, (unsigned char)IFTODT(source->st_mode),
                                            entry->source_name) != PX_OK) {
        px_task_free(task);
        return NULL;
    }
    const struct px_copy_task *now = copier->task;
    task->root = now->opened ? NULL : now->root; /* an operand goes by another name */
    task->dir = entry->dir;
    task->alone = true;
    px_dir_hold(task->dir);
    return task;
}

/* --- linking ---------------------------------------------------------------------------------- */

/* Where to link from and to. */
struct pair_of_names {
    int from;
    const char *name;
    const struct stat *what;
    int to;
};

/* errnos that say "not this one": too many links, a file system or a rule of the kernel against links
 * (protected_hardlinks), the copy was taken away. Then it is copied. */
static bool link_is_refused(int err)
{
    switch (err) {
    case EMLINK:
    case EPERM:
    case EACCES:
    case EOPNOTSUPP:
    case ENOSYS:
    case EXDEV:
    case ENOENT:
    case EBADF: return true;
    default: return false;
    }
}

static bool same_version(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* An inode number alone may have been given to another file meanwhile. */
static bool is_what(const struct stat *what, const struct stat *st)
{
    return what->st_dev == st->st_dev && what->st_ino == st->st_ino && same_version(what, st);
}

/* Links under `name` and looks: somebody may have put something else where the copy was. PX_EAGAIN:
 * copy it instead. PX_EEXIST: the name is taken, nothing in `fail`. */
static int link_as(struct px_copier *copier, const struct pair_of_names *at, const char *name,
                   struct px_fail *fail)
{
    struct stat st;
    if (copier->io->linkat(at->from, at->name, at->to, name, 0) != 0) {
        const int err = errno;
        if (err == EEXIST) {
            return PX_EEXIST;
        }
        return link_is_refused(err) ? PX_EAGAIN : px_fail_target(fail, err, "link", at->to);
    }
    if (copier->io->fstatat(at->to, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        is_what(at->what, &st)) {
        return PX_OK;
    }
    PX_IGNORE(copier->io->unlinkat(at->to, name, 0)); /* not ours */
    return PX_EAGAIN;
}

static int link_over(struct px_copier *copier, const struct px_entry *entry,
                     const struct pair_of_names *at, const struct stat *source,
                     struct px_fail *fail)
{
    char temp[PX_TEMP_ROOM];
    int status = px_temp_choose(copier, entry, temp, fail);
    if (status == PX_OK) {
        status = px_temp_clear(copier, at->to, temp, fail);
    }
    if (status != PX_OK) {
        return status;
    }
    status = link_as(copier, at, temp, fail);
    if (status == PX_EEXIST) {
        return px_fail_set(fail, PX_EINUSE, 0, "link: another pcopy writes this file");
    }
    if (status != PX_OK) {
        return status;
    }
    status = px_backup_keep(copier, entry, at->to, source, fail);
    if (status == PX_OK && copier->io->renameat(at->to, temp, at->to, entry->target_name) != 0) {
        status = px_fail_target(fail, errno, "rename", at->to);
    }
    if (status != PX_OK) {
        PX_IGNORE(copier->io->unlinkat(at->to, temp, 0)); /* the next run removes it */
    }
    return status;
}

/* Something has the name: is it to be replaced by the link? A version that -u would leave alone makes
 * way when it is the same one, as with cp, so that a group stays a group. With -n nothing does. */
static int link_taken(struct px_copier *copier, struct px_entry *entry,
                      const struct pair_of_names *at, const struct stat *source,
                      struct px_fail *fail)
{
    struct stat old;
    if (copier->io->fstatat(at->to, entry->target_name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
        return px_fail_target(fail, errno, "link", at->to);
    }
    const bool keeps = px_policy_keeps(&copier->copy->opts);
    const char *skip =
        keeps ? PX_SKIP_EXISTS : px_policy_skip(copier->copy->opts.update, source, &old);
    if (is_what(at->what, &old)) {
        entry->skip_reason = skip; /* it is a link of the copy already */
        return PX_OK;
    }
    if (skip != NULL && (keeps || !same_version(&old, source))) {
        entry->skip_reason = skip;
        return PX_OK;
    }
    const char *obstacle = px_policy_obstacle(old.st_mode);
    if (obstacle != NULL && (S_ISDIR(old.st_mode) || S_ISREG(source->st_mode))) {
        return px_fail_set(fail, PX_EEXIST, 0, "publish: the target is %s", obstacle);
    }
    if (old.st_dev == source->st_dev && old.st_ino == source->st_ino) {
        entry->skip_reason = "same file";
        return PX_OK;
    }
    return link_over(copier, entry, at, source, fail);
}

/* PX_EAGAIN: it cannot be linked, copy it. */
static int link_to(struct px_copier *copier, struct px_entry *entry, const struct px_group *group,
                   const struct stat *source, struct px_fail *fail)
{
    const struct px_dir_fds from = px_dir_acquire(group->dir);
    const struct px_dir_fds to = px_dir_acquire(entry->dir);
    const struct pair_of_names at = {from.target, group->name, &group->target, to.target};
    int status = link_as(copier, &at, entry->target_name, fail);
    if (status == PX_EEXIST) {
        status = link_taken(copier, entry, &at, source, fail);
    }
    px_dir_release(entry->dir);
    px_dir_release(group->dir);
    if (status == PX_OK && entry->skip_reason == NULL) {
        entry->engine = PX_ENGINE_LINK;
        memcpy(entry->digest, group->digest, sizeof entry->digest);
    }
    return status;
}

/* After link_to(): gives the group back, or takes it over to copy it anew. */
static int link_end(struct px_copier *copier, struct px_entry *entry, struct px_group *group,
                    int status, bool *copy, struct px_fail *fail)
{
    struct px_hardlinks *links = &copier->copy->hardlinks;
    struct px_group *done = NULL;
    char *name = status == PX_EAGAIN ? strdup(entry->target_name) : NULL;
    if (status == PX_EAGAIN && name == NULL) {
        status = px_fail_set(fail, PX_ENOMEM, 0, "link: out of memory");
    }
    px_mutex_lock(&links->lock);
    group->users--;
    if (status != PX_EAGAIN) {
        done = groups_count_locked(links, group);
    } else if (group->users == 0) {
        group->state = GROUP_LED; /* those who come meanwhile wait for the new copy */
        entry->group = group;
    } else {
        PX_IGNORE(groups_count_locked(links, group) != NULL); /* never: it has users */
    }
    px_mutex_unlock(&links->lock);
    if (entry->group != NULL) {
        group_forget_place(group);
        group->name = name;
    } else {
        free(name);
    }
    group_free(done);
    *copy = status == PX_EAGAIN;
    return status == PX_EAGAIN ? PX_OK : status;
}

/* --- in and out ------------------------------------------------------------------------------- */

int px_hardlink_enter(struct px_copier *copier, struct px_entry *entry, const struct stat *source,
                      bool *copy, struct px_fail *fail)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    struct px_hardlinks *links = &copier->copy->hardlinks;
    *copy = true;
    if (source->st_nlink < 2 || (opts->keep.lose & PX_KEEP_LINKS) != 0 || opts->dry_run ||
        opts->check || entry->group != NULL) {
        return PX_OK;
    }
    px_mutex_lock(&links->lock);
    struct px_group *group = groups_get_locked(links, entry->dir->dest, source);
    const enum group_state state = group != NULL ? group->state : GROUP_FREE;
    if (group != NULL && state == GROUP_FREE) {
        group->name = strdup(entry->target_name);
        if (group->name != NULL) {
            group->state = GROUP_LED;
            entry->group = group;
        }
    } else if (state == GROUP_LED) {
        struct px_copy_task *task = task_of(copier, entry, source);
        if (task != NULL) {
            task->below = group->waiting;
            group->waiting = task;
            entry->waits = true;
        }
    } else if (state == GROUP_THERE) {
        group->users++;
    }
    px_mutex_unlock(&links->lock);
    if (group == NULL || (state == GROUP_FREE && entry->group == NULL) ||
        (state == GROUP_LED && !entry->waits)) {
        *copy = false;
        return px_fail_set(fail, PX_ENOMEM, 0, "link: out of memory");
    }
    *copy = state == GROUP_FREE;
    if (state != GROUP_THERE) {
        return PX_OK;
    }
    return link_end(copier, entry, group, link_to(copier, entry, group, source, fail), copy, fail);
}

int px_hardlink_check(struct px_copier *copier, const struct px_dest *dest,
                      const struct stat *source, const struct stat *target, struct px_fail *fail)
{
    struct px_hardlinks *links = &copier->copy->hardlinks;
    const struct px_copy_opts *opts = &copier->copy->opts;
    if (!opts->check || source->st_nlink < 2 || S_ISDIR(source->st_mode) ||
        (opts->keep.lose & PX_KEEP_LINKS) != 0) {
        return PX_OK;
    }
    bool same = true;
    px_mutex_lock(&links->lock);
    struct px_group *group = groups_get_locked(links, dest, source);
    if (group == NULL) {
        px_mutex_unlock(&links->lock);
        return px_fail_set(fail, PX_ENOMEM, 0, "check: out of memory");
    }
    if (group->left == source->st_nlink) { /* the first one */
        group->target = *target;
    } else {
        same = group->target.st_dev == target->st_dev && group->target.st_ino == target->st_ino;
    }
    struct px_group *done = groups_count_locked(links, group);
    px_mutex_unlock(&links->lock);
    group_free(done);
    return same ? PX_OK : px_fail_set(fail, PX_EATTR, 0, "check: no hard link of its other names");
}

/* Is the copy, or the older copy that was left alone, good to be linked to? */
static bool place_of(struct px_copier *copier, const struct px_entry *entry,
                     const struct px_group *group, enum px_item_state state, struct stat *st)
{
    const struct stat *source = &group->source;
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    const int rc = copier->io->fstatat(fds.target, entry->target_name, st, AT_SYMLINK_NOFOLLOW);
    px_dir_release(entry->dir);
    if (rc != 0 || (st->st_mode & S_IFMT) != (source->st_mode & S_IFMT) ||
        (st->st_dev == source->st_dev && st->st_ino == source->st_ino)) {
        return false;
    }
    return state != PX_ITEM_SKIPPED || same_version(st, source);
}

void px_hardlink_settled(struct px_copier *copier, struct px_entry *entry, enum px_item_state state,
                         bool there)
{
    struct px_hardlinks *links = &copier->copy->hardlinks;
    struct px_group *group = entry->group;
    struct stat st;
    const bool is_place =
        (there || state == PX_ITEM_SKIPPED) && place_of(copier, entry, group, state, &st);
    if (is_place) {
        px_dir_keep(entry->dir);
    }
    entry->group = NULL;
    px_mutex_lock(&links->lock);
    group->state = is_place ? GROUP_THERE : GROUP_FREE;
    if (is_place) {
        group->dir = entry->dir;
        group->target = st;
        memcpy(group->digest, entry->digest, sizeof group->digest);
    } else {
        free(group->name);
        group->name = NULL;
    }
    struct px_copy_task *waiting = group->waiting;
    group->waiting = NULL;
    struct px_group *done = groups_count_locked(links, group);
    px_mutex_unlock(&links->lock);
    group_free(done);
    while (waiting != NULL) {
        struct px_copy_task *task = waiting;
        waiting = task->below;
        task->below = NULL;
        if (!px_copier_offer(copier, task)) {
            px_copier_push(copier, task);
        }
    }
}
