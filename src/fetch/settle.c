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

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/earlier.h"
#include "fetch/engine.h"
#include "fetch/name.h"
#include "fetch/targets.h"
#include "fetch/task.h"

/* What a kill or a power cut left beside a file that is whole. */
static void tidy_beside(struct fetch_task *task)
{
    const struct px_fetch *fetch = task->fetch;
    char state[NAME_ROOM];

    name_beside(task->name, PART_STATE_SUFFIX, state);
    if (!fetch->opts.dry_run && (!task->in_base || present_may_have(&fetch->present, state)) &&
        task_open_dir(task) == PX_OK) {
        struct part_place place = task_place(task);
        part_tidy(&place);
    }
}

static void skip_existing(struct fetch_task *task)
{
    tidy_beside(task);
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
    if (earlier_look(task) == EARLIER_DONE) {
        tidy_beside(task);
        task_set_skipped(task, PX_EEXIST, "done");
        return true;
    }
    if (task_replaces(task)) {
        say_changed(task);
    }
    return false;
}

bool settle_existing(struct fetch_task *task)
{
    const struct px_fetch *fetch = task->fetch;
    struct stat st;
    bool at_base = task->in_base && fetch->base != NULL; /* a dry run has none */
    int dirfd = at_base ? fetch->base->fd : AT_FDCWD;
    const char *path = at_base ? task->name : task->target;
    enum px_on_exist on_exist = fetch->opts.on_exist;

    if (on_exist == PX_ON_EXIST_OVERWRITE || on_exist == PX_ON_EXIST_RENAME ||
        task_replaces(task) || (at_base && !present_may_have(&fetch->present, task->name))) {
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
        return false; /* it will be replaced, if at all */
    } else {
        skip_existing(task);
    }
    return true;
}

/* --on-exist=newer: what the request is to say of the file that is there. */
static void settle_condition(struct fetch_task *task)
{
    enum earlier look = earlier_look(task);
    struct stat st;

    if (look == EARLIER_DONE) {
        earlier_make_condition(task, look, NULL);
    } else if (!task_waits_for_name(task) &&
               task->fetch->io->fstatat(AT_FDCWD, task->target, &st, 0) == 0) {
        earlier_make_condition(task, look, &st);
    }
}

int settle_claim(struct settle *settle, struct fetch_task *task)
{
    if (task->item.status == PX_EBADLINE || settle->fetch->opts.on_exist == PX_ON_EXIST_RENAME) {
        return PX_OK;
    }
    if (!engine_has_targets(settle->fetch)) {
        return PX_OK;
    }
    int rc = targets_claim(settle->targets, task);
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
    if (!engine_has_targets(settle->fetch)) {
        *finished = false;
        return PX_OK;
    }
    task->detail.id = earlier_id(task);
    bool newer = task->fetch->opts.on_exist == PX_ON_EXIST_NEWER;
    if ((!newer && settle_earlier(task)) || (!task_waits_for_name(task) && settle_existing(task))) {
        return PX_OK;
    }
    if (task->fetch->opts.dry_run) {
        task_set_skipped(task, PX_OK, "dry run");
        return PX_OK;
    }
    if (newer) {
        settle_condition(task);
    }
    *finished = false;
    return PX_OK;
}

int settle_init(struct settle *settle, const struct px_fetch *fetch, bool apart)
{
    *settle = (struct settle){.fetch = fetch, .targets = fetch->targets};
    int rc = apart ? targets_new(fetch->io, &settle->own) : PX_OK;

    settle->targets = apart ? settle->own : settle->targets;
    return rc;
}

void settle_fini(struct settle *settle)
{
    targets_free(settle->own);
    *settle = (struct settle){0};
}
