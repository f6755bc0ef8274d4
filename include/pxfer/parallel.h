/* SPDX-License-Identifier: MIT
 *
 * pxfer/parallel.h - a for loop whose iterations run on several threads.
 *
 *     static int work(void *ctx, size_t i) { ... return PX_OK; }
 *     ...
 *     status = px_parallel_for(n, 4, work, &data);
 *
 * The indices 0 .. n-1 are cut into chunks, which are handed out in ascending order to `jobs` threads,
 * the calling one among them. `jobs` of 0 or 1 is a plain loop: no thread, no pool, no lock. The cut
 * depends on n and the chunk alone, so that the result does not depend on `jobs` or on who was faster:
 *
 *   - the first failure stops the loop: chunks that are running are finished, no other is begun. What
 *     is returned is the status of the lowest index that failed, the one that a plain loop would meet.
 *   - partial results are joined in the order of their chunks: a sum of doubles has the same last bit
 *     with any number of jobs.
 *
 * Threads are made for one loop and joined before the call returns, so a body should be worth some
 * 100 us in all. Where no thread can be had those that there are do the work.
 */
#ifndef PXFER_PARALLEL_H
#define PXFER_PARALLEL_H

#include <stddef.h>

#include <pxfer/attr.h>

PX_BEGIN_DECLS

/* Calls body(ctx, i) for each i of 0 .. n-1, on any of the threads, unless one fails. Blocks until all
 * have returned, and then sees what they wrote. PX_OK, or what the body returned for the lowest i that
 * failed. PX_EINVAL: no body. */
PX_API PX_NODISCARD int px_parallel_for(size_t n, unsigned jobs, int (*body)(void *ctx, size_t i),
                                        void *ctx);

struct px_reduction {
    size_t n;      /* indices */
    unsigned jobs; /* threads, the calling one counted */
    size_t chunk;  /* indices in a chunk; 0: enough for n / 1024 (rounded up) */

    /* Does the indices begin .. end-1 and adds what they come to up in `partial`, which is this chunk's
     * own and begins as a copy of `*total`. PX_OK or a status. */
    int (*body)(void *ctx, size_t begin, size_t end, void *partial);
    /* into += from, on the calling thread. */
    void (*join)(void *into, const void *from);
    void *ctx;   /* borrowed; handed to body */
    size_t size; /* bytes of `*total` and of each partial, at least 1; aligned as malloc(3) does */
};

/* As px_parallel_for(), chunk by chunk, and joins the partial results into `*total`, which is the
 * neutral element on entry (0 for a sum) and left alone on failure. Needs `size` bytes (rounded up to
 * a cache line) for each chunk. PX_EINVAL: no body, no join or no size. PX_ENOMEM. */
PX_API PX_NODISCARD int px_parallel_reduce(const struct px_reduction *reduction, void *total);

PX_END_DECLS

#endif
