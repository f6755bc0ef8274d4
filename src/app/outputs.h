/* SPDX-License-Identifier: MIT
 *
 * app/outputs.h - where the words of a session go: standard output and error, and whoever the common
 * options let listen to a run (live display, journal, list of failures, an engine's own file). Opened
 * before a run and closed behind it; what cannot be opened or was lost is said here.
 *
 * Main's thread only.
 */
#ifndef PX_APP_OUTPUTS_H
#define PX_APP_OUTPUTS_H

#include <stdbool.h>

#include <pxfer/activity.h>
#include <pxfer/attr.h>
#include <pxfer/log.h>
#include <pxfer/outlock.h>

#include "app/tell.h"

struct session_opts;
struct session_program;

/* Fixed after outputs_init(). */
struct outputs {
    const struct session_program *program; /* borrowed */
    const struct session_opts *opts;       /* borrowed */
    struct px_outlock *err;                /* owned */
    struct px_outlock *out;                /* owned */
    struct px_log log;                     /* messages, as many as the options want */
    struct px_log errors_only;             /* those of measured runs */
};

/* `program` and `opts` must outlive it. PX_ENOMEM; then nothing is to be freed. */
PX_NODISCARD int outputs_init(struct outputs *outputs, const struct session_program *program,
                              const struct session_opts *opts);
void outputs_fini(struct outputs *outputs);

/* An error: `what` and `name`, a path, and why: errno when it is not 0, else `status`. */
void outputs_say(const struct outputs *outputs, const char *what, const char *name, int status);

/* An error: the sentence, or the text of `status` when that is empty. */
void outputs_say_why(const struct outputs *outputs, const char *why, int status);

/* What cannot be written is better known before a long measurement than after it: opens the files of
 * the options and closes them as they were. PX_OK, or the status of the first that cannot be opened,
 * which was said. */
PX_NODISCARD int outputs_try(const struct outputs *outputs);

/* Does anybody listen to each item of the real run, not only to failures? */
bool outputs_want_every_item(const struct outputs *outputs);

/* Who listens to a run, into `to`, which is zeroed. A measured one has a live display and no other
 * listener. Not PX_OK: it was said, and what was opened is to be closed all the same. `activity` is
 * borrowed until then. */
PX_NODISCARD int outputs_open(const struct outputs *outputs, struct px_activity *activity,
                              bool measured, struct tell_listeners *to);

/* PX_OK, or that something was lost, which was said. */
PX_NODISCARD int outputs_close(const struct outputs *outputs, struct tell_listeners *to);

#endif
