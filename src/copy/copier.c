/* SPDX-License-Identifier: MIT
 *
 * copy/copier.c - a worker's state and the one place where an entry becomes an outcome. Each copier
 * belongs to one worker thread; the only things shared are the engine's atomics.
 */
#include "copy/copier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "base/show.h"
#include "copy/data.h"
#include "copy/dir.h"
#include "copy/explain.h"
#include "copy/fanout.h"
#include "copy/names.h"

#define PAGE_BYTES 4096

int px_copier_new(struct px_copy *copy, struct px_worker *worker, struct px_copier **out)
{
    struct px_copier *copier = calloc(1, sizeof *copier);
    if (copier == NULL) {
        return PX_ENOMEM;
    }
    copier->copy = copy;
    copier->io = copy->io;
    copier->once = *copy->io;
    copier->once.pwrite = copy->io->pwrite_once;
    copier->worker = worker;
    copier->calls_before = px_io_calls();
    copier->account = &copy->slots[worker->index].account;
    copier->buf = aligned_alloc(PAGE_BYTES, PX_DATA_BUF_BYTES);
    copier->dents = malloc(PX_COPIER_DENTS_BYTES);
    copier->files = px_names_new(px_names_room_max());
    copier->dirs = px_names_new(px_names_room_max());
    const bool many = copy->dests.n > 1;
    copier->lanes = many ? calloc(copy->dests.n, sizeof *copier->lanes) : NULL;
    if ((many && copier->lanes == NULL) || copier->buf == NULL || copier->dents == NULL ||
        copier->files == NULL || copier->dirs == NULL) {
        px_copier_free(copier);
        return PX_ENOMEM;
    }
    *out = copier;
    return PX_OK;
}

void px_copier_free(struct px_copier *copier)
{
    if (copier == NULL) {
        return;
    }
    copier->account->counter[PX_COPY_CALLS] += px_io_calls() - copier->calls_before;
    free(copier->lanes);
    free(copier->dirs);
    free(copier->files);
    free(copier->dents);
    free(copier->buf);
    free(copier);
}

bool px_copier_stopping(const struct px_copier *copier)
{
    return px_worker_stopping(copier->worker) ||
           atomic_load_explicit(&copier->copy->dests.full, memory_order_relaxed);
}

bool px_copier_moved(struct px_copier *copier, uint64_t bytes)
{
    px_worker_turn(copier->worker);
    copier->account->bytes += bytes;
    px_activity_add(copier->copy->opts.activity, copier->worker->index, bytes);
    return px_copier_stopping(copier);
}

void px_copier_push(struct px_copier *copier, struct px_copy_task *task)
{
    task->below = copier->stack;
    copier->stack = task;
}

struct px_copy_task *px_copier_pop(struct px_copier *copier)
{
    struct px_copy_task *task = copier->stack;
    if (task != NULL) {
        copier->stack = task->below;
        task->below = NULL;
    }
    return task;
}

bool px_copier_offer(struct px_copier *copier, struct px_copy_task *task)
{
    copier->queue_is_full = px_worker_offer(copier->worker, task) != PX_OK;
    return !copier->queue_is_full;
}

void px_copier_begin(const struct px_copier *copier, struct px_entry *entry)
{
    (void)copier;
    entry->begin_ns = px_now_ns();
    entry->mark_ns = entry->begin_ns;
}

void px_copier_phase(struct px_entry *entry, enum px_copy_phase phase)
{
    const int64_t now_ns = px_now_ns();
    entry->phase_ns[phase] += now_ns - entry->mark_ns;
    entry->mark_ns = now_ns;
}

static void copier_keep_account(struct px_copier *copier, const struct px_entry *entry)
{
    struct px_account *account = copier->account;
    account->items++;
    px_activity_item(copier->copy->opts.activity, copier->worker->index);
    for (int i = 0; i < PX_COPY_PHASES_; i++) {
        account->phase_ns[i] += entry->phase_ns[i];
        account->items_ns += entry->phase_ns[i]; /* of all workers that had a hand in it */
    }
    px_hist_add(&account->item, entry->mark_ns - entry->begin_ns);
}

static void copier_count_kind(struct px_account *account, const struct px_entry *entry)
{
    if (entry->type == PX_COPY_DIR) {
        account->counter[PX_COPY_DIRS]++;
    }
    switch (entry->engine) {
    case PX_ENGINE_REFLINK: account->counter[PX_COPY_REFLINKED]++; break;
    case PX_ENGINE_COPY_FILE_RANGE: account->counter[PX_COPY_RANGED]++; break;
    case PX_ENGINE_READ_WRITE: account->counter[PX_COPY_WRITTEN]++; break;
    case PX_ENGINE_LINK: account->counter[PX_COPY_LINKED]++; break;
    case PX_ENGINE_NONE:
    case PX_ENGINE_SYMLINK:
    case PX_COPY_ENGINES_: break;
    }
}

static void copier_count_bytes(struct px_account *account, const struct px_entry *entry,
                               enum px_item_state state)
{
    if (state == PX_ITEM_OK) {
        account->bytes_kept += entry->bytes_kept;
    } else if (px_entry_is_planned(entry, state) && entry->type == PX_COPY_FILE &&
               entry->action != PX_ACTION_DELETE) {
        account->planned++;
        account->planned_bytes += entry->bytes;
    }
}

/* "SOURCE -> TARGET: ok, 4096 bytes, read/write (source is small)" */
static void copier_say(const struct px_copier *copier, const struct px_entry *entry,
                       enum px_item_state state)
{
    const struct px_log *log = copier->copy->opts.log;
    char *source = px_dir_path(entry->dir, PX_SIDE_SOURCE, entry->source_name);
    char *target = px_dir_path(entry->dir, PX_SIDE_TARGET, entry->target_name);
    char *source_shown = source != NULL ? px_show_dup(source) : NULL;
    char *target_shown = target != NULL ? px_show_dup(target) : NULL;
    if (target_shown != NULL && entry->action == PX_ACTION_DELETE) {
        px_log_line(log, PX_LOG_VERBOSE, (int)copier->worker->index, "delete %s: %s%s%s",
                    target_shown, px_item_state_name(state), entry->skip_reason != NULL ? ", " : "",
                    entry->skip_reason != NULL ? entry->skip_reason : "");
    } else if (source_shown != NULL && target_shown != NULL) {
        const bool engine = entry->engine != PX_ENGINE_NONE;
        const bool why = engine && px_log_wants(log, PX_LOG_DEBUG) && entry->engine_why != NULL;
        px_log_line(log, PX_LOG_VERBOSE, (int)copier->worker->index,
                    "%s -> %s: %s%s%s, %" PRIu64 " bytes%s%s%s%s%s", source_shown, target_shown,
                    px_item_state_name(state), entry->skip_reason != NULL ? ", " : "",
                    entry->skip_reason != NULL ? entry->skip_reason : "", entry->bytes,
                    engine ? ", " : "", engine ? px_copy_engine_name(entry->engine) : "",
                    why ? " (" : "", why ? entry->engine_why : "", why ? ")" : "");
    }
    free(source_shown);
    free(target_shown);
    free(source);
    free(target);
}

void px_copier_settle(struct px_copier *copier, struct px_entry *entry, enum px_item_state state,
                      const struct px_fail *fail)
{
    copier_keep_account(copier, entry);
    if (state == PX_ITEM_FAILED && fail != NULL && px_fail_stops_all(fail) &&
        !px_dest_fill(&copier->copy->dests, entry->dir->dest)) {
        state = PX_ITEM_CANCELED; /* that was told of another item before */
        fail = NULL;
    }
    if (state == PX_ITEM_FAILED && entry->dir != NULL) {
        atomic_store_explicit(&entry->dir->failed, true, memory_order_relaxed);
    }
    if (state == PX_ITEM_OK && entry->action != PX_ACTION_DELETE) {
        copier_count_kind(copier->account, entry);
    }
    copier_count_bytes(copier->account, entry, state);
    const bool listed = copier->copy->opts.every_item || fail != NULL;
    px_task_add(copier->task, entry, state, fail, copier->worker->index, listed);
    if (state == PX_ITEM_OK && entry->type == PX_COPY_FILE && entry->dir != NULL) {
        px_explain_file(copier, entry);
    }
    if (px_log_wants(copier->copy->opts.log, PX_LOG_VERBOSE)) {
        copier_say(copier, entry, state);
    }
    if (entry->group != NULL) {
        const bool there = state == PX_ITEM_OK ||
                           (state == PX_ITEM_FAILED && fail != NULL && fail->status == PX_EATTR);
        px_hardlink_settled(copier, entry, state, there);
    }
}

/* --update=none-fail: what exists is left alone, and that is a failure. */
static bool copier_refuses_skip(const struct px_copier *copier, const struct px_entry *entry)
{
    return copier->copy->opts.update == PX_UPDATE_NONE_FAIL && entry->skip_reason != NULL &&
           strcmp(entry->skip_reason, PX_SKIP_EXISTS) == 0;
}

void px_copier_settle_status(struct px_copier *copier, struct px_entry *entry, int status,
                             const struct px_fail *fail)
{
    switch (status) {
    case PX_OK:
        if (copier_refuses_skip(copier, entry)) {
            struct px_fail exists;
            PX_IGNORE(px_fail_set(&exists, PX_EEXIST, 0, "publish: the target exists"));
            px_copier_settle(copier, entry, PX_ITEM_FAILED, &exists);
            break;
        }
        px_copier_settle(copier, entry, entry->skip_reason != NULL ? PX_ITEM_SKIPPED : PX_ITEM_OK,
                         NULL);
        break;
    case PX_ECANCELED: px_copier_settle(copier, entry, PX_ITEM_CANCELED, NULL); break;
    default: px_copier_settle(copier, entry, PX_ITEM_FAILED, fail);
    }
}

void px_copier_cancel(struct px_copier *copier, uint64_t n)
{
    copier->task->result.canceled += n;
}
