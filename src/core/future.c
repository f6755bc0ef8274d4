/* SPDX-License-Identifier: MIT
 *
 * core/future.c - one task and what came of it. Any thread enters any function.
 *
 * Each future has one lock, for its state, and one condition variable, for "finished". Who changes the
 * state from PENDING has won the task: the worker that popped it, a worker that helps because it waits
 * for it, or who cancels. The losers find out and leave it alone, so a canceled or helped future stays
 * in the queue as a husk until a worker throws it out.
 *
 * References: the submitter's, the queue's (given back by the worker that pops), and those of
 * iterators. The last one frees.
 */
#include "core/future.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <pxfer/status.h>

#include "base/mutex.h"

struct future_callback {
    struct future_callback *next;
    void (*fn)(void *ctx, struct px_future *future);
    void *ctx;
};

struct px_future {
    /* fixed after new */
    struct px_executor *executor; /* there for certain only while the task is pending */
    struct px_task task;

    atomic_size_t references;

    struct px_mutex lock;
    struct px_cond finished;

    /* protected by lock */
    enum px_future_state state PX_GUARDED;
    int status PX_GUARDED;
    void *result PX_GUARDED;
    bool taken PX_GUARDED;
    struct px_watch *watches PX_GUARDED;
    struct future_callback *callbacks PX_GUARDED; /* owned, in the order of their calls */
};

int px_future_new(struct px_executor *executor, const struct px_task *task, struct px_future **out)
{
    struct px_future *future = calloc(1, sizeof *future);
    if (future == NULL) {
        return PX_ENOMEM;
    }
    future->executor = executor;
    future->task = *task;
    atomic_init(&future->references, 1);
    if (px_mutex_init(&future->lock) != PX_OK) {
        goto out_free;
    }
    if (px_cond_init(&future->finished) != PX_OK) {
        goto out_lock;
    }
    *out = future;
    return PX_OK;

out_lock:
    px_mutex_fini(&future->lock);
out_free:
    free(future);
    return PX_ENOMEM;
}

/* Nobody else knows the future any more: no lock. It is finished, so its callbacks are gone. */
static void future_free(struct px_future *future) PX_NO_ANALYSIS
{
    if (future->result != NULL && future->task.free_result != NULL) {
        future->task.free_result(future->result);
    }
    px_cond_fini(&future->finished);
    px_mutex_fini(&future->lock);
    free(future);
}

struct px_future *px_future_ref(struct px_future *future)
{
    /* Relaxed: the caller has a reference already, so there is nothing to order. */
    atomic_fetch_add_explicit(&future->references, 1, memory_order_relaxed);
    return future;
}

void px_future_unref(struct px_future *future)
{
    /* Release: what this thread did comes before the free. Acquire: so does what the others did. */
    if (future != NULL &&
        atomic_fetch_sub_explicit(&future->references, 1, memory_order_acq_rel) == 1) {
        future_free(future);
    }
}

static bool future_is_finished_locked(const struct px_future *future) PX_REQUIRES(future->lock)
{
    return future->state >= PX_FUTURE_DONE;
}

/* --- from state to state ---------------------------------------------------------------------- */

static void future_call(struct px_future *future, struct future_callback *callbacks)
{
    while (callbacks != NULL) {
        struct future_callback *callback = callbacks;
        callbacks = callback->next;
        callback->fn(callback->ctx, future);
        free(callback);
    }
}

static bool future_begin(struct px_future *future)
{
    px_mutex_lock(&future->lock);
    const bool mine = future->state == PX_FUTURE_PENDING;
    if (mine) {
        future->state = PX_FUTURE_RUNNING;
    }
    px_mutex_unlock(&future->lock);
    return mine;
}

struct future_end {
    enum px_future_state from;
    enum px_future_state to;
    int status;
    void *result;
};

/* Returns the state that was found; the future is finished by this call if that is end->from. The
 * caller has a reference. */
static enum px_future_state future_finish(struct px_future *future, const struct future_end *end)
{
    struct future_callback *callbacks = NULL;
    px_mutex_lock(&future->lock);
    const enum px_future_state found = future->state;
    if (found == end->from) {
        future->state = end->to;
        future->status = end->status;
        future->result = end->result;
        for (struct px_watch *watch = future->watches; watch != NULL; watch = watch->next) {
            watch->notify(watch);
        }
        callbacks = future->callbacks;
        future->callbacks = NULL;
        px_cond_broadcast(&future->finished); /* every waiter may go on */
    }
    px_mutex_unlock(&future->lock);
    future_call(future, callbacks);
    return found;
}

void px_future_run(struct px_future *future, void *state)
{
    if (!future_begin(future)) {
        return;
    }
    struct future_end end = {.from = PX_FUTURE_RUNNING, .to = PX_FUTURE_DONE};
    end.status = future->task.run(future->task.arg, state, &end.result);
    PX_IGNORE(future_finish(future, &end)); /* nobody else ends what is running */
}

int px_future_cancel(struct px_future *future)
{
    const struct future_end end = {
        .from = PX_FUTURE_PENDING, .to = PX_FUTURE_CANCELED, .status = PX_ECANCELED};
    const enum px_future_state found = future_finish(future, &end);
    return found == PX_FUTURE_PENDING || found == PX_FUTURE_CANCELED ? PX_OK : PX_EREFUSED;
}

void px_future_help(struct px_future *future)
{
    struct px_executor_slot *slot = NULL;
    px_mutex_lock(&future->lock);
    /* As long as this future is pending its executor waits for it. */
    if (future->state == PX_FUTURE_PENDING) {
        slot = px_executor_slot_here(future->executor);
    }
    px_mutex_unlock(&future->lock);
    if (slot != NULL) { /* and as long as this thread is in a task of it, too */
        px_executor_process(slot, future);
    }
}

/* --- asking ----------------------------------------------------------------------------------- */

enum px_future_state px_future_state(struct px_future *future)
{
    px_mutex_lock(&future->lock);
    const enum px_future_state state = future->state;
    px_mutex_unlock(&future->lock);
    return state;
}

void *px_future_arg(const struct px_future *future)
{
    return future->task.arg;
}

static int future_await_locked(struct px_future *future, int64_t deadline_ns)
    PX_REQUIRES(future->lock)
{
    int status = PX_OK;
    while (!future_is_finished_locked(future) && status == PX_OK) {
        status = px_cond_wait_by(&future->finished, &future->lock, deadline_ns);
    }
    /* What finished with the deadline still counts. */
    return future_is_finished_locked(future) ? PX_OK : status;
}

int px_future_wait(struct px_future *future, int64_t deadline_ns)
{
    return px_future_result(future, deadline_ns, NULL, NULL);
}

int px_future_result(struct px_future *future, int64_t deadline_ns, int *status, void **result)
{
    if (deadline_ns == PX_FOREVER) {
        px_future_help(future);
    }
    px_mutex_lock(&future->lock);
    const int waited = future_await_locked(future, deadline_ns);
    if (waited == PX_OK && status != NULL) {
        *status = future->status;
    }
    if (waited == PX_OK && result != NULL) {
        *result = future->result;
    }
    px_mutex_unlock(&future->lock);
    return waited;
}

int px_future_take(struct px_future *future, void **result)
{
    int status = PX_EAGAIN;
    px_mutex_lock(&future->lock);
    if (future_is_finished_locked(future)) {
        status = future->taken ? PX_EINVAL : PX_OK;
    }
    if (status == PX_OK) {
        *result = future->result;
        future->result = NULL;
        future->taken = true;
    }
    px_mutex_unlock(&future->lock);
    return status;
}

/* --- being told ------------------------------------------------------------------------------- */

int px_future_on_done(struct px_future *future, void (*fn)(void *ctx, struct px_future *future),
                      void *ctx)
{
    struct future_callback *callback = calloc(1, sizeof *callback);
    if (callback == NULL) {
        return PX_ENOMEM;
    }
    callback->fn = fn;
    callback->ctx = ctx;
    px_mutex_lock(&future->lock);
    const bool late = future_is_finished_locked(future);
    if (!late) {
        struct future_callback **end = &future->callbacks;
        while (*end != NULL) {
            end = &(*end)->next;
        }
        *end = callback;
    }
    px_mutex_unlock(&future->lock);
    if (late) {
        future_call(future, callback);
    }
    return PX_OK;
}

int px_future_watch(struct px_future *future, struct px_watch *watch)
{
    px_mutex_lock(&future->lock);
    const bool late = future_is_finished_locked(future);
    if (!late) {
        watch->prev = NULL;
        watch->next = future->watches;
        if (watch->next != NULL) {
            watch->next->prev = watch;
        }
        future->watches = watch;
    }
    px_mutex_unlock(&future->lock);
    return late ? PX_EEND : PX_OK;
}

void px_future_unwatch(struct px_future *future, struct px_watch *watch)
{
    px_mutex_lock(&future->lock);
    if (watch->prev != NULL) {
        watch->prev->next = watch->next;
    } else if (future->watches == watch) {
        future->watches = watch->next;
    }
    if (watch->next != NULL) {
        watch->next->prev = watch->prev;
    }
    px_mutex_unlock(&future->lock);
}
