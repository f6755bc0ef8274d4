/* SPDX-License-Identifier: MIT
 *
 * fetch/settle.h - what can be decided about a task without a request: it has failed already, its
 * target belongs to an earlier line, its file is there, or the run is a dry one.
 *
 * settle_task(): one thread (the source's).
 */
#ifndef FETCH_SETTLE_H
#define FETCH_SETTLE_H

#include <stdbool.h>

#include <pxfer/attr.h>

struct fetch_task;
struct px_fetch;
struct targets;

struct settle {
    const struct px_fetch *fetch; /* borrowed */
    struct targets *targets;      /* those of the run, or `own` */
    struct targets *own;
    const char *error; /* static; why settle_task() failed, or NULL */
};

/* `apart`: claims are made in a set that is thrown away, not in the run's. PX_ENOMEM; then
 * settle_fini() is legal, as it is on zeroed memory. */
PX_NODISCARD int settle_init(struct settle *settle, const struct px_fetch *fetch, bool apart);
void settle_fini(struct settle *settle);

/* Gives the task's target to it. When an earlier one has it, the task has failed, or is skipped as
 * the same line. A task that has failed already claims nothing. PX_EIO, PX_ENOMEM. */
PX_NODISCARD int settle_claim(struct settle *settle, struct fetch_task *task);

/* PX_OK with `*finished`: it needs no worker. Else (PX_EIO, PX_ENOMEM) the run cannot go on. */
PX_NODISCARD int settle_task(struct settle *settle, struct fetch_task *task, bool *finished);

/* Looks at the target, for --on-exist=skip and fail. True: the task is finished. Any thread, for a
 * task that is its own. */
bool settle_existing(struct fetch_task *task);

#endif
