/* SPDX-License-Identifier: MIT
 *
 * copy/walk.h - what a worker does with a task: open, hand out, copy.
 */
#ifndef PX_COPY_WALK_H
#define PX_COPY_WALK_H

#include <stdbool.h>

#include <pxfer/attr.h>

#include "copy/copier.h"

/* Works on the task in hand (ROOT, DIR or NAMES). True: it is at its end (or the engine is stopping):
 * call px_walk_end() and emit it. False: it was laid aside on the worker's own stack, below what
 * must be done first, and will be popped again. */
PX_NODISCARD bool px_walk_run(struct px_copier *copier);

/* Counts what was not done as canceled and gives up the directory. */
void px_walk_end(struct px_copier *copier);

#endif
