/* SPDX-License-Identifier: MIT
 *
 * copy/worker.h - the copy engine's worker body; px_copy_body() in pxfer/copy.h hands it out. The
 * essay on how the workers share a tree is in worker.c.
 */
#ifndef PX_COPY_WORKER_H
#define PX_COPY_WORKER_H

#include <pxfer/worker.h>

/* ctx is the struct px_copy. */
struct px_worker_body px_copy_worker_body(void *ctx);

#endif
