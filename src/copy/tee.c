/* SPDX-License-Identifier: MIT
 *
 * copy/tee.c - the same bytes to several files. No state of its own, no locks.
 */
#include "copy/tee.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "copy/sparse.h"

void px_tee_add(struct px_tee *tee, struct px_tee_end *end)
{
    struct px_tee_end **last = &tee->first;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    end->next = NULL;
    *last = end;
    tee->n++;
}

static void tee_drop(struct px_tee *tee, struct px_tee_end *end, int err, const char *stage)
{
    PX_IGNORE(px_fail_target(end->fail, err, stage, end->fd));
    end->dropped = true;
    tee->n--;
}

/* Of the one that dropped out last, when there is none left. */
static int tee_status(const struct px_tee *tee, const struct px_tee_end *last, struct px_fail *fail)
{
    if (tee->n > 0 || last == NULL) {
        return PX_OK;
    }
    *fail = *last->fail;
    return fail->status;
}

int px_tee_write(struct px_tee *tee, const struct px_io_ops *io, enum px_sparse sparse,
                 const void *buf, size_t n, uint64_t offset, struct px_fail *fail)
{
    int (*const write)(const struct px_io_ops *, int, const void *, size_t, off_t) =
        sparse == PX_SPARSE_ALWAYS ? px_sparse_write : px_pwrite_all;
    const struct px_tee_end *dropped = NULL;
    for (struct px_tee_end *end = tee->first; end != NULL; end = end->next) {
        if (!end->dropped && write(io, end->fd, buf, n, (off_t)offset) != 0) {
            const int err = errno;
            char stage[64];
            (void)snprintf(stage, sizeof stage, "write at offset %" PRIu64, offset);
            tee_drop(tee, end, err, stage);
            px_fail_lacks(end->fail, tee->size > offset ? tee->size - offset : 0);
            dropped = end;
        }
    }
    return tee_status(tee, dropped, fail);
}

int px_tee_set_size(struct px_tee *tee, const struct px_io_ops *io, uint64_t bytes,
                    struct px_fail *fail)
{
    const struct px_tee_end *dropped = NULL;
    for (struct px_tee_end *end = tee->first; end != NULL; end = end->next) {
        if (!end->dropped && io->ftruncate(end->fd, (off_t)bytes) != 0) {
            tee_drop(tee, end, errno, "set size");
            dropped = end;
        }
    }
    return tee_status(tee, dropped, fail);
}
