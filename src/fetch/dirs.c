/* SPDX-License-Identifier: MIT
 *
 * fetch/dirs.c - the directories that files are put into, each opened once.
 *
 * Entered by all workers and the owner's thread. One lock, for the table; directories are opened
 * and closed without it.
 */
#define _GNU_SOURCE
#include "fetch/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/mutex.h"

#define IDLE_MAX 16 /* directories kept open with nobody using them */

struct dir_entry {
    struct dir dir; /* first: dirs_put() casts back */
    struct dir_entry *next;
    unsigned users;
    size_t len;
    char path[];
};

struct dirs {
    const struct px_io_ops *io; /* fixed after new */
    struct px_mutex lock;
    struct dir_entry *first PX_GUARDED; /* protected by lock; most recently used first */
    unsigned idle PX_GUARDED;           /* protected by lock */
};

int dirs_new(const struct px_io_ops *io, struct dirs **out)
{
    struct dirs *dirs = calloc(1, sizeof *dirs);

    if (dirs == NULL) {
        return PX_ENOMEM;
    }
    dirs->io = io;
    int rc = px_mutex_init(&dirs->lock);
    if (rc != PX_OK) {
        free(dirs);
        return rc;
    }
    *out = dirs;
    return PX_OK;
}

static void entry_free(struct dirs *dirs, struct dir_entry *entry)
{
    if (entry != NULL) {
        if (entry->dir.fd >= 0) {
            PX_IGNORE(dirs->io->close(entry->dir.fd)); /* nothing is written through it */
        }
        free(entry);
    }
}

/* No other thread is left, so nothing is locked. */
static struct dir_entry *take_all(struct dirs *dirs) PX_NO_ANALYSIS
{
    return dirs->first;
}

void dirs_free(struct dirs *dirs)
{
    if (dirs == NULL) {
        return;
    }
    for (struct dir_entry *entry = take_all(dirs), *next; entry != NULL; entry = next) {
        next = entry->next;
        entry_free(dirs, entry);
    }
    px_mutex_fini(&dirs->lock);
    free(dirs);
}

/* Opens `name` below `parent`, after making it when it is missing. -1 with errno. */
static int open_or_make(const struct px_io_ops *io, int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = io->openat(parent, name, flags, 0);

    if (fd < 0 && errno == ENOENT) {
        if (io->mkdirat(parent, name, 0777) != 0 && errno != EEXIST) {
            return -1;
        }
        fd = io->openat(parent, name, flags, 0);
    }
    return fd;
}

/* Component by component; `path` is taken apart. -1 with errno. */
static int open_making_parents(const struct px_io_ops *io, char *path)
{
    int fd = path[0] == '/' ? io->openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
                            : AT_FDCWD;
    char *rest = NULL;

    if (path[0] == '/' && fd < 0) {
        return -1;
    }
    for (char *part = strtok_r(path, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        int next = open_or_make(io, fd, part);
        int err = errno;

        if (fd >= 0) {
            PX_IGNORE(io->close(fd)); /* nothing was written through it */
        }
        if (next < 0) {
            errno = err;
            return -1;
        }
        fd = next;
    }
    return fd;
}

static int entry_open(struct dirs *dirs, const char *path, size_t len, struct dir_entry **out)
{
    struct dir_entry *entry = calloc(1, sizeof *entry + len + 2);
    char *copy = NULL;
    int rc = PX_OK;

    if (entry == NULL) {
        return PX_ENOMEM;
    }
    memcpy(entry->path, path, len);
    entry->len = len;
    entry->users = 1;
    entry->dir.fd = dirs->io->openat(AT_FDCWD, len > 0 ? entry->path : ".",
                                     O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (entry->dir.fd < 0 && errno == ENOENT) {
        copy = strdup(entry->path);
        entry->dir.fd = copy != NULL ? open_making_parents(dirs->io, copy) : -1;
    }
    if (entry->dir.fd < 0) {
        rc = px_status_from_errno(errno);
        int err = errno;
        free(copy);
        free(entry);
        errno = err;
        return rc;
    }
    free(copy);
    *out = entry;
    return PX_OK;
}

/* The entry for path, now with one user more and in front; NULL: none. */
static struct dir_entry *find_locked(struct dirs *dirs, const char *path, size_t len)
    PX_REQUIRES(dirs->lock)
{
    for (struct dir_entry **at = &dirs->first; *at != NULL; at = &(*at)->next) {
        struct dir_entry *entry = *at;

        if (entry->len == len && memcmp(entry->path, path, len) == 0) {
            *at = entry->next;
            entry->next = dirs->first;
            dirs->first = entry;
            dirs->idle -= entry->users == 0;
            entry->users++;
            return entry;
        }
    }
    return NULL;
}

int dirs_get(struct dirs *dirs, const char *path, size_t len, const struct dir **out)
{
    struct dir_entry *mine = NULL;

    px_mutex_lock(&dirs->lock);
    struct dir_entry *entry = find_locked(dirs, path, len);
    px_mutex_unlock(&dirs->lock);
    if (entry == NULL) {
        int rc = entry_open(dirs, path, len, &mine);
        if (mine == NULL) {
            return rc;
        }
        px_mutex_lock(&dirs->lock);
        entry = find_locked(dirs, path, len); /* another worker may have been faster */
        if (entry == NULL) {
            entry = mine;
            mine = NULL;
            entry->next = dirs->first;
            dirs->first = entry;
        }
        px_mutex_unlock(&dirs->lock);
        entry_free(dirs, mine);
    }
    *out = &entry->dir;
    return PX_OK;
}

/* Unlinks the idle entry that was used least recently; NULL: there are few. */
static struct dir_entry *evict_locked(struct dirs *dirs) PX_REQUIRES(dirs->lock)
{
    struct dir_entry **oldest = NULL;

    if (dirs->idle <= IDLE_MAX) {
        return NULL;
    }
    for (struct dir_entry **at = &dirs->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->users == 0) {
            oldest = at;
        }
    }
    if (oldest == NULL) {
        return NULL;
    }
    struct dir_entry *entry = *oldest;
    *oldest = entry->next;
    dirs->idle--;
    return entry;
}

void dirs_put(struct dirs *dirs, const struct dir *dir)
{
    if (dir == NULL) {
        return;
    }
    /* the table's own record, which only the caller's view is const of */
    struct dir_entry *entry = (struct dir_entry *)(uintptr_t)dir;

    px_mutex_lock(&dirs->lock);
    entry->users--;
    dirs->idle += entry->users == 0;
    entry = evict_locked(dirs);
    px_mutex_unlock(&dirs->lock);
    entry_free(dirs, entry);
}
