/* SPDX-License-Identifier: MIT
 *
 * fetch/latename.h - names that servers give (--content-disposition): known only when a reply's head
 * is there, and judged then by the rules that hold for every name.
 *
 * Until then the file is a part of its own, called after its URL (fetch_task.work).
 */
#ifndef FETCH_LATENAME_H
#define FETCH_LATENAME_H

#include <pxfer/attr.h>

struct fetch_task;
struct head;

/* Decides the name of a task that waits for one. `head` is the reply's: without a
 * Content-Disposition the URL's name stays. PX_OK: go on. PX_EEXIST: the task is finished without its body: the
 * name is another line's (failed), or the file is there already (as --on-exist says). PX_EIO,
 * PX_ENOMEM: no decision could be made. Worker's thread. */
PX_NODISCARD int latename_decide(struct fetch_task *task, const struct head *head);

#endif
