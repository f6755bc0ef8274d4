/* SPDX-License-Identifier: MIT
 *
 * app/progress.h - the live display. On a terminal: a line for each active item, as many as fit,
 * and a total, redrawn at most 10 times a second as the overlay of an outlock, gone without a trace
 * at the end. Elsewhere: a plain line every 5 seconds, so nothing for a short run. No colours.
 *
 * Called by main's thread between results; the workers are only sampled (pxfer/activity.h).
 */
#ifndef PX_APP_PROGRESS_H
#define PX_APP_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/activity.h>
#include <pxfer/attr.h>
#include <pxfer/outlock.h>

#include "base/clock.h"

#define PROGRESS_BAR_NS (PX_NS_PER_S / 10)
#define PROGRESS_PLAIN_NS (5 * PX_NS_PER_S)

enum progress_mode {
    PROGRESS_AUTO, /* bar on a terminal that can (TERM set and not "dumb"), else plain */
    PROGRESS_BAR,
    PROGRESS_PLAIN,
    PROGRESS_NONE,
};

/* All borrowed. */
struct progress_opts {
    enum progress_mode mode;
    struct px_outlock *out; /* on stderr */
    int fd;                 /* the outlock's descriptor: asked for being a terminal and its size */
    bool stdout_used;       /* lines go to standard output too: no bar when that is a terminal */
    struct px_activity *activity; /* may be NULL */
    const struct px_clock *clock; /* NULL = real */
    const char *program;          /* "pfetch" */
    const char *noun;             /* "files" */
};

/* What main has counted so far. */
struct progress_counts {
    uint64_t ok, skipped, failed;
    uint64_t bytes;   /* that finished items moved; with an activity its count is shown instead */
    uint64_t waiting; /* of those that are not finished: for another try */
    uint64_t total_items; /* 0 = not known (yet) */
};

struct progress;

/* PX_ENOMEM. With PROGRESS_NONE nothing is drawn but by progress_say(). */
PX_NODISCARD int progress_new(const struct progress_opts *opts, struct progress **out);

/* Removes the overlay, frees. NULL is legal. */
void progress_free(struct progress *progress);

/* When the next tick is worth calling, for the deadline of main's wait; PX_FOREVER = never. */
int64_t progress_due_ns(const struct progress *progress);

/* Draws, if it is time. */
void progress_tick(struct progress *progress, const struct progress_counts *counts);

/* A status line now, in any mode, as an ordinary block (SIGUSR1). */
void progress_say(struct progress *progress, const struct progress_counts *counts);

/* Pure: AUTO resolved. `term` is $TERM or NULL. */
enum progress_mode progress_choose(enum progress_mode asked, bool is_terminal, const char *term);

#endif
