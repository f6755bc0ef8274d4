/* SPDX-License-Identifier: MIT
 *
 * copy/sparse.h - holes made out of zeros (--sparse=always).
 */
#ifndef PX_COPY_SPARSE_H
#define PX_COPY_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "base/fdio.h"

/* Holes are looked for in units of this, at multiples of it in the file: the block of most file
 * systems. */
#define PX_SPARSE_BLOCK_BYTES ((size_t)4096)

/* Pure: are these n bytes all zero? */
bool px_sparse_is_zero(const void *buf, size_t n);

/* As px_pwrite_all(), but leaves blocks of zeros out: what was a hole there stays one. The caller has
 * given the file its size. */
PX_NODISCARD int px_sparse_write(const struct px_io_ops *io, int fd, const void *buf, size_t n,
                                 off_t offset);

#endif
