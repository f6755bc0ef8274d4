/* SPDX-License-Identifier: MIT
 *
 * copy/task.c - memory of tasks and their items. No locks: a task belongs to one thread at a time.
 *
 * An item's detail and paths are one allocation, which begins with the detail.
 */

#include "copy/task.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "copy/dir.h"
#include "copy/listed.h"
#include "copy/names.h"

struct px_copy_task *px_task_new(enum px_task_kind kind, const char *name)
{
    const size_t bytes = name != NULL ? strlen(name) + 1 : 1;
    struct px_copy_task *task = calloc(1, sizeof *task + bytes);
    if (task != NULL) {
        task->kind = kind;
        if (name != NULL) {
            memcpy(task->name, name, bytes);
        }
    }
    return task;
}

void px_task_free(struct px_copy_task *task)
{
    if (task == NULL) {
        return;
    }
    for (size_t i = 0; i < task->result.n_items; i++) {
        free(task->result.items[i].error);
        free((void *)(uintptr_t)task->result.items[i].detail);
    }
    free(task->result.items);
    free(task->dirs);
    free(task->files);
    px_listed_free(task->batch);
    free(task);
}

static void task_count(struct px_result *result, enum px_item_state state, uint64_t bytes,
                       uint64_t bytes_kept)
{
    switch (state) {
    case PX_ITEM_OK: result->ok++; break;
    case PX_ITEM_SKIPPED: result->skipped++; break;
    case PX_ITEM_FAILED: result->failed++; break;
    case PX_ITEM_CANCELED: result->canceled++; break;
    }
    result->bytes += state == PX_ITEM_OK ? bytes : 0;
    result->bytes_kept += state == PX_ITEM_OK ? bytes_kept : 0;
}

/* Room for one more item, zeroed, not yet counted in n_items. */
static struct px_item *task_item_room(struct px_copy_task *task)
{
    struct px_result *result = &task->result;
    struct px_item *items =
        px_grow(result->items, &task->item_room, result->n_items + 1, sizeof *items);
    if (items == NULL) {
        return NULL;
    }
    result->items = items;
    struct px_item *item = &items[result->n_items];
    *item = (struct px_item){0};
    return item;
}

/* The block of detail and paths; either path may be NULL. */
static int task_fill_block(struct px_item *item, const struct px_copy_detail *detail,
                           const char *source, const char *target)
{
    const size_t digest_bytes = detail->digest != NULL ? strlen(detail->digest) + 1 : 0;
    const size_t source_bytes = source != NULL ? strlen(source) + 1 : 0;
    const size_t target_bytes = target != NULL ? strlen(target) + 1 : 0;
    struct px_copy_detail *block =
        malloc(sizeof *block + source_bytes + target_bytes + digest_bytes);
    if (block == NULL) {
        return PX_ENOMEM;
    }
    *block = *detail;
    char *text = (char *)(block + 1);
    if (source != NULL) {
        item->source = memcpy(text, source, source_bytes);
    }
    if (target != NULL) {
        item->target = memcpy(text + source_bytes, target, target_bytes);
    }
    if (digest_bytes > 0) {
        block->digest = memcpy(text + source_bytes + target_bytes, detail->digest, digest_bytes);
    }
    item->detail = block;
    return PX_OK;
}

static int task_fill_paths(struct px_item *item, const struct px_entry *entry,
                           enum px_item_state state)
{
    const struct px_copy_detail detail = {
        .type = entry->type,
        .action = entry->action,
        .engine = entry->engine,
        .run = state == PX_ITEM_OK ? entry->run : NULL,
        .mtime_ns = entry->mtime_ns,
        .durable = entry->durable,
        .bytes_kept = state == PX_ITEM_OK ? entry->bytes_kept : 0,
        .digest = entry->digest[0] != '\0' ? entry->digest : NULL,
        .skip_reason = entry->skip_reason,
    };
    char *source = px_dir_path(entry->dir, PX_SIDE_SOURCE, entry->source_name);
    char *target = px_dir_path(entry->dir, PX_SIDE_TARGET, entry->target_name);
    int status = PX_ENOMEM;
    if (source != NULL && target != NULL) {
        status = task_fill_block(item, &detail, source, target);
    }
    free(source);
    free(target);
    return status;
}

static void task_fill_times(struct px_item *item, const struct px_entry *entry)
{
    item->attempts = entry->attempts;
    item->begin_ns = entry->begin_ns;
    item->end_ns = entry->mark_ns;
    memcpy(item->phase_ns, entry->phase_ns, sizeof item->phase_ns);
}

bool px_entry_is_planned(const struct px_entry *entry, enum px_item_state state)
{
    return state == PX_ITEM_SKIPPED && entry->skip_reason != NULL &&
           strcmp(entry->skip_reason, PX_SKIP_DRY_RUN) == 0;
}

void px_task_add(struct px_copy_task *task, const struct px_entry *entry, enum px_item_state state,
                 const struct px_fail *fail, unsigned worker, bool listed)
{
    task_count(&task->result, state, entry->bytes, entry->bytes_kept);
    struct px_item *item = listed ? task_item_room(task) : NULL;
    if (item == NULL || task_fill_paths(item, entry, state) != PX_OK) {
        task->result.untold += listed;
        return;
    }
    item->state = state;
    const bool planned = px_entry_is_planned(entry, state);
    item->bytes = state == PX_ITEM_OK || planned ? entry->bytes : 0;
    item->worker = worker;
    item->target_only = entry->action == PX_ACTION_DELETE;
    task_fill_times(item, entry);
    if (fail != NULL) {
        item->status = fail->status;
        item->os_errno = fail->os_errno;
        item->error = strdup(fail->text); /* NULL: the status speaks */
    } else if (state == PX_ITEM_SKIPPED && !planned) {
        item->status = PX_EEXIST; /* left alone, in a dry run too: no line of the plan */
    }
    task->result.n_items++;
}

bool px_task_claims_durable(const struct px_copy_task *task)
{
    for (size_t i = 0; i < task->result.n_items; i++) {
        const struct px_copy_detail *detail = task->result.items[i].detail;
        if (detail->durable) {
            return true;
        }
    }
    return false;
}

void px_task_disclaim_durable(struct px_copy_task *task)
{
    for (size_t i = 0; i < task->result.n_items; i++) {
        /* task_fill_block() made it; const is for those who read the result */
        struct px_copy_detail *detail = (struct px_copy_detail *)task->result.items[i].detail;
        detail->durable = false;
    }
}

int px_task_add_operand(struct px_copy_task *task, const char *operand, int status, int os_errno,
                        const char *text)
{
    const struct px_copy_detail detail = {.type = PX_COPY_FILE};
    struct px_item *item = task_item_room(task);
    task_count(&task->result, PX_ITEM_FAILED, 0, 0);
    if (item == NULL || task_fill_block(item, &detail, operand, NULL) != PX_OK) {
        task->result.untold++;
        return PX_ENOMEM;
    }
    item->state = PX_ITEM_FAILED;
    item->status = status;
    item->os_errno = os_errno;
    item->error = strdup(text);
    task->result.n_items++;
    return PX_OK;
}
