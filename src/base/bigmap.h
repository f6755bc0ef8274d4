/* SPDX-License-Identifier: MIT
 *
 * base/bigmap.h - 64-bit keys to 64-bit values, any number of them in bounded memory: up to a limit
 * in memory, beyond it in an unlinked temporary file (the page cache may keep that, the process does
 * not).
 *
 * One thread. Keys must be spread evenly, so hash what is not: 10 million keys hashed to 64 bits have
 * two equal ones among them with a chance below 3 in a million.
 */
#ifndef PX_BASE_BIGMAP_H
#define PX_BASE_BIGMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct px_bigmap;
struct px_io_ops;

/* `memory_bytes`: 0 = 4 MiB; while there are few keys a quarter of that. io is borrowed. PX_ENOMEM. */
PX_NODISCARD int px_bigmap_new(const struct px_io_ops *io, size_t memory_bytes,
                               struct px_bigmap **out);
void px_bigmap_free(struct px_bigmap *map);

/* Gives `key` a value. PX_EEXIST: it has one already, put into `*value`. PX_EIO: the temporary file
 * failed (errno). PX_ENOMEM. */
PX_NODISCARD int px_bigmap_add(struct px_bigmap *map, uint64_t key, uint64_t *value);

/* Gives `key` a value, in place of the one it may have. As px_bigmap_add(). */
PX_NODISCARD int px_bigmap_set(struct px_bigmap *map, uint64_t key, uint64_t value);

/* PX_OK with `*found`; PX_EIO. */
PX_NODISCARD int px_bigmap_find(struct px_bigmap *map, uint64_t key, bool *found, uint64_t *value);

#endif
