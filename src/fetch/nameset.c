/* SPDX-License-Identifier: MIT
 *
 * fetch/nameset.c - which targets a run has given out already, in bounded memory.
 *
 * A sorted table with gaps: an entry's home is given by the top bits of its key, entries stand in
 * the order of their keys at their home or a little behind it, and there is no wrap-around. So one
 * short read finds a key or its place, one short write puts it there, and growing to twice the size
 * is one pass from start to end, which is what makes a table in a file cheap. Called by the source
 * on the owner's thread only; no locks.
 */
#define _GNU_SOURCE
#include "fetch/nameset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "fetch/name.h"

#define FIRST_BITS 10
#define MEMORY_BYTES ((size_t)4 << 20)
/* Room behind the last home, for a run that starts near the end. */
#define SLACK ((uint64_t)256)
/* How far from its home an entry is looked for; a longer run makes the table grow. At a load of 3/4
 * a run of 256 has never been seen in 10^8 keys; usual are 8. */
#define WINDOW 256
/* In a file: entries read at first. Most runs end within them. */
#define FIRST_READ 32

struct entry {
    uint64_t key; /* 0 = gap */
    struct nameset_owner owner;
};

struct table {
    struct entry *memory; /* NULL: in the file */
    int fd;               /* -1: in memory */
    unsigned bits;
};

struct nameset {
    const struct px_io_ops *io;
    size_t memory_bytes;
    uint64_t seed;
    uint64_t used;
    struct table table;
};

static uint64_t table_room(unsigned bits)
{
    return ((uint64_t)1 << bits) + SLACK;
}

static uint64_t home_of(uint64_t key, unsigned bits)
{
    return key >> (64 - bits);
}

static void table_fini(const struct px_io_ops *io, struct table *table)
{
    free(table->memory);
    if (table->fd >= 0) {
        PX_IGNORE(io->close(table->fd)); /* has no name: nothing to lose */
    }
    *table = (struct table){.fd = -1};
}

/* A file that nobody else can name. -1 with errno. */
static int open_unlinked(const struct px_io_ops *io)
{
    const char *dir = getenv("TMPDIR");
    char path[] = "/tmp/.pfetch-names-XXXXXX";

    if (dir != NULL && dir[0] != '\0') {
        int dirfd = io->openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        if (dirfd >= 0) {
            int fd = px_open_nameless(io, dirfd, 0600);

            PX_IGNORE(io->close(dirfd)); /* was only read from */
            if (fd >= 0) {
                return fd;
            }
        }
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        PX_IGNORE(unlink(path)); /* a name that stays is litter, not an error */
    }
    return fd;
}

/* Beyond the limit in a file; where no file can be made, in memory after all: the rule about equal
 * targets counts for more than the limit. */
static int table_init(const struct nameset *set, unsigned bits, struct table *out)
{
    uint64_t room = table_room(bits);

    *out = (struct table){.fd = -1, .bits = bits};
    if (room * sizeof(struct entry) > set->memory_bytes + SLACK * sizeof(struct entry)) {
        out->fd = open_unlinked(set->io);
        if (out->fd >= 0) {
            return PX_OK;
        }
    }
    out->memory = calloc(room, sizeof(struct entry));
    return out->memory != NULL ? PX_OK : PX_ENOMEM;
}

/* Entries [at, at + n) into buf; what was never written is gaps. */
static int table_read(const struct nameset *set, const struct table *table, uint64_t at,
                      struct entry *buf, size_t n)
{
    if (table->memory != NULL) {
        memcpy(buf, table->memory + at, n * sizeof *buf);
        return PX_OK;
    }
    ssize_t got = set->io->pread(table->fd, buf, n * sizeof *buf, (off_t)(at * sizeof *buf));
    if (got < 0) {
        return PX_EIO;
    }
    memset((char *)buf + got, 0, n * sizeof *buf - (size_t)got);
    return PX_OK;
}

static int table_write(const struct nameset *set, const struct table *table, uint64_t at,
                       const struct entry *buf, size_t n)
{
    if (table->memory != NULL) {
        memcpy(table->memory + at, buf, n * sizeof *buf);
        return PX_OK;
    }
    return px_pwrite_all(set->io, table->fd, buf, n * sizeof *buf, (off_t)(at * sizeof *buf)) == 0
               ? PX_OK
               : PX_EIO;
}

/* Where the run from `home` on has `key`, its place, and its first gap (n: none in the window). */
struct place {
    size_t at;
    size_t gap;
    bool found;
};

static struct place find_place(const struct entry *run, size_t n, uint64_t key)
{
    struct place place = {0};

    while (place.gap < n && run[place.gap].key != 0) {
        if (run[place.gap].key < key) {
            place.at = place.gap + 1;
        }
        place.found = place.found || run[place.gap].key == key;
        place.gap++;
    }
    return place;
}

/* PX_EAGAIN: the run is too long, grow. */
static int table_add(const struct nameset *set, struct table *table, uint64_t key,
                     struct nameset_owner *owner)
{
    struct entry run[WINDOW];
    uint64_t home = home_of(key, table->bits);
    size_t n = table->memory != NULL ? 8 : FIRST_READ;
    struct place place;

    for (;; n = WINDOW) {
        if (table_read(set, table, home, run, n) != PX_OK) {
            return PX_EIO;
        }
        place = find_place(run, n, key);
        if (place.found) {
            *owner = run[place.at].owner;
            return PX_EEXIST;
        }
        if (place.gap < n) {
            break;
        }
        if (n == WINDOW) {
            return PX_EAGAIN;
        }
    }
    memmove(run + place.at + 1, run + place.at, (place.gap - place.at) * sizeof *run);
    run[place.at] = (struct entry){.key = key, .owner = *owner};
    return table_write(set, table, home + place.at, run + place.at, place.gap - place.at + 1);
}

/* Writes entries in ascending order into a fresh table, a block at a time. */
struct writer {
    const struct nameset *set;
    const struct table *table;
    uint64_t base; /* position of block[0] */
    uint64_t next; /* first position that is free */
    struct entry block[4 * WINDOW];
};

static int writer_flush(struct writer *writer)
{
    size_t room = sizeof writer->block / sizeof writer->block[0];
    uint64_t end = table_room(writer->table->bits);
    size_t n = end - writer->base < room ? (size_t)(end - writer->base) : room;
    int rc = table_write(writer->set, writer->table, writer->base, writer->block, n);

    memset(writer->block, 0, sizeof writer->block);
    return rc;
}

static int writer_put(struct writer *writer, const struct entry *entry)
{
    size_t room = sizeof writer->block / sizeof writer->block[0];
    uint64_t home = home_of(entry->key, writer->table->bits);
    uint64_t at = home > writer->next ? home : writer->next;

    if (at >= table_room(writer->table->bits)) {
        return PX_EAGAIN;
    }
    if (at - writer->base >= room) {
        if (writer_flush(writer) != PX_OK) {
            return PX_EIO;
        }
        writer->base = at;
    }
    writer->block[at - writer->base] = *entry;
    writer->next = at + 1;
    return PX_OK;
}

static int copy_all(const struct nameset *set, const struct table *from, struct writer *writer)
{
    struct entry block[WINDOW];
    uint64_t room = table_room(from->bits);
    int rc = PX_OK;

    for (uint64_t at = 0; at < room && rc == PX_OK; at += WINDOW) {
        size_t n = room - at < WINDOW ? (size_t)(room - at) : WINDOW;

        rc = table_read(set, from, at, block, n);
        for (size_t i = 0; i < n && rc == PX_OK; i++) {
            if (block[i].key != 0) {
                rc = writer_put(writer, &block[i]);
            }
        }
    }
    return rc == PX_OK ? writer_flush(writer) : rc;
}

static int nameset_grow(struct nameset *set)
{
    struct writer *writer = calloc(1, sizeof *writer);
    struct table bigger;
    int rc = PX_EAGAIN;

    if (writer == NULL) {
        return PX_ENOMEM;
    }
    for (unsigned bits = set->table.bits + 1; rc == PX_EAGAIN && bits < 48; bits++) {
        rc = table_init(set, bits, &bigger);
        if (rc != PX_OK) {
            break;
        }
        *writer = (struct writer){.set = set, .table = &bigger};
        rc = copy_all(set, &set->table, writer);
        if (rc != PX_OK) {
            table_fini(set->io, &bigger);
        }
    }
    free(writer);
    if (rc == PX_OK) {
        table_fini(set->io, &set->table);
        set->table = bigger;
    }
    return rc;
}

/* So that a list made by a stranger cannot hold names that all collide. */
static uint64_t random_seed(const void *fallback)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        seed = (uint64_t)px_now_ns() ^ (uint64_t)(uintptr_t)fallback;
    }
    return seed;
}

int nameset_new(const struct px_io_ops *io, size_t memory_bytes, struct nameset **out)
{
    struct nameset *set = calloc(1, sizeof *set);

    if (set == NULL) {
        return PX_ENOMEM;
    }
    set->io = io;
    set->memory_bytes = memory_bytes != 0 ? memory_bytes : MEMORY_BYTES;
    set->seed = random_seed(set);
    int rc = table_init(set, FIRST_BITS, &set->table);
    if (rc != PX_OK) {
        free(set);
        return rc;
    }
    *out = set;
    return PX_OK;
}

void nameset_free(struct nameset *set)
{
    if (set != NULL) {
        table_fini(set->io, &set->table);
        free(set);
    }
}

int nameset_add(struct nameset *set, const char *target, size_t len, struct nameset_owner *owner)
{
    uint64_t key = name_hash(target, len, set->seed);
    int rc = PX_EAGAIN;

    key += key == 0;
    while (rc == PX_EAGAIN) {
        if (set->used >= ((uint64_t)3 << set->table.bits) / 4) {
            rc = nameset_grow(set);
            if (rc != PX_OK) {
                return rc == PX_EAGAIN ? PX_ENOMEM : rc;
            }
        }
        rc = table_add(set, &set->table, key, owner);
        if (rc == PX_EAGAIN && nameset_grow(set) != PX_OK) {
            return PX_ENOMEM;
        }
    }
    set->used += rc == PX_OK;
    return rc;
}
