/* SPDX-License-Identifier: MIT
 *
 * copy/handout.h - directories become tasks for all workers: names are listed, packed, handed out,
 * and given away later by whoever has too many. All about the task in hand.
 */
#ifndef PX_COPY_HANDOUT_H
#define PX_COPY_HANDOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "copy/copier.h"

/* Lists one buffer of names of the task's directory, which is open and not at its end (`listing`),
 * with no names left in hand. Packs that fill up are offered, the last names are the task's then. A
 * listing that breaks off is at its end, and the directory knows why.
 * False: a pack was refused; it is on the worker's own stack and the task below it. */
PX_NODISCARD bool px_handout_list(struct px_copier *copier);

/* Offers each of the task's sub-directories as a task of its own.
 * False: one was refused; it is on the worker's own stack and the task, with the rest, below it. */
PX_NODISCARD bool px_handout_dirs(struct px_copier *copier);

/* Before `bytes` of data are copied: offers half of the files that the task in hand still has to
 * the other workers, when that many bytes, or the time since the last such offer, are worth it. */
void px_handout_share(struct px_copier *copier, uint64_t bytes);

#endif
