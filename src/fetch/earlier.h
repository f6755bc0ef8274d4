/* SPDX-License-Identifier: MIT
 *
 * fetch/earlier.h - what earlier runs know of a task's file: by it, a file is done without a request,
 * and a file that may be stale is asked for on a condition (RFC 9110 section 13).
 *
 * A record proves a file done when it is of the same URL, target and checksum (px_fetch_detail.id),
 * and when its path still has a regular file of the recorded size and mtime. Where the file was moved
 * away or changed since, the record proves nothing.
 */
#ifndef FETCH_EARLIER_H
#define FETCH_EARLIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <pxfer/attr.h>

struct fetch_task;

enum earlier {
    EARLIER_UNKNOWN, /* no record */
    EARLIER_DONE,    /* the file is there as recorded: validators and stamp are in task->detail */
    EARLIER_CHANGED, /* a file is there, but not as recorded */
    EARLIER_GONE,    /* nothing is there */
};

/* What task->detail.id is to be. The user and password of a URL say who asks, not what for; and a
 * journal is no place for a hash that a weak password can be guessed by. */
uint64_t earlier_id(const struct fetch_task *task);

/* On the owner's thread. With EARLIER_DONE the item's target is the recorded path, with
 * EARLIER_CHANGED task->changed is. */
enum earlier earlier_look(struct fetch_task *task);

/* --on-exist=newer: `look` is what earlier_look() said, `st` the file that has the name (NULL: with
 * EARLIER_DONE it is the recorded one). Sets task->condition. */
void earlier_make_condition(struct fetch_task *task, enum earlier look, const struct stat *st);

/* The file at the item's target now, into task->detail, when the run wants stamps and the task is one
 * that another run could find done. */
void earlier_stamp(struct fetch_task *task);

#endif
