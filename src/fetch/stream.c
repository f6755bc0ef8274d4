/* SPDX-License-Identifier: MIT
 *
 * fetch/stream.c - finished tasks wait until their bodies are out. On the owner's thread; no locks
 * of its own (ordered.c has one, and the thread that writes).
 *
 * The inner source knows two things of it: a task gets its place when it is made, and none is made
 * while the window is full. Retries and pauses happen behind that; a task keeps its place.
 */
#include "fetch/stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/fetch.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "fetch/engine.h"
#include "fetch/ordered.h"
#include "fetch/spool.h"
#include "fetch/task.h"

/* Tasks from the one whose turn it is to the last one made. So many small bodies go by while a slow
 * one holds up the output; each of them has at most a descriptor or SPOOL_SMALL_BYTES. */
#define PLACES_MAX 1024
#define AHEAD_BYTES ((uint64_t)2 << 30)

/* How soon to look whether the writer has got on, when no result comes. */
#define LOOK_NS (20 * PX_NS_PER_MS)

struct stream {
    struct px_source source; /* first */
    struct px_source *inner; /* owned */
    struct px_fetch *fetch;
    struct ordered *ordered;
    bool given_up; /* nothing more goes out */
    char error[160];
};

static struct stream *stream_of(struct px_source *source)
{
    return (struct stream *)(void *)source;
}

bool stream_has_room(struct stream *stream)
{
    return stream == NULL || stream->given_up || ordered_has_room(stream->ordered);
}

void stream_reserve(struct stream *stream, struct fetch_task *task)
{
    if (stream != NULL && !stream->given_up) {
        task->place = ordered_reserve(stream->ordered);
    }
}

static void give_up(struct stream *stream)
{
    if (!stream->given_up) {
        stream->given_up = true;
        ordered_stop(stream->ordered);
        stream->inner->ops->drain(stream->inner);
    }
}

/* A task is final. PX_EAGAIN: it is kept until its turn; PX_OK: it is to be told now. */
static int put(struct stream *stream, struct fetch_task *task)
{
    const bool whole = task->item.state == PX_ITEM_OK;

    if (stream->given_up) {
        if (whole) {
            task_set_canceled(task); /* it will not go out */
        }
        return PX_OK;
    }
    const struct ordered_body body = spool_body(task);
    ordered_put(stream->ordered, task->place, task, whole ? &body : NULL);
    return PX_EAGAIN;
}

static int fail(struct stream *stream, int rc, int err)
{
    give_up(stream);
    if (err == EPIPE) {
        return PX_EPIPE;
    }
    snprintf(stream->error, sizeof stream->error, "standard output: %s",
             rc == PX_ENOMEM ? px_status_text(rc) : px_errno_text(err));
    return PX_EOUTPUT;
}

/* PX_OK: the next task whose turn was. PX_EAGAIN, with when to look again; PX_EEND: there is none. */
static int take(struct stream *stream, struct px_next *out)
{
    void *item = NULL;
    bool written = false;
    int err = 0;

    int rc = ordered_take(stream->ordered, &item, &written, &err);
    if (rc == PX_EAGAIN && ordered_is_busy(stream->ordered)) {
        out->until_ns = px_deadline_in_ns(LOOK_NS);
    }
    if (rc == PX_EAGAIN || rc == PX_EEND) {
        return rc;
    }
    if (rc != PX_OK) {
        return fail(stream, rc, err);
    }
    struct fetch_task *task = item;
    if (!written) {
        give_up(stream);
        if (task->item.state == PX_ITEM_OK) {
            task_set_canceled(task);
        }
    }
    *out = (struct px_next){.task = &task->result, .finished = true};
    return PX_OK;
}

/* --- the interface ---------------------------------------------------------------------------*/

static int stream_next(struct px_source *base, struct px_next *out)
{
    struct stream *stream = stream_of(base);
    struct px_next mine = {.until_ns = PX_FOREVER};
    const int taken = take(stream, &mine);

    if (taken != PX_EAGAIN && taken != PX_EEND) {
        *out = mine;
        return taken;
    }
    int rc;
    while ((rc = stream->inner->ops->next(stream->inner, out)) == PX_OK) {
        if (!out->finished || put(stream, task_of(out->task)) == PX_OK) {
            return PX_OK;
        }
    }
    if (rc == PX_ENOMEM) {
        give_up(stream); /* the task is lost that had the next place */
    }
    if (rc == PX_EEND && taken == PX_EAGAIN) {
        *out = mine;
        return PX_EAGAIN;
    }
    if (rc == PX_EEND && ordered_is_busy(stream->ordered)) {
        *out = (struct px_next){.until_ns = px_deadline_in_ns(LOOK_NS)}; /* what was put just now */
        return PX_EAGAIN;
    }
    if (rc == PX_EAGAIN && mine.until_ns < out->until_ns) {
        out->until_ns = mine.until_ns;
    }
    return rc;
}

static int stream_done(struct px_source *base, struct px_result *result)
{
    struct stream *stream = stream_of(base);
    const int rc = stream->inner->ops->done(stream->inner, result);

    /* a result without items is a part of another task's work */
    return rc == PX_OK && result->n_items > 0 ? put(stream, task_of(result)) : rc;
}

static void stream_release(struct px_source *base, struct px_result *result)
{
    struct stream *stream = stream_of(base);

    stream->inner->ops->release(stream->inner, result);
}

static void stream_drain(struct px_source *base)
{
    struct stream *stream = stream_of(base);

    stream->inner->ops->drain(stream->inner);
}

static void stream_cancel(struct px_source *base)
{
    give_up(stream_of(base));
}

static const char *stream_error(struct px_source *base)
{
    struct stream *stream = stream_of(base);

    return stream->error[0] != '\0' ? stream->error : stream->inner->ops->error(stream->inner);
}

static uint64_t stream_total(struct px_source *base)
{
    struct stream *stream = stream_of(base);

    return stream->inner->ops->total_items(stream->inner);
}

static uint64_t stream_waiting(struct px_source *base)
{
    struct stream *stream = stream_of(base);

    return stream->inner->ops->waiting_items(stream->inner);
}

static void stream_free(struct px_source *base)
{
    struct stream *stream = stream_of(base);
    void *item;
    bool written;
    int err;

    ordered_stop(stream->ordered);
    while (ordered_take(stream->ordered, &item, &written, &err) == PX_OK) {
        task_free(item);
    }
    ordered_free(stream->ordered);
    stream->inner->ops->free(stream->inner);
    stream->fetch->stream = NULL;
    free(stream);
}

static bool stream_decision(struct px_source *base, struct px_decision *out)
{
    struct px_source *inner = stream_of(base)->inner;

    return inner->ops->decision != NULL && inner->ops->decision(inner, out);
}

static const struct px_source_ops stream_ops = {
    .next = stream_next,
    .done = stream_done,
    .release = stream_release,
    .drain = stream_drain,
    .error = stream_error,
    .total_items = stream_total,
    .waiting_items = stream_waiting,
    .free = stream_free,
    .decision = stream_decision,
    .cancel = stream_cancel,
};

/* Half of the descriptors may wait here; each transfer has its place whatever the limit. */
static size_t count_places(size_t transfers)
{
    const size_t half = px_raise_nofile() / 2; /* raised at the start: this only asks */
    const size_t most = half < PLACES_MAX ? half : PLACES_MAX;

    return transfers * 2 > most ? transfers * 2 : most;
}

int stream_new(struct px_fetch *fetch, struct px_source *inner, struct px_source **out)
{
    const struct px_fetch_opts *opts = &fetch->opts;
    const uint64_t ahead = opts->ahead_bytes != 0 ? opts->ahead_bytes : AHEAD_BYTES;
    const size_t transfers = (size_t)opts->workers * opts->streams;
    const struct ordered_opts ordered = {.out = opts->out_fd,
                                         .places = count_places(transfers),
                                         .always = transfers,
                                         .bytes = spool_room(fetch->base->fd, ahead)};
    struct stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL) {
        return PX_ENOMEM;
    }
    const int rc = ordered_new(&ordered, &stream->ordered);
    if (rc != PX_OK) {
        free(stream);
        return rc;
    }
    stream->source.ops = &stream_ops;
    stream->inner = inner;
    stream->fetch = fetch;
    fetch->stream = stream;
    *out = &stream->source;
    return PX_OK;
}
