/* SPDX-License-Identifier: MIT
 *
 * fetch/ordered.h - finished bodies onto one descriptor, in the order in which their places were
 * reserved, however they finish.
 *
 * It has a thread of its own that writes, so that a slow reader keeps nobody else waiting; all
 * functions are called on the owner's thread, and none of them waits for the reader. A window bounds
 * what is ahead of the reader: in bodies, and in bytes of bodies that wait for their turn.
 */
#ifndef FETCH_ORDERED_H
#define FETCH_ORDERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct ordered;

struct ordered_opts {
    int out;        /* borrowed */
    size_t places;  /* at least 1: reserved and not yet taken */
    size_t always;  /* so many places, whatever their bytes */
    uint64_t bytes; /* that wait or are expected: from here on no place beyond `always` */
};

/* fd >= 0: the first `size` bytes of it; else those at `bytes`. Borrowed until the item is taken. */
struct ordered_body {
    int fd;
    const char *bytes;
    uint64_t size;
};

/* PX_ENOMEM; PX_ETHREAD. */
PX_NODISCARD int ordered_new(const struct ordered_opts *opts, struct ordered **out);
/* As ordered_stop(), and frees. NULL is legal. */
void ordered_free(struct ordered *ordered);

bool ordered_has_room(struct ordered *ordered);

/* The next place, 0, 1, 2 ...; only when there is room. */
uint64_t ordered_reserve(struct ordered *ordered);

/* The item of a place is ready. A NULL body: a gap, after which nothing may be written. */
void ordered_put(struct ordered *ordered, uint64_t place, void *item,
                 const struct ordered_body *body);

/* The next item, in order. PX_OK: it was written, or it is the gap (`*written` tells). PX_EAGAIN:
 * not now; PX_EEND: no place is reserved. PX_EIO, PX_EFULL, PX_ENOMEM with `*err`: the descriptor
 * failed; ordered_stop() is due.
 * After ordered_stop(): every item that is ready, in order, past those that are not. */
PX_NODISCARD int ordered_take(struct ordered *ordered, void **item, bool *written, int *err);

/* Nothing more is written, not even the rest of the body in hand. Waits for the thread, 100 ms or a
 * step of the writing. */
void ordered_stop(struct ordered *ordered);

/* A body or a gap is ready, so that the next ordered_take() may find it without another put. */
bool ordered_is_busy(struct ordered *ordered);

#endif
