/* SPDX-License-Identifier: MIT
 *
 * core/queue.c - the bounded FIFO that carries tasks to the workers and results back. Any thread
 * enters any function; each queue owns one lock, and no other lock is ever taken under it.
 *
 * Who waits, waits in a line (a wait list), on a condition variable of its own, so that a wake-up always
 * reaches somebody who waits for that very thing, and the one who is meant:
 *   consumers   for items enough (one, but for px_queue_await); the newest is called first: its stack,
 *               its connections are the warmest, and those who are not needed sleep on
 *   producers   for room; the oldest is called first: none of them may starve
 * One thread of a line is called at a time. Whoever leaves a function calls the next, if there is
 * still something for it. So a burst of items does not wake more threads than it can feed (no
 * thundering herd), and threads that were woken do not queue up for the lock.
 *
 * Two things are for speed alone, and could be left out: who finds the lock taken stays away for a
 * moment (back-off: queue_lock()), and who would go to sleep looks a few times more (adaptive spinning:
 * queue_linger_locked()).
 *
 * Million items a second, 300,000 of them through 256 places on 2 cores (tests/bench/micro_queue.c;
 * medians of 11 rounds in turns, real-time priority on a busy machine: for comparison only):
 *   producers to consumers                        1:1   1:2   1:4   2:1   4:1
 *   two conditions, a signal for each item        6.5   5.8   5.5   6.2   1.5
 *   a line of waiters for each side               7.5   8.3   7.8   8.2   4.3
 *   ... and away from a taken lock               11.4  11.8  11.0  11.5   7.3
 *   GAsyncQueue, which has no bound               6.6   2.8   0.6   6.1   3.8
 *
 * Joiners are few and all may go on: one condition variable, broadcast.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/mutex.h"

/* How a thread lingers before it goes to sleep: see queue_linger_locked(). 300,000 empty tasks through
 * px_pool on 2 cores, 1, 2, 4 workers, million a second: without 5.6, 3.8, 4.3; 8 looks 0.5 us apart
 * 5.5, 4.5, 6.2; 1 us apart 5.9, 6.4, 7.3; 20 looks no more (tests/bench/micro_pool.c). Items in
 * batches of 32, one to one: without 6, with it some 80 (tests/bench/micro_queue.c). */
#define LINGER_LOOKS 8
#define LINGER_LOOK_NS 1000
#define LINGER_RARELY 16

/* How a thread that finds the lock taken stays away from it: see queue_lock(). Measured as above, with
 * 500,000 items, 1:1 to 4:1: no pause 8.2, 7.9, 4.7, 4.5, 4.6; 8 of 1 us 13.6, 10.9, 8.5, 8.0, 7.9;
 * 32 of 250 ns 12.0, 11.3, 5.8, 5.3, 6.0; 4 of 2 us 12.3, 11.6, 9.4, 8.4, 8.8, but each lasts twice
 * as long. */
#define LOCK_TRIES 8
#define LOCK_PAUSE_NS 1000

#define POLL_NS 1000000

/* A thread that waits. Protected by the queue's lock, but for `cond`: that is signalled when the lock
 * was given back, or the woken thread would often find it taken by the one that woke it, with two more
 * switches (handing an item to a sleeping thread and back: 21 us so, 7 us after it). Its waiter may be
 * another thread's by then, which just looks up; so waiters are kept as long as the queue. */
struct queue_waiter {
    struct px_cond cond;
    size_t enough; /* items, or places, that it waits for */
    bool in_line;  /* false: not yet, or it was called */
    struct queue_waiter *prev, *next;
};

/* Protected by the queue's lock. */
struct queue_line {
    struct queue_waiter *first; /* is called next */
    bool called;                /* a thread was called and is not back yet */
    bool lingering;             /* a thread looks again and again */
    unsigned patience;          /* how often the next one will */
    unsigned hurried;           /* threads that did not even look once */
};

struct px_queue {
    /* fixed after new */
    size_t capacity;
    void **ring;

    struct px_mutex lock;
    struct px_cond all_done; /* joiners: no task is unfinished */

    /* protected by lock */
    struct queue_line consumers PX_GUARDED;
    struct queue_line producers PX_GUARDED;
    struct queue_waiter *spare PX_GUARDED; /* waiters that nobody uses */
    size_t head PX_GUARDED;                /* index of the oldest item */
    size_t len PX_GUARDED;
    size_t unfinished PX_GUARDED;
    bool closed PX_GUARDED;
};

static void queue_pause(int64_t ns)
{
    const int64_t until_ns = px_deadline_in_ns(ns);
    while (px_now_ns() < until_ns) {
        /* shorter than any way to sleep */
    }
}

/* The thread that has the lock comes back for it at once if it moves one item after the other. If a
 * second one fights for it meanwhile, the line of memory with the lock goes to and fro between their
 * processors for each item, and costs more than the item. So who finds it taken stays away for some
 * dozens of the other's turns; each works alone for a while. At last it queues up like anybody. */
static void queue_lock(struct px_queue *queue) PX_ACQUIRE(queue->lock)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (px_mutex_trylock(&queue->lock)) {
            return;
        }
        queue_pause(LOCK_PAUSE_NS);
    }
    px_mutex_lock(&queue->lock);
}

int px_queue_new(size_t capacity, struct px_queue **out)
{
    if (capacity == 0) {
        return PX_EINVAL;
    }
    struct px_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return PX_ENOMEM;
    }
    queue->capacity = capacity;
    queue->ring = calloc(capacity, sizeof *queue->ring);
    if (queue->ring == NULL) {
        goto out_free;
    }
    if (px_mutex_init(&queue->lock) != PX_OK) {
        goto out_ring;
    }
    if (px_cond_init(&queue->all_done) != PX_OK) {
        goto out_lock;
    }
    *out = queue;
    return PX_OK;

out_lock:
    px_mutex_fini(&queue->lock);
out_ring:
    free(queue->ring);
out_free:
    free(queue);
    return PX_ENOMEM;
}

static void queue_free_waiters(struct px_queue *queue)
{
    queue_lock(queue);
    struct queue_waiter *waiter;
    struct queue_waiter *next;
    DL_FOREACH_SAFE(queue->spare, waiter, next)
    {
        px_cond_fini(&waiter->cond);
        free(waiter);
    }
    queue->spare = NULL;
    px_mutex_unlock(&queue->lock);
}

void px_queue_free(struct px_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    queue_free_waiters(queue);
    px_cond_fini(&queue->all_done);
    px_mutex_fini(&queue->lock);
    free(queue->ring);
    free(queue);
}

/* --- waiting and calling --------------------------------------------------------------------- */

/* What a line waits for: items, or places. */
static size_t queue_supply_locked(const struct px_queue *queue, const struct queue_line *line)
    PX_REQUIRES(queue->lock)
{
    return line == &queue->consumers ? queue->len : queue->capacity - queue->len;
}

/* Who is to be signalled, or NULL. */
static struct queue_waiter *queue_call_next_locked(struct px_queue *queue, struct queue_line *line)
    PX_REQUIRES(queue->lock)
{
    const size_t supply = queue_supply_locked(queue, line);
    if (line->called || supply == 0) {
        return NULL;
    }
    struct queue_waiter *waiter = line->first;
    while (waiter != NULL && waiter->enough > supply) {
        waiter = waiter->next;
    }
    if (waiter != NULL) {
        DL_DELETE(line->first, waiter);
        waiter->in_line = false;
        line->called = true;
    }
    return waiter;
}

/* What every function that changed the supply, or may have been called, ends with. */
static void queue_leave(struct px_queue *queue) PX_RELEASE(queue->lock)
{
    struct queue_waiter *consumer = queue_call_next_locked(queue, &queue->consumers);
    struct queue_waiter *producer = queue_call_next_locked(queue, &queue->producers);
    px_mutex_unlock(&queue->lock);
    if (consumer != NULL) {
        px_cond_signal(&consumer->cond);
    }
    if (producer != NULL) {
        px_cond_signal(&producer->cond);
    }
}

/* Looks a few times more before it goes to sleep: sleeping and being woken costs both sides a system
 * call, and a sleeping processor needs 10 to 40 us to wake up. One thread of a line at a time does
 * so. It has to pay: each time that it did not the next thread looks half as often, at last not at
 * all but for one in LINGER_RARELY. */
static void queue_linger_locked(struct px_queue *queue, struct queue_line *line, size_t enough)
    PX_REQUIRES(queue->lock)
{
    unsigned looks = line->patience;
    if (looks == 0 && ++line->hurried % LINGER_RARELY == 0) {
        looks = LINGER_LOOKS;
    }
    if (looks == 0 || line->lingering) {
        return;
    }
    line->lingering = true;
    bool paid = false;
    for (unsigned i = 0; i < looks && !paid && !queue->closed; i++) {
        px_mutex_unlock(&queue->lock);
        queue_pause(LINGER_LOOK_NS);
        queue_lock(queue);
        paid = queue_supply_locked(queue, line) >= enough;
    }
    line->lingering = false;
    line->patience = paid ? LINGER_LOOKS : line->patience / 2;
}

/* One step of a wait: PX_OK means look at the supply again. `again`: it was called, but others were
 * faster; then it keeps its place at the head. */
static int queue_wait_in_line_locked(struct px_queue *queue, struct queue_line *line,
                                     struct queue_waiter *me, bool again, int64_t deadline_ns)
    PX_REQUIRES(queue->lock)
{
    const bool newest_first = line == &queue->consumers;
    if (!me->in_line) {
        if (again || newest_first) {
            DL_PREPEND(line->first, me);
        } else {
            DL_APPEND(line->first, me);
        }
        me->in_line = true;
    }
    const int status = px_cond_wait_until(&me->cond, &queue->lock, deadline_ns);
    if (!me->in_line) {
        line->called = false;
    }
    return status;
}

static bool queue_lacks_locked(const struct px_queue *queue, const struct queue_line *line,
                               size_t enough) PX_REQUIRES(queue->lock)
{
    return !queue->closed && queue_supply_locked(queue, line) < enough;
}

/* NULL: there is no memory for one. */
static struct queue_waiter *queue_take_waiter_locked(struct px_queue *queue)
    PX_REQUIRES(queue->lock)
{
    struct queue_waiter *waiter = queue->spare;
    if (waiter != NULL) {
        DL_DELETE(queue->spare, waiter);
        return waiter;
    }
    waiter = calloc(1, sizeof *waiter);
    if (waiter != NULL && px_cond_init(&waiter->cond) != PX_OK) {
        free(waiter);
        waiter = NULL;
    }
    return waiter;
}

/* Who could not be given a waiter looks again now and then: a full memory loses no item. */
static int queue_poll_locked(struct px_queue *queue, int64_t deadline_ns) PX_REQUIRES(queue->lock)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    px_mutex_unlock(&queue->lock);
    PX_IGNORE(nanosleep(&pause, NULL));
    queue_lock(queue);
    return px_now_ns() < deadline_ns ? PX_OK : PX_ETIMEDOUT;
}

static int queue_sleep_locked(struct px_queue *queue, struct queue_line *line, size_t enough,
                              int64_t deadline_ns) PX_REQUIRES(queue->lock)
{
    struct queue_waiter *me = queue_take_waiter_locked(queue);
    int status = PX_OK;
    if (me == NULL) {
        while (status == PX_OK && queue_lacks_locked(queue, line, enough)) {
            status = queue_poll_locked(queue, deadline_ns);
        }
        return status;
    }
    me->enough = enough;
    bool again = false;
    while (status == PX_OK && queue_lacks_locked(queue, line, enough)) {
        status = queue_wait_in_line_locked(queue, line, me, again, deadline_ns);
        again = !me->in_line;
    }
    if (me->in_line) {
        DL_DELETE(line->first, me);
        me->in_line = false;
    }
    DL_PREPEND(queue->spare, me);
    return status;
}

/* Waits for a supply of `enough`. What came with the deadline, or before the close, still counts. */
static int queue_await_locked(struct px_queue *queue, struct queue_line *line, size_t enough,
                              int64_t deadline_ns) PX_REQUIRES(queue->lock)
{
    int status = PX_EAGAIN;
    if (deadline_ns != PX_NOWAIT && queue_lacks_locked(queue, line, enough)) {
        queue_linger_locked(queue, line, enough);
    }
    if (deadline_ns != PX_NOWAIT && queue_lacks_locked(queue, line, enough)) {
        status = queue_sleep_locked(queue, line, enough, deadline_ns);
    }
    if (queue_supply_locked(queue, line) >= enough) {
        return PX_OK;
    }
    return queue->closed ? PX_ECLOSED : status;
}

/* --- items ------------------------------------------------------------------------------------ */

int px_queue_push_many(struct px_queue *queue, void *const *items, size_t n, int64_t deadline_ns,
                       size_t *pushed)
{
    *pushed = 0;
    if (n == 0) {
        return PX_OK;
    }
    queue_lock(queue);
    int status = queue_await_locked(queue, &queue->producers, 1, deadline_ns);
    if (queue->closed) {
        status = PX_ECLOSED;
    }
    if (status == PX_OK) {
        const size_t room = queue->capacity - queue->len;
        const size_t count = n < room ? n : room;
        size_t at = queue->head + queue->len;
        for (size_t i = 0; i < count; i++, at++) {
            at = at < queue->capacity ? at : at - queue->capacity;
            queue->ring[at] = items[i];
        }
        queue->len += count;
        queue->unfinished += count;
        *pushed = count;
    }
    queue_leave(queue);
    return status;
}

int px_queue_push(struct px_queue *queue, void *item, int64_t deadline_ns)
{
    size_t pushed;
    return px_queue_push_many(queue, &item, 1, deadline_ns, &pushed);
}

int px_queue_pop_many(struct px_queue *queue, int64_t deadline_ns, void **items, size_t max,
                      size_t *popped)
{
    *popped = 0;
    if (max == 0) {
        return PX_OK;
    }
    queue_lock(queue);
    const int status = queue_await_locked(queue, &queue->consumers, 1, deadline_ns);
    if (status == PX_OK) {
        const size_t count = max < queue->len ? max : queue->len;
        for (size_t i = 0; i < count; i++) {
            items[i] = queue->ring[queue->head];
            queue->head = queue->head + 1 < queue->capacity ? queue->head + 1 : 0;
        }
        queue->len -= count;
        *popped = count;
    }
    queue_leave(queue);
    return status;
}

int px_queue_pop(struct px_queue *queue, int64_t deadline_ns, void **item)
{
    size_t popped;
    return px_queue_pop_many(queue, deadline_ns, item, 1, &popped);
}

int px_queue_await(struct px_queue *queue, size_t n, int64_t deadline_ns)
{
    const size_t enough = n < queue->capacity ? n : queue->capacity;
    queue_lock(queue);
    const int status = queue_await_locked(queue, &queue->consumers, enough, deadline_ns);
    queue_leave(queue);
    return status;
}

/* They stay in line until they are awake, and find out for themselves. */
static void queue_wake_line_locked(struct px_queue *queue, struct queue_line *line)
    PX_REQUIRES(queue->lock)
{
    (void)queue; /* named for the analysis of its lock */
    struct queue_waiter *waiter;
    DL_FOREACH(line->first, waiter)
    {
        px_cond_signal(&waiter->cond);
    }
}

void px_queue_close(struct px_queue *queue)
{
    queue_lock(queue);
    queue->closed = true;
    queue_wake_line_locked(queue, &queue->consumers);
    queue_wake_line_locked(queue, &queue->producers);
    px_mutex_unlock(&queue->lock);
}

/* --- unfinished tasks ------------------------------------------------------------------------- */

void px_queue_task_add(struct px_queue *queue)
{
    queue_lock(queue);
    queue->unfinished++;
    px_mutex_unlock(&queue->lock);
}

int px_queue_tasks_done(struct px_queue *queue, size_t n)
{
    queue_lock(queue);
    const int status = queue->unfinished >= n ? PX_OK : PX_EINVAL;
    if (status == PX_OK) {
        queue->unfinished -= n;
        if (queue->unfinished == 0) {
            px_cond_broadcast(&queue->all_done); /* every joiner may go on */
        }
    }
    px_mutex_unlock(&queue->lock);
    return status;
}

int px_queue_task_done(struct px_queue *queue)
{
    return px_queue_tasks_done(queue, 1);
}

int px_queue_join(struct px_queue *queue, int64_t deadline_ns)
{
    queue_lock(queue);
    int status = PX_OK;
    while (queue->unfinished > 0 && status == PX_OK) {
        status = px_cond_wait_by(&queue->all_done, &queue->lock, deadline_ns);
    }
    if (queue->unfinished == 0) {
        status = PX_OK;
    }
    px_mutex_unlock(&queue->lock);
    return status;
}

size_t px_queue_len(struct px_queue *queue)
{
    queue_lock(queue);
    const size_t len = queue->len;
    px_mutex_unlock(&queue->lock);
    return len;
}

size_t px_queue_capacity(const struct px_queue *queue)
{
    return queue->capacity;
}

size_t px_queue_unfinished(struct px_queue *queue)
{
    queue_lock(queue);
    const size_t unfinished = queue->unfinished;
    px_mutex_unlock(&queue->lock);
    return unfinished;
}
