/* SPDX-License-Identifier: MIT
 *
 * copy/finish.h - giving up references to a directory, and what is done to it after the last one.
 */
#ifndef PX_COPY_FINISH_H
#define PX_COPY_FINISH_H

#include "copy/copier.h"
#include "copy/dir.h"

/* Gives up a reference; the last one finishes the directory for each destination of its set: what
 * is extra there is removed, it gets its owner, mode and times (or is compared), also when something
 * below it failed or was canceled, and an item, which goes to the task in hand. Then its reference to
 * the parent is given up the same way. A container is nobody's item and is left as it is. NULL is
 * legal. */
void px_dir_drop(struct px_copier *copier, struct px_dir *dir);

#endif
