/* SPDX-License-Identifier: MIT
 *
 * fetch/task.c - one URL on its way through the run.
 *
 * Made and freed by the source on the owner's thread, worked on by one worker at a time; no locks.
 */
#define _GNU_SOURCE
#include "fetch/task.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/joint.h"
#include "fetch/list/list.h"
#include "fetch/mirrors.h"
#include "fetch/name.h"

struct task_overflow {
    struct task_overflow *next;
    char text[];
};

/* --- outcome ---------------------------------------------------------------------------------*/

static void set_state(struct fetch_task *task, enum px_item_state state, int status)
{
    free(task->item.error);
    task->item.error = NULL;
    task->item.state = state;
    task->item.status = status;
    task->item.os_errno = 0;
    task->detail.skip_reason = NULL;
    if (task_is_helper(task)) {
        return; /* it is no item: nobody counts it */
    }
    task->result.ok = state == PX_ITEM_OK;
    task->result.skipped = state == PX_ITEM_SKIPPED;
    task->result.failed = state == PX_ITEM_FAILED;
    task->result.canceled = state == PX_ITEM_CANCELED;
    task->result.bytes = task->item.bytes;
}

void task_set_ok(struct fetch_task *task, uint64_t bytes)
{
    task->item.bytes = bytes;
    set_state(task, PX_ITEM_OK, PX_OK);
}

void task_set_skipped(struct fetch_task *task, int status, const char *reason)
{
    set_state(task, PX_ITEM_SKIPPED, status);
    task->detail.skip_reason = reason;
}

void task_set_repeated(struct fetch_task *task, const char *text)
{
    task_set_failed(task, PX_EBADLINE, 0, "%s", text);
    char *error = task->item.error;

    task->item.error = NULL;
    set_state(task, PX_ITEM_SKIPPED, PX_EBADLINE);
    task->item.error = error;
    task->detail.skip_reason = error;
}

void task_set_canceled(struct fetch_task *task)
{
    set_state(task, PX_ITEM_CANCELED, PX_ECANCELED);
}

void task_set_failed(struct fetch_task *task, int status, int err, const char *fmt, ...)
{
    va_list args;

    set_state(task, PX_ITEM_FAILED, status);
    task->item.os_errno = err;
    va_start(args, fmt);
    if (vasprintf(&task->item.error, fmt, args) < 0) {
        task->item.error = NULL;
    }
    va_end(args);
}

void task_fail_line(struct fetch_task *task, const char *fault)
{
    if (task->item.line > 0) {
        task_set_failed(task, PX_EBADLINE, 0, "line %" PRIu64 ": %s", task->item.line, fault);
    } else {
        task_set_failed(task, PX_EBADLINE, 0, "%s", fault);
    }
}

/* --- holding ---------------------------------------------------------------------------------*/

void task_use_mirror(struct fetch_task *task, size_t mirror)
{
    task->mirror = mirror;
    task->ask_url = task->set->at[mirror].url;
    task->origin = task->set->at[mirror].origin;
    task->has_userinfo = task->set->at[mirror].has_userinfo;
}

int task_rename(struct fetch_task *task, const char *name)
{
    int dir = (int)(task->name - task->target);
    char *target = NULL;

    if (strcmp(task->name, name) == 0) {
        return PX_OK;
    }
    if (asprintf(&target, "%.*s%s", dir, task->target, name) < 0) {
        return PX_ENOMEM;
    }
    const char *kept = task_keep_text(task, target);
    free(target);
    if (kept == NULL) {
        return PX_ENOMEM;
    }
    task->target = kept;
    task->name = kept + dir;
    task->item.target = kept;
    return PX_OK;
}

bool task_replaces(const struct fetch_task *task)
{
    return task->changed != NULL && task->fetch->opts.on_exist == PX_ON_EXIST_SKIP &&
           strcmp(task->changed, task->target) == 0;
}

struct part_place task_place(const struct fetch_task *task)
{
    const struct px_fetch *fetch = task->fetch;

    bool replaces = task_replaces(task) || fetch->opts.on_exist == PX_ON_EXIST_NEWER;

    return (struct part_place){.io = fetch->io,
                               .dirfd = task->dir != NULL ? task->dir->fd : -1,
                               .name = task->work,
                               .on_exist = replaces ? PX_ON_EXIST_OVERWRITE : fetch->opts.on_exist,
                               .fsync = fetch->opts.fsync,
                               .mode = fetch->mode};
}

uint64_t task_url_hash(const struct fetch_task *task)
{
    return name_hash(task->url, strlen(task->url), 2);
}

int task_open_dir(struct fetch_task *task)
{
    if (task->dir != NULL) {
        return PX_OK;
    }
    if (task->in_base) {
        task->dir = task->fetch->base;
        return PX_OK;
    }
    return dirs_get(task->fetch->dirs, task->target, task->dir_len, &task->dir);
}

void task_drop_part(struct fetch_task *task)
{
    struct part_place place = task_place(task);

    if (task_is_helper(task)) {
        return;
    }
    task->detail.bytes_kept = 0;
    if (task->joint != NULL) {
        split_stop(&task->joint->split, SPLIT_DONE);
        task->joint->crew.drop = true;
        return;
    }
    part_discard(&task->part, &place);
    free(task->body);
    task->body = NULL;
    sums_restart(&task->sums);
}

void task_suspend_part(struct fetch_task *task)
{
    if (task_is_helper(task)) {
        return; /* it only borrows */
    }
    if (task->joint != NULL) {
        joint_leave(task);
    }
    if (task->part.base != NULL && !task->part.has_state) {
        task_drop_part(task);
        return;
    }
    part_suspend(&task->part, task->fetch->io);
    sums_fini(&task->sums);
}

void task_free(struct fetch_task *task)
{
    if (task == NULL) {
        return;
    }
    task_suspend_part(task);
    if (task->dir != NULL && !task->in_base) {
        dirs_put(task->fetch->dirs, task->dir);
    }
    for (struct task_overflow *next; task->overflow != NULL; task->overflow = next) {
        next = task->overflow->next;
        free(task->overflow);
    }
    if (!task_is_helper(task)) {
        mirrors_free(task->set);
    }
    free(task->item.error);
    free(task->body);
    free(task);
}

const char *task_keep_text(struct fetch_task *task, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    size_t n = strlen(text) + 1;
    if (n <= task->room_left) {
        char *kept = task->room;

        memcpy(kept, text, n);
        task->room += n;
        task->room_left -= n;
        return kept;
    }
    struct task_overflow *more = malloc(sizeof *more + n);
    if (more == NULL) {
        return NULL;
    }
    memcpy(more->text, text, n);
    more->next = task->overflow;
    task->overflow = more;
    return more->text;
}

/* --- as a list entry -------------------------------------------------------------------------*/

static int put_options(const struct fetch_task *task, FILE *out)
{
    const char *at = task->options;
    size_t left = task->options_len;
    struct list_option option;
    int bad = 0;

    while (list_option_next(&at, &left, &option)) {
        bad |= fprintf(out, "  %.*s=%.*s\n", (int)option.name_len, option.name,
                       (int)option.value_len, option.value) < 0;
    }
    if (task->fetch->opts.out_name != NULL) {
        bad |= fprintf(out, "  out=%s\n", task->fetch->opts.out_name) < 0;
    }
    if (task->sum_from_file) {
        char hex[2 * PX_DIGEST_MAX_BYTES + 1];

        px_hex(hex, task->sums.line.value, task->sums.line.len);
        bad |= fprintf(out, "  checksum=%s=%s\n", px_digest_name(task->sums.line.kind), hex) < 0;
    }
    return bad;
}

int task_write_entry(const struct fetch_task *task, FILE *out)
{
    int bad = 0;

    if (task->item.status == PX_EBADLINE) {
        /* a line that cannot be used again would fail the next run as well: for people only */
        char *shown = px_show_url_dup(task->url);

        bad |= fprintf(out, "# %s: %s\n", task->item.error != NULL ? task->item.error : "bad line",
                       shown != NULL ? shown : "") < 0;
        free(shown);
    } else {
        bad |= fprintf(out, "%s%s%s\n", task->url, task->mirrors != NULL ? "\t" : "",
                       task->mirrors != NULL ? task->mirrors : "") < 0;
        bad |= put_options(task, out);
    }
    return bad ? PX_EIO : PX_OK;
}
