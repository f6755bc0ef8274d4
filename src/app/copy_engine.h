/* SPDX-License-Identifier: MIT
 *
 * app/copy_engine.h - the copy engine as a session sees it: opened for one run, and how its items
 * and times are told.
 */
#ifndef PX_APP_COPY_ENGINE_H
#define PX_APP_COPY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "app/session.h"

/* What points into static storage. */
struct report_schema copy_engine_report(void);
struct journal_schema copy_engine_journal(void);

/* plan_words_fn: what would be done with an item, and how many bytes it has. */
void copy_engine_plan_words(const struct px_item *item, char *out, size_t room);

/* Opens the engine with `opts`, of which `run` decides the workers, the target and who listens.
 * `opts` may go away afterwards; what it points to may not. Errors as px_copy_new(). */
PX_NODISCARD int copy_engine_open(const struct px_copy_opts *opts, const struct session_run *run,
                                  struct run_engine *out, char *error, size_t room);
/* session_program.sync; ctx: the struct px_copy_opts. */
int copy_engine_sync(void *ctx, struct run_engine *engine);
void copy_engine_close(void *ctx, struct run_engine *engine);

#endif
