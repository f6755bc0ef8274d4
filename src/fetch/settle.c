/* SPDX-License-Identifier: MIT
 *
 * fetch/settle.c - what can be decided about a task without a request.
 *
 * Part of the source, on the owner's thread; no locks. Whether a target exists is looked at here, one
 * fstatat(2) a line: a second run of the same command then costs no worker anything.
 */
#define _GNU_SOURCE
#include "fetch/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/earlier.h"
#include "fetch/engine.h"
#include "fetch/list.h"
#include "fetch/name.h"
#include "fetch/nameset.h"
#include "fetch/task.h"

/* "line 3", "line 3 of FILE" or "an operand". */
static void describe_owner(const struct settle *settle, const struct fetch_task *task,
                           const struct nameset_owner *owner, char *text, size_t room)
{
    size_t input = owner->tag & 0xff;
    char shown[PX_SHOW_ROOM(64)];

    if (owner->line == 0) {
        snprintf(text, room, "an earlier operand");
    } else if (input == (task->input & 0xff) || input >= 0xff) {
        snprintf(text, room, "line %" PRIu32, owner->line);
    } else {
        snprintf(text, room, "line %" PRIu32 " of %s", owner->line,
                 px_show_str(shown, sizeof shown, list_input_name(settle->list, input)));
    }
}

static void prefix_line(const struct fetch_task *task, char text[32])
{
    text[0] = '\0';
    if (task->item.line > 0) {
        snprintf(text, 32, "line %" PRIu64 ": ", task->item.line);
    }
}

/* Same URL with the same expectations? 24 bits of a hash and 8 bits for the list it is in. */
static uint32_t tag_of(const struct fetch_task *task)
{
    uint64_t hash = name_hash(task->url, strlen(task->url), task->sums.line.kind);

    hash = name_hash(task->sums.line.value, task->sums.line.len, hash);
    return (uint32_t)(hash << 8) | (uint32_t)(task->input < 0xff ? task->input : 0xff);
}

/* The first line that names a target has it. PX_OK: this one; PX_EEXIST: it was another, and the
 * task is finished. */
static int claim_target(struct settle *settle, struct fetch_task *task)
{
    uint32_t tag = tag_of(task);
    uint64_t line = task->item.line < UINT32_MAX ? task->item.line : UINT32_MAX;
    struct nameset_owner owner = {.tag = tag, .line = (uint32_t)line};
    char where[PX_SHOW_ROOM(64) + 32], prefix[32], text[sizeof where + 64];

    int rc = nameset_add(settle->names, task->target, strlen(task->target), &owner);
    if (rc != PX_EEXIST) {
        return rc;
    }
    describe_owner(settle, task, &owner, where, sizeof where);
    prefix_line(task, prefix);
    bool repeated = owner.tag >> 8 == tag >> 8;
    snprintf(text, sizeof text, "%ssame %sas %s", prefix, repeated ? "" : "target ", where);
    if (repeated) {
        task_set_repeated(task, text);
    } else {
        task_set_failed(task, PX_EBADLINE, 0, "%s", text);
    }
    return PX_EEXIST;
}

static void skip_existing(struct fetch_task *task)
{
    const struct px_fetch *fetch = task->fetch;
    char state[NAME_ROOM];

    name_beside(task->name, PART_STATE_SUFFIX, state);
    if (!fetch->opts.dry_run && (!task->in_base || present_may_have(&fetch->present, state)) &&
        task_open_dir(task) == PX_OK) {
        struct part_place place = task_place(task);
        part_tidy(&place);
    }
    task_set_skipped(task, PX_EEXIST, "exists");
}

static void say_changed(const struct fetch_task *task)
{
    char shown[512];

    px_log_line(task->fetch->opts.log, PX_LOG_NORMAL, PX_LOG_MAIN,
                "%s: not the file that the journal tells of, fetching it again",
                px_show_str(shown, sizeof shown, task->target));
}

/* Asks what earlier runs know. True: they had finished the task. */
static bool settle_earlier(struct fetch_task *task)
{
    enum px_on_exist on_exist = task->fetch->opts.on_exist;
    enum earlier look = on_exist != PX_ON_EXIST_NEWER ? earlier_look(task) : EARLIER_UNKNOWN;

    if (look == EARLIER_DONE) {
        task_set_skipped(task, PX_EEXIST, "done");
        return true;
    }
    if (look == EARLIER_CHANGED && on_exist == PX_ON_EXIST_SKIP) {
        task->replaces = true;
        say_changed(task);
    }
    return false;
}

/* Looks at the target. True: the task is finished. */
static bool settle_existing(struct fetch_task *task)
{
    const struct px_fetch *fetch = task->fetch;
    struct stat st;
    bool at_base = task->in_base && fetch->base != NULL; /* a dry run has none */
    int dirfd = at_base ? fetch->base->fd : AT_FDCWD;
    const char *path = at_base ? task->name : task->target;
    enum px_on_exist on_exist = fetch->opts.on_exist;

    if (on_exist == PX_ON_EXIST_OVERWRITE || on_exist == PX_ON_EXIST_RENAME || task->replaces ||
        (at_base && !present_may_have(&fetch->present, task->name))) {
        return false;
    }
    if (fetch->io->fstatat(dirfd, path, &st, 0) != 0) {
        /* ENOENT also for a symlink to nothing: publishing will tell */
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        task_set_failed(task, PX_EIO, 0, "target is %s",
                        S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
    } else if (on_exist == PX_ON_EXIST_FAIL) {
        task_set_failed(task, PX_EEXIST, EEXIST, "target exists");
    } else if (on_exist == PX_ON_EXIST_NEWER) {
        earlier_make_condition(task, earlier_look(task), &st);
        return false;
    } else {
        skip_existing(task);
    }
    return true;
}

int settle_claim(struct settle *settle, struct fetch_task *task)
{
    if (task->item.status == PX_EBADLINE || settle->fetch->opts.on_exist == PX_ON_EXIST_RENAME) {
        return PX_OK;
    }
    int rc = claim_target(settle, task);
    if (rc == PX_EIO) {
        settle->error = "temporary file for target names failed";
    }
    return rc == PX_EEXIST ? PX_OK : rc;
}

int settle_task(struct settle *settle, struct fetch_task *task, bool *finished)
{
    int rc = settle_claim(settle, task);

    *finished = true;
    if (rc != PX_OK || task->item.status == PX_EBADLINE) {
        return rc;
    }
    task->detail.id = earlier_id(task);
    if (settle_earlier(task) || settle_existing(task)) {
        return PX_OK;
    }
    if (settle->fetch->opts.dry_run) {
        task_set_skipped(task, PX_OK, "dry run");
        return PX_OK;
    }
    *finished = false;
    return PX_OK;
}

int settle_init(struct settle *settle, const struct px_fetch *fetch, const struct list *list)
{
    *settle = (struct settle){.fetch = fetch, .list = list};
    return nameset_new(fetch->io, 0, &settle->names);
}

void settle_fini(struct settle *settle)
{
    nameset_free(settle->names);
    *settle = (struct settle){0};
}
