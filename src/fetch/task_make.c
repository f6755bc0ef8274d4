/* SPDX-License-Identifier: MIT
 *
 * fetch/task_make.c - from a list entry to a task.
 *
 * On the owner's thread; no locks.
 */
#define _GNU_SOURCE
#include "fetch/task_make.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/authority.h"
#include "fetch/engine.h"
#include "fetch/gate.h"
#include "fetch/joint.h"
#include "fetch/list/list.h"
#include "fetch/mirrors.h"
#include "fetch/name.h"
#include "fetch/spec.h"
#include "fetch/syntax.h"
#include "fetch/task.h"

/* ETag, Last-Modified and a final URL of usual length fit in this. */
#define ROOM_BYTES 256

/* Writes `len` bytes and a NUL at *at and moves it behind them. */
static const char *put_text(char **at, const char *text, size_t len)
{
    char *start = *at;

    memcpy(start, text, len);
    start[len] = '\0';
    *at = start + len + 1;
    return start;
}

static void put_target(struct fetch_task *task, const struct destination *to, char **at)
{
    char *start = *at;
    size_t n = to->dir_len;

    memcpy(start, to->dir, n);
    if (n > 0 && start[n - 1] != '/') {
        start[n++] = '/';
    }
    memcpy(start + n, to->path, to->path_len);
    start[n + to->path_len] = '\0';
    *at = start + n + to->path_len + 1;

    const char *slash = memrchr(start, '/', n + to->path_len);
    task->target = start;
    task->name = slash != NULL ? slash + 1 : start;
    task->work = task->name;
    task->dir_len = slash != NULL ? (size_t)(slash - start) + (slash == start) : 0;
    task->in_base = to->dir_is_base && task->name == start + n && to->path[0] != '/';
}

static struct fetch_task *task_alloc(const struct px_fetch *fetch, const struct list_entry *entry,
                                     const struct destination *to, char **at)
{
    size_t texts =
        entry->url_len + entry->mirrors_len + entry->options_len + to->dir_len + to->path_len + 5;
    struct fetch_task *task = malloc(sizeof *task + texts + ROOM_BYTES);

    if (task == NULL) {
        return NULL;
    }
    memset(task, 0, sizeof *task);
    task->fetch = fetch;
    task->part.fd = -1;
    task->own_meter.bytes_per_s = fetch->opts.limit_rate_per_file;
    task->meter = &task->own_meter;
    task->size = GATE_UNKNOWN;
    task->input = entry->input;
    task->room = task->text;
    task->room_left = ROOM_BYTES;
    *at = task->text + ROOM_BYTES;

    task->url = put_text(at, entry->url, entry->url_len);
    task->ask_url = task->url;
    if (entry->mirrors_len > 0) {
        task->mirrors = put_text(at, entry->mirrors, entry->mirrors_len);
    }
    task->options = put_text(at, entry->options, entry->options_len);
    task->options_len = entry->options_len;

    task->item.source = task->url;
    task->item.line = entry->line;
    task->item.detail = &task->detail;
    task->result.items = &task->item;
    task->result.n_items = 1;
    return task;
}

/* Two URLs whose names are not known yet must not share a part. */
static int name_work(struct fetch_task *task)
{
    char work[NAME_ROOM];

    if (!task->late_name) {
        return PX_OK;
    }
    name_for_url(task->name, task->url, strlen(task->url), work);
    task->work = task_keep_text(task, work);
    return task->work != NULL ? PX_OK : PX_ENOMEM;
}

static int find_mirrors(struct fetch_task *task)
{
    return task->mirrors != NULL ? mirrors_new(task->url, task->mirrors, &task->set) : PX_OK;
}

int task_new(const struct px_fetch *fetch, const struct list_entry *entry, struct fetch_task **out)
{
    struct spec spec = {0};
    struct destination to = {.dir = "", .path = ""};
    const char *fault = entry->bad;
    char *at;

    if (fault == NULL) {
        fault = spec_read(entry, &spec);
    }
    if (fault == NULL) {
        if (!engine_has_targets(fetch)) {
            spec.out = spec.dir = (struct list_option){0}; /* there is no file to be named */
        }
        fault = spec_destination(fetch, entry, &spec, &to);
    }
    struct fetch_task *task = task_alloc(fetch, entry, &to, &at);
    if (task == NULL) {
        return PX_ENOMEM;
    }
    if (fault == NULL && !syntax_is_url(task->url)) {
        fault = "not a valid URL";
    }
    if (fault != NULL) {
        task_fail_line(task, fault);
    } else {
        put_target(task, &to, &at);
        task->origin = authority_origin(task->url);
        task->has_userinfo = authority_of(task->url, entry->url_len).has_userinfo;
        task->item.target = engine_has_targets(fetch) ? task->target : NULL;
        task->looked_for_leftover = !engine_has_targets(fetch);
        task->sums.line = spec.checksum;
        task->want_size = spec.has_size ? spec.size : GATE_UNKNOWN;
        task->split = spec.split;
        task->late_name = fetch->opts.content_disposition && engine_has_targets(fetch) &&
                          spec.out.name == NULL && fetch->opts.out_name == NULL;
        task->has_headers = spec.has_headers;
        task->has_login = spec.user.name != NULL;
        if (name_work(task) != PX_OK || find_mirrors(task) != PX_OK) {
            task_free(task);
            return PX_ENOMEM;
        }
    }
    *out = task;
    return PX_OK;
}

int task_new_helper(struct fetch_task *owner, const struct split_claim *claim, size_t mirror,
                    struct fetch_task **out)
{
    struct fetch_task *task = calloc(1, sizeof *task);

    if (task == NULL) {
        return PX_ENOMEM;
    }
    task->fetch = owner->fetch;
    task->url = owner->url;
    task->options = owner->options;
    task->options_len = owner->options_len;
    task->target = owner->target;
    task->name = owner->name;
    task->work = owner->work;
    task->in_base = true; /* it holds no directory */
    task->has_headers = owner->has_headers;
    task->has_login = owner->has_login;
    task->has_userinfo = owner->has_userinfo;
    task->origin = owner->origin;
    task->size = owner->joint->split.size;
    task->part.fd = -1;
    task->room = task->text;
    task->item.source = task->url;
    task->item.target = task->target;
    task->item.detail = &task->detail;
    task->ask_url = owner->url;
    task->sums.line = owner->sums.line; /* what proves the bytes of a mirror */
    task->alone = owner->alone;
    task->set = owner->set;
    if (task->set != NULL) {
        task_use_mirror(task, mirror);
    }
    task->joint = owner->joint;
    task->owner = owner;
    task->meter = owner->meter; /* the file's rate is the owner's */
    task->claim = *claim;
    *out = task;
    return PX_OK;
}
