/* SPDX-License-Identifier: MIT
 *
 * base/bigmap.c - 64-bit keys to 64-bit values, any number of them in bounded memory.
 *
 * No locks: one thread has a map. Two levels:
 *
 *   young  a sorted table with gaps, in memory: an entry's home is given by the top bits of its key,
 *          entries stand in the order of their keys at their home or a little behind it
 *   old    one sorted run in an unlinked temporary file (the page cache may keep it, the process
 *          does not), with the first key of each block in memory
 *
 * When young is full it is merged with old into a new file, in one pass from start to end; of two
 * entries with one key the young one counts. A filter of bits says "surely not in old" for most new
 * keys, so that they cost no read. One million keys take 5 merges and about 0.2 us each; reading and
 * writing an entry of a table in a file took 3 us.
 */
#define _GNU_SOURCE
#include "base/bigmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"

#define MEMORY_BYTES ((size_t)4 << 20)
#define FIRST_BITS 10
/* Room behind the last home, for a run of entries that starts near the end. A longer run than this
 * makes the table grow, or go to the file early. At a load of 3/4 one of 256 has never been seen in
 * 10^8 keys; usual are 8. */
#define SLACK ((size_t)256)

/* Entries of old that are read at once, and that one key in memory stands for. */
#define BLOCK 256
/* Bits of the filter, all told; three for each entry. 8 for each of a million entries: one new key in
 * thirty is looked up in the file for nothing. */
#define FILTER_BITS ((uint64_t)1 << 23)
#define FILTER_PROBES 3

struct entry {
    uint64_t key; /* never 0: that is a gap in young */
    uint64_t value;
};

struct young {
    struct entry *table;
    unsigned bits;
    size_t used;
};

struct old {
    int fd; /* -1: empty */
    uint64_t used;
    uint64_t *first; /* of each block */
    uint64_t *filter;
};

struct px_bigmap {
    const struct px_io_ops *io;
    unsigned max_bits; /* of young */
    struct young young;
    struct old old;
    struct entry block[BLOCK]; /* of old, for one look-up */
};

/* --- young -----------------------------------------------------------------------------------*/

static size_t young_room(unsigned bits)
{
    return ((size_t)1 << bits) + SLACK;
}

static int young_init(struct young *young, unsigned bits)
{
    *young = (struct young){.bits = bits};
    young->table = calloc(young_room(bits), sizeof *young->table);
    return young->table != NULL ? PX_OK : PX_ENOMEM;
}

/* Where `key` is or belongs; a place behind its home that is out of SLACK's reach is the end. */
static size_t young_find(const struct young *young, uint64_t key)
{
    size_t at = (size_t)(key >> (64 - young->bits));

    while (young->table[at].key != 0 && young->table[at].key < key &&
           at + 1 < young_room(young->bits)) {
        at++;
    }
    return at;
}

/* Puts the entry at its place and moves what follows by one. PX_EAGAIN: the run there is too long. */
static int young_put(struct young *young, size_t at, const struct entry *entry)
{
    size_t gap = at;

    while (gap < young_room(young->bits) && young->table[gap].key != 0) {
        gap++;
    }
    if (gap >= young_room(young->bits) || gap - at >= SLACK) {
        return PX_EAGAIN;
    }
    memmove(&young->table[at + 1], &young->table[at], (gap - at) * sizeof *entry);
    young->table[at] = *entry;
    young->used++;
    return PX_OK;
}

static int young_grow(struct young *young)
{
    struct young bigger;
    int rc = young_init(&bigger, young->bits + 1);

    for (size_t i = 0; rc == PX_OK && i < young_room(young->bits); i++) {
        const struct entry *entry = &young->table[i];
        if (entry->key != 0) {
            rc = young_put(&bigger, young_find(&bigger, entry->key), entry);
        }
    }
    if (rc != PX_OK) {
        free(bigger.table);
        return rc;
    }
    free(young->table);
    *young = bigger;
    return PX_OK;
}

static bool young_is_full(const struct young *young)
{
    return young->used >= ((size_t)3 << young->bits) / 4;
}

/* --- old -------------------------------------------------------------------------------------*/

static void old_fini(const struct px_io_ops *io, struct old *old)
{
    if (old->fd >= 0) {
        PX_IGNORE(io->close(old->fd)); /* has no name: nothing to lose */
    }
    free(old->first);
    *old = (struct old){.fd = -1, .filter = old->filter};
}

/* The i-th of the bits that stand for a key. */
static uint64_t filter_bit(uint64_t key, unsigned i)
{
    return (key >> (21 * i)) % FILTER_BITS;
}

static void filter_add(uint64_t *filter, uint64_t key)
{
    for (unsigned i = 0; i < FILTER_PROBES; i++) {
        uint64_t bit = filter_bit(key, i);
        filter[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
}

static bool filter_has(const uint64_t *filter, uint64_t key)
{
    for (unsigned i = 0; i < FILTER_PROBES; i++) {
        uint64_t bit = filter_bit(key, i);
        if ((filter[bit / 64] & UINT64_C(1) << (bit % 64)) == 0) {
            return false;
        }
    }
    return true;
}

/* Entries [at, at + n) of old. */
static int old_read(const struct px_bigmap *map, uint64_t at, struct entry *buf, size_t n)
{
    char *to = (char *)buf;
    size_t left = n * sizeof *buf;
    off_t offset = (off_t)(at * sizeof *buf);

    while (left > 0) {
        ssize_t got = map->io->pread(map->old.fd, to, left, offset);

        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return PX_EIO;
        }
        to += got;
        left -= (size_t)got;
        offset += got;
    }
    return PX_OK;
}

static int compare_key(const void *key, const void *entry)
{
    uint64_t a = *(const uint64_t *)key, b = ((const struct entry *)entry)->key;

    return a < b ? -1 : a > b;
}

/* PX_OK with `*found`, NULL: it is not there. */
static int old_find(struct px_bigmap *map, uint64_t key, const struct entry **found)
{
    const struct old *old = &map->old;
    uint64_t low = 0, high = (old->used + BLOCK - 1) / BLOCK;

    *found = NULL;
    if (old->used == 0 || key < old->first[0] || !filter_has(old->filter, key)) {
        return PX_OK;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        if (old->first[middle] <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint64_t left = old->used - low * BLOCK;
    size_t n = left < BLOCK ? (size_t)left : BLOCK;
    if (old_read(map, low * BLOCK, map->block, n) != PX_OK) {
        return PX_EIO;
    }
    *found = bsearch(&key, map->block, n, sizeof *map->block, compare_key);
    return PX_OK;
}

/* --- merging ---------------------------------------------------------------------------------*/

struct merge {
    struct px_bigmap *map;
    struct old into;
    size_t young_at;
    uint64_t old_at;    /* first that is not in `in` */
    size_t in_at, in_n; /* of `in` */
    struct entry in[BLOCK];
    size_t out_n;
    struct entry out[BLOCK];
};

static const struct entry *next_young(struct merge *merge)
{
    const struct young *young = &merge->map->young;

    while (merge->young_at < young_room(young->bits) && young->table[merge->young_at].key == 0) {
        merge->young_at++;
    }
    return merge->young_at < young_room(young->bits) ? &young->table[merge->young_at] : NULL;
}

/* NULL with PX_OK in *rc: there is no more. */
static const struct entry *next_old(struct merge *merge, int *rc)
{
    uint64_t left = merge->map->old.used - merge->old_at;

    if (merge->in_at == merge->in_n && left > 0) {
        merge->in_n = left < BLOCK ? (size_t)left : BLOCK;
        merge->in_at = 0;
        *rc = old_read(merge->map, merge->old_at, merge->in, merge->in_n);
        merge->old_at += merge->in_n;
    }
    return *rc == PX_OK && merge->in_at < merge->in_n ? &merge->in[merge->in_at] : NULL;
}

static int flush_out(struct merge *merge)
{
    struct old *into = &merge->into;
    off_t at = (off_t)(into->used * sizeof *merge->out);

    if (merge->out_n == 0) {
        return PX_OK;
    }
    into->first[into->used / BLOCK] = merge->out[0].key;
    into->used += merge->out_n;
    size_t bytes = merge->out_n * sizeof *merge->out;
    merge->out_n = 0;
    return px_pwrite_all(merge->map->io, into->fd, merge->out, bytes, at) == 0 ? PX_OK : PX_EIO;
}

static int merge_all(struct merge *merge)
{
    int rc = PX_OK;

    while (rc == PX_OK) {
        const struct entry *a = next_young(merge);
        const struct entry *b = next_old(merge, &rc);

        if (rc != PX_OK || (a == NULL && b == NULL)) {
            break;
        }
        if (b == NULL || (a != NULL && a->key <= b->key)) {
            merge->in_at += b != NULL && a->key == b->key; /* its value has been replaced */
            merge->out[merge->out_n++] = *a;
            filter_add(merge->into.filter, a->key);
            merge->young_at++;
        } else {
            merge->out[merge->out_n++] = *b;
            merge->in_at++;
        }
        if (merge->out_n == BLOCK) {
            rc = flush_out(merge);
        }
    }
    return rc == PX_OK ? flush_out(merge) : rc;
}

/* Everything into a new file; young is empty afterwards. */
static int move_to_file(struct px_bigmap *map)
{
    struct merge *merge = calloc(1, sizeof *merge);
    uint64_t total = map->old.used + map->young.used;
    int rc = PX_ENOMEM;

    if (merge == NULL) {
        return PX_ENOMEM;
    }
    if (map->old.filter == NULL) {
        map->old.filter = calloc(FILTER_BITS / 64, sizeof *map->old.filter);
    }
    merge->map = map;
    merge->into = (struct old){.fd = -1, .filter = map->old.filter};
    merge->into.first = calloc(total / BLOCK + 1, sizeof *merge->into.first);
    if (merge->into.filter != NULL && merge->into.first != NULL) {
        merge->into.fd = px_open_unlinked(map->io);
        rc = merge->into.fd >= 0 ? merge_all(merge) : PX_EIO;
    }
    if (rc == PX_OK) {
        old_fini(map->io, &map->old);
        map->old = merge->into;
        memset(map->young.table, 0, young_room(map->young.bits) * sizeof *map->young.table);
        map->young.used = 0;
    } else {
        old_fini(map->io, &merge->into);
    }
    free(merge);
    return rc;
}

/* A quarter of the limit will do while a merge is cheap: pfetch with a list of a million lines then
 * needs 16.6 MB, not 20.5, and as much time. */
static bool is_full(const struct px_bigmap *map)
{
    return map->young.bits >= map->max_bits ||
           (map->young.bits + 2 >= map->max_bits && map->old.used < 32 * map->young.used);
}

/* Where no file can be written, memory must do: the rule about equal targets counts for more than
 * the limit. A file that cannot be read any more is told by the next look-up. */
static int make_room(struct px_bigmap *map)
{
    int rc = PX_EIO;

    if (is_full(map)) {
        rc = move_to_file(map);
        map->max_bits += rc == PX_EIO;
    }
    return rc == PX_EIO ? young_grow(&map->young) : rc;
}

/* --- the map ---------------------------------------------------------------------------------*/

int px_bigmap_new(const struct px_io_ops *io, size_t memory_bytes, struct px_bigmap **out)
{
    struct px_bigmap *map = calloc(1, sizeof *map);
    size_t limit = memory_bytes != 0 ? memory_bytes : MEMORY_BYTES;

    if (map == NULL) {
        return PX_ENOMEM;
    }
    map->io = io;
    map->old.fd = -1;
    map->max_bits = FIRST_BITS;
    while ((sizeof(struct entry) << (map->max_bits + 1)) <= limit) {
        map->max_bits++;
    }
    int rc = young_init(&map->young, FIRST_BITS);
    if (rc != PX_OK) {
        free(map);
        return rc;
    }
    *out = map;
    return PX_OK;
}

void px_bigmap_free(struct px_bigmap *map)
{
    if (map != NULL) {
        old_fini(map->io, &map->old);
        free(map->old.filter);
        free(map->young.table);
        free(map);
    }
}

/* 0 marks a gap. */
static uint64_t as_key(uint64_t key)
{
    return key + (key == 0);
}

/* The entry of `key` among the young ones, or NULL. */
static struct entry *find_young(struct px_bigmap *map, uint64_t key)
{
    struct entry *entry = &map->young.table[young_find(&map->young, key)];

    return entry->key == key ? entry : NULL;
}

/* A key that is not among the young ones. */
static int put_new(struct px_bigmap *map, const struct entry *entry)
{
    int rc = young_is_full(&map->young) ? make_room(map) : PX_OK;

    while (rc == PX_OK) {
        rc = young_put(&map->young, young_find(&map->young, entry->key), entry);
        if (rc != PX_EAGAIN) {
            return rc;
        }
        rc = make_room(map);
    }
    return rc;
}

int px_bigmap_find(struct px_bigmap *map, uint64_t key, bool *found, uint64_t *value)
{
    const struct entry *entry = find_young(map, as_key(key));
    int rc = entry == NULL ? old_find(map, as_key(key), &entry) : PX_OK;

    *found = rc == PX_OK && entry != NULL;
    if (*found) {
        *value = entry->value;
    }
    return rc;
}

int px_bigmap_add(struct px_bigmap *map, uint64_t key, uint64_t *value)
{
    const struct entry entry = {.key = as_key(key), .value = *value};
    bool found;
    int rc = px_bigmap_find(map, key, &found, value);

    if (rc != PX_OK) {
        return rc;
    }
    return found ? PX_EEXIST : put_new(map, &entry);
}

int px_bigmap_set(struct px_bigmap *map, uint64_t key, uint64_t value)
{
    const struct entry entry = {.key = as_key(key), .value = value};
    struct entry *young = find_young(map, entry.key);

    if (young == NULL) {
        return put_new(map, &entry);
    }
    young->value = value;
    return PX_OK;
}
