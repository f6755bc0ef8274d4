/* SPDX-License-Identifier: MIT
 *
 * fetch/origin.h - what each server is asked for at once, and when next: slots (-x), the time between
 * two starts (--delay), pauses that it asked for (Retry-After), and the tasks that wait for one of
 * these.
 *
 * A server is known by the origin (scheme, host, port) of the URL that was given: what a redirect
 * leads to is not counted. Servers take turns: of those that may be asked now the one goes first that
 * has waited longest for its turn; of one server's tasks the one that came first from the list.
 *
 * A slot is a transfer that is going on, a piece of a file or a whole one. Whoever starts one has
 * called origins_acquire() or got the task from origins_next(), and owes an origins_release().
 *
 * A server is remembered while something of it goes on or waits, and while it is not to be asked; of
 * the latter ones ORIGINS_MAX at most: beyond that the one whose time comes first is forgotten. One
 * thread (the source's).
 */
#ifndef FETCH_ORIGIN_H
#define FETCH_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define ORIGINS_MAX 4096

struct fetch_task;
struct origins;

struct origins_rules {
    unsigned most;    /* transfers of one server at a time, 0 = no limit */
    int64_t delay_ns; /* between the starts of two of them, 0 = none */
};

PX_NODISCARD int origins_new(const struct origins_rules *rules,
                             struct origins **out); /* PX_ENOMEM */
void origins_free(struct origins *origins);         /* not the tasks */

/* No request to `origin` (a hash of it) before `until_ns`; a pause is never made shorter.
 * PX_ENOMEM. */
PX_NODISCARD int origins_pause(struct origins *origins, uint64_t origin, int64_t until_ns,
                               int64_t now_ns);

/* When a request to it may be made by the pauses and the delay: now_ns when nothing is in the way.
 * Cheap when nobody is remembered. */
int64_t origins_ready_ns(struct origins *origins, uint64_t origin, int64_t now_ns);

/* Takes a slot for a transfer that starts now. PX_EAGAIN: not now, because of a pause, the delay, the
 * limit, or tasks that wait already; then `*until_ns` is when to ask again, PX_FOREVER: after a
 * release. PX_ENOMEM. */
PX_NODISCARD int origins_acquire(struct origins *origins, uint64_t origin, int64_t now_ns,
                                 int64_t *until_ns);
/* Gives it back: the transfer is over. */
void origins_release(struct origins *origins, uint64_t origin, int64_t now_ns);

/* Adds a task (borrowed) to those that wait for its server: task->origin, in the order of
 * task->plan.order. PX_ENOMEM. */
PX_NODISCARD int origins_wait(struct origins *origins, struct fetch_task *task, int64_t now_ns);
/* The next waiting task that may start now; its slot is taken. NULL: none; then `*until_ns` is when
 * there may be one, PX_FOREVER: after a release. */
struct fetch_task *origins_next(struct origins *origins, int64_t now_ns, int64_t *until_ns);
/* Any waiting task, without a slot, to be given up. NULL: none. */
struct fetch_task *origins_drop(struct origins *origins);
size_t origins_waiting(const struct origins *origins);

size_t origins_count(const struct origins *origins); /* for tests */

#endif
