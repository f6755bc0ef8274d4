/* SPDX-License-Identifier: MIT
 *
 * copy/source.c - hands out the operands that the plan has checked. Runs on the owner's thread only;
 * the plan is fixed by then.
 */
#include "copy/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/timing.h>

#include "base/fdio.h"
#include "base/show.h"
#include "copy/engine.h"
#include "copy/shard.h"
#include "copy/task.h"

/* How long a pipe that has no names now is left alone. */
#define LIST_WAIT_NS (20 * PX_NS_PER_MS)

/* An operand that is not there is a failed item, and needs no worker. */
static int source_finish_missing(struct px_copy_task *task, const struct px_root *root)
{
    struct px_fail fail;
    PX_IGNORE(px_fail_set(&fail, root->status, root->os_errno, "open source"));
    return px_task_add_operand(task, root->operand, fail.status, fail.os_errno, fail.text);
}

/* A name of the list that must not be: an item that failed. */
static int source_bad_name(struct px_copy_source *source, struct px_next *out)
{
    uint64_t line;
    char text[96];
    const char *name = px_listfile_bad(source->list, &line);
    struct px_copy_task *task = px_task_new(PX_TASK_ROOT, NULL);
    (void)snprintf(text, sizeof text, "list: name %" PRIu64 " is none of a file below the source",
                   line);
    if (task == NULL || px_task_add_operand(task, name, PX_EBADLINE, 0, text) != PX_OK) {
        px_task_free(task);
        source->out_of_memory = true;
        return PX_ENOMEM;
    }
    *out = (struct px_next){.task = &task->result, .finished = true};
    return PX_OK;
}

/* The one root again and again, each time with the next batch of names. */
static int source_next_batch(struct px_copy_source *source, struct px_next *out)
{
    struct px_listed *batch = NULL;
    const int status = px_listfile_next(source->list, &batch);
    if (status == PX_EAGAIN) {
        out->until_ns = px_now_ns() + LIST_WAIT_NS;
        return PX_EAGAIN;
    }
    if (status == PX_EBADLINE) {
        return source_bad_name(source, out);
    }
    if (status == PX_EIO) {
        const char *why = px_errno_text(errno);
        char *shown = px_show_name_dup(source->copy->opts.names_from);
        (void)snprintf(source->error, sizeof source->error, "--files-from: %s: %s",
                       shown != NULL ? shown : "", why);
        free(shown);
    }
    source->out_of_memory = status == PX_ENOMEM;
    if (status != PX_OK) {
        return status;
    }
    struct px_copy_task *task = px_task_new(PX_TASK_ROOT, NULL);
    if (task == NULL) {
        px_listed_free(batch);
        source->out_of_memory = true;
        return PX_ENOMEM;
    }
    task->root = &source->copy->dests.items[0].plan.roots[0];
    task->batch = batch;
    *out = (struct px_next){.task = &task->result};
    return PX_OK;
}

/* All names at once: they are in memory already. */
static int source_next_names(struct px_copy_source *source, struct px_next *out)
{
    struct px_copy *copy = source->copy;
    struct px_copy_task *task = px_task_new(PX_TASK_ROOT, NULL);
    if (task == NULL) {
        source->out_of_memory = true;
        return PX_ENOMEM;
    }
    task->root = &copy->dests.items[0].plan.roots[0];
    task->batch = copy->names;
    copy->names = NULL;
    source->next_root++;
    *out = (struct px_next){.task = &task->result};
    return PX_OK;
}

/* The next operand that is ours; a directory is everybody's. */
static const struct px_root *source_next_root(struct px_copy_source *source)
{
    const struct px_plan *plan = &source->copy->dests.items[0].plan;
    for (; source->next_root < plan->n_roots; source->next_root++) {
        const struct px_root *root = &plan->roots[source->next_root];
        const char *name = root->status == PX_OK ? root->target_name : root->operand;
        if ((root->status == PX_OK && S_ISDIR(root->expect.type)) ||
            px_shard_takes_operand(&source->copy->opts, name)) {
            return root;
        }
    }
    return NULL;
}

static int source_next(struct px_source *base, struct px_next *out)
{
    struct px_copy_source *source = (struct px_copy_source *)base;
    const struct px_plan *plan = &source->copy->dests.items[0].plan;
    if (source->draining || source->next_root == plan->n_roots) {
        return PX_EEND;
    }
    if (source->list != NULL && plan->roots[0].status == PX_OK) {
        return source_next_batch(source, out);
    }
    if (source->copy->names != NULL && plan->roots[0].status == PX_OK) {
        return source_next_names(source, out);
    }
    const struct px_root *root = source_next_root(source);
    if (root == NULL) {
        return PX_EEND;
    }
    struct px_copy_task *task = px_task_new(PX_TASK_ROOT, NULL);
    if (task == NULL || (root->status != PX_OK && source_finish_missing(task, root) != PX_OK)) {
        px_task_free(task);
        source->out_of_memory = true;
        return PX_ENOMEM;
    }
    task->root = root;
    source->next_root++;
    *out = (struct px_next){.task = &task->result, .finished = root->status != PX_OK};
    return PX_OK;
}

static int source_done(struct px_source *base, struct px_result *task)
{
    (void)base;
    (void)task;
    return PX_OK; /* the worker has tried as often as it makes sense */
}

static void source_release(struct px_source *base, struct px_result *task)
{
    (void)base;
    px_task_free((struct px_copy_task *)task);
}

static void source_drain(struct px_source *base)
{
    ((struct px_copy_source *)base)->draining = true;
}

static const char *source_error(struct px_source *base)
{
    const struct px_copy_source *source = (const struct px_copy_source *)base;
    if (source->error[0] != '\0') {
        return source->error;
    }
    return source->out_of_memory ? "out of memory" : NULL;
}

/* A tree's size is known when it was walked, not before. */
static uint64_t source_total_items(struct px_source *base)
{
    (void)base;
    return 0;
}

/* Of several destinations one is full. */
static bool source_has_room(struct px_source *base)
{
    const struct px_copy_source *source = (const struct px_copy_source *)base;
    return !atomic_load_explicit(&source->copy->dests.full, memory_order_relaxed);
}

static void source_free(struct px_source *base)
{
    px_listfile_free(((struct px_copy_source *)base)->list);
    free(base);
}

static int source_open_list(struct px_copy_source *source)
{
    const struct px_copy_opts *opts = &source->copy->opts;
    if (opts->names_from == NULL) {
        return PX_OK;
    }
    return px_listfile_open(source->copy->io, opts->names_from, opts->names_nul, 0, &source->list);
}

int px_copy_source(struct px_copy *copy, struct px_source **out)
{
    static const struct px_source_ops ops = {
        .next = source_next,
        .done = source_done,
        .release = source_release,
        .drain = source_drain,
        .error = source_error,
        .total_items = source_total_items,
        .has_room = source_has_room,
        .free = source_free,
    };
    struct px_copy_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        return PX_ENOMEM;
    }
    source->source.ops = &ops;
    source->copy = copy;
    if (copy->opts.shard_from != NULL) {
        px_log_line(copy->opts.log, PX_LOG_NORMAL, PX_LOG_MAIN, "shard %u of %u (%s)",
                    copy->opts.shard_index, copy->opts.shard_count, copy->opts.shard_from);
    }
    const int status = source_open_list(source);
    if (status != PX_OK) {
        free(source);
        return status;
    }
    *out = &source->source;
    return PX_OK;
}
