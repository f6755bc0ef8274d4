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
#include "fetch/gate.h"
#include "fetch/joint.h"
#include "fetch/list.h"
#include "fetch/mirrors.h"
#include "fetch/name.h"
#include "fetch/spec.h"
#include "fetch/syntax.h"

/* ETag, Last-Modified and a final URL of usual length fit in this. */
#define ROOM_BYTES 256

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

/* --- making ----------------------------------------------------------------------------------*/

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

/* "http://h:80" is "http://h". The length that is left. */
static size_t without_default_port(const char *origin, size_t n)
{
    const bool tls = n > 5 && memcmp(origin, "https", 5) == 0;
    const char *port = tls ? ":443" : ":80";
    const size_t len = strlen(port);

    if (n > len && memcmp(origin + n - len, port, len) == 0) {
        n -= len;
    } else if (n > 0 && origin[n - 1] == ':') {
        n--;
    }
    return n;
}

/* scheme://host:port in lower case, without userinfo; what is odd about a URL only costs that a
 * pause of its host does not find it. */
uint64_t task_origin_of(const char *url, bool *has_userinfo)
{
    char origin[300];
    const char *host = strchr(url, ':') + 3;
    const char *end = host;
    size_t n = 0;

    *has_userinfo = false;
    for (const char *p = url; p < host && n < sizeof origin; p++) {
        origin[n++] = (char)(*p | 0x20);
    }
    for (; *end != '\0' && *end != '/' && *end != '?' && *end != '#'; end++) {
        if (*end == '@') {
            *has_userinfo = true;
            host = end + 1;
        }
    }
    for (const char *p = host; p < end && n < sizeof origin; p++) {
        origin[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    }
    return name_hash(origin, without_default_port(origin, n), 1);
}

void task_use_mirror(struct fetch_task *task, size_t mirror)
{
    task->mirror = mirror;
    task->ask_url = task->set->at[mirror].url;
    task->origin = task->set->at[mirror].origin;
    task->has_userinfo = task->set->at[mirror].has_userinfo;
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

void task_fail_line(struct fetch_task *task, const char *fault)
{
    if (task->item.line > 0) {
        task_set_failed(task, PX_EBADLINE, 0, "line %" PRIu64 ": %s", task->item.line, fault);
    } else {
        task_set_failed(task, PX_EBADLINE, 0, "%s", fault);
    }
}

static void say_once_unused(const struct fetch_task *task, const struct spec *spec)
{
    const struct px_log *log = task->fetch->opts.log;
    char shown[PX_SHOW_ROOM(SPEC_UNKNOWN_ROOM)];

    if (spec->unknown_len > 0 && px_log_wants(log, PX_LOG_VERBOSE)) {
        px_show(shown, sizeof shown, spec->unknown, spec->unknown_len);
        px_log_line(log, PX_LOG_VERBOSE, PX_LOG_MAIN, "line %" PRIu64 ": not used: %s",
                    task->item.line, shown);
    }
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
        task->origin = task_origin_of(task->url, &task->has_userinfo);
        task->item.target = engine_has_targets(fetch) ? task->target : NULL;
        task->looked_for_leftover = !engine_has_targets(fetch);
        task->sums.line = spec.checksum;
        task->want_size = spec.has_size ? spec.size : GATE_UNKNOWN;
        task->late_name = fetch->opts.content_disposition && engine_has_targets(fetch) &&
                          spec.out.name == NULL && fetch->opts.out_name == NULL;
        task->has_headers = spec.has_headers;
        say_once_unused(task, &spec);
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

/* --- holding ---------------------------------------------------------------------------------*/

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
