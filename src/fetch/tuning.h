/* SPDX-License-Identifier: MIT
 *
 * fetch/tuning.h - -j auto: how many transfers the source lets go on at a time (core/autolevel.h), what
 * it counts for that, and how the decisions are told.
 *
 * Part of the source, on the owner's thread.
 */
#ifndef FETCH_TUNING_H
#define FETCH_TUNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/source.h>

#include "core/autolevel.h"

struct fetch_task;
struct px_fetch;

struct tuning {
    struct px_fetch *fetch;
    bool on;
    struct autolevel autolevel;
    struct autolevel_work work;
    bool has_decision; /* that nobody has asked for yet */
    struct px_decision decision;
};

void tuning_init(struct tuning *tuning, struct px_fetch *fetch, int64_t now_ns);

/* A task came back; `final`: it will not be handed out again. */
void tuning_count(struct tuning *tuning, const struct fetch_task *task, bool final);

/* How many transfers may go on; decides anew when it is time. `*until_ns` is no later than when it
 * wants to be asked again. */
size_t tuning_level(struct tuning *tuning, int64_t now_ns, int64_t *until_ns);

/* There is nothing to hand out, though the level would allow it. */
void tuning_note_starved(struct tuning *tuning);

/* The last decision, once. */
bool tuning_take_decision(struct tuning *tuning, struct px_decision *out);

#endif
