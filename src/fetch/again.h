/* SPDX-License-Identifier: MIT
 *
 * fetch/again.h - what becomes of a task whose try has ended: it is final, or it waits for another
 * one: when its host may be asked again, from the next mirror, when its helpers are gone.
 *
 * The source's, on the owner's thread alone.
 */
#ifndef FETCH_AGAIN_H
#define FETCH_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "fetch/speeds.h"

struct crew;
struct fetch_task;
struct origins;
struct px_fetch;
struct waiting;

struct again {
    struct px_fetch *fetch; /* borrowed, as the next three */
    struct origins *origins;
    struct waiting *waiting;
    struct crew *crew;
    struct speeds speeds; /* of mirrors */
    uint64_t random;      /* state of the jitter's generator; not 0 */
    bool drained;         /* nothing is tried again */
};

/* PX_OK: it is final. PX_EAGAIN: it is kept, in `waiting` or by the crew. */
PX_NODISCARD int again_judge(struct again *again, struct fetch_task *task, int64_t now);

/* A mirrors_speed; ctx is the struct again. */
double again_speed_of(void *ctx, uint64_t origin);

#endif
