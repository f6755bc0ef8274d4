/* SPDX-License-Identifier: MIT
 *
 * copy/fanout.h - one regular file for several destinations: its source is opened and read once.
 */
#ifndef PX_COPY_FANOUT_H
#define PX_COPY_FANOUT_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/file.h"
#include "copy/tee.h"

/* What a file is for one destination. The caller sets `entry`, the rest belongs to fanout.c. */
struct px_lane {
    struct px_entry entry;
    struct px_file file; /* its own `out`; source and proof are those of the one reading */
    struct px_tee_end end;
    int status;  /* PX_EAGAIN: still to be copied; else how it ended */
    bool writes; /* its new file is open, and nothing has failed */
    bool filled; /* that has all bytes */
    struct px_fail fail;
};

/* Copies the file of these n lanes, which have the same source, and settles each of them. A lane that
 * fails drops out; the others are not held up. */
void px_fanout_copy(struct px_copier *copier, struct px_lane *lanes, size_t n);

#endif
