/* SPDX-License-Identifier: MIT
 *
 * copy/opendirs.h - which directories are open right now: as many as RLIMIT_NOFILE allows, not as
 * many as are in hand. One in which nobody is at work can be closed, and is opened again by way of
 * its parent when somebody wants it: name by name from the nearest open directory above it, no link
 * followed, and taken only when it is the same (device, inode) on both sides.
 *
 * px_dir_acquire() and px_dir_release() of copy/dir.h are here.
 */
#ifndef PX_COPY_OPENDIRS_H
#define PX_COPY_OPENDIRS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "base/mutex.h"

struct px_copy;
struct px_dir;

struct px_opendirs {
    struct px_mutex lock;
    size_t budget;                  /* fixed: how many may be open when nobody is at work */
    size_t open PX_GUARDED;         /* protected by lock, as is this: */
    struct px_dir *hand PX_GUARDED; /* the next one to look at in the ring of open ones */
};

/* A directory's place among the open ones; part of struct px_dir. */
struct px_opendir {
    atomic_int pins;     /* users of the descriptors; -1: closed */
    atomic_bool recent;  /* used since the hand was here */
    struct px_dir *next; /* ring; protected by the lock of struct px_opendirs, as are these: */
    struct px_dir *prev;
    off_t listed; /* where the listing goes on */
};

/* Pure: the budget under a limit of open files. */
size_t px_opendirs_budget(size_t nofile, unsigned workers);

/* PX_ENOMEM. */
PX_NODISCARD int px_opendirs_init(struct px_opendirs *dirs, unsigned workers);
void px_opendirs_fini(struct px_opendirs *dirs);

/* Closes directories until there is room for one more, as far as nobody is at work in them. */
void px_opendirs_room(struct px_copy *copy);

/* openat() for directories; out of descriptors it closes one that nobody is at work in and tries
 * again. -1 with errno. */
PX_NODISCARD int px_opendirs_openat(struct px_copy *copy, int at, const char *name, int flags);

/* The source directory of `dir` by its name below `at`, without touching its time of access where that
 * is allowed (O_NOATIME is the owner's and root's right only, open(2)). One whose names come from a list
 * need only be searched: where it may not be read it is opened with O_PATH. -1 with errno. */
PX_NODISCARD int px_opendirs_open_source(const struct px_dir *dir, int at, int flags);

/* `dir` was opened by the caller and gets known to others: it is open and unused. */
void px_opendirs_add(struct px_dir *dir);

/* It is finished: closed, unless somebody uses it right now. Its parent, which is likely to be next,
 * is opened through it where that is closed. */
void px_opendirs_retire(struct px_dir *dir);

/* Before it is freed; nobody uses it. Closes it. */
void px_opendirs_forget(struct px_dir *dir);

#endif
