/* SPDX-License-Identifier: MIT
 *
 * copy/fail.c - classes and sentences of failures. No state, no locks; any thread.
 */
#include "copy/fail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"
#include "copy/fsname.h"

int px_fail_set(struct px_fail *fail, int status, int err, const char *fmt, ...)
{
    fail->status = status;
    fail->os_errno = err;
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(fail->text, sizeof fail->text, fmt, args);
    va_end(args);
    if (err != 0 && len >= 0 && (size_t)len < sizeof fail->text) {
        (void)snprintf(fail->text + len, sizeof fail->text - (size_t)len, ": %s",
                       px_errno_text(err));
    }
    return status;
}

/* A directory that had to be closed for a time (copy/opendirs.h). */
#define FAIL_DIR_GONE "the directory is gone, another one, or cannot be opened again"

int px_fail_source(struct px_fail *fail, int err, const char *stage)
{
    switch (err) {
    case ENOENT:
    case ESTALE:
    case ENOTDIR: return px_fail_set(fail, PX_ECHANGED, err, "%s: vanished", stage);
    case ELOOP: /* O_NOFOLLOW, open(2) */
        return px_fail_set(fail, PX_ESRC, err, "%s: is a symbolic link now, not followed", stage);
    case EBADF: /* px_dir_acquire() */
        return px_fail_set(fail, PX_ECHANGED, 0, "%s: " FAIL_DIR_GONE, stage);
    case ENOMEM: return px_fail_set(fail, PX_ENOMEM, err, "%s", stage);
    default: return px_fail_set(fail, PX_ESRC, err, "%s", stage);
    }
}

int px_fail_target(struct px_fail *fail, int err, const char *stage, int fd)
{
    if (err == EBADF) { /* px_dir_acquire() */
        return px_fail_set(fail, PX_ECHANGED, 0, "%s: " FAIL_DIR_GONE, stage);
    }
    const int status = px_status_from_errno(err);
    if (status != PX_EFULL) {
        return px_fail_set(fail, status, err, "%s", stage);
    }
    char where[PX_FSNAME_ROOM];
    PX_IGNORE(px_fail_set(fail, status, 0, "%s: %s: %s", stage, px_errno_text(err),
                          px_fsname(fd, where)));
    fail->os_errno = err;
    return status;
}

void px_fail_lacks(struct px_fail *fail, uint64_t left)
{
    const size_t len = strlen(fail->text);
    if (fail->status == PX_EFULL && left > 0) {
        (void)snprintf(fail->text + len, sizeof fail->text - len,
                       "; %" PRIu64 " bytes of the file were left to write", left);
    }
}

bool px_fail_stops_all(const struct px_fail *fail)
{
    return fail->status == PX_EFULL;
}
