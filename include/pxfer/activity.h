/* SPDX-License-Identifier: MIT
 *
 * pxfer/activity.h - what is being worked on right now, for a live display.
 *
 * The workers write, one thread samples, nobody waits: bytes are relaxed atomics on a cache line of
 * the slot's own, the name is copied under a lock that only the sampler ever contends for.
 *
 * There is one slot for each item that can be in flight: worker * per_worker + stream. A slot is
 * written by its worker's thread only. A NULL activity turns every call into nothing.
 */
#ifndef PXFER_ACTIVITY_H
#define PXFER_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define PX_ACTIVITY_NAME_BYTES 96

PX_BEGIN_DECLS

struct px_activity;

struct px_activity_sample {
    bool active;
    char name[PX_ACTIVITY_NAME_BYTES]; /* escaped, cut: ready to print */
    uint64_t done_bytes;
    uint64_t total_bytes; /* 0 = not known */
    int64_t begin_ns;
    uint64_t group; /* 0 = on its own */
};

/* PX_EINVAL: no slot. PX_ENOMEM. */
PX_API PX_NODISCARD int px_activity_new(size_t slots, struct px_activity **out);
PX_API void px_activity_free(struct px_activity *activity);

/* The slot's item begins. `name` is raw bytes of a path or a file name, never a URL (it may be cut
 * at its head, where a mask for secrets would be lost); it is escaped when sampled. */
PX_API void px_activity_begin(struct px_activity *activity, size_t slot, const char *name,
                              uint64_t total_bytes);
/* Its size became known. */
PX_API void px_activity_total(struct px_activity *activity, size_t slot, uint64_t total_bytes);
/* `bytes` more were moved. */
PX_API void px_activity_add(struct px_activity *activity, size_t slot, uint64_t bytes);
/* An item, however small, was finished. */
PX_API void px_activity_item(struct px_activity *activity, size_t slot);
/* The slot's item is one of several that are parts of one thing, which is shown once: `group` is the
 * same number for all of them, not 0. Their totals and, by px_activity_done(), their bytes are then
 * those of the whole. */
PX_API void px_activity_join(struct px_activity *activity, size_t slot, uint64_t group);
/* So many bytes of the whole are there, whoever moved them. */
PX_API void px_activity_done(struct px_activity *activity, size_t slot, uint64_t bytes);
/* The slot is free again. */
PX_API void px_activity_end(struct px_activity *activity, size_t slot);

/* Any thread. */
PX_API size_t px_activity_slots(const struct px_activity *activity);
PX_API void px_activity_sample(struct px_activity *activity, size_t slot,
                               struct px_activity_sample *out);
/* Bytes moved by all slots since px_activity_new(). */
PX_API uint64_t px_activity_bytes(struct px_activity *activity);
/* Items finished by all of them, by px_activity_item(). */
PX_API uint64_t px_activity_items(struct px_activity *activity);

PX_END_DECLS

#endif
