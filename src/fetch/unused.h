/* SPDX-License-Identifier: MIT
 *
 * fetch/unused.h - options of list entries that have no effect here: a list that was made for aria2
 * may ask for a proxy, and whoever runs it is to know that there is none.
 *
 * On the owner's thread.
 */
#ifndef FETCH_UNUSED_H
#define FETCH_UNUSED_H

#include <stddef.h>
#include <stdint.h>

struct fetch_task;

#define UNUSED_NAMES 32 /* that are remembered; later ones are told with -v only */

/* {0} has told nothing. */
struct unused {
    uint64_t told[UNUSED_NAMES]; /* hashes of names */
    size_t n;
};

/* A warning for each option of the task's entry that has no effect, once for each name; with -v for
 * each line. */
void unused_tell(struct unused *unused, const struct fetch_task *task);

#endif
