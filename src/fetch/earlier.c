/* SPDX-License-Identifier: MIT
 *
 * fetch/earlier.c - what earlier runs know of a task's file.
 *
 * Looked up by the source (settle.c) on the owner's thread; the stamp of a finished file is taken by
 * the worker that gave it its name. No locks.
 */
#define _GNU_SOURCE
#include "fetch/earlier.h"

#include <fcntl.h>
#include <string.h>

#include <curl/curl.h>

#include <pxfer/fetch.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "fetch/engine.h"
#include "fetch/name.h"
#include "fetch/task.h"

uint64_t earlier_id(const struct fetch_task *task)
{
    const char *host = strstr(task->url, "://");
    const struct px_checksum *sum = &task->sums.line;
    uint64_t hash;

    host = host != NULL ? host + 3 : task->url;
    hash = name_hash(task->url, (size_t)(host - task->url), 3);
    if (task->has_userinfo) {
        size_t authority = strcspn(host, "/?#");
        const char *at = memrchr(host, '@', authority);
        host = at != NULL ? at + 1 : host;
    }
    hash = name_hash(host, strlen(host), hash);
    hash = name_hash(task->target, strlen(task->target), hash);
    return name_hash(sum->value, sum->len, hash + (uint64_t)sum->kind);
}

static void set_stamp(struct fetch_task *task, const struct stat *st)
{
    task->detail.has_stamp = true;
    task->detail.size = (uint64_t)st->st_size;
    task->detail.mtime_ns = px_mtime_ns(st);
}

enum earlier earlier_look(struct fetch_task *task)
{
    const struct px_fetch_opts *opts = &task->fetch->opts;
    struct px_fetch_record record;
    struct stat st;

    if (opts->memory == NULL ||
        !opts->memory->find(opts->memory->ctx, task->detail.id, task->url, &record)) {
        return EARLIER_UNKNOWN;
    }
    if (task->fetch->io->fstatat(AT_FDCWD, record.target, &st, 0) != 0) {
        return EARLIER_GONE;
    }
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != record.bytes ||
        px_mtime_ns(&st) != record.mtime_ns) {
        task->changed = task_keep_text(task, record.target);
        return EARLIER_CHANGED;
    }
    set_stamp(task, &st);
    task->detail.etag = task_keep_text(task, record.etag);
    task->detail.last_modified = task_keep_text(task, record.last_modified);
    if (strcmp(record.target, task->target) != 0) { /* --on-exist=rename gave it another name */
        const char *target = task_keep_text(task, record.target);
        task->item.target = target != NULL ? target : task->target;
    }
    return EARLIER_DONE;
}

void earlier_make_condition(struct fetch_task *task, enum earlier look, const struct stat *st)
{
    struct task_condition *condition = &task->condition;
    const char *date = look == EARLIER_DONE ? task->detail.last_modified : NULL;

    /* An ETag decides alone (RFC 9110 section 13.1.3): with a date beside it, libcurl would take a
     * file that was replaced by an older one for the same. */
    if (look == EARLIER_DONE && task->detail.etag != NULL) {
        condition->etag = task->detail.etag;
    } else {
        time_t recorded = date != NULL ? curl_getdate(date, NULL) : -1;
        int64_t mtime_s = st != NULL ? st->st_mtim.tv_sec : task->detail.mtime_ns / PX_NS_PER_S;

        condition->has_date = true;
        condition->date_s = recorded != -1 ? recorded : mtime_s;
    }
    /* those of a reply to come */
    task->detail.etag = NULL;
    task->detail.last_modified = NULL;
    task->detail.has_stamp = false;
}

void earlier_stamp(struct fetch_task *task)
{
    const char *slash = strrchr(task->item.target, '/');
    const char *name = slash != NULL ? slash + 1 : task->item.target;
    struct stat st;

    /* By name, after the last call on the file: a network file system's server has set the time. */
    task->detail.has_stamp = false;
    if (task->fetch->opts.stamps && task->detail.id != 0 && task->dir != NULL &&
        task->fetch->io->fstatat(task->dir->fd, name, &st, 0) == 0 && S_ISREG(st.st_mode)) {
        set_stamp(task, &st);
    }
}
