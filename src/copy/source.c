/* SPDX-License-Identifier: MIT
 *
 * copy/source.c - hands out the operands that the plan has checked. Runs on the owner's thread only;
 * the plan is fixed by then.
 */
#include "copy/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fdio.h"
#include "copy/engine.h"
#include "copy/task.h"

/* An operand that is not there is a failed item, and needs no worker. */
static int source_finish_missing(struct px_task *task, const struct px_root *root)
{
    struct px_fail fail;
    PX_IGNORE(px_fail_set(&fail, root->status, root->os_errno, "open source"));
    return px_task_add_operand(task, root->operand, fail.status, fail.os_errno, fail.text);
}

static int source_next(struct px_source *base, struct px_next *out)
{
    struct px_copy_source *source = (struct px_copy_source *)base;
    const struct px_plan *plan = &source->copy->plan;
    if (source->draining || source->next_root == plan->n_roots) {
        return PX_EEND;
    }
    const struct px_root *root = &plan->roots[source->next_root];
    struct px_task *task = px_task_new(PX_TASK_ROOT, NULL);
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
    px_task_free((struct px_task *)task);
}

static void source_drain(struct px_source *base)
{
    ((struct px_copy_source *)base)->draining = true;
}

static const char *source_error(struct px_source *base)
{
    return ((struct px_copy_source *)base)->out_of_memory ? "out of memory" : NULL;
}

/* A tree's size is known when it was walked, not before. */
static uint64_t source_total_items(struct px_source *base)
{
    (void)base;
    return 0;
}

static void source_free(struct px_source *base)
{
    free(base);
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
        .free = source_free,
    };
    struct px_copy_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        return PX_ENOMEM;
    }
    source->source.ops = &ops;
    source->copy = copy;
    *out = &source->source;
    return PX_OK;
}
