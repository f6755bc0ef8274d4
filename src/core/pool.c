/* SPDX-License-Identifier: MIT
 *
 * core/pool.c - worker threads between two bounded queues.
 *
 *   owner: submit ──▶ tasks ──▶ worker threads: body.run ──▶ results ──▶ owner: pump → sink
 *
 * Who waits for whom, and why nothing can lock up: the owner only ever waits on results, never on
 * tasks (submit does not block, and a ticket is what limits it). A worker waits on tasks when it has
 * nothing to do, and on results when there is no room; the owner, which never waits elsewhere, makes
 * that room. One thread that both feeds and drains two bounded queues with blocking calls hangs as
 * soon as both are full: tests/unit/core/test_pool_lockup.c shows it for the naive loop.
 *
 * Shutdown: when no task is unfinished, one sentinel for each worker goes through the task queue
 * behind everything else; a worker that pops it never pops again, so each gets exactly one. Cancel
 * closes the task queue instead: the workers still pop what was queued (each task owes a result) and
 * then see PX_ECLOSED.
 *
 * A pool without a sink has no result queue: px_worker_emit() ends the task where it was done, and any
 * thread may push. Nobody can tell then which push is the last, so drain closes the queue, too.
 *
 * Locks: `lock` guards the start only. The queues and the turns have their own; none is ever held with
 * another. The stop flag is a relaxed atomic: it only tells to hurry, and who sees it late does a task
 * more. What has to be in order goes through the queues, whose locks see to that.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/mutex.h"
#include "core/pool_worker.h"
#include "core/threads.h"
#include "core/turns.h"

#define RESULTS_AT_ONCE 32 /* on the owner's stack */

struct px_pool {
    /* fixed after new */
    struct px_pool_opts opts;
    struct pool_ends ends; /* no results for an inline pool and for one without a sink */
    struct pool_worker *workers;
    unsigned slots;   /* length of workers: at least 1 */
    unsigned started; /* workers that run */
    size_t tickets;
    struct turns turns; /* when ends.turns says so; has a lock of its own */

    struct px_mutex lock;
    struct px_cond all_reported;

    /* protected by lock */
    unsigned reported PX_GUARDED; /* threads whose init has returned */
    unsigned failed PX_GUARDED;   /* ... with an error */
    int init_status PX_GUARDED;   /* the first such error */

    /* owner only */
    size_t delivered; /* results given to the sink so far */
    size_t in_hand;   /* results that were popped and that the sink has not seen */
    struct threads threads;
    bool joined;
};

static int pool_report_start(struct pool_worker *worker)
{
    struct px_pool *pool = worker->pool;
    int status = PX_OK;
    if (pool->opts.body.init != NULL) {
        status = pool->opts.body.init(&worker->handle, pool->opts.body.ctx, &worker->state);
    }
    px_mutex_lock(&pool->lock);
    pool->reported++;
    if (status != PX_OK) {
        pool->init_status = pool->failed == 0 ? status : pool->init_status;
        pool->failed++;
    } else {
        worker->rank = pool->reported - pool->failed - 1;
    }
    px_cond_signal(&pool->all_reported); /* the owner alone waits */
    px_mutex_unlock(&pool->lock);
    return status;
}

static void *pool_thread(void *arg)
{
    struct pool_worker *worker = arg;
    const struct px_worker_body *body = &worker->pool->opts.body;
    if (pool_report_start(worker) != PX_OK) {
        return NULL;
    }
    while (!worker->ended) {
        body->run(&worker->handle, worker->state);
    }
    if (body->fini != NULL) {
        body->fini(&worker->handle, worker->state);
    }
    return NULL;
}

/* --- results -------------------------------------------------------------------------------- */

/* To the sink. Their tickets come back first, for the sink may submit; those of the results that it
 * has not seen yet are kept back in `in_hand`. */
static void pool_deliver(struct px_pool *pool, void *const *results, size_t n)
{
    PX_IGNORE(px_queue_tasks_done(pool->ends.tasks, n)); /* cannot fail: the tasks were counted */
    pool->in_hand = n;
    for (size_t i = 0; i < n; i++) {
        pool->in_hand--;
        pool->delivered++;
        if (pool->opts.sink != NULL) {
            pool->opts.sink(pool->opts.sink_ctx, results[i]);
        }
    }
}

/* Those that are there, up to a few: one by one they would cost two locks each. Returns how many. */
static size_t pool_deliver_some(struct px_pool *pool)
{
    void *results[RESULTS_AT_ONCE];
    size_t n;
    if (px_queue_pop_many(pool->ends.results, PX_NOWAIT, results, RESULTS_AT_ONCE, &n) == PX_OK) {
        pool_deliver(pool, results, n);
    }
    return n;
}

/* --- inline: no thread, the same body ------------------------------------------------------- */

static int pool_inline_next(struct px_worker *handle, int64_t deadline_ns, void **task)
{
    (void)deadline_ns; /* nobody else could bring a task while this thread waits */
    struct pool_worker *worker = (struct pool_worker *)handle;
    return px_queue_pop(worker->ends->tasks, PX_NOWAIT, task) == PX_OK ? PX_OK : PX_ECLOSED;
}

static void pool_inline_emit(struct px_worker *handle, void *result)
{
    pool_deliver(((struct pool_worker *)handle)->pool, &result, 1);
}

static const struct px_worker_ops pool_inline_ops = {pool_inline_next, pool_worker_offer,
                                                     pool_inline_emit, pool_worker_stopping, NULL};

static int pool_inline_pump(struct px_pool *pool)
{
    const size_t before = pool->delivered;
    struct pool_worker *worker = &pool->workers[0];
    pool->opts.body.run(&worker->handle, worker->state);
    return pool->delivered > before ? PX_OK : PX_EAGAIN;
}

/* --- the owner's side: start ---------------------------------------------------------------- */

static void pool_join_threads(struct px_pool *pool)
{
    threads_join(&pool->threads);
    pool->joined = true;
}

static int pool_start_threads(struct px_pool *pool)
{
    const char *name = pool->opts.name != NULL ? pool->opts.name : "px";
    int status = threads_start(&pool->threads, pool->opts.workers, name, pool_thread, pool->workers,
                               sizeof *pool->workers);
    if (status != PX_OK) {
        return status;
    }
    const unsigned created = pool->threads.n;
    px_mutex_lock(&pool->lock);
    while (pool->reported < created) {
        PX_IGNORE(px_cond_wait_until(&pool->all_reported, &pool->lock, PX_FOREVER));
    }
    pool->started = created - pool->failed;
    status = pool->started > 0 ? PX_OK : created == 0 ? PX_ETHREAD : pool->init_status;
    px_mutex_unlock(&pool->lock);
    if (status != PX_OK) {
        pool_join_threads(pool);
    }
    return status;
}

static int pool_start_inline(struct px_pool *pool)
{
    struct pool_worker *worker = &pool->workers[0];
    const struct px_worker_body *body = &pool->opts.body;
    return body->init != NULL ? body->init(&worker->handle, body->ctx, &worker->state) : PX_OK;
}

static bool pool_is_inline(const struct px_pool *pool)
{
    return pool->opts.workers == 0;
}

static void pool_init_workers(struct px_pool *pool)
{
    for (unsigned i = 0; i < pool->slots; i++) {
        struct pool_worker *worker = &pool->workers[i];
        pool_worker_init(worker, &pool->ends, i);
        worker->pool = pool;
        if (pool_is_inline(pool)) {
            worker->handle.ops = &pool_inline_ops;
        }
    }
}

static int pool_alloc(struct px_pool *pool)
{
    const struct px_pool_opts *opts = &pool->opts;
    pool->slots = opts->workers > 0 ? opts->workers : 1;
    pool->tickets = opts->capacity + (size_t)pool->slots * opts->per_worker;
    pool->workers = calloc(pool->slots, sizeof *pool->workers);
    if (pool->workers == NULL) {
        return PX_ENOMEM;
    }
    int status = px_queue_new(opts->capacity, &pool->ends.tasks);
    if (status == PX_OK && opts->limit > 0 && !pool_is_inline(pool) && opts->sink != NULL) {
        status = turns_init(&pool->turns, opts->limit);
        pool->ends.turns = status == PX_OK ? &pool->turns : NULL;
    }
    if (status == PX_OK && !pool_is_inline(pool) && opts->sink != NULL) {
        status = px_queue_new(pool->tickets, &pool->ends.results);
    }
    pool_init_workers(pool); /* theirs is what there is by now */
    return status;
}

static void pool_release(struct px_pool *pool)
{
    px_queue_free(pool->ends.results);
    px_queue_free(pool->ends.tasks);
    if (pool->ends.turns != NULL) {
        turns_fini(&pool->turns);
    }
    free(pool->workers);
    px_cond_fini(&pool->all_reported);
    px_mutex_fini(&pool->lock);
    free(pool);
}

int px_pool_new(const struct px_pool_opts *opts, struct px_pool **out)
{
    if (opts->body.run == NULL) {
        return PX_EINVAL;
    }
    struct px_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return PX_ENOMEM;
    }
    int status = px_mutex_init(&pool->lock);
    if (status != PX_OK) {
        goto out_free;
    }
    status = px_cond_init(&pool->all_reported);
    if (status != PX_OK) {
        goto out_lock;
    }
    pool->opts = *opts;
    pool->opts.capacity = opts->capacity > 0 ? opts->capacity : 1;
    pool->opts.per_worker = opts->per_worker > 0 ? opts->per_worker : 1;
    status = pool_alloc(pool);
    if (status == PX_OK) {
        status = pool_is_inline(pool) ? pool_start_inline(pool) : pool_start_threads(pool);
    }
    if (status != PX_OK) {
        pool_release(pool);
        return status;
    }
    *out = pool;
    return PX_OK;

out_lock:
    px_mutex_fini(&pool->lock);
out_free:
    free(pool);
    return status;
}

/* --- the owner's side: run ------------------------------------------------------------------ */

static bool pool_has_ticket(const struct px_pool *pool)
{
    return px_queue_unfinished(pool->ends.tasks) + pool->in_hand < pool->tickets;
}

int px_pool_submit(struct px_pool *pool, void *task)
{
    if (pool->opts.sink == NULL) {
        return px_pool_push(pool, task, PX_NOWAIT);
    }
    if (pool_is_stopping(&pool->ends) || pool->joined) {
        return PX_ECLOSED;
    }
    if (!pool_has_ticket(pool)) {
        return PX_EAGAIN;
    }
    return px_queue_push(pool->ends.tasks, task, PX_NOWAIT);
}

int px_pool_push(struct px_pool *pool, void *task, int64_t deadline_ns)
{
    if (pool->opts.sink != NULL) {
        return PX_EINVAL;
    }
    if (!pool_is_inline(pool)) {
        return px_queue_push(pool->ends.tasks, task, deadline_ns);
    }
    if (pool_is_stopping(&pool->ends) || pool->joined) {
        return PX_ECLOSED;
    }
    const int status = px_queue_push(pool->ends.tasks, task, PX_NOWAIT);
    if (status == PX_OK) {
        PX_IGNORE(pool_inline_pump(pool)); /* the body has what there is to say */
    }
    return status;
}

bool px_pool_has_room(const struct px_pool *pool)
{
    return pool_has_ticket(pool) && px_queue_len(pool->ends.tasks) < pool->opts.capacity;
}

/* How many results are worth waking the owner for. While a ticket is left, each one: a result may be
 * what its source waits for. With all tickets out as many results are sure to come, and a wake-up
 * for each result costs more than a small task: on 2 cores, 50,000 tasks of 20 us, 1 worker, one
 * wake-up each 26.2 us a task, one for a quarter of the tickets 20.5 us (tests/bench/pool.c). */
static size_t pool_wanted_results(const struct px_pool *pool)
{
    const size_t quarter = pool->tickets / 4;
    return pool_has_ticket(pool) || quarter == 0 ? 1 : quarter;
}

int px_pool_pump(struct px_pool *pool, int64_t deadline_ns)
{
    if (pool->opts.sink == NULL) {
        return PX_EINVAL;
    }
    if (px_queue_unfinished(pool->ends.tasks) == 0) {
        return PX_EEND;
    }
    if (pool_is_inline(pool)) {
        return pool_inline_pump(pool);
    }
    const int waited = px_queue_await(pool->ends.results, pool_wanted_results(pool), deadline_ns);
    /* Not without end: the owner has more to do than to listen. */
    size_t seen = 0;
    for (size_t got = 1; got > 0 && seen < pool->tickets; seen += got) {
        got = pool_deliver_some(pool);
    }
    return seen > 0 ? PX_OK : waited;
}

static void pool_end_limit(struct px_pool *pool)
{
    if (pool->ends.turns != NULL) {
        turns_open(&pool->turns);
    }
}

void px_pool_cancel(struct px_pool *pool)
{
    atomic_store_explicit(&pool->ends.stopping, true, memory_order_relaxed);
    pool_end_limit(pool);
    if (!pool_is_inline(pool)) {
        px_queue_close(pool->ends.tasks); /* an inline pool's queue is read by nobody else */
    }
}

static void pool_stop_threads(struct px_pool *pool)
{
    pool_end_limit(pool);
    /* Room comes for certain: every worker that has not had its pill goes on popping. */
    for (unsigned i = 0; i < pool->started && !pool_is_stopping(&pool->ends); i++) {
        pool_poison(&pool->ends);
    }
    pool_join_threads(pool);
}

static void pool_stop_inline(struct px_pool *pool)
{
    if (pool->opts.body.fini != NULL) {
        pool->opts.body.fini(&pool->workers[0].handle, pool->workers[0].state);
    }
    pool->joined = true;
}

/* Without a sink there is nothing to wait for here: the workers do what is queued before they see
 * that the queue is closed. */
static void pool_await_results(struct px_pool *pool)
{
    if (pool->opts.sink == NULL) {
        px_queue_close(pool->ends.tasks);
        return;
    }
    while (px_pool_pump(pool, PX_FOREVER) != PX_EEND) {
        /* the sink does the work */
    }
}

void px_pool_drain(struct px_pool *pool)
{
    pool_await_results(pool);
    if (!pool->joined) {
        if (pool_is_inline(pool)) {
            pool_stop_inline(pool);
        } else {
            pool_stop_threads(pool);
        }
    }
}

void px_pool_free(struct px_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    px_pool_cancel(pool);
    px_pool_drain(pool);
    pool_release(pool);
}

unsigned px_pool_workers(const struct px_pool *pool)
{
    return pool->started;
}

size_t px_pool_unfinished(struct px_pool *pool)
{
    return px_queue_unfinished(pool->ends.tasks) + pool->in_hand;
}

void px_pool_limit(struct px_pool *pool, unsigned limit)
{
    if (pool->ends.turns != NULL) {
        turns_set(&pool->turns, limit);
    }
}

uint64_t px_pool_worked_ns(struct px_pool *pool)
{
    return pool->ends.turns != NULL ? turns_worked_ns(&pool->turns, px_now_ns()) : 0;
}
