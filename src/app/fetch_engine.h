/* SPDX-License-Identifier: MIT
 *
 * app/fetch_engine.h - the download engine as a session sees it: opened for one run, and how its
 * items and times are told.
 */
#ifndef PX_APP_FETCH_ENGINE_H
#define PX_APP_FETCH_ENGINE_H

#include <stddef.h>
#include <stdio.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

#include "app/session.h"

/* What points into static storage. */
struct report_schema fetch_engine_report(void);
struct journal_schema fetch_engine_journal(void);

/* Opens the engine with `opts`, of which `run` decides the workers, the folder and who listens.
 * `opts` may go away afterwards; what it points to may not. Errors as px_fetch_new(). */
PX_NODISCARD int fetch_engine_open(const struct px_fetch_opts *opts, const struct session_run *run,
                                   struct run_engine *out, char *error, size_t room);
PX_NODISCARD int fetch_engine_sync(void *ctx, struct run_engine *engine);
void fetch_engine_close(void *ctx, struct run_engine *engine);

/* Lines of --version: libcurl, its TLS library and features. */
void fetch_engine_print_versions(FILE *out);

#endif
