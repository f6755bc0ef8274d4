/* SPDX-License-Identifier: MIT
 *
 * fetch/ranges.h - a few stretches of a file, in order, without overlap: which bytes are there. Pure.
 */
#ifndef FETCH_RANGES_H
#define FETCH_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define RANGES_MAX 130
#define RANGES_TEXT_ROOM (RANGES_MAX * 42)

struct range {
    uint64_t from, to; /* bytes [from, to), from < to */
};

struct ranges {
    size_t n;
    struct range at[RANGES_MAX]; /* each begins behind the end of the one before */
};

/* Appends [from, to), joined to the last one when it touches that. `from` is not before the end of
 * the last. Nothing for an empty stretch, or when there is no room: then that part is taken for
 * missing. */
void ranges_add(struct ranges *ranges, uint64_t from, uint64_t to);

/* Drops what lies at or behind `end`. */
void ranges_clip(struct ranges *ranges, uint64_t end);

uint64_t ranges_sum(const struct ranges *ranges);

/* The end of the stretch that begins at byte 0; 0 = there is none. */
uint64_t ranges_prefix(const struct ranges *ranges);

/* "0-100 200-300", half-open; "" for none. `text` has RANGES_TEXT_ROOM bytes. */
void ranges_format(const struct ranges *ranges, char *text);

/* PX_EINVAL: not of that form, out of order, beyond `limit`, or too many. */
PX_NODISCARD int ranges_parse(const char *text, size_t len, uint64_t limit, struct ranges *out);

#endif
