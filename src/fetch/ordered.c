/* SPDX-License-Identifier: MIT
 *
 * fetch/ordered.c - bodies in list order: a ring of places, and the thread that writes.
 *
 *     taken ........ written ........ reserved
 *       | the owner's  |  the thread's   |
 *       | to take      |  to write       |
 *
 * The owner reserves at the right end and takes at the left; the thread moves `written`. A place
 * belongs to the owner until it is ready, then to the thread until `written` has passed it. One lock
 * guards the ring; the thread writes without it.
 */
#include "fetch/ordered.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "base/mutex.h"
#include "base/pump.h"

/* So many bodies of unknown size may be on their way for each one that may always be. */
#define UNKNOWN_PER_PLACE 2

struct place {
    void *item;
    struct ordered_body body;
    bool ready;
    bool gap;
};

struct ordered {
    /* fixed after new */
    struct ordered_opts opts;
    pthread_t thread;

    struct pump pump; /* the thread's */
    bool joined;      /* the owner's */

    struct px_mutex lock;
    struct px_cond changed; /* the thread waits for: the next place is ready, or stop */

    /* protected by lock */
    struct place *ring PX_GUARDED; /* opts.places of them; the pointer is fixed */
    uint64_t taken PX_GUARDED;
    uint64_t written PX_GUARDED;
    uint64_t reserved PX_GUARDED;
    uint64_t waiting_bytes PX_GUARDED; /* of bodies that are ready and not written */
    uint64_t unready PX_GUARDED;       /* places that are reserved and not ready */
    uint64_t bodies PX_GUARDED;        /* that were ever ready, and their bytes */
    uint64_t bodies_bytes PX_GUARDED;
    int failure PX_GUARDED; /* PX_OK, or what became of the descriptor */
    int failure_errno PX_GUARDED;
    bool at_gap PX_GUARDED;
    bool stop PX_GUARDED;
};

static struct place *place_of(struct ordered *ordered, uint64_t place) PX_REQUIRES(ordered->lock)
{
    return &ordered->ring[place % ordered->opts.places];
}

/* --- the thread ------------------------------------------------------------------------------*/

static bool is_stopped(void *ctx)
{
    struct ordered *ordered = ctx;

    px_mutex_lock(&ordered->lock);
    const bool stop = ordered->stop;
    px_mutex_unlock(&ordered->lock);
    return stop;
}

/* True: the next place is a body to write. */
static bool next_body(struct ordered *ordered, struct ordered_body *out) PX_REQUIRES(ordered->lock)
{
    if (ordered->written == ordered->reserved) {
        return false;
    }
    const struct place *place = place_of(ordered, ordered->written);
    if (!place->ready) {
        return false;
    }
    if (place->gap) {
        ordered->at_gap = true;
        ordered->written++;
        return false;
    }
    *out = place->body;
    return true;
}

static int write_body(struct ordered *ordered, const struct ordered_body *body)
{
    return body->fd >= 0 ? pump_file(&ordered->pump, body->fd, body->size)
                         : pump_bytes(&ordered->pump, body->bytes, (size_t)body->size);
}

/* False: the thread is done. */
static bool wait_and_write(struct ordered *ordered)
{
    struct ordered_body body;

    px_mutex_lock(&ordered->lock);
    bool found = false;
    while (!ordered->stop && !ordered->at_gap && !(found = next_body(ordered, &body))) {
        if (!ordered->at_gap) {
            PX_IGNORE(px_cond_wait_until(&ordered->changed, &ordered->lock, PX_FOREVER));
        }
    }
    px_mutex_unlock(&ordered->lock);
    if (!found) {
        return false;
    }
    const int rc = write_body(ordered, &body);
    const int err = errno;
    px_mutex_lock(&ordered->lock);
    if (rc == PX_OK) {
        ordered->written++;
        ordered->waiting_bytes -= body.size;
    } else if (rc != PX_ECANCELED) {
        ordered->failure = rc;
        ordered->failure_errno = err;
    }
    px_mutex_unlock(&ordered->lock);
    return rc == PX_OK;
}

static void *ordered_thread(void *arg)
{
    while (wait_and_write(arg)) {
    }
    return NULL;
}

/* Signals are for the owner's thread. */
static int start_thread(struct ordered *ordered)
{
    sigset_t all, old;

    PX_IGNORE(sigfillset(&all));
    const bool masked = pthread_sigmask(SIG_SETMASK, &all, &old) == 0;
    const int rc = pthread_create(&ordered->thread, NULL, ordered_thread, ordered);
    if (masked) {
        PX_IGNORE(pthread_sigmask(SIG_SETMASK, &old, NULL));
    }
    return rc == 0 ? PX_OK : PX_ETHREAD;
}

/* --- the owner -------------------------------------------------------------------------------*/

int ordered_new(const struct ordered_opts *opts, struct ordered **out) PX_NO_ANALYSIS
{
    struct ordered *ordered = calloc(1, sizeof *ordered);

    if (ordered == NULL) {
        return PX_ENOMEM;
    }
    ordered->opts = *opts;
    int rc = PX_ENOMEM;
    ordered->ring = calloc(opts->places, sizeof *ordered->ring);
    if (ordered->ring == NULL || (rc = px_mutex_init(&ordered->lock)) != PX_OK) {
        goto out_ring;
    }
    if ((rc = px_cond_init(&ordered->changed)) != PX_OK) {
        goto out_lock;
    }
    pump_init(&ordered->pump, opts->out, is_stopped, ordered);
    if ((rc = start_thread(ordered)) != PX_OK) {
        goto out_cond;
    }
    *out = ordered;
    return PX_OK;

out_cond:
    px_cond_fini(&ordered->changed);
out_lock:
    px_mutex_fini(&ordered->lock);
out_ring:
    free(ordered->ring);
    free(ordered);
    return rc;
}

void ordered_free(struct ordered *ordered) PX_NO_ANALYSIS
{
    if (ordered == NULL) {
        return;
    }
    ordered_stop(ordered);
    pump_fini(&ordered->pump);
    px_cond_fini(&ordered->changed);
    px_mutex_fini(&ordered->lock);
    free(ordered->ring);
    free(ordered);
}

/* Bytes that wait, and those that are to be expected of the bodies that are being fetched: as many
 * as the ones before had. Before there was any, nobody knows: then few are let in. */
static bool fits_in_bytes(const struct ordered *ordered) PX_REQUIRES(ordered->lock)
{
    if (ordered->bodies == 0) {
        return ordered->unready < UNKNOWN_PER_PLACE * ordered->opts.always;
    }
    const uint64_t mean = ordered->bodies_bytes / ordered->bodies;
    return ordered->waiting_bytes + ordered->unready * mean < ordered->opts.bytes;
}

bool ordered_has_room(struct ordered *ordered)
{
    px_mutex_lock(&ordered->lock);
    const uint64_t out = ordered->reserved - ordered->taken;
    const bool room =
        out < ordered->opts.places && (out < ordered->opts.always || fits_in_bytes(ordered));
    px_mutex_unlock(&ordered->lock);
    return room;
}

uint64_t ordered_reserve(struct ordered *ordered)
{
    px_mutex_lock(&ordered->lock);
    const uint64_t place = ordered->reserved++;
    ordered->unready++;
    *place_of(ordered, place) = (struct place){.ready = false};
    px_mutex_unlock(&ordered->lock);
    return place;
}

void ordered_put(struct ordered *ordered, uint64_t place, void *item,
                 const struct ordered_body *body)
{
    px_mutex_lock(&ordered->lock);
    *place_of(ordered, place) = (struct place){.item = item, .ready = true, .gap = body == NULL};
    ordered->unready--;
    if (body != NULL) {
        place_of(ordered, place)->body = *body;
        ordered->waiting_bytes += body->size;
        ordered->bodies++;
        ordered->bodies_bytes += body->size;
    }
    px_cond_signal(&ordered->changed); /* the thread alone waits */
    px_mutex_unlock(&ordered->lock);
}

/* After a stop: past places that nobody has filled. Their items come back another way. */
static void skip_unready(struct ordered *ordered) PX_REQUIRES(ordered->lock)
{
    while (ordered->taken < ordered->reserved && !place_of(ordered, ordered->taken)->ready) {
        ordered->taken++;
    }
}

int ordered_take(struct ordered *ordered, void **item, bool *written, int *err)
{
    int rc = PX_EAGAIN;

    px_mutex_lock(&ordered->lock);
    if (ordered->stop) {
        skip_unready(ordered);
    }
    if (ordered->taken == ordered->reserved) {
        rc = PX_EEND;
    } else if (ordered->taken < ordered->written || ordered->stop) {
        const struct place *place = place_of(ordered, ordered->taken);
        *item = place->item;
        *written = ordered->taken < ordered->written && !place->gap;
        ordered->taken++;
        rc = PX_OK;
    } else if (ordered->failure != PX_OK) {
        rc = ordered->failure;
        *err = ordered->failure_errno;
    }
    px_mutex_unlock(&ordered->lock);
    return rc;
}

void ordered_stop(struct ordered *ordered)
{
    px_mutex_lock(&ordered->lock);
    ordered->stop = true;
    px_cond_signal(&ordered->changed);
    px_mutex_unlock(&ordered->lock);
    /* the body in hand is the owner's again only when the thread is gone */
    if (!ordered->joined) {
        PX_IGNORE(pthread_join(ordered->thread, NULL)); /* ours, and joined once */
        ordered->joined = true;
    }
}

bool ordered_is_busy(struct ordered *ordered)
{
    px_mutex_lock(&ordered->lock);
    const bool busy = !ordered->stop && !ordered->at_gap && ordered->written < ordered->reserved &&
                      place_of(ordered, ordered->written)->ready;
    px_mutex_unlock(&ordered->lock);
    return busy;
}
