/* SPDX-License-Identifier: MIT
 *
 * fetch/settle.h - what can be decided about a task without a request: it has failed already, its
 * target belongs to an earlier line, its file is there, or the run is a dry one.
 *
 * One thread (the source's).
 */
#ifndef FETCH_SETTLE_H
#define FETCH_SETTLE_H

#include <stdbool.h>

#include <pxfer/attr.h>

struct fetch_task;
struct list;
struct nameset;
struct px_fetch;

struct settle {
    const struct px_fetch *fetch; /* borrowed, as is the list */
    const struct list *list;
    struct nameset *names; /* targets that lines have claimed */
    const char *error;     /* static; why settle_task() failed, or NULL */
};

/* PX_ENOMEM; then settle_fini() is legal, as it is on zeroed memory. */
PX_NODISCARD int settle_init(struct settle *settle, const struct px_fetch *fetch,
                             const struct list *list);
void settle_fini(struct settle *settle);

/* Gives the task's target to it. When an earlier one has it, the task has failed, or is skipped as
 * the same line. A task that has failed already claims nothing. PX_EIO, PX_ENOMEM. */
PX_NODISCARD int settle_claim(struct settle *settle, struct fetch_task *task);

/* PX_OK with `*finished`: it needs no worker. Else (PX_EIO, PX_ENOMEM) the run cannot go on. */
PX_NODISCARD int settle_task(struct settle *settle, struct fetch_task *task, bool *finished);

#endif
