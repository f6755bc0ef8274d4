/* SPDX-License-Identifier: MIT
 *
 * copy/fail.h - why something failed: the class, errno, and the one sentence for a person, built
 * here and nowhere else. Lives on the stack of whoever tries; the text is moved into the item.
 */
#ifndef PX_COPY_FAIL_H
#define PX_COPY_FAIL_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/status.h>

#define PX_FAIL_ROOM 384

struct px_fail {
    int status; /* PX_OK: nothing failed */
    int os_errno;
    char text[PX_FAIL_ROOM]; /* "stage: reason", one line, escaped, cut to fit */
};

/* Sets all three. With err != 0 the text of errno follows after ": ". Names from outside go through
 * px_show first. Returns `status`. */
int px_fail_set(struct px_fail *fail, int status, int err, const char *fmt, ...) PX_PRINTF(4, 5);

/* A call on the source failed. ENOENT, ESTALE, ENOTDIR -> PX_ECHANGED (it was there when the
 * directory was listed), ELOOP -> PX_ESRC "is a symbolic link now, not followed", ENOMEM ->
 * PX_ENOMEM, else PX_ESRC. Returns the class. */
int px_fail_source(struct px_fail *fail, int err, const char *stage);

/* A call on the target failed: px_status_from_errno()'s class. For PX_EFULL the text names the file
 * system that descriptor `fd` is on, with what is free there. Returns the class. */
int px_fail_target(struct px_fail *fail, int err, const char *stage, int fd);

/* `left` bytes of the file were still to be written: says so, when the target is full. */
void px_fail_lacks(struct px_fail *fail, uint64_t left);

/* True for a failure that every other file would meet as well: no space, quota, read-only. */
bool px_fail_stops_all(const struct px_fail *fail);

#endif
