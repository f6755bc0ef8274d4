/* SPDX-License-Identifier: MIT
 *
 * fetch/kept.h - tasks that wait for their time: a heap, the next one due on top; of two that are
 * due at once the older one.
 *
 * Holds borrowed pointers; a task's plan must not change while it is in. One thread.
 */
#ifndef FETCH_KEPT_H
#define FETCH_KEPT_H

#include <stddef.h>

#include <pxfer/attr.h>

struct fetch_task;

struct kept {
    struct fetch_task **heap;
    size_t len, room;
};

PX_NODISCARD int kept_add(struct kept *kept, struct fetch_task *task); /* PX_ENOMEM */
struct fetch_task *kept_first(const struct kept *kept);                /* NULL: empty */
struct fetch_task *kept_take(struct kept *kept);                       /* NULL: empty */
void kept_fini(struct kept *kept);                                     /* not the tasks */

#endif
