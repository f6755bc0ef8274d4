/* SPDX-License-Identifier: MIT
 *
 * copy/reserve.c - asks the target's file system for a file's blocks. No locks; what was learnt about
 * it is an atomic of the pair. Entered by the worker that opened the file, before anybody writes.
 */
#define _GNU_SOURCE /* FALLOC_FL_KEEP_SIZE */

#include "copy/reserve.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/space.h"

/* From this size on ext4 is asked for the blocks before they are written: it reserves them for each
 * page else. tests/bench/copycalls, "range" into a new file and into one from fallocate(), us of CPU:
 *
 *     bytes          16 Ki  64 Ki  128 Ki  256 Ki  1 Mi  4 Mi  256 Mi
 *     as it is        12.4   20.6    34.9    61.8   248   999   67800
 *     reserved        17.3   22.5    34.1    52.7   185   596   52100
 *
 * 2 GiB, least of five runs: two workers 0.26 s, 0.38 s without; one 0.41 s and 0.54 s. XFS gains
 * nothing (0.16 to 0.20 s both ways); btrfs would give up compression, tmpfs write zeros. */
#define RESERVE_MIN_BYTES ((uint64_t)256 * 1024)

int px_reserve(const struct px_copier *copier, struct px_pair *pair, int out,
               const struct stat *source, struct px_fail *fail)
{
    const int status = px_space_check_file(copier, out, source, fail);
    if (status != PX_OK) {
        return status;
    }
    if (!pair->reserving_pays || atomic_load_explicit(&pair->no_reserve, memory_order_relaxed) ||
        (uint64_t)source->st_size < RESERVE_MIN_BYTES || px_data_is_sparse(source) ||
        copier->copy->opts.sparse == PX_SPARSE_ALWAYS) {
        return PX_OK;
    }
    if (copier->io->fallocate(out, FALLOC_FL_KEEP_SIZE, 0, source->st_size) == 0) {
        return PX_OK;
    }
    const int err = errno;
    if (px_data_errno_is_for_good(err)) { /* ext2 and ext3 are of the same type, and cannot */
        atomic_store_explicit(&pair->no_reserve, true, memory_order_relaxed);
    }
    return err == ENOSPC || err == EDQUOT ? px_fail_target(fail, err, "reserve space", out) : PX_OK;
}
