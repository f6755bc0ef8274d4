/* SPDX-License-Identifier: MIT
 *
 * core/completed.c - many futures at once: in the order in which they finish, or until some are.
 *
 * An iterator puts a watch on each future. The thread that finishes the future moves the watch to the
 * iterator's list, so that next() is one lock and one condition variable however many there are.
 *
 * Locks: `lock` guards the list. It is taken under a future's lock (core/future.h), and no other lock
 * is taken under it.
 */
#include <stdlib.h>

#include <pxfer/status.h>

#include "base/mutex.h"
#include "core/future.h"

struct completed_watch {
    struct px_watch watch; /* first member */
    struct px_as_completed *iterator;
    struct px_future *future;         /* a reference */
    struct completed_watch *finished; /* the next one that is; protected by the iterator's lock */
};

struct px_as_completed {
    /* fixed after new */
    struct completed_watch *watches;
    size_t n;

    /* the iterating thread only */
    size_t given;
    size_t helped; /* those before are no longer pending */

    struct px_mutex lock;
    struct px_cond some;

    /* protected by lock */
    struct completed_watch *first PX_GUARDED; /* finished and not given yet */
    struct completed_watch *last PX_GUARDED;
};

static void completed_append(struct completed_watch *watch)
{
    struct px_as_completed *iterator = watch->iterator;
    px_mutex_lock(&iterator->lock);
    if (iterator->first == NULL) {
        iterator->first = watch;
    } else {
        iterator->last->finished = watch;
    }
    iterator->last = watch;
    px_cond_signal(&iterator->some); /* one thread iterates */
    px_mutex_unlock(&iterator->lock);
}

static void completed_notify(struct px_watch *watch)
{
    completed_append((struct completed_watch *)watch);
}

static void completed_add(struct px_as_completed *iterator, struct px_future *future)
{
    struct completed_watch *watch = &iterator->watches[iterator->n++];
    watch->watch.notify = completed_notify;
    watch->iterator = iterator;
    watch->future = px_future_ref(future);
    if (px_future_watch(future, &watch->watch) == PX_EEND) {
        completed_append(watch);
    }
}

static bool completed_has_null(struct px_future *const *futures, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (futures[i] == NULL) {
            return true;
        }
    }
    return false;
}

int px_as_completed_new(struct px_future *const *futures, size_t n, struct px_as_completed **out)
{
    if (completed_has_null(futures, n)) {
        return PX_EINVAL;
    }
    struct px_as_completed *iterator = calloc(1, sizeof *iterator);
    if (iterator == NULL) {
        return PX_ENOMEM;
    }
    iterator->watches = calloc(n > 0 ? n : 1, sizeof *iterator->watches);
    if (iterator->watches == NULL) {
        goto out_free;
    }
    if (px_mutex_init(&iterator->lock) != PX_OK) {
        goto out_watches;
    }
    if (px_cond_init(&iterator->some) != PX_OK) {
        goto out_lock;
    }
    for (size_t i = 0; i < n; i++) {
        completed_add(iterator, futures[i]);
    }
    *out = iterator;
    return PX_OK;

out_lock:
    px_mutex_fini(&iterator->lock);
out_watches:
    free(iterator->watches);
out_free:
    free(iterator);
    return PX_ENOMEM;
}

void px_as_completed_free(struct px_as_completed *iterator)
{
    if (iterator == NULL) {
        return;
    }
    for (size_t i = 0; i < iterator->n; i++) {
        struct completed_watch *watch = &iterator->watches[i];
        px_future_unwatch(watch->future, &watch->watch);
        px_future_unref(watch->future);
    }
    px_cond_fini(&iterator->some);
    px_mutex_fini(&iterator->lock);
    free(iterator->watches);
    free(iterator);
}

static struct completed_watch *completed_pop_locked(struct px_as_completed *iterator)
    PX_REQUIRES(iterator->lock)
{
    struct completed_watch *watch = iterator->first;
    if (watch != NULL) {
        iterator->first = watch->finished;
    }
    return watch;
}

static int completed_await(struct px_as_completed *iterator, int64_t deadline_ns,
                           struct completed_watch **out)
{
    int status = PX_OK;
    px_mutex_lock(&iterator->lock);
    while (iterator->first == NULL && status == PX_OK) {
        status = px_cond_wait_by(&iterator->some, &iterator->lock, deadline_ns);
    }
    *out = completed_pop_locked(iterator);
    px_mutex_unlock(&iterator->lock);
    return *out != NULL ? PX_OK : status;
}

/* A worker that would wait for tasks which only it may be there to run runs one. */
static void completed_help(struct px_as_completed *iterator)
{
    for (; iterator->helped < iterator->n; iterator->helped++) {
        px_mutex_lock(&iterator->lock);
        const bool some = iterator->first != NULL;
        px_mutex_unlock(&iterator->lock);
        if (some) {
            return;
        }
        px_future_help(iterator->watches[iterator->helped].future);
    }
}

int px_as_completed_next(struct px_as_completed *iterator, int64_t deadline_ns,
                         struct px_future **out, size_t *index)
{
    if (iterator->given == iterator->n) {
        return PX_EEND;
    }
    if (deadline_ns == PX_FOREVER) {
        completed_help(iterator);
    }
    struct completed_watch *watch = NULL;
    const int status = completed_await(iterator, deadline_ns, &watch);
    if (status != PX_OK) {
        return status;
    }
    iterator->given++;
    *out = watch->future;
    if (index != NULL) {
        *index = (size_t)(watch - iterator->watches);
    }
    return PX_OK;
}

/* Whether this finished future ends the wait for a first one. */
static bool completed_is_it(struct px_future *future, enum px_wait_for what)
{
    int status = PX_OK;
    PX_IGNORE(px_future_result(future, PX_NOWAIT, &status, NULL)); /* it is finished */
    switch (what) {
    case PX_WAIT_FIRST_COMPLETED: return true;
    case PX_WAIT_FIRST_FAILED: return status != PX_OK && px_future_state(future) == PX_FUTURE_DONE;
    case PX_WAIT_ALL: return false;
    }
    return false;
}

int px_futures_wait(struct px_future *const *futures, size_t n, enum px_wait_for what,
                    int64_t deadline_ns, size_t *which)
{
    struct px_as_completed *iterator = NULL;
    int status = px_as_completed_new(futures, n, &iterator);
    if (status != PX_OK) {
        return status;
    }
    struct px_future *future = NULL;
    size_t index = n;
    while ((status = px_as_completed_next(iterator, deadline_ns, &future, &index)) == PX_OK &&
           !completed_is_it(future, what)) {
        index = n;
    }
    px_as_completed_free(iterator);
    if (status == PX_OK || status == PX_EEND) {
        if (which != NULL) {
            *which = index;
        }
        return PX_OK;
    }
    return status;
}
