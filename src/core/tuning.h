/* SPDX-License-Identifier: MIT
 *
 * core/tuning.h - -j auto: how many go on at a time (core/autolevel.h), what is counted for that, and
 * how the decisions are told. For pfetch part of its source, for pcopy of the run loop.
 *
 * On the owner's thread; the bytes come from the activity display's counters, which the workers keep
 * as relaxed atomics.
 */
#ifndef CORE_TUNING_H
#define CORE_TUNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/activity.h>
#include <pxfer/log.h>
#include <pxfer/source.h>

#include "core/autolevel.h"

struct tuning {
    /* borrowed, fixed */
    const struct px_log *log;     /* NULL = none */
    struct px_activity *activity; /* NULL: the owner counts the bytes */
    const char *things;           /* "transfers" */

    bool on;
    struct autolevel autolevel;
    struct autolevel_work work; /* items, busy: the owner counts them */
    bool has_decision;          /* that nobody has asked for yet */
    struct px_decision decision;
};

/* `rule` NULL: off, nothing is limited. What is borrowed and fixed is taken from `as`. */
void tuning_init(struct tuning *tuning, const struct tuning *as, const struct autolevel_rule *rule,
                 int64_t now_ns);

/* How many may go on; decides anew when it is time. SIZE_MAX: off. `*until_ns` is no later than when
 * it wants to be asked again. */
size_t tuning_level(struct tuning *tuning, int64_t now_ns, int64_t *until_ns);

/* There is nothing to hand out, though the level would allow it. */
void tuning_note_starved(struct tuning *tuning);

/* A decision that was made elsewhere, told like its own. `measured`: what it is based on, as a text
 * for -v. */
void tuning_tell(struct tuning *tuning, const struct px_decision *decision, const char *measured);

/* The last decision, once. */
bool tuning_take_decision(struct tuning *tuning, struct px_decision *out);

#endif
