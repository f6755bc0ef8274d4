/* SPDX-License-Identifier: MIT
 *
 * copy/tee.h - several new files that get the same bytes. One that cannot be written drops out with
 * its reason, the others go on. Belongs to one worker.
 */
#ifndef PX_COPY_TEE_H
#define PX_COPY_TEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "base/fdio.h"
#include "copy/fail.h"

struct px_tee_end {
    struct px_tee_end *next;
    int fd; /* borrowed */
    bool dropped;
    struct px_fail *fail; /* borrowed; set when it is dropped */
};

struct px_tee {
    struct px_tee_end *first;
    size_t n;      /* not dropped */
    uint64_t size; /* of the source, for messages */
};

/* Adds `end`, which the caller has filled but for `next`. */
void px_tee_add(struct px_tee *tee, struct px_tee_end *end);

/* Writes n bytes at `offset` to all of them; PX_SPARSE_ALWAYS: blocks of zeros are left out. Only when
 * none is left: the class of the last failure, with its text in `fail`. */
PX_NODISCARD int px_tee_write(struct px_tee *tee, const struct px_io_ops *io, enum px_sparse sparse,
                              const void *buf, size_t n, uint64_t offset, struct px_fail *fail);

/* Gives all of them the size; the same results. */
PX_NODISCARD int px_tee_set_size(struct px_tee *tee, const struct px_io_ops *io, uint64_t bytes,
                                 struct px_fail *fail);

#endif
