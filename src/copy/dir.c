/* SPDX-License-Identifier: MIT
 *
 * copy/dir.c - directory pairs. Made by the worker that lists the directory, used by all, until the
 * last reference is given up (copy/finish.c).
 *
 * No locks: every field is fixed before the directory is known to a second thread, except the
 * counts and flags, which are atomic.
 */
#define _GNU_SOURCE /* O_PATH */

#include "copy/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/select.h"
#include "copy/shard.h"
#include "copy/xattr.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define DIR_MODE_BITS 0777
#define ALL_MODE_BITS 07777
#define OWNER_ALL 0700

/* --- paths ------------------------------------------------------------------------------------ */

static const char *dir_name(const struct px_dir *dir, enum px_side side)
{
    return side == PX_SIDE_SOURCE ? dir->source_name : dir->target_name;
}

static bool path_is_nothing(const char *name)
{
    return name[0] == '\0' || strcmp(name, ".") == 0;
}

/* Writes `part` so that it ends before `end`, with a slash after it when something follows. */
static char *path_prepend(char *end, const char *part, bool slash)
{
    const size_t len = strlen(part);
    if (slash) {
        *--end = '/';
    }
    return memcpy(end - len, part, len);
}

char *px_dir_path(const struct px_dir *dir, enum px_side side, const char *name)
{
    size_t room = strlen(name) + 1;
    for (const struct px_dir *up = dir; up != NULL; up = up->parent) {
        room += strlen(dir_name(up, side)) + 1;
    }
    char *path = malloc(room);
    if (path == NULL) {
        return NULL;
    }
    char *at = path + room - 1;
    *at = '\0';
    if (!path_is_nothing(name)) {
        at = path_prepend(at, name, false);
    }
    for (; dir != NULL; dir = dir->parent) {
        const char *part = dir_name(dir, side);
        if (part[0] == '\0' || (dir->parent != NULL && path_is_nothing(part))) {
            continue; /* "." below a container says nothing */
        }
        at = path_prepend(at, part, *at != '\0' && part[strlen(part) - 1] != '/');
    }
    memmove(path, at, strlen(at) + 1);
    return path;
}

/* --- making ----------------------------------------------------------------------------------- */

static struct px_dir *dir_new(struct px_copy *copy, struct px_dest *dest, const char *source_name,
                              const char *target_name)
{
    const size_t source_bytes = strlen(source_name) + 1;
    const size_t target_bytes = strlen(target_name) + 1;
    struct px_dir *dir = calloc(1, sizeof *dir + source_bytes + target_bytes);
    if (dir != NULL) {
        dir->source_name = memcpy(dir->text, source_name, source_bytes);
        dir->target_name = memcpy(dir->text + source_bytes, target_name, target_bytes);
        dir->copy = copy;
        dir->dest = dest;
        dir->head = dir;
        dir->fds = (struct px_dir_fds){-1, -1};
        dir->top = dir;
        atomic_init(&dir->refs, 1);
        atomic_init(&dir->keeps, 1);
        atomic_init(&dir->place.pins, -1);
    }
    return dir;
}

static void dir_close(const struct px_io_ops *io, int fd)
{
    if (fd >= 0) {
        PX_IGNORE(io->close(fd)); /* a directory: nothing was written through it */
    }
}

/* One that nobody else ever knew; the target of a container is the plan's. */
static void dir_give_up(struct px_copier *copier, struct px_dir *dir)
{
    dir_close(copier->io, dir->fds.source);
    if (dir->parent != NULL) {
        dir_close(copier->io, dir->fds.target);
    }
    px_listed_free(dir->batch);
    free(dir);
}

static void expect_set(struct px_expect *expect, const struct stat *st)
{
    *expect = (struct px_expect){st->st_dev, st->st_ino, st->st_mode & S_IFMT};
}

static bool expect_is(const struct px_expect *expect, const struct stat *st)
{
    return expect->dev == st->st_dev && expect->ino == st->st_ino;
}

static int dir_fill_container(struct px_copier *copier, const struct px_root *root,
                              struct px_dir *dir, struct px_fail *fail)
{
    const struct px_plan *plan = &dir->dest->plan;
    if (root->status != PX_OK) { /* it went while the plans were made */
        return px_fail_source(fail, root->os_errno, "open source");
    }
    /* Only searched, never listed: O_PATH does, and asks for no read permission. */
    dir->fds.source = px_opendirs_openat(copier->copy, AT_FDCWD, root->source_dir,
                                         O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir->fds.source < 0 || copier->io->fstat(dir->fds.source, &dir->st) != 0) {
        return px_fail_source(fail, errno, "open source directory");
    }
    dir->fds.target = plan->target_fd;
    struct stat st;
    if (copier->io->fstat(dir->fds.target, &st) != 0) {
        return px_fail_set(fail, PX_EIO, errno, "open target directory");
    }
    expect_set(&dir->target_is, &st);
    dir->root = root;
    dir->inherits = px_xattr_has_default_acl(copier, dir->fds.target);
    dir->source_dev = root->expect.dev;
    dir->pair = px_pairs_get(&copier->copy->pairs, root->expect.dev, st.st_dev, dir->fds.target);
    return dir->pair != NULL ? PX_OK : px_fail_set(fail, PX_ENOMEM, 0, "open: out of memory");
}

/* The set's last one from now on, or its head. */
static void dir_join(struct px_dir *dir, struct px_dir **set)
{
    struct px_dir **last = set;
    while (*last != NULL) {
        last = &(*last)->also;
    }
    *last = dir;
    dir->head = *set;
}

int px_dir_open_container(struct px_copier *copier, struct px_dest *dest,
                          const struct px_root *root, struct px_dir **set, struct px_fail *fail)
{
    const char *base = root->source_base != NULL ? root->source_base : "";
    struct px_dir *dir = dir_new(copier->copy, dest, base, dest->plan.target_base);
    if (dir == NULL) {
        return px_fail_set(fail, PX_ENOMEM, 0, "open: out of memory");
    }
    px_opendirs_room(copier->copy);
    const int status = dir_fill_container(copier, root, dir, fail);
    if (status != PX_OK) {
        dir_give_up(copier, dir);
        return status;
    }
    px_opendirs_add(dir);
    dir_join(dir, set);
    return PX_OK;
}

/* The source side: open, and be sure that it is what was meant. */
static int dir_open_source_side(struct px_copier *copier, const struct px_entry *entry,
                                const struct px_dir *head, struct px_dir *dir, struct px_fail *fail)
{
    const struct px_dir_fds at = px_dir_acquire(entry->dir);
    dir->followed = px_select_follows(copier, entry);
    dir->fds.source =
        px_opendirs_open_source(dir, at.source, OPEN_DIR | px_select_open_flag(copier, entry));
    const int err = errno;
    px_dir_release(entry->dir);
    if (dir->fds.source < 0 && px_dir_is_asked(entry->dir) && (err == ENOENT || err == ENOTDIR)) {
        return px_fail_set(fail, PX_ESRC, err, "open directory");
    }
    if (dir->fds.source < 0 && err == ENOTDIR) {
        return px_fail_set(fail, PX_ESRC, 0, "open directory: is none any more, not followed");
    }
    if (dir->fds.source < 0) {
        return px_fail_source(fail, err, "open directory");
    }
    if (copier->io->fstat(dir->fds.source, &dir->st) != 0) {
        return px_fail_source(fail, errno, "stat directory");
    }
    if ((entry->expect != NULL && !expect_is(entry->expect, &dir->st)) ||
        (head != NULL &&
         (head->st.st_dev != dir->st.st_dev || head->st.st_ino != dir->st.st_ino))) {
        return px_fail_set(fail, PX_ECHANGED, 0, "open directory: it was replaced by another");
    }
    dir->elsewhere = copier->copy->opts.one_file_system && dir->st.st_dev != dir->top->source_dev;
    if (!dir->elsewhere && /* else it stays empty: cp -ax / /mnt */
        (expect_is(&dir->top->target_is, &dir->st) ||
         expect_is(&dir->top->target_root, &dir->st))) {
        return px_fail_set(fail, PX_EREFUSED, 0, "copy directory: it is the target itself");
    }
    for (const struct px_dir *up = entry->dir; dir->followed && up->parent != NULL;
         up = up->parent) {
        if (up->st.st_ino == dir->st.st_ino && up->st.st_dev == dir->st.st_dev) {
            return px_fail_set(
                fail, PX_EREFUSED, 0,
                "open directory: the link leads back up to a directory that it is in");
        }
    }
    return PX_OK;
}

static int dir_open_target(struct px_copier *copier, int at, const char *name, struct px_dir *dir,
                           struct px_fail *fail)
{
    dir->fds.target = px_opendirs_openat(copier->copy, at, name, OPEN_DIR | O_NOFOLLOW);
    if (dir->fds.target >= 0) {
        return PX_OK;
    }
    const int err = errno;
    if (err == ENOTDIR || err == ELOOP) {
        return px_fail_set(fail, PX_EEXIST, err, "make directory: the name is taken");
    }
    return px_fail_target(fail, err, "open target directory", at);
}

static int dir_make_target(struct px_copier *copier, int at, const char *name, struct px_dir *dir,
                           struct px_fail *fail)
{
    const mode_t mode = px_meta_new_mode(copier, dir->st.st_mode) | OWNER_ALL;
    if (copier->io->mkdirat(at, name, mode) == 0) {
        dir->made = !px_shard_is_shared(dir); /* others make things in it */
        dir->fresh.mode = mode & ~copier->copy->umask;
    } else if (errno != EEXIST) {
        return px_fail_target(fail, errno, "make directory", at);
    }
    return dir_open_target(copier, at, name, dir, fail);
}

/* A dry run looks where there is something to look at. */
static int dir_look_target(struct px_copier *copier, int at, const char *name, struct px_dir *dir,
                           struct px_fail *fail)
{
    struct stat st;
    if (at < 0 ||
        (copier->io->fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)) {
        return PX_OK;
    }
    return dir_open_target(copier, at, name, dir, fail);
}

/* A directory that was just made does not pass on what it has inherited: nothing of the source's
 * has these ACLs. */
static void dir_disinherit(struct px_copier *copier, struct px_dir *dir, struct stat *st)
{
    if (!dir->made || !dir->inherits || (copier->copy->opts.keep.lose & PX_KEEP_MODE) != 0) {
        return;
    }
    px_xattr_drop_acls(copier, dir->fds.target);
    dir->inherits = px_xattr_has_default_acl(copier, dir->fds.target);
    const mode_t mode = (st->st_mode & ~(mode_t)DIR_MODE_BITS) | dir->fresh.mode;
    if (copier->io->fchmod(dir->fds.target, mode & ALL_MODE_BITS) == 0) {
        st->st_mode = mode;
    }
}

/* What new files in it will look like. A directory just made was given its owner by the same rules
 * (set-group-ID parent, grpid mounts, squashed root); when its mode is as asked for and no default
 * ACL interferes, a file's will be. Spares an fstat and an fchmod for each file. */
static int dir_learn(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail)
{
    struct stat st;
    if (dir->fds.target < 0) {
        dir->pair = dir->parent->pair;
        return PX_OK;
    }
    if (copier->io->fstat(dir->fds.target, &st) != 0) {
        return px_fail_target(fail, errno, "stat target directory", dir->fds.target);
    }
    expect_set(&dir->target_is, &st);
    if (dir->parent == dir->top) {
        dir->top->target_root = dir->target_is;
    }
    dir->inherits = px_xattr_has_default_acl(copier, dir->fds.target);
    dir_disinherit(copier, dir, &st);
    /* another run may end, and give it ACLs, while we make files in it */
    dir->inherits = dir->inherits || px_shard_is_shared(dir);
    if (dir->made) {
        dir->plain = (st.st_mode & DIR_MODE_BITS) == dir->fresh.mode && !dir->inherits;
        dir->fresh = (struct px_owned){st.st_uid, st.st_gid, st.st_mode & ALL_MODE_BITS};
    }
    const struct px_pair *above = dir->parent->pair;
    if (above->source_dev == dir->st.st_dev && above->target_dev == st.st_dev) {
        dir->pair = dir->parent->pair;
    } else {
        dir->pair = px_pairs_get(&copier->copy->pairs, dir->st.st_dev, st.st_dev, dir->fds.target);
    }
    return dir->pair != NULL ? PX_OK : px_fail_set(fail, PX_ENOMEM, 0, "open: out of memory");
}

static int dir_fill(struct px_copier *copier, const struct px_entry *entry,
                    const struct px_dir *head, struct px_dir *dir, struct px_fail *fail)
{
    int status = dir_open_source_side(copier, entry, head, dir, fail);
    if (status != PX_OK) {
        return status;
    }
    const struct px_dir_fds at = px_dir_acquire(entry->dir);
    const bool looks = copier->copy->opts.dry_run || copier->copy->opts.check;
    status = looks ? dir_look_target(copier, at.target, entry->target_name, dir, fail)
                   : dir_make_target(copier, at.target, entry->target_name, dir, fail);
    px_dir_release(entry->dir);
    if (copier->copy->opts.check && (status == PX_EEXIST || dir->fds.target < 0)) {
        return px_fail_set(fail, PX_EINTEGRITY, 0,
                           status == PX_OK ? "check: the target lacks it"
                                           : "check: the target is no directory");
    }
    return status == PX_OK ? dir_learn(copier, dir, fail) : status;
}

/* Which of the listed names, if there is a list, are below it. */
static void dir_find_listed(struct px_dir *dir)
{
    const struct px_dir *parent = dir->parent->head;
    if (parent->parent == NULL && parent->batch != NULL) {
        dir->listed = px_listed_all(parent->batch);
    } else if (px_dir_is_asked(parent)) {
        dir->listed = px_listed_below(&parent->listed, dir->source_name);
    }
    dir->is_listed = px_dir_is_asked(dir) && !dir->listed.whole;
    dir->listed_at = dir->listed.first;
}

int px_dir_open(struct px_copier *copier, const struct px_entry *entry, struct px_dir **set,
                struct px_fail *fail)
{
    struct px_dir *dir =
        dir_new(copier->copy, entry->dir->dest, entry->source_name, entry->target_name);
    if (dir == NULL) {
        return px_fail_set(fail, PX_ENOMEM, 0, "open directory: out of memory");
    }
    dir->parent = entry->dir;
    dir->top = entry->dir->top;
    dir_find_listed(dir);
    px_shard_enter(dir);
    px_opendirs_room(copier->copy);
    const int status = dir_fill(copier, entry, *set, dir, fail);
    if (status != PX_OK) {
        dir_give_up(copier, dir);
        return status;
    }
    px_opendirs_add(dir);
    if (*set == NULL) {
        px_dir_hold(dir->parent);
    }
    px_dir_keep(dir->parent);
    dir_join(dir, set);
    return PX_OK;
}

/* --- using ------------------------------------------------------------------------------------ */

size_t px_dir_set_size(const struct px_dir *head)
{
    size_t n = 0;
    for (; head != NULL; head = head->also) {
        n++;
    }
    return n;
}

void px_dir_set_partly(struct px_dir *head)
{
    for (; head != NULL; head = head->also) {
        atomic_store_explicit(&head->partly, true, memory_order_relaxed);
    }
}

void px_dir_hold(struct px_dir *dir)
{
    atomic_fetch_add_explicit(&dir->head->refs, 1, memory_order_relaxed);
}

void px_dir_keep(struct px_dir *dir)
{
    atomic_fetch_add_explicit(&dir->keeps, 1, memory_order_relaxed);
}

/* The last one frees it and gives up its keep of the parent. */
void px_dir_unkeep(struct px_dir *dir)
{
    while (dir != NULL && atomic_fetch_sub_explicit(&dir->keeps, 1, memory_order_acq_rel) == 1) {
        struct px_dir *parent = dir->parent;
        px_opendirs_forget(dir);
        px_listed_free(dir->batch);
        free(dir->listing_fail);
        free(dir);
        dir = parent;
    }
}

bool px_dir_is_asked(const struct px_dir *dir)
{
    return dir->listed.batch != NULL;
}

struct px_entry px_dir_entry(const struct px_dir *dir)
{
    const bool old = dir->target_is.type != 0 && !dir->made;
    return (struct px_entry){.dir = dir->parent,
                             .source_name = dir->source_name,
                             .target_name = dir->target_name,
                             .type = PX_COPY_DIR,
                             .action = old ? PX_ACTION_REPLACE : PX_ACTION_MAKE,
                             .attempts = 1};
}
