/* SPDX-License-Identifier: MIT
 *
 * copy/fake.h - an engine without a pool: one worker handle whose queue is an array, on the test's
 * own thread. What is emitted is added up, checked and released. Header only; include after
 * <cmocka.h>.
 *
 *     fake_run(&fake, &opts, capacity)   plan, all roots, the body until nothing is left; the sums
 *     fake_open(&fake, &opts, capacity)  only the engine, one copier and a task in its hand, for the
 *     fake_close(&fake)                  tests of one function
 */
#ifndef PX_TESTS_COPY_FAKE_H
#define PX_TESTS_COPY_FAKE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/copy.h>

#include "copy/copier.h"
#include "copy/dir.h"
#include "copy/engine.h"
#include "copy/finish.h"
#include "copy/task.h"

#define FAKE_ROOM 4096
#define FAKE_TEXT 512

struct fake {
    struct px_worker handle; /* first member */
    /* the queue: a ring */
    void *queue[FAKE_ROOM];
    size_t first;
    size_t len;
    size_t capacity;
    /* when to raise the stop flag: at this question for it; 0 = never */
    uint64_t stop_at;
    uint64_t asked;
    bool stopping;
    /* what happened */
    uint64_t offered; /* tasks that owe a result: roots and offers, refused or not */
    uint64_t refused;
    uint64_t emitted;
    struct px_result sum; /* counts only */
    struct px_item worst; /* the last item that failed or was skipped; strings below */
    char error[FAKE_TEXT];
    char source[FAKE_TEXT];
    char target[FAKE_TEXT];
    char message[FAKE_TEXT]; /* why px_copy_new refused */
    /* the engine */
    struct px_copy *copy;
    struct px_copier *copier;
    struct px_source *feed;
};

static inline int fake_next(struct px_worker *worker, int64_t deadline_ns, void **task)
{
    struct fake *fake = (struct fake *)worker;
    (void)deadline_ns;
    if (fake->len == 0) {
        return PX_ECLOSED;
    }
    *task = fake->queue[fake->first];
    fake->first = (fake->first + 1) % FAKE_ROOM;
    fake->len--;
    return PX_OK;
}

static inline int fake_offer(struct px_worker *worker, void *task)
{
    struct fake *fake = (struct fake *)worker;
    fake->offered++;
    if (fake->stopping || fake->len == fake->capacity) {
        fake->refused++;
        return PX_EAGAIN;
    }
    fake->queue[(fake->first + fake->len) % FAKE_ROOM] = task;
    fake->len++;
    return PX_OK;
}

static inline void fake_keep(struct fake *fake, const struct px_item *item)
{
    if (item->state != PX_ITEM_FAILED && item->state != PX_ITEM_SKIPPED) {
        return;
    }
    fake->worst = *item;
    (void)snprintf(fake->error, FAKE_TEXT, "%s", item->error != NULL ? item->error : "");
    (void)snprintf(fake->source, FAKE_TEXT, "%s", item->source != NULL ? item->source : "");
    (void)snprintf(fake->target, FAKE_TEXT, "%s", item->target != NULL ? item->target : "");
}

static inline void fake_see(struct fake *fake, struct px_result *result)
{
    fake->sum.ok += result->ok;
    fake->sum.skipped += result->skipped;
    fake->sum.failed += result->failed;
    fake->sum.canceled += result->canceled;
    fake->sum.bytes += result->bytes;
    for (size_t i = 0; i < result->n_items; i++) {
        fake_keep(fake, &result->items[i]);
    }
}

static inline void fake_emit(struct px_worker *worker, void *result)
{
    struct fake *fake = (struct fake *)worker;
    const struct px_copy_task *task = result;
    fake->emitted++;
    assert_null(task->dir); /* given up before it was given back */
    assert_null(task->chunks);
    fake_see(fake, result);
    px_task_free(result);
}

static inline bool fake_stopping(const struct px_worker *worker)
{
    struct fake *fake = (struct fake *)(uintptr_t)worker;
    fake->asked++;
    fake->stopping = fake->stopping || (fake->stop_at != 0 && fake->asked >= fake->stop_at);
    return fake->stopping;
}

static inline void fake_init(struct fake *fake, size_t capacity)
{
    static const struct px_worker_ops ops = {fake_next, fake_offer, fake_emit, fake_stopping, NULL};
    *fake = (struct fake){.handle = {.ops = &ops}, .capacity = capacity};
}

static inline int fake_open(struct fake *fake, const struct px_copy_opts *opts, size_t capacity)
{
    fake_init(fake, capacity);
    const int status = px_copy_new(opts, fake->message, sizeof fake->message, &fake->copy);
    if (status != PX_OK) {
        return status;
    }
    assert_int_equal(px_copier_new(fake->copy, &fake->handle, &fake->copier), PX_OK);
    fake->copier->task = px_task_new(PX_TASK_NAMES, NULL);
    assert_non_null(fake->copier->task);
    return PX_OK;
}

/* What the task in hand came to so far is added to the sums. */
static inline void fake_close(struct fake *fake)
{
    if (fake->copier != NULL) {
        fake_see(fake, &fake->copier->task->result);
        px_task_free(fake->copier->task);
        px_copier_free(fake->copier);
    }
    px_copy_free(fake->copy);
    fake->copier = NULL;
    fake->copy = NULL;
}

/* Runs the body the way a pool of one worker would, the source included. */
static inline void fake_drive(struct fake *fake)
{
    const struct px_worker_body body = px_copy_body(fake->copy);
    void *state = NULL;
    struct px_next next;
    assert_int_equal(px_copy_source(fake->copy, &fake->feed), PX_OK);
    assert_int_equal(body.init(&fake->handle, body.ctx, &state), PX_OK);
    while (fake->feed->ops->next(fake->feed, &next) == PX_OK) {
        if (next.finished) {
            fake_see(fake, next.task);
            fake->feed->ops->release(fake->feed, next.task);
            continue;
        }
        fake->offered++;
        fake->queue[fake->first] = next.task;
        fake->len = 1;
        body.run(&fake->handle, state);
    }
    body.fini(&fake->handle, state);
    fake->feed->ops->free(fake->feed);
    assert_int_equal(fake->emitted, fake->offered); /* exactly one result for each task */
    assert_int_equal(fake->len, 0);
}

/* Set fake->stop_at after fake_prepare() and before fake_finish() to cancel on the way. */
static inline int fake_prepare(struct fake *fake, const struct px_copy_opts *opts, size_t capacity)
{
    fake_init(fake, capacity);
    return px_copy_new(opts, fake->message, sizeof fake->message, &fake->copy);
}

static inline void fake_finish(struct fake *fake)
{
    fake_drive(fake);
    px_copy_free(fake->copy);
    fake->copy = NULL;
}

static inline int fake_run(struct fake *fake, const struct px_copy_opts *opts, size_t capacity)
{
    const int status = fake_prepare(fake, opts, capacity);
    if (status == PX_OK) {
        fake_finish(fake);
    }
    return status;
}

/* "SRC DST" as options. The array is static: one set at a time. */
static inline struct px_copy_opts fake_opts(const char *source, const char *target)
{
    static const char *sources[1];
    sources[0] = source;
    return (struct px_copy_opts){
        .workers = 1, .sources = sources, .n_sources = 1, .target = target};
}

/* The container of the only operand of an opened fake, and an entry for it. */
static inline struct px_dir *fake_container(struct fake *fake, struct px_entry *entry)
{
    struct px_dir *dir = NULL;
    struct px_fail fail;
    const struct px_root *root = &fake->copy->dests.items[0].plan.roots[0];
    assert_int_equal(
        px_dir_open_container(fake->copier, &fake->copy->dests.items[0], root, &dir, &fail), PX_OK);
    *entry = (struct px_entry){.dir = dir,
                               .source_name = root->source_name,
                               .target_name = root->target_name,
                               .expect = &root->expect,
                               .type = PX_COPY_FILE};
    return dir;
}

#endif
