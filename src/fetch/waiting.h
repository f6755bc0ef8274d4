/* SPDX-License-Identifier: MIT
 *
 * fetch/waiting.h - the tasks that no worker has and that are not at their end: those that wait for
 * their own time (a retry) and then, or at once, for their host to have a slot, to let a delay pass
 * or a pause that it asked for.
 *
 * Part of the source, on the owner's thread. Holds the tasks until they are taken.
 */
#ifndef FETCH_WAITING_H
#define FETCH_WAITING_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "fetch/kept.h"

struct fetch_task;
struct origins;

/* How many of them may keep an open file with the bytes that they have. */
#define WAITING_PARTS 128

struct waiting {
    struct kept kept;        /* for their own time */
    struct origins *origins; /* borrowed, NULL: none yet; has those that wait for their host */
    size_t parts;            /* with an open file */
};

size_t waiting_count(const struct waiting *waiting);

/* Of them, those that wait for their own time. */
size_t waiting_tries(const struct waiting *waiting);

/* Keeps the task until its plan.ready_ns. PX_ENOMEM. */
PX_NODISCARD int waiting_add(struct waiting *waiting, struct fetch_task *task);

/* May a task that is about to start do so? PX_OK: it has a slot of its host. PX_EAGAIN: it is kept
 * until it gets one, and `*until_ns` is no later than when that may be. PX_ENOMEM. */
PX_NODISCARD int waiting_start(struct waiting *waiting, struct fetch_task *task, int64_t now_ns,
                               int64_t *until_ns);

/* The next task whose time has come and whose host lets it start; it has its slot. PX_EAGAIN: none;
 * `*until_ns` as above. PX_ENOMEM. */
PX_NODISCARD int waiting_take_due(struct waiting *waiting, int64_t now_ns, struct fetch_task **out,
                                  int64_t *until_ns);

/* Any task, without a slot, to be given up. NULL: none. */
struct fetch_task *waiting_take_any(struct waiting *waiting);

void waiting_fini(struct waiting *waiting); /* not the tasks, nor the origins */

#endif
