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
 * soon as both are full: tests/unit/core/test_pool.c shows it for the naive loop.
 *
 * Shutdown: when no task is unfinished, one sentinel for each worker goes through the task queue
 * behind everything else; a worker that pops it never pops again, so each gets exactly one. Cancel
 * closes the task queue instead: the workers still pop what was queued (each task owes a result) and
 * then see PX_ECLOSED.
 *
 * A pool without a sink has no result queue: px_worker_emit() ends the task where it was done, and any
 * thread may push. Nobody can tell then which push is the last, so drain closes the queue, too.
 *
 * Locks: `lock` guards the start only. The queues have their own; none is ever held with another.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/mutex.h"
#include "core/threads.h"
#include "core/turns.h"

#define CACHE_LINE 64
#define RESULTS_AT_ONCE 32 /* on the owner's stack */

struct pool_worker {
    struct px_worker handle; /* what the body sees; first member */
    struct px_pool *pool;
    void *state;              /* the body's; this worker's thread only */
    bool ended;               /* this worker's thread only: sentinel or close was seen */
    bool working;             /* this worker's thread only: it has a turn */
    unsigned rank;            /* among those that were started; fixed when init has returned */
    char padding[CACHE_LINE]; /* the next worker's fields are on another cache line */
};

struct px_pool {
    /* fixed after new */
    struct px_pool_opts opts;
    struct px_queue *tasks;
    struct px_queue *results; /* NULL for an inline pool and for one without a sink */
    struct pool_worker *workers;
    unsigned slots;   /* length of workers: at least 1 */
    unsigned started; /* workers that run */
    size_t tickets;
    bool limited;
    struct turns turns; /* when limited; has a lock of its own */

    struct px_mutex lock;
    struct px_cond all_reported;

    /* protected by lock */
    unsigned reported PX_GUARDED; /* threads whose init has returned */
    unsigned failed PX_GUARDED;   /* ... with an error */
    int init_status PX_GUARDED;   /* the first such error */

    /* atomic */
    atomic_bool stopping;

    /* owner only */
    size_t delivered; /* results given to the sink so far */
    size_t in_hand;   /* results that were popped and that the sink has not seen */
    struct threads threads;
    bool joined;
};

/* Its address is the poison pill; it never leaves this file. */
static const char pool_sentinel;

static void *pool_pill(void)
{
    return (void *)(uintptr_t)&pool_sentinel;
}

/* --- the worker's side --------------------------------------------------------------------- */

static int pool_next(struct px_worker *handle, int64_t deadline_ns, void **task)
{
    struct pool_worker *worker = (struct pool_worker *)handle;
    if (worker->ended) {
        return PX_ECLOSED;
    }
    struct px_queue *tasks = worker->pool->tasks;
    const int status = px_queue_pop(tasks, deadline_ns, task);
    if (status == PX_OK && *task == pool_pill()) {
        PX_IGNORE(px_queue_task_done(tasks)); /* the pill was counted, like every push */
        worker->ended = true;
        return PX_ECLOSED;
    }
    worker->ended = status == PX_ECLOSED;
    return status;
}

static int pool_offer(struct px_worker *handle, void *task)
{
    struct px_pool *pool = ((struct pool_worker *)handle)->pool;
    const int status = px_queue_push(pool->tasks, task, PX_NOWAIT);
    if (status == PX_OK) {
        return PX_OK;
    }
    px_queue_task_add(pool->tasks); /* the caller keeps it, and still owes its result */
    return PX_EAGAIN;
}

static void pool_emit(struct px_worker *handle, void *result)
{
    struct px_pool *pool = ((struct pool_worker *)handle)->pool;
    /* Cannot fail: this queue is never closed, and there is no deadline. */
    PX_IGNORE(px_queue_push(pool->results, result, PX_FOREVER));
}

/* Without a sink the task is over here. */
static void pool_emit_nothing(struct px_worker *handle, void *result)
{
    struct px_pool *pool = ((struct pool_worker *)handle)->pool;
    (void)result;
    PX_IGNORE(px_queue_task_done(pool->tasks)); /* cannot fail: the task was counted */
}

static bool pool_canceled(const struct px_pool *pool)
{
    return atomic_load_explicit(&pool->stopping, memory_order_relaxed);
}

static bool pool_stopping(const struct px_worker *handle)
{
    return pool_canceled(((const struct pool_worker *)handle)->pool);
}

static const struct px_worker_ops pool_threaded_ops = {pool_next, pool_offer, pool_emit,
                                                       pool_stopping, NULL};
static const struct px_worker_ops pool_sinkless_ops = {pool_next, pool_offer, pool_emit_nothing,
                                                       pool_stopping, NULL};

/* --- the same with a limit -------------------------------------------------------------------- */

static int pool_limited_next(struct px_worker *handle, int64_t deadline_ns, void **task)
{
    struct pool_worker *worker = (struct pool_worker *)handle;
    struct turns *turns = &worker->pool->turns;
    if (worker->working) {
        worker->working = false;
        turns_give(turns);
    }
    int status = worker->ended ? PX_OK : turns_await(turns, worker->rank, deadline_ns);
    if (status == PX_OK) {
        status = pool_next(handle, deadline_ns, task);
    }
    if (status == PX_OK) {
        turns_take(turns);
        worker->working = true;
    }
    return status;
}

static void pool_limited_turn(struct px_worker *handle)
{
    turns_pass(&((struct pool_worker *)handle)->pool->turns);
}

static const struct px_worker_ops pool_limited_ops = {pool_limited_next, pool_offer, pool_emit,
                                                      pool_stopping, pool_limited_turn};

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
    PX_IGNORE(px_queue_tasks_done(pool->tasks, n)); /* cannot fail: the tasks were counted */
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
    if (px_queue_pop_many(pool->results, PX_NOWAIT, results, RESULTS_AT_ONCE, &n) == PX_OK) {
        pool_deliver(pool, results, n);
    }
    return n;
}

/* --- inline: no thread, the same body ------------------------------------------------------- */

static int pool_inline_next(struct px_worker *handle, int64_t deadline_ns, void **task)
{
    (void)deadline_ns; /* nobody else could bring a task while this thread waits */
    struct pool_worker *worker = (struct pool_worker *)handle;
    return px_queue_pop(worker->pool->tasks, PX_NOWAIT, task) == PX_OK ? PX_OK : PX_ECLOSED;
}

static void pool_inline_emit(struct px_worker *handle, void *result)
{
    pool_deliver(((struct pool_worker *)handle)->pool, &result, 1);
}

static const struct px_worker_ops pool_inline_ops = {pool_inline_next, pool_offer, pool_inline_emit,
                                                     pool_stopping, NULL};

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

static const struct px_worker_ops *pool_ops(const struct px_pool *pool)
{
    if (pool_is_inline(pool)) {
        return &pool_inline_ops;
    }
    if (pool->limited) {
        return &pool_limited_ops;
    }
    return pool->opts.sink != NULL ? &pool_threaded_ops : &pool_sinkless_ops;
}

static void pool_init_workers(struct px_pool *pool)
{
    for (unsigned i = 0; i < pool->slots; i++) {
        struct pool_worker *worker = &pool->workers[i];
        worker->handle.ops = pool_ops(pool);
        worker->handle.index = i;
        worker->pool = pool;
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
    int status = px_queue_new(opts->capacity, &pool->tasks);
    if (status == PX_OK && opts->limit > 0 && !pool_is_inline(pool) && opts->sink != NULL) {
        status = turns_init(&pool->turns, opts->limit);
        pool->limited = status == PX_OK;
    }
    pool_init_workers(pool);
    if (status == PX_OK && !pool_is_inline(pool) && opts->sink != NULL) {
        status = px_queue_new(pool->tickets, &pool->results);
    }
    return status;
}

static void pool_release(struct px_pool *pool)
{
    px_queue_free(pool->results);
    px_queue_free(pool->tasks);
    if (pool->limited) {
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
    return px_queue_unfinished(pool->tasks) + pool->in_hand < pool->tickets;
}

int px_pool_submit(struct px_pool *pool, void *task)
{
    if (pool->opts.sink == NULL) {
        return px_pool_push(pool, task, PX_NOWAIT);
    }
    if (pool_canceled(pool) || pool->joined) {
        return PX_ECLOSED;
    }
    if (!pool_has_ticket(pool)) {
        return PX_EAGAIN;
    }
    return px_queue_push(pool->tasks, task, PX_NOWAIT);
}

int px_pool_push(struct px_pool *pool, void *task, int64_t deadline_ns)
{
    if (pool->opts.sink != NULL) {
        return PX_EINVAL;
    }
    if (!pool_is_inline(pool)) {
        return px_queue_push(pool->tasks, task, deadline_ns);
    }
    if (pool_canceled(pool) || pool->joined) {
        return PX_ECLOSED;
    }
    const int status = px_queue_push(pool->tasks, task, PX_NOWAIT);
    if (status == PX_OK) {
        PX_IGNORE(pool_inline_pump(pool)); /* the body has what there is to say */
    }
    return status;
}

bool px_pool_has_room(const struct px_pool *pool)
{
    return pool_has_ticket(pool) && px_queue_len(pool->tasks) < pool->opts.capacity;
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
    if (px_queue_unfinished(pool->tasks) == 0) {
        return PX_EEND;
    }
    if (pool_is_inline(pool)) {
        return pool_inline_pump(pool);
    }
    const int waited = px_queue_await(pool->results, pool_wanted_results(pool), deadline_ns);
    /* Not without end: the owner has more to do than to listen. */
    size_t seen = 0;
    for (size_t got = 1; got > 0 && seen < pool->tickets; seen += got) {
        got = pool_deliver_some(pool);
    }
    return seen > 0 ? PX_OK : waited;
}

static void pool_end_limit(struct px_pool *pool)
{
    if (pool->limited) {
        turns_open(&pool->turns);
    }
}

void px_pool_cancel(struct px_pool *pool)
{
    atomic_store_explicit(&pool->stopping, true, memory_order_relaxed);
    pool_end_limit(pool);
    if (!pool_is_inline(pool)) {
        px_queue_close(pool->tasks); /* an inline pool's queue is read by nobody else */
    }
}

static void pool_stop_threads(struct px_pool *pool)
{
    pool_end_limit(pool);
    /* Room comes for certain: every worker that has not had its pill goes on popping. A closed queue
     * is a pill for everybody. */
    for (unsigned i = 0; i < pool->started && !pool_canceled(pool); i++) {
        PX_IGNORE(px_queue_push(pool->tasks, pool_pill(), PX_FOREVER));
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
        px_queue_close(pool->tasks);
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
    return px_queue_unfinished(pool->tasks) + pool->in_hand;
}

void px_pool_limit(struct px_pool *pool, unsigned limit)
{
    if (pool->limited) {
        turns_set(&pool->turns, limit);
    }
}

uint64_t px_pool_worked_ns(struct px_pool *pool)
{
    return pool->limited ? turns_worked_ns(&pool->turns, px_now_ns()) : 0;
}
