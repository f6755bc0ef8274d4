/* SPDX-License-Identifier: MIT
 *
 * core/parallel.c - a loop over several threads, built on a pool that lives as long as the loop.
 *
 * The calling thread is one of the jobs, so the pool has one worker less; each worker gets one task,
 * "take chunks until there are none". Chunks are taken in ascending order from one counter, which is
 * why the first failure in the order of the loop is always among those that were run: whoever fails
 * later took its chunk later.
 *
 * Locks: `lock` guards the counter and the failure; it is never held in a callback. Taking a chunk costs
 * some 40 ns (10^6 chunks of one addition each, two jobs against one, 2 cores).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/parallel.h>
#include <pxfer/pool.h>
#include <pxfer/status.h>

#include "base/cache_line.h"
#include "base/mutex.h"

/* Chunks that a loop is cut into by default. Enough that 8 threads wait for each other at the end for
 * less than 1 % of the loop, few enough that taking them costs nothing. */
#define CHUNKS 1024

struct parallel {
    /* fixed after start */
    size_t n;
    size_t chunk;
    size_t chunks;
    /* Does the chunk with this number. */
    int (*run)(const struct parallel *loop, size_t number);
    const struct px_reduction *reduction; /* px_parallel_reduce() only */
    int (*body)(void *ctx, size_t i);     /* px_parallel_for() only */
    void *ctx;
    unsigned char *partials; /* `stride` bytes for each chunk */
    size_t stride;

    struct px_mutex lock;

    /* protected by lock, when there are threads */
    size_t next PX_GUARDED;
    size_t failed PX_GUARDED; /* number of the lowest chunk that failed; `chunks`: none */
    int status PX_GUARDED;    /* its */
};

/* --- one thread ------------------------------------------------------------------------------- */

/* `chunks` when there are none left or one has failed. */
static size_t parallel_take(struct parallel *loop)
{
    px_mutex_lock(&loop->lock);
    const bool on = loop->failed == loop->chunks && loop->next < loop->chunks;
    const size_t number = on ? loop->next++ : loop->chunks;
    px_mutex_unlock(&loop->lock);
    return number;
}

static void parallel_fail(struct parallel *loop, size_t number, int status)
{
    px_mutex_lock(&loop->lock);
    if (number < loop->failed) {
        loop->failed = number;
        loop->status = status;
    }
    px_mutex_unlock(&loop->lock);
}

static void parallel_run(struct parallel *loop)
{
    size_t number;
    while ((number = parallel_take(loop)) < loop->chunks) {
        const int status = loop->run(loop, number);
        if (status != PX_OK) {
            parallel_fail(loop, number, status);
        }
    }
}

static void parallel_body_run(struct px_worker *worker, void *state)
{
    (void)state;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        parallel_run(task);
        px_worker_emit(worker, NULL);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

static int parallel_alone(const struct parallel *loop)
{
    int status = PX_OK;
    for (size_t number = 0; number < loop->chunks && status == PX_OK; number++) {
        status = loop->run(loop, number);
    }
    return status;
}

static int parallel_together(struct parallel *loop, unsigned jobs)
{
    const struct px_pool_opts opts = {
        .workers = jobs - 1,
        .capacity = jobs - 1,
        .body = {.run = parallel_body_run},
        .name = "px-for",
    };
    struct px_pool *pool = NULL;
    if (px_pool_new(&opts, &pool) != PX_OK) {
        return parallel_alone(loop);
    }
    for (unsigned i = 0; i < px_pool_workers(pool); i++) {
        PX_IGNORE(px_pool_push(pool, loop, PX_NOWAIT)); /* one does less: the others do more */
    }
    parallel_run(loop);
    px_pool_drain(pool);
    px_pool_free(pool);
    px_mutex_lock(&loop->lock);
    const int status = loop->status;
    px_mutex_unlock(&loop->lock);
    return status;
}

/* More than one thread for each chunk is of no use. (No analysis: as long as no thread was started the
 * guarded fields are this one's.) */
static int parallel_all(struct parallel *loop, unsigned jobs) PX_NO_ANALYSIS
{
    const unsigned most = jobs < loop->chunks ? jobs : (unsigned)loop->chunks;
    if (most <= 1 || px_mutex_init(&loop->lock) != PX_OK) {
        return parallel_alone(loop);
    }
    loop->failed = loop->chunks;
    const int status = parallel_together(loop, most);
    px_mutex_fini(&loop->lock);
    return status;
}

static void parallel_cut(struct parallel *loop, size_t n, size_t chunk)
{
    loop->n = n;
    loop->chunk = chunk > 0 ? chunk : n / CHUNKS + (n % CHUNKS != 0);
    loop->chunks = n > 0 ? (n - 1) / loop->chunk + 1 : 0;
}

static size_t parallel_begin(const struct parallel *loop, size_t number)
{
    return number * loop->chunk;
}

static size_t parallel_end(const struct parallel *loop, size_t number)
{
    const size_t begin = parallel_begin(loop, number);
    return loop->n - begin < loop->chunk ? loop->n : begin + loop->chunk;
}

/* --- for -------------------------------------------------------------------------------------- */

static int parallel_for_chunk(const struct parallel *loop, size_t number)
{
    int status = PX_OK;
    const size_t end = parallel_end(loop, number);
    for (size_t i = parallel_begin(loop, number); i < end && status == PX_OK; i++) {
        status = loop->body(loop->ctx, i);
    }
    return status;
}

int px_parallel_for(size_t n, unsigned jobs, int (*body)(void *ctx, size_t i), void *ctx)
{
    if (body == NULL) {
        return PX_EINVAL;
    }
    struct parallel loop = {.run = parallel_for_chunk, .body = body, .ctx = ctx};
    parallel_cut(&loop, n, 0);
    return parallel_all(&loop, jobs);
}

/* --- reduce ----------------------------------------------------------------------------------- */

static unsigned char *parallel_partial(const struct parallel *loop, size_t number)
{
    return loop->partials + loop->stride * number;
}

static int parallel_reduce_chunk(const struct parallel *loop, size_t number)
{
    return loop->reduction->body(loop->reduction->ctx, parallel_begin(loop, number),
                                 parallel_end(loop, number), parallel_partial(loop, number));
}

/* Each partial has cache lines of its own: they are written to by different threads. */
static int parallel_alloc(struct parallel *loop, const void *neutral)
{
    const size_t size = loop->reduction->size;
    if (size > SIZE_MAX - PX_CACHE_LINE) {
        return PX_ENOMEM;
    }
    loop->stride = (size + PX_CACHE_LINE - 1) / PX_CACHE_LINE * PX_CACHE_LINE;
    if (loop->chunks > SIZE_MAX / loop->stride) {
        return PX_ENOMEM;
    }
    loop->partials = aligned_alloc(PX_CACHE_LINE, loop->chunks * loop->stride);
    if (loop->partials == NULL) {
        return PX_ENOMEM;
    }
    for (size_t number = 0; number < loop->chunks; number++) {
        memcpy(parallel_partial(loop, number), neutral, size);
    }
    return PX_OK;
}

int px_parallel_reduce(const struct px_reduction *reduction, void *total)
{
    if (reduction->body == NULL || reduction->join == NULL || reduction->size == 0) {
        return PX_EINVAL;
    }
    struct parallel loop = {.run = parallel_reduce_chunk, .reduction = reduction};
    parallel_cut(&loop, reduction->n, reduction->chunk);
    if (loop.chunks == 0) {
        return PX_OK;
    }
    int status = parallel_alloc(&loop, total);
    if (status != PX_OK) {
        return status;
    }
    status = parallel_all(&loop, reduction->jobs);
    for (size_t number = 0; number < loop.chunks && status == PX_OK; number++) {
        reduction->join(total, parallel_partial(&loop, number));
    }
    free(loop.partials);
    return status;
}
