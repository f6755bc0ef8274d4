/* SPDX-License-Identifier: MIT
 *
 * fetch/tuning.h - -j auto for downloads (core/tuning.h): the source limits how many transfers it lets
 * out; what counts as work is decided here.
 *
 * Part of the source, on the owner's thread.
 */
#ifndef FETCH_TUNING_H
#define FETCH_TUNING_H

#include "core/tuning.h"

struct fetch_task;
struct px_fetch;

void fetch_tuning_init(struct tuning *tuning, struct px_fetch *fetch, int64_t now_ns);

/* A task came back; `final`: it will not be handed out again. */
void fetch_tuning_count(struct tuning *tuning, const struct fetch_task *task, bool final);

/* tuning_level(), which fetch->level has afterwards. */
size_t fetch_tuning_level(struct tuning *tuning, struct px_fetch *fetch, int64_t now_ns,
                          int64_t *until_ns);

#endif
