/* SPDX-License-Identifier: MIT
 *
 * copy/names.h - a pack of names of one directory, the payload of a task: at most PX_NAMES_MAX, each
 * with its type, one after the other in one allocation. One thread at a time.
 */
#ifndef PX_COPY_NAMES_H
#define PX_COPY_NAMES_H

#include <stddef.h>

#include <pxfer/attr.h>

/* Small enough that two workers share one directory of many files well, large enough that a task's
 * way through two queues (about 5 us with the wake-ups) does not count against 256 files' 15 us
 * each. A pack whose files turn out to be large is split again (copy/handout.c). */
#define PX_NAMES_MAX 256

struct px_names;

/* An empty pack with room for `bytes` of names and types. NULL: out of memory. free() it. */
PX_NODISCARD struct px_names *px_names_new(size_t bytes);

/* The room that PX_NAMES_MAX names of any length need. */
size_t px_names_room_max(void);

/* Adds one; `type` is a DT_ value of readdir(3). PX_EAGAIN: the pack is full. */
PX_NODISCARD int px_names_add(struct px_names *names, unsigned char type, const char *name);

/* Takes the next; the pointer is good until the pack is freed or cleared. NULL: none is left. */
const char *px_names_take(struct px_names *names, unsigned char *type);

/* How many are left to take. A NULL pack is empty. */
size_t px_names_left(const struct px_names *names);

/* Forgets all. */
void px_names_clear(struct px_names *names);

/* A new pack of exactly what is left. NULL: out of memory. */
PX_NODISCARD struct px_names *px_names_dup(const struct px_names *names);

/* Moves the second half of what is left (the only one when there is one) into a new pack. NULL:
 * none is left, or out of memory; nothing changed then. */
PX_NODISCARD struct px_names *px_names_split(struct px_names *names);

#endif
