/* SPDX-License-Identifier: MIT
 *
 * px_queue under many threads: producers, consumers and joiners with random deadlines on a queue of
 * random capacity, closed at a random moment or at the end. What must hold however they interleave:
 *
 *   every item whose push said PX_OK comes out exactly once, and no other does
 *   each consumer sees the items of one producer in their order
 *   a failed push leaves the item with its producer
 *   join comes back when, and only when, nothing is unfinished; nobody hangs
 *
 * Run by tests/run; see stress.h for the arguments.
 */
#include <pthread.h>
#include <sched.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "stress.h"

#define MAX_THREADS 4
#define MAX_ITEMS 600
#define MAX_BATCH 5

struct item {
    unsigned producer;
    unsigned number;
    atomic_uint popped;
};

struct round;

struct producer {
    struct round *round;
    unsigned index;
    unsigned pushed; /* read after its thread was joined */
    struct stress_random random;
    struct item items[MAX_ITEMS];
};

struct consumer {
    struct round *round;
    int last[MAX_THREADS]; /* the newest number seen of each producer */
    struct stress_random random;
};

struct round {
    struct px_queue *queue;
    unsigned producers, consumers, items;
    unsigned close_after; /* pops; 0 = only when all is done */
    atomic_uint popped;
    atomic_bool over; /* the joiners may go */
    struct producer producer[MAX_THREADS];
    struct consumer consumer[MAX_THREADS];
};

/* One item, or a few at once. */
static int push_some(struct producer *me, int64_t deadline_ns, size_t *pushed)
{
    struct px_queue *queue = me->round->queue;
    void *items[MAX_BATCH] = {NULL};
    size_t n = 1 + stress_below(&me->random, MAX_BATCH);
    if (n > me->round->items - me->pushed) {
        n = me->round->items - me->pushed;
    }
    for (size_t i = 0; i < n; i++) {
        items[i] = &me->items[me->pushed + i];
    }
    if (stress_one_in(&me->random, 2)) {
        return px_queue_push_many(queue, items, n, deadline_ns, pushed);
    }
    const int status = px_queue_push(queue, items[0], deadline_ns);
    *pushed = status == PX_OK;
    return status;
}

static void *produce(void *arg)
{
    struct producer *me = arg;
    while (me->pushed < me->round->items) {
        size_t pushed;
        const int64_t deadline_ns = stress_deadline(&me->random);
        const int status = push_some(me, deadline_ns, &pushed);
        STRESS_CHECK((status == PX_OK) == (pushed > 0));
        me->pushed += (unsigned)pushed;
        if (status == PX_ECLOSED) {
            STRESS_CHECK(me->round->close_after > 0);
            break;
        }
        if (status == PX_OK) {
            continue;
        }
        STRESS_CHECK(status == (deadline_ns == PX_NOWAIT ? PX_EAGAIN : PX_ETIMEDOUT));
        STRESS_CHECK(deadline_ns != PX_FOREVER);
        sched_yield();
    }
    return NULL;
}

static void take(struct consumer *me, struct item *item)
{
    struct round *round = me->round;
    STRESS_CHECK(atomic_fetch_add(&item->popped, 1) == 0);
    STRESS_CHECK(me->last[item->producer] < (int)item->number);
    if (round->consumers == 1) {
        STRESS_CHECK(me->last[item->producer] + 1 == (int)item->number);
    }
    me->last[item->producer] = (int)item->number;
    if (stress_one_in(&me->random, 8)) { /* a task that is made and done without the queue */
        px_queue_task_add(round->queue);
        STRESS_CHECK(px_queue_unfinished(round->queue) >= 2);
        STRESS_CHECK(px_queue_task_done(round->queue) == PX_OK);
    }
    if (atomic_fetch_add(&round->popped, 1) + 1 == round->close_after) {
        px_queue_close(round->queue);
    }
    STRESS_CHECK(px_queue_task_done(round->queue) == PX_OK);
}

/* For some items, or a while, or until it is closed. Without a rival they are there afterwards. */
static void await_some(struct consumer *me)
{
    struct px_queue *queue = me->round->queue;
    int64_t deadline_ns = stress_deadline(&me->random);
    const size_t n = deadline_ns == PX_FOREVER ? 0 : 1 + stress_below(&me->random, 5);
    const int status = px_queue_await(queue, n, deadline_ns);
    STRESS_CHECK(status == PX_OK || status == PX_EAGAIN || status == PX_ETIMEDOUT ||
                 status == PX_ECLOSED);
    STRESS_CHECK(status != PX_OK || n == 0 || me->round->consumers > 1 || px_queue_len(queue) > 0);
}

/* One item, or a few at once. */
static int pop_some(struct consumer *me, int64_t deadline_ns, void **items, size_t *popped)
{
    struct px_queue *queue = me->round->queue;
    if (stress_one_in(&me->random, 2)) {
        return px_queue_pop_many(queue, deadline_ns, items,
                                 1 + stress_below(&me->random, MAX_BATCH), popped);
    }
    const int status = px_queue_pop(queue, deadline_ns, items);
    *popped = status == PX_OK;
    return status;
}

static void *consume(void *arg)
{
    struct consumer *me = arg;
    for (;;) {
        void *items[MAX_BATCH];
        size_t popped;
        if (stress_one_in(&me->random, 4)) {
            await_some(me);
        }
        const int64_t deadline_ns = stress_deadline(&me->random);
        const int status = pop_some(me, deadline_ns, items, &popped);
        STRESS_CHECK((status == PX_OK) == (popped > 0));
        if (status == PX_ECLOSED) {
            return NULL;
        }
        for (size_t i = 0; i < popped; i++) {
            take(me, items[i]);
        }
        if (status == PX_OK) {
            continue;
        }
        STRESS_CHECK(status == (deadline_ns == PX_NOWAIT ? PX_EAGAIN : PX_ETIMEDOUT));
        STRESS_CHECK(deadline_ns != PX_FOREVER);
        STRESS_CHECK(px_queue_len(me->round->queue) <= px_queue_capacity(me->round->queue));
        sched_yield();
    }
}

/* Joins again and again while the others work. */
static void *keep_joining(void *arg)
{
    struct round *round = arg;
    struct stress_random random = stress_random_from(stress_round.seed);
    while (!atomic_load(&round->over)) {
        const int64_t deadline_ns = stress_deadline(&random);
        const int status = px_queue_join(round->queue, deadline_ns);
        STRESS_CHECK(status == PX_OK || status == PX_EAGAIN || status == PX_ETIMEDOUT);
        STRESS_CHECK(status == PX_OK || deadline_ns != PX_FOREVER);
        sched_yield();
    }
    return NULL;
}

static struct round *round_new(struct stress_random *random)
{
    struct round *round = calloc(1, sizeof *round);
    STRESS_CHECK(round != NULL);
    round->producers = 1 + stress_below(random, MAX_THREADS);
    round->consumers = 1 + stress_below(random, MAX_THREADS);
    round->items = stress_below(random, MAX_ITEMS);
    if (stress_one_in(random, 2)) {
        round->close_after = 1 + stress_below(random, round->producers * round->items + 1);
    }
    const size_t capacity = stress_one_in(random, 4) ? 64 : 1 + stress_below(random, 3);
    STRESS_CHECK(px_queue_new(capacity, &round->queue) == PX_OK);
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        round->producer[i].round = round->consumer[i].round = round;
        round->producer[i].index = i;
        round->producer[i].random = stress_random_from(stress_random_next(random));
        round->consumer[i].random = stress_random_from(stress_random_next(random));
        for (unsigned k = 0; k < MAX_ITEMS; k++) {
            round->producer[i].items[k].producer = i;
            round->producer[i].items[k].number = k;
        }
        for (unsigned k = 0; k < MAX_THREADS; k++) {
            round->consumer[i].last[k] = -1;
        }
    }
    return round;
}

/* After all threads were joined. */
static void check_books(const struct round *round)
{
    unsigned pushed = 0;
    for (unsigned i = 0; i < round->producers; i++) {
        const struct producer *producer = &round->producer[i];
        pushed += producer->pushed;
        for (unsigned k = 0; k < MAX_ITEMS; k++) {
            STRESS_CHECK(atomic_load(&producer->items[k].popped) == (k < producer->pushed ? 1 : 0));
        }
        STRESS_CHECK(round->close_after > 0 || producer->pushed == round->items);
    }
    void *item = NULL;
    STRESS_CHECK(atomic_load(&round->popped) == pushed);
    STRESS_CHECK(px_queue_len(round->queue) == 0);
    STRESS_CHECK(px_queue_unfinished(round->queue) == 0);
    STRESS_CHECK(px_queue_join(round->queue, PX_NOWAIT) == PX_OK);
    STRESS_CHECK(px_queue_task_done(round->queue) == PX_EINVAL);
    STRESS_CHECK(px_queue_pop(round->queue, PX_FOREVER, &item) == PX_ECLOSED);
    STRESS_CHECK(px_queue_push(round->queue, item, PX_FOREVER) == PX_ECLOSED);
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    STRESS_CHECK(pthread_create(thread, NULL, run, arg) == 0);
}

static void finish(pthread_t thread)
{
    STRESS_CHECK(pthread_join(thread, NULL) == 0);
}

static void run_round(struct stress_random *random)
{
    struct round *round = round_new(random);
    pthread_t producers[MAX_THREADS] = {0};
    pthread_t consumers[MAX_THREADS] = {0};
    pthread_t joiners[2];
    for (unsigned i = 0; i < round->consumers; i++) {
        start(&consumers[i], consume, &round->consumer[i]);
    }
    start(&joiners[0], keep_joining, round);
    start(&joiners[1], keep_joining, round);
    for (unsigned i = 0; i < round->producers; i++) {
        start(&producers[i], produce, &round->producer[i]);
    }
    for (unsigned i = 0; i < round->producers; i++) {
        finish(producers[i]);
    }
    STRESS_CHECK(px_queue_join(round->queue, PX_FOREVER) == PX_OK);
    px_queue_close(round->queue);
    for (unsigned i = 0; i < round->consumers; i++) {
        finish(consumers[i]);
    }
    atomic_store(&round->over, true);
    finish(joiners[0]);
    finish(joiners[1]);
    check_books(round);
    px_queue_free(round->queue);
    free(round);
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, run_round);
}
