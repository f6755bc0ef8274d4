/* SPDX-License-Identifier: MIT
 *
 * fetch/present.c - which names a directory had when the run began.
 *
 * Filled on the owner's thread before there are workers, then only read; no locks.
 *
 * Measured on tmpfs, 2 cores, nginx on loopback, 10,000 x 4 KiB with -j 5: a look-up of a missing
 * name takes 2 to 3 us alone; with workers linking into the same directory, 8,000 of 20,000 had to
 * sleep for its lock. Without them a run took 0.31 s instead of 0.44 s.
 */
#define _GNU_SOURCE
#include "fetch/present.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/name.h"

#define FIRST_ROOM 64

static uint64_t hash_of(const char *name)
{
    uint64_t hash = name_hash(name, strlen(name), 3);

    return hash + (hash == 0);
}

/* Where the hash is, or the free place where it would be. */
static size_t find(const struct present *present, uint64_t hash)
{
    size_t at = (size_t)hash & (present->room - 1);

    while (present->hashes[at] != 0 && present->hashes[at] != hash) {
        at = (at + 1) & (present->room - 1);
    }
    return at;
}

static int grow(struct present *present)
{
    uint64_t *old = present->hashes;
    size_t old_room = present->room;
    size_t room = old_room == 0 ? FIRST_ROOM : 2 * old_room;
    uint64_t *hashes = calloc(room, sizeof *hashes);

    if (hashes == NULL) {
        return PX_ENOMEM;
    }
    present->hashes = hashes;
    present->room = room;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i] != 0) {
            hashes[find(present, old[i])] = old[i];
        }
    }
    free(old);
    return PX_OK;
}

static int add(struct present *present, const char *name)
{
    if (2 * (present->used + 1) > present->room && grow(present) != PX_OK) {
        return PX_ENOMEM;
    }
    uint64_t hash = hash_of(name);
    size_t at = find(present, hash);
    present->used += present->hashes[at] == 0;
    present->hashes[at] = hash;
    return present->used <= PRESENT_MAX ? PX_OK : PX_EAGAIN;
}

void present_scan(struct present *present, const struct px_io_ops *io, int dirfd)
{
    struct dirent *entry;
    int fd = io->openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int rc = PX_OK;

    memset(present, 0, sizeof *present);
    if (dir == NULL) {
        if (fd >= 0) {
            PX_IGNORE(io->close(fd)); /* was only to be read */
        }
        return;
    }
    rc = grow(present);
    while (rc == PX_OK && (errno = 0, entry = readdir(dir)) != NULL) {
        rc = add(present, entry->d_name);
    }
    present->known = rc == PX_OK && errno == 0;
    closedir(dir);
    if (!present->known) {
        present_fini(present);
    }
}

void present_fini(struct present *present)
{
    free(present->hashes);
    memset(present, 0, sizeof *present);
}

bool present_may_have(const struct present *present, const char *name)
{
    return !present->known || present->hashes[find(present, hash_of(name))] != 0;
}
