/* SPDX-License-Identifier: MIT
 *
 * core/turns.h - how many of a pool's workers work at a time, when that is to change while they do: a
 * counting semaphore whose number of permits (turns) can be set at any time.
 *
 * A worker has a turn while it works on a task. The first `limit` workers take new tasks; the others
 * wait, and cost nothing. One that is in the middle of something when the limit falls waits at its
 * next step, unless fewer than `limit` work: so whatever somebody has begun goes on in the end.
 */
#ifndef CORE_TURNS_H
#define CORE_TURNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "base/mutex.h"

struct turns {
    /* atomic: written under the lock; turns_pass() looks without it, and what it finds may be a moment
     * old: then that worker waits one step later. So relaxed. */
    atomic_uint limit;   /* at least 1 */
    atomic_uint working; /* have a turn */

    struct px_mutex lock;
    struct px_cond raised; /* limit or `open` */
    struct px_cond freed;  /* a turn, or `raised` */

    /* protected by lock */
    bool open PX_GUARDED;          /* no limit any more */
    int64_t since_ns PX_GUARDED;   /* of the last change of `working` */
    uint64_t worked_ns PX_GUARDED; /* turns times their length, until then */
};

/* PX_ENOMEM. */
PX_NODISCARD int turns_init(struct turns *turns, unsigned limit);
void turns_fini(struct turns *turns);

/* Any thread. 0 counts as 1. */
void turns_set(struct turns *turns, unsigned limit) PX_EXCLUDES(turns->lock);

/* Nobody waits any more, for good. */
void turns_open(struct turns *turns) PX_EXCLUDES(turns->lock);

/* Worker: may the one of this rank (0 the first) take a new task? Waits until the deadline
 * (pxfer/queue.h). PX_OK, PX_EAGAIN (PX_NOWAIT), PX_ETIMEDOUT. */
PX_NODISCARD int turns_await(struct turns *turns, unsigned rank, int64_t deadline_ns)
    PX_EXCLUDES(turns->lock);

/* Worker: waits for a turn; gives it back; between two steps gives it up and waits for another one
 * when too many work (else: two loads). */
void turns_take(struct turns *turns) PX_EXCLUDES(turns->lock);
void turns_give(struct turns *turns) PX_EXCLUDES(turns->lock);
void turns_pass(struct turns *turns) PX_EXCLUDES(turns->lock);

/* Any thread: the sum of the lengths of all turns until now. */
uint64_t turns_worked_ns(struct turns *turns, int64_t now_ns) PX_EXCLUDES(turns->lock);

#endif
