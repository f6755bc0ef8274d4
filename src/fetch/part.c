/* SPDX-License-Identifier: MIT
 *
 * fetch/part.c - a file while it is being fetched.
 *
 * Called by the worker that has the task, and by the owner's thread when a task that still holds a
 * part is released. No locks but flock(2) on .NAME.part, which is held from the moment the name
 * appears until it is gone: renamed, unlinked, or left to a later run.
 */
#define _GNU_SOURCE
#include "fetch/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/name.h"
#include "fetch/publish.h"
#include "fetch/state.h"

#define STATE_TEMPORARY ".part.state~"

/* Others may take and drop the same names while we look: so many rounds, then it is an error. */
#define ROUNDS 100
/* With --on-exist=rename: how many .NAME.N.part are tried before "in use" is the answer. */
#define BASES 1000

static int part_fail(struct part *part, const char *stage, int err)
{
    part->stage = stage;
    part->err = err;
    return px_status_from_errno(err);
}

/* Not by a call that failed: no errno says why. */
static int part_is_strange(struct part *part, const char *what)
{
    PX_IGNORE(part_fail(part, what, 0)); /* the class is known */
    return PX_EIO;
}

/* --- the name .NAME.part ---------------------------------------------------------------------*/

/* Opens a leftover .NAME.part and locks it. PX_OK with `*out`; PX_EAGAIN: it is gone (again);
 * PX_EINUSE; PX_EIO: it is no regular file. */
static int open_locked(struct part *part, const struct part_place *place, const char *name,
                       int flags, int *out)
{
    struct stat held, named;
    int fd = place->io->openat(place->dirfd, name,
                               O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
    int rc = PX_EAGAIN;

    if (fd < 0) {
        return errno == ENOENT  ? PX_EAGAIN
               : errno == ELOOP ? part_is_strange(part, "part file is a symbolic link")
                                : part_fail(part, "open part file", errno);
    }
    if (place->io->fstat(fd, &held) != 0) {
        rc = part_fail(part, "stat part file", errno);
    } else if (!S_ISREG(held.st_mode)) {
        rc = part_is_strange(part, "part file is not a regular file");
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        rc = errno == EWOULDBLOCK ? PX_EINUSE : part_fail(part, "lock part file", errno);
    } else if (place->io->fstatat(place->dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
               named.st_ino == held.st_ino && named.st_dev == held.st_dev) {
        *out = fd;
        return PX_OK;
    }
    PX_IGNORE(place->io->close(fd)); /* was not written to */
    return rc;
}

/* Makes the name free: removes a leftover that nobody holds. PX_OK, also when there was none. */
static int remove_leftover(struct part *part, const struct part_place *place, const char *name)
{
    int fd = -1;
    int rc = open_locked(part, place, name, 0, &fd);

    if (rc != PX_OK) {
        return rc == PX_EAGAIN ? PX_OK : rc;
    }
    if (place->io->unlinkat(place->dirfd, name, 0) != 0 && errno != ENOENT) {
        rc = part_fail(part, "remove old part file", errno);
    }
    PX_IGNORE(place->io->close(fd)); /* was not written to */
    return rc;
}

static int link_as(struct part *part, const struct part_place *place, const char *name)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (px_link_fd(place->io, part->fd, place->dirfd, name) == 0) {
            return PX_OK;
        }
        if (errno != EEXIST) {
            return part_fail(part, "link part file", errno);
        }
        int rc = remove_leftover(part, place, name);
        if (rc != PX_OK) {
            return rc;
        }
    }
    return PX_EINUSE;
}

/* Opens .NAME.part for a new download, on a file system that has no nameless files. */
static int open_named(struct part *part, const struct part_place *place, const char *name)
{
    struct stat st;

    for (int round = 0; round < ROUNDS; round++) {
        int fd = -1;
        int rc = open_locked(part, place, name, O_CREAT, &fd);

        if (rc == PX_EAGAIN) {
            continue;
        }
        if (rc != PX_OK) {
            return rc;
        }
        if (place->io->fstat(fd, &st) == 0 && st.st_nlink == 1 &&
            place->io->ftruncate(fd, 0) == 0) {
            part->fd = fd;
            return PX_OK;
        }
        /* a second name, perhaps the final one: these bytes are not ours to change */
        if (place->io->unlinkat(place->dirfd, name, 0) != 0) {
            rc = part_fail(part, "remove old part file", errno);
        }
        PX_IGNORE(place->io->close(fd)); /* was not written to */
        if (rc != PX_OK) {
            return rc;
        }
    }
    return PX_EINUSE;
}

/* NAME; in the rename mode NAME.1, NAME.2 ... while another process or task has the one before. */
static int take_base(struct part *part, const struct part_place *place,
                     int (*take)(struct part *, const struct part_place *, const char *))
{
    int bases = place->on_exist == PX_ON_EXIST_RENAME ? BASES : 1;
    int rc = PX_EINUSE;

    for (int i = 0; i < bases && rc == PX_EINUSE; i++) {
        char name[NAME_ROOM];
        char *base = publish_numbered(place->name, (unsigned)i);

        if (base == NULL) {
            return part_fail(part, "name", ENOMEM);
        }
        name_beside(base, PART_SUFFIX, name);
        rc = take(part, place, name);
        if (rc == PX_OK) {
            part->base = base;
        } else {
            free(base);
        }
    }
    if (rc == PX_EINUSE) {
        part->stage = "another process is fetching to this target";
        part->err = 0;
    }
    return rc;
}

/* --- bytes -----------------------------------------------------------------------------------*/

static int open_first(struct part *part, const struct part_place *place)
{
    part->held = 0;
    part->ragged = false;
    /* the mode of the finished file: while it has no name nobody else can open it */
    part->fd = px_open_nameless(place->io, place->dirfd, place->mode);
    if (part->fd >= 0) {
        return PX_OK;
    }
    /* EISDIR: kernels before 3.11; EINVAL, ENOENT: network and fuse file systems */
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT &&
        errno != ENOSYS) {
        return part_fail(part, "create", errno);
    }
    return take_base(part, place, open_named);
}

int part_open(struct part *part, const struct part_place *place)
{
    return part_is_open(part) ? PX_OK : open_first(part, place);
}

int part_append(struct part *part, const struct part_place *place, const void *bytes, size_t n)
{
    int rc = part_open(part, place);

    if (rc != PX_OK) {
        return rc;
    }
    if (px_pwrite_all(place->io, part->fd, bytes, n, (off_t)part->held) != 0) {
        part->ragged = true;
        return part_fail(part, "write", errno);
    }
    part->held += n;
    return PX_OK;
}

int part_keep(struct part *part, const struct part_place *place)
{
    int rc = part_open(part, place);

    if (rc != PX_OK || part->base != NULL) {
        return rc;
    }
    if (flock(part->fd, LOCK_EX | LOCK_NB) != 0) {
        return part_fail(part, "lock", errno);
    }
    if (place->io->fchmod(part->fd, 0600) != 0) {
        return part_fail(part, "chmod", errno);
    }
    return take_base(part, place, link_as);
}

int part_restart(struct part *part, const struct part_place *place)
{
    if (part_is_open(part) && place->io->ftruncate(part->fd, 0) != 0) {
        return part_fail(part, "truncate", errno);
    }
    part->held = 0;
    part->ragged = false;
    part->unproven = false;
    return PX_OK;
}

/* --- across runs -----------------------------------------------------------------------------*/

/* Is the leftover a part of the same URL? Its good bytes come to state->held; are there more of them
 * than the state names? */
static bool has_good_bytes(const struct part_place *place, int fd, uint64_t url_hash,
                           const char *boot, struct state *state, bool *more)
{
    char name[NAME_ROOM];
    struct ranges good;
    struct stat st;

    name_beside(place->name, PART_STATE_SUFFIX, name);
    if (state_load(place->io, place->dirfd, name, state) != PX_OK || state->url_hash != url_hash ||
        place->io->fstat(fd, &st) != 0 || st.st_nlink != 1) {
        return false;
    }
    state_good_ranges(state, (uint64_t)st.st_size, boot, &good);
    *more = ranges_sum(&good) > ranges_sum(&state->held);
    state->held = good;
    return good.n > 0;
}

/* What stays is litter at worst: a state proves nothing without its part. The state itself goes
 * last: part_tidy() knows by it that there is something to do. */
static void remove_state(const struct part_place *place, const char *base)
{
    char name[NAME_ROOM];

    name_beside(base, STATE_TEMPORARY, name);
    PX_IGNORE(place->io->unlinkat(place->dirfd, name, 0));
    name_beside(base, PART_STATE_SUFFIX, name);
    PX_IGNORE(place->io->unlinkat(place->dirfd, name, 0));
}

/* Under its lock. The part goes last: killed in between, the next run finds it and drops it. */
static void drop_leftover(const struct part_place *place, const char *part_name)
{
    remove_state(place, place->name);
    PX_IGNORE(place->io->unlinkat(place->dirfd, part_name, 0));
}

void part_tidy(const struct part_place *place)
{
    struct part part = {.fd = -1};
    struct stat st;
    char name[NAME_ROOM];
    int fd = -1;

    /* The state goes last, so without one there is nothing: one call for each file that is there
     * already is all that a second run of a finished list pays. */
    name_beside(place->name, PART_STATE_SUFFIX, name);
    if (place->io->fstatat(place->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    name_beside(place->name, PART_SUFFIX, name);
    int rc = open_locked(&part, place, name, 0, &fd);
    if (rc == PX_EAGAIN) {
        remove_state(place, place->name);
    }
    if (rc != PX_OK) {
        return;
    }
    if (place->io->fstat(fd, &st) == 0 && st.st_nlink > 1) {
        PX_IGNORE(place->io->unlinkat(place->dirfd, name, 0)); /* litter at worst, as the state */
        remove_state(place, place->name);
    }
    PX_IGNORE(place->io->close(fd)); /* was not written to */
}

int part_adopt(struct part *part, const struct part_place *place, uint64_t url_hash,
               const char *boot, struct state *state)
{
    char name[NAME_ROOM];
    int fd = -1;

    name_beside(place->name, PART_SUFFIX, name);
    int rc = open_locked(part, place, name, 0, &fd);
    if (rc == PX_EINUSE) {
        part->stage = "another process is fetching to this target";
        part->err = 0;
        return rc;
    }
    if (rc != PX_OK) {
        return PX_EAGAIN; /* what is wrong with it will be told when the name is needed */
    }
    bool more = false;
    bool good = has_good_bytes(place, fd, url_hash, boot, state, &more);
    char *base = good ? strdup(place->name) : NULL;
    if (base == NULL) {
        rc = PX_EAGAIN;
        /* with --on-exist=rename it may be the part of another URL of the same name */
        if (!good && place->on_exist != PX_ON_EXIST_RENAME) {
            drop_leftover(place, name);
            rc = PX_ECHANGED;
        }
        PX_IGNORE(place->io->close(fd)); /* was not written to */
        return rc;
    }
    *part = (struct part){.fd = fd, .base = base, .ragged = true, .has_state = true};
    part->unproven = more;
    part->held = ranges_prefix(&state->held);
    return PX_OK;
}

int part_store_state(const struct part_place *place, const char *base, const struct state *state,
                     const char *url)
{
    char name[NAME_ROOM], temporary[NAME_ROOM], text[STATE_TEXT_ROOM];
    size_t len = state_format(state, url, text);

    if (len == 0) {
        return PX_EINVAL;
    }
    name_beside(base, PART_STATE_SUFFIX, name);
    name_beside(base, STATE_TEMPORARY, temporary);
    return state_save(place->io, place->dirfd, name, temporary, text, len);
}

int part_save_state(struct part *part, const struct part_place *place, struct state *state,
                    const char *url)
{
    if (part->base == NULL || part->unproven) {
        return PX_OK;
    }
    state->grows = true;
    state->held.n = state->synced.n = 0;
    ranges_add(&state->held, 0, part->held);
    if (place->fsync != PX_FSYNC_NONE) {
        if (place->io->fsync(part->fd) != 0) {
            return part_fail(part, "fsync", errno);
        }
        ranges_add(&state->synced, 0, part->held);
    }
    int rc = part_store_state(place, part->base, state, url);
    if (rc == PX_EINVAL) {
        return PX_OK; /* cannot be resumed later */
    }
    part->has_state = rc == PX_OK;
    return rc == PX_OK ? PX_OK : part_fail(part, "write state", errno);
}

/* --- the end ---------------------------------------------------------------------------------*/

static void part_reset(struct part *part)
{
    free(part->base);
    *part = (struct part){.fd = -1, .stage = part->stage, .err = part->err};
}

/* The file has left the part's hands. */
static void close_book(struct part *part, const struct part_place *place)
{
    if (part->base != NULL) {
        remove_state(place, part->base);
    }
    part_reset(part);
}

int part_publish(struct part *part, const struct part_place *place, char **final_name)
{
    char name[NAME_ROOM] = "";
    int rc = PX_OK;

    *final_name = NULL;
    if (!part_is_open(part)) {
        rc = open_first(part, place);
    }
    if (rc == PX_OK && part->ragged && place->io->ftruncate(part->fd, (off_t)part->held) != 0) {
        rc = part_fail(part, "truncate", errno);
    }
    if (rc != PX_OK) {
        return rc;
    }
    struct publish publish = {.io = place->io,
                              .fd = part->fd,
                              .dirfd = place->dirfd,
                              .name = place->name,
                              .on_exist = place->on_exist,
                              .sync = place->fsync == PX_FSYNC_FILE,
                              .mode = place->mode,
                              .mtime = place->mtime};
    if (part->base == NULL) {
        rc = publish_nameless(&publish);
        if (rc == PX_EAGAIN) { /* there is something to replace: that takes a rename */
            rc = part_keep(part, place);
            if (rc != PX_OK) {
                return rc;
            }
        }
    }
    if (part->base != NULL) {
        name_beside(part->base, PART_SUFFIX, name);
        publish.part_name = name;
        rc = publish_named(&publish);
    }
    if (rc != PX_OK) {
        part->stage = publish.stage;
        part->err = publish.err;
        free(publish.final_name);
        if (publish.fd < 0) { /* too late: it has been closed, and its name given or taken back */
            close_book(part, place);
        }
        return rc;
    }
    *final_name = publish.final_name;
    close_book(part, place);
    return PX_OK;
}

void part_suspend(struct part *part, const struct px_io_ops *io)
{
    if (part_is_open(part)) {
        /* a later run trusts the state and the validators, not this close */
        PX_IGNORE(io->close(part->fd));
    }
    part_reset(part);
}

void part_discard(struct part *part, const struct part_place *place)
{
    char name[NAME_ROOM];

    if (part->base != NULL) {
        name_beside(part->base, PART_SUFFIX, name);
        remove_state(place, part->base);
        PX_IGNORE(place->io->unlinkat(place->dirfd, name, 0)); /* litter at worst */
    }
    part_suspend(part, place->io);
}
