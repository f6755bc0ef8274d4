/* SPDX-License-Identifier: MIT
 *
 * copy/walk.c - what a worker does with a task: an operand or a directory is opened for each
 * destination, directories are read and handed out (copy/handout.c), the names left in hand are
 * copied. Entered by every worker with a task of its own; no locks.
 */
#define _GNU_SOURCE /* DT_ values */

#include "copy/walk.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/path.h"
#include "copy/alias.h"
#include "copy/dir.h"
#include "copy/durable.h"
#include "copy/fanout.h"
#include "copy/file.h"
#include "copy/finish.h"
#include "copy/handout.h"
#include "copy/link.h"
#include "copy/names.h"
#include "copy/policy.h"
#include "copy/select.h"

/* --- beginning -------------------------------------------------------------------------------- */

/* The names and expectations of an operand go with the first step below its container only. `dir`:
 * the task's, or another one of its set. */
static void walk_fill_entry(const struct px_copy_task *task, struct px_dir *dir, const char *name,
                            unsigned char type, struct px_entry *entry)
{
    const struct px_root *root = task->opened || task->root == NULL ? NULL : dir->root;
    *entry = (struct px_entry){
        .dir = dir,
        .source_name = name,
        .target_name = root != NULL ? root->target_name : name,
        .expect = root != NULL ? &root->expect : NULL,
        .type = type == DT_DIR   ? PX_COPY_DIR
                : type == DT_LNK ? PX_COPY_LINK
                : type == DT_REG ? PX_COPY_FILE
                                 : PX_COPY_SPECIAL,
    };
}

/* The operand's own failure, before there is a directory to speak of. */
static void walk_fail_root(struct px_copier *copier, const struct px_fail *fail)
{
    struct px_copy_task *task = copier->task;
    PX_IGNORE(
        px_task_add_operand(task, task->root->operand, fail->status, fail->os_errno, fail->text));
    copier->account->items++;
}

/* Do the patterns leave out the operand itself? PX_ENOMEM. */
static int walk_root_is_excluded(const struct px_copier *copier, const struct px_root *root,
                                 bool *excluded)
{
    struct px_select select;
    *excluded = false;
    if (px_path_is_dots(root->source_name)) {
        return PX_OK;
    }
    const int status = px_select_begin(copier, NULL, &select);
    if (status == PX_OK) {
        *excluded = px_select_excludes(&select, root->source_name, S_ISDIR(root->expect.type));
        px_select_end(&select);
    }
    return status;
}

/* Opens the operand's directories for each destination that takes it. False: none does. */
static bool walk_open_containers(struct px_copier *copier)
{
    struct px_dests *dests = &copier->copy->dests;
    struct px_copy_task *task = copier->task;
    for (size_t i = 0; i < dests->n; i++) {
        struct px_dest *dest = &dests->items[i];
        struct px_fail fail = {.status = PX_OK};
        if (px_dest_is_full(dest) || (dest->shortfall != NULL && !px_dest_fill(dests, dest))) {
            px_copier_cancel(copier, 1);
        } else if (dest->shortfall != NULL) {
            PX_IGNORE(px_fail_set(&fail, PX_EFULL, 0, "%s", dest->shortfall));
        } else {
            const struct px_root *root = px_dest_root(dests, dest, task->root);
            PX_IGNORE(px_dir_open_container(copier, dest, root, &task->dir, &fail));
        }
        if (fail.status != PX_OK) {
            walk_fail_root(copier, &fail);
        }
    }
    return task->dir != NULL;
}

/* An operand becomes a directory or a pack of one name. False: it failed, or is left out. */
static bool walk_begin_root(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    struct px_fail fail;
    bool excluded;
    if (walk_root_is_excluded(copier, task->root, &excluded) != PX_OK) {
        PX_IGNORE(px_fail_set(&fail, PX_ENOMEM, 0, "exclude: out of memory"));
        walk_fail_root(copier, &fail);
        return false;
    }
    if (excluded) {
        task->kind = PX_TASK_NAMES; /* with no names left: nothing to cancel */
        return false;
    }
    if (!walk_open_containers(copier)) {
        task->kind = PX_TASK_NAMES; /* with no names left: nothing to cancel */
        return false;
    }
    task->dir->batch = task->batch;
    task->batch = NULL;
    if (S_ISDIR(task->root->expect.type)) {
        task->kind = PX_TASK_DIR;
        return true;
    }
    task->kind = PX_TASK_NAMES;
    task->files = px_names_new(px_names_room_max() / PX_NAMES_MAX);
    if (task->files == NULL ||
        px_names_add(task->files, (unsigned char)IFTODT(task->root->expect.type),
                     task->root->source_name) != PX_OK) {
        PX_IGNORE(px_fail_set(&fail, PX_ENOMEM, 0, "open: out of memory"));
        px_dir_set_partly(task->dir);
        walk_fail_root(copier, &fail);
        return false;
    }
    return true;
}

/* For a destination that takes no more: it lacks the name. */
static bool walk_is_given_up(struct px_copier *copier, struct px_dir *dir)
{
    if (!px_dest_is_full(dir->dest)) {
        return false;
    }
    px_copier_cancel(copier, 1);
    atomic_store_explicit(&dir->partly, true, memory_order_relaxed);
    return true;
}

/* For one destination, whose directory above it is `parent`. */
static void walk_open_dir_for(struct px_copier *copier, struct px_dir *parent, struct px_dir **set)
{
    const struct px_copy_task *task = copier->task;
    const char *name = task->root != NULL ? task->root->source_name : task->name;
    struct px_entry entry;
    struct px_fail fail;
    if (walk_is_given_up(copier, parent)) {
        return;
    }
    walk_fill_entry(task, parent, name, DT_DIR, &entry);
    px_copier_begin(copier, &entry);
    if (px_policy_misses(copier, &entry)) {
        px_copier_settle(copier, &entry, PX_ITEM_SKIPPED, NULL);
        return;
    }
    const int status = px_dir_open(copier, &entry, set, &fail);
    px_copier_phase(&entry, PX_COPY_WALK);
    if (status != PX_OK) {
        px_copier_settle_status(copier, &entry, status, &fail);
        return;
    }
    copier->account->phase_ns[PX_COPY_WALK] += entry.phase_ns[PX_COPY_WALK];
}

/* From the parents' reference to the directory's own. False: nobody takes it, and it is settled. */
static bool walk_open_dir(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    struct px_dir *parents = task->dir;
    struct px_dir *set = NULL;
    for (struct px_dir *parent = parents; parent != NULL; parent = parent->also) {
        walk_open_dir_for(copier, parent, &set);
    }
    if (set == NULL) {
        return false;
    }
    task->dir = set;
    task->opened = true;
    task->listing = !set->elsewhere;
    px_dir_drop(copier, parents);
    return true;
}

/* --- copying ---------------------------------------------------------------------------------- */

static void walk_copy_for(struct px_copier *copier, struct px_dir *dir, const char *name,
                          unsigned char type)
{
    struct px_entry entry;
    walk_fill_entry(copier->task, dir, name, type, &entry);
    if (px_alias_is_asked(&copier->copy->opts)) {
        px_alias_copy(copier, &entry);
        return;
    }
    switch (entry.type) {
    case PX_COPY_FILE: px_file_copy(copier, &entry); break;
    case PX_COPY_LINK: px_link_copy(copier, &entry); break;
    case PX_COPY_DIR: /* never among the files */
    case PX_COPY_SPECIAL: px_special_copy(copier, &entry, type); break;
    }
}

/* For all destinations of the set: a file is read once for them, anything else is made for each. */
static void walk_copy_for_set(struct px_copier *copier, struct px_dir *head, const char *name,
                              unsigned char type)
{
    size_t n = 0;
    struct px_dir *last = NULL;
    for (struct px_dir *dir = head; dir != NULL; dir = dir->also) {
        if (walk_is_given_up(copier, dir)) {
            continue;
        }
        if (type != DT_REG || copier->copy->opts.files != PX_FILES_COPY) {
            walk_copy_for(copier, dir, name, type);
            continue;
        }
        copier->lanes[n] = (struct px_lane){0};
        walk_fill_entry(copier->task, dir, name, type, &copier->lanes[n].entry);
        last = dir;
        n++;
    }
    if (n == 1) {
        walk_copy_for(copier, last, name, type);
    } else if (n > 1) {
        px_fanout_copy(copier, copier->lanes, n);
    }
}

static void walk_copy_one(struct px_copier *copier, const char *name, unsigned char type)
{
    struct px_copy_task *task = copier->task;
    if (task->alone && walk_is_given_up(copier, task->dir)) {
        return;
    }
    if (task->alone || task->dir->also == NULL) {
        walk_copy_for(copier, task->dir, name, type);
    } else {
        walk_copy_for_set(copier, task->dir, name, type);
    }
}

static void walk_copy_files(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    unsigned char type;
    const char *name;
    if (px_names_left(task->files) == 0) {
        return;
    }
    struct px_activity *activity = copier->copy->opts.activity;
    px_activity_begin(activity, copier->worker->index, task->dir->source_name, 0);
    copier->shared_ns = px_now_ns();
    while (!px_copier_stopping(copier) && (name = px_names_take(task->files, &type)) != NULL) {
        px_worker_turn(copier->worker);
        walk_copy_one(copier, name, type);
    }
    px_activity_end(activity, copier->worker->index);
    if (px_names_left(task->files) == 0) {
        free(task->files);
        task->files = NULL;
    }
}

bool px_walk_run(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    if (task->kind == PX_TASK_ROOT && !walk_begin_root(copier)) {
        return true;
    }
    if (task->kind == PX_TASK_DIR && !task->opened && !walk_open_dir(copier)) {
        task->opened = true; /* settled: nothing is left to cancel */
        return true;
    }
    while (!px_copier_stopping(copier)) {
        if (!px_handout_dirs(copier)) {
            return false;
        }
        walk_copy_files(copier);
        if (!task->listing || px_names_left(task->files) > 0) {
            break; /* at its end; or stopped in the middle of a pack */
        }
        if (!px_handout_list(copier)) {
            return false;
        }
    }
    return true;
}

/* For how many destinations the task is. */
static size_t walk_targets(const struct px_copier *copier, const struct px_copy_task *task)
{
    if (task->dir == NULL) {
        return task->kind == PX_TASK_ROOT ? copier->copy->dests.n : 0;
    }
    return task->alone ? 1 : px_dir_set_size(task->dir->head);
}

void px_walk_end(struct px_copier *copier)
{
    struct px_copy_task *task = copier->task;
    const size_t left = px_names_left(task->dirs) + px_names_left(task->files);
    const bool never_begun =
        task->kind == PX_TASK_ROOT || (task->kind == PX_TASK_DIR && !task->opened);
    if (left > 0 || never_begun) {
        px_copier_cancel(copier, (left + (never_begun ? 1 : 0)) * walk_targets(copier, task));
    }
    const bool knows_dir = task->kind == PX_TASK_NAMES || task->opened;
    if (task->dir != NULL && knows_dir && (left > 0 || task->listing)) {
        px_dir_set_partly(task->dir->head);
    }
    for (struct px_dir *dir = knows_dir ? task->dir : NULL; dir != NULL;
         dir = task->alone ? NULL : dir->also) {
        px_durable_promised(copier, dir);
    }
    px_dir_drop(copier, task->dir);
    task->dir = NULL;
}
