/* SPDX-License-Identifier: MIT
 *
 * copy/sparse.c - writing without the zeros. No state, no locks; any worker.
 */
#include "copy/sparse.h"

#include <stdint.h>
#include <string.h>

bool px_sparse_is_zero(const void *buf, size_t n)
{
    const unsigned char *bytes = buf;
    return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

/* What is left of the block that `offset` is in. */
static size_t sparse_block(off_t offset, size_t n)
{
    const size_t left = PX_SPARSE_BLOCK_BYTES - (size_t)((uint64_t)offset % PX_SPARSE_BLOCK_BYTES);
    return left < n ? left : n;
}

int px_sparse_write(const struct px_io_ops *io, int fd, const void *buf, size_t n, off_t offset)
{
    const unsigned char *bytes = buf;
    size_t begin = 0; /* of what is to be written */
    size_t at = 0;
    while (at < n) {
        const size_t block = sparse_block(offset + (off_t)at, n - at);
        if (px_sparse_is_zero(bytes + at, block)) {
            if (px_pwrite_all(io, fd, bytes + begin, at - begin, offset + (off_t)begin) != 0) {
                return -1;
            }
            begin = at + block;
        }
        at += block;
    }
    return px_pwrite_all(io, fd, bytes + begin, n - begin, offset + (off_t)begin);
}
