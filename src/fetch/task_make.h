/* SPDX-License-Identifier: MIT
 *
 * fetch/task_make.h - from a list entry to a task, and from a task to one that helps with its file.
 *
 * On the owner's thread.
 */
#ifndef FETCH_TASK_MAKE_H
#define FETCH_TASK_MAKE_H

#include <stddef.h>

#include <pxfer/attr.h>

struct fetch_task;
struct list_entry;
struct px_fetch;
struct split_claim;

/* Makes a task of an entry. A bad entry becomes a task that has failed already, with PX_EBADLINE and
 * "line N: reason". PX_ENOMEM. */
PX_NODISCARD int task_new(const struct px_fetch *fetch, const struct list_entry *entry,
                          struct fetch_task **out);

/* A helper for a file in pieces: the owner's URL and options, no item of its own. PX_ENOMEM. */
PX_NODISCARD int task_new_helper(struct fetch_task *owner, const struct split_claim *claim,
                                 size_t mirror, struct fetch_task **out);

#endif
