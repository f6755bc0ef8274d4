/* SPDX-License-Identifier: MIT
 *
 * px_pool over workers 0..4 x capacity 1..3 (and now and then a large one): a body that holds
 * several tasks at once, waits with random deadlines, makes tasks of tasks and keeps those that the
 * queue has no room for; a sink that submits more; an owner that pumps with random deadlines and
 * may cancel, drain or free at any moment; workers that fail to start. What must hold:
 *
 *   every task, submitted or made by a worker, gives exactly one result, canceled or not
 *   one worker with one task in hand keeps the order; nobody hangs; every init has its fini
 *
 * Run by tests/run; see stress.h for the arguments.
 */
#include <pthread.h>
#include <sched.h>

#include <pxfer/pool.h>
#include <pxfer/status.h>

#include "stress.h"

#define MAX_WORKERS 4
#define MAX_IN_HAND 4
#define MAX_TASKS 2000
#define MAX_CHILDREN 3

struct task {
    struct task *next; /* on a worker's stack */
    unsigned depth;    /* of the tree of tasks below it */
    unsigned number;   /* submitted as; of a worker's own tasks: UINT32_MAX */
    bool canceled;
    unsigned results; /* owner only */
};

/* A worker's own; its thread only. */
struct hand {
    struct round *round;
    struct task *held[MAX_IN_HAND];
    unsigned n;
    struct task *stack; /* owed too: the queue had no room for them */
    struct stress_random random;
};

struct round {
    struct px_pool *pool;
    struct px_pool_opts opts;
    struct stress_random random; /* the owner's */
    unsigned to_submit;
    unsigned cancel_after;   /* results; 0 = never */
    unsigned failing_worker; /* its init fails; UINT32_MAX = nobody's */
    unsigned depth;          /* of submitted tasks */
    uint64_t seed;

    /* owner only */
    unsigned submitted, delivered, last_in_order;
    bool canceled;
    struct task *spare; /* made, but not taken by the pool */

    atomic_uint made; /* tasks used of the array */
    atomic_uint inits, finis;
    struct task tasks[MAX_TASKS];
};

/* NULL when there are none left. */
static struct task *make_task(struct round *round, unsigned depth)
{
    const unsigned i = atomic_fetch_add(&round->made, 1);
    if (i >= MAX_TASKS) {
        atomic_fetch_sub(&round->made, 1);
        return NULL;
    }
    round->tasks[i].depth = depth;
    round->tasks[i].number = UINT32_MAX;
    return &round->tasks[i];
}

/* --- the worker ------------------------------------------------------------------------------- */

static void make_children(struct px_worker *worker, struct hand *hand, const struct task *parent)
{
    const unsigned wanted = parent->depth > 0 ? stress_below(&hand->random, MAX_CHILDREN + 1) : 0;
    for (unsigned i = 0; i < wanted; i++) {
        struct task *child = make_task(hand->round, parent->depth - 1);
        if (child == NULL) {
            return;
        }
        const int status = px_worker_offer(worker, child);
        STRESS_CHECK(status == PX_OK || status == PX_EAGAIN);
        if (status == PX_EAGAIN) {
            child->next = hand->stack;
            hand->stack = child;
        }
    }
}

/* One of those in hand, any of them. */
static void finish_one(struct px_worker *worker, struct hand *hand)
{
    const unsigned i = stress_below(&hand->random, hand->n);
    struct task *task = hand->held[i];
    hand->held[i] = hand->held[--hand->n];
    task->canceled = px_worker_stopping(worker);
    if (!task->canceled) {
        make_children(worker, hand, task);
    }
    if (stress_one_in(&hand->random, 8)) {
        sched_yield();
    }
    px_worker_emit(worker, task);
}

/* PX_ECLOSED: there is nothing in hand and never will be. */
static int take_one(struct px_worker *worker, struct hand *hand)
{
    const unsigned room =
        hand->round->opts.per_worker < MAX_IN_HAND ? hand->round->opts.per_worker : MAX_IN_HAND;
    if (hand->n == room) {
        return PX_OK;
    }
    if (hand->stack != NULL) {
        struct task *task = hand->stack;
        hand->stack = task->next;
        hand->held[hand->n++] = task;
        return PX_OK;
    }
    void *task = NULL;
    const int64_t deadline_ns = hand->n > 0 ? PX_NOWAIT : stress_deadline(&hand->random);
    const int status = px_worker_next(worker, deadline_ns, &task);
    if (status == PX_OK) {
        hand->held[hand->n++] = task;
        return PX_OK;
    }
    if (status == PX_ECLOSED) {
        return hand->n > 0 ? PX_OK : PX_ECLOSED;
    }
    STRESS_CHECK(status == (deadline_ns == PX_NOWAIT ? PX_EAGAIN : PX_ETIMEDOUT));
    return PX_OK;
}

static void body_run(struct px_worker *worker, void *state)
{
    struct hand *hand = state;
    while (take_one(worker, hand) == PX_OK) {
        if (hand->n > 0 && !stress_one_in(&hand->random, 3)) {
            finish_one(worker, hand);
        }
    }
    STRESS_CHECK(hand->stack == NULL);
}

static int body_init(struct px_worker *worker, void *ctx, void **state)
{
    struct round *round = ctx;
    atomic_fetch_add(&round->inits, 1);
    if (worker->index == round->failing_worker) {
        atomic_fetch_add(&round->finis, 1); /* a failed init has no fini */
        return PX_EIO;
    }
    struct hand *hand = calloc(1, sizeof *hand);
    STRESS_CHECK(hand != NULL);
    hand->round = round;
    hand->random = stress_random_from(round->seed + worker->index);
    *state = hand;
    return PX_OK;
}

static void body_fini(struct px_worker *worker, void *state)
{
    struct hand *hand = state;
    (void)worker;
    STRESS_CHECK(hand->n == 0 && hand->stack == NULL);
    atomic_fetch_add(&hand->round->finis, 1);
    free(hand);
}

/* --- the owner -------------------------------------------------------------------------------- */

static bool submit_one(struct round *round)
{
    if (round->submitted == round->to_submit || round->canceled) {
        return false;
    }
    const bool room = px_pool_has_room(round->pool);
    struct task *task = room ? round->spare : NULL;
    if (task == NULL && room) {
        task = make_task(round, round->depth);
    }
    if (task == NULL) {
        return false;
    }
    task->number = round->submitted;
    const int status = px_pool_submit(round->pool, task);
    if (status == PX_EAGAIN) { /* a worker's offer took the last place */
        STRESS_CHECK(round->depth > 0 && round->opts.workers > 0);
        round->spare = task;
        return false;
    }
    STRESS_CHECK(status == PX_OK);
    round->submitted++;
    round->spare = NULL;
    return true;
}

static void cancel(struct round *round)
{
    struct task never;
    round->canceled = true;
    px_pool_cancel(round->pool);
    STRESS_CHECK(px_pool_submit(round->pool, &never) == PX_ECLOSED);
}

static void sink(void *ctx, void *result)
{
    struct round *round = ctx;
    struct task *task = result;
    STRESS_CHECK(task->results++ == 0);
    STRESS_CHECK(!task->canceled || round->canceled);
    const bool in_order = round->opts.workers <= 1 && round->opts.per_worker == 1;
    if (in_order && task->number != UINT32_MAX) {
        STRESS_CHECK(task->number == round->last_in_order++);
    }
    round->delivered++;
    if (round->cancel_after > 0 && round->delivered >= round->cancel_after && !round->canceled) {
        cancel(round);
    }
    if (stress_one_in(&round->random, 4)) {
        submit_one(round);
    }
}

static void pump(struct round *round)
{
    const int64_t deadline_ns = stress_deadline(&round->random);
    const bool owed = px_pool_unfinished(round->pool) > 0;
    const int status = px_pool_pump(round->pool, deadline_ns);
    switch (status) {
    case PX_OK: STRESS_CHECK(owed); break;
    case PX_EEND: STRESS_CHECK(!owed && px_pool_unfinished(round->pool) == 0); break;
    case PX_ETIMEDOUT: STRESS_CHECK(deadline_ns != PX_FOREVER); break;
    default: STRESS_CHECK(status == PX_EAGAIN && deadline_ns != PX_FOREVER);
    }
}

static void feed_and_pump(struct round *round)
{
    while (round->submitted < round->to_submit && !round->canceled) {
        bool fed = true;
        for (unsigned n = 1 + stress_below(&round->random, 20); n > 0 && fed; n--) {
            fed = submit_one(round);
        }
        if (atomic_load(&round->made) >= MAX_TASKS) {
            return; /* the workers took the rest for theirs */
        }
        if (!fed || stress_one_in(&round->random, 4)) {
            pump(round);
        }
    }
}

static struct round *round_new(struct stress_random *random)
{
    struct round *round = calloc(1, sizeof *round);
    STRESS_CHECK(round != NULL);
    round->random = stress_random_from(stress_random_next(random));
    round->seed = stress_random_next(random);
    round->to_submit = stress_below(random, 400);
    round->depth = stress_below(random, 4);
    round->cancel_after = stress_one_in(random, 3) ? 1 + stress_below(random, 400) : 0;
    round->failing_worker = UINT32_MAX;
    round->opts = (struct px_pool_opts){
        .workers = stress_below(random, MAX_WORKERS + 1),
        .per_worker = 1 + stress_below(random, MAX_IN_HAND),
        .capacity = stress_one_in(random, 4) ? 64 : 1 + stress_below(random, 3),
        .body = {.init = body_init, .run = body_run, .fini = body_fini, .ctx = round},
        .sink = sink,
        .sink_ctx = round,
        .name = "stress",
    };
    if (stress_one_in(random, 4)) {
        round->failing_worker = stress_below(random, MAX_WORKERS);
    }
    return round;
}

static void check_books(const struct round *round)
{
    const unsigned made = atomic_load(&round->made);
    STRESS_CHECK(round->delivered + (round->spare != NULL ? 1 : 0) == made);
    for (unsigned i = 0; i < MAX_TASKS; i++) {
        const struct task *task = &round->tasks[i];
        STRESS_CHECK(task->results == (i < made && task != round->spare ? 1 : 0));
    }
    STRESS_CHECK(atomic_load(&round->inits) == atomic_load(&round->finis));
}

static void end_pool(struct round *round)
{
    if (stress_one_in(&round->random, 4)) {
        round->canceled = true; /* px_pool_free() cancels what is left */
    } else {
        px_pool_drain(round->pool);
        STRESS_CHECK(px_pool_unfinished(round->pool) == 0);
        STRESS_CHECK(px_pool_submit(round->pool, round) == PX_ECLOSED);
        STRESS_CHECK(px_pool_pump(round->pool, PX_FOREVER) == PX_EEND);
        px_pool_drain(round->pool);
    }
    px_pool_free(round->pool);
}

static void run_round(struct stress_random *random)
{
    struct round *round = round_new(random);
    const unsigned workers = round->opts.workers;
    const bool fails = round->failing_worker < (workers > 0 ? workers : 1);
    const int status = px_pool_new(&round->opts, &round->pool);
    if (fails && workers <= 1) {
        STRESS_CHECK(status == PX_EIO);
    } else {
        STRESS_CHECK(status == PX_OK);
        STRESS_CHECK(px_pool_workers(round->pool) == workers - (fails ? 1 : 0));
        feed_and_pump(round);
        end_pool(round);
    }
    check_books(round);
    free(round);
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, run_round);
}
