/* SPDX-License-Identifier: MIT
 *
 * fetch/worker.h - the worker body of the download engine. px_fetch_body() in pxfer/fetch.h is the
 * way in; this header is for the engine and tests.
 */
#ifndef FETCH_WORKER_H
#define FETCH_WORKER_H

#include <pxfer/attr.h>
#include <pxfer/worker.h>

/* As struct px_worker_body has it; ctx is the struct px_fetch. */
PX_NODISCARD int worker_init(struct px_worker *worker, void *ctx, void **state);
void worker_run(struct px_worker *worker, void *state);
void worker_fini(struct px_worker *worker, void *state);

#endif
