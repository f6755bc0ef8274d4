/* SPDX-License-Identifier: MIT
 *
 * fetch/targets.c - which line has which target.
 *
 * Entered by the owner's thread for each line and, with --content-disposition, by workers for each
 * file. One lock, around the set of names; its temporary file (lists beyond 196,608 targets) is read
 * and written under it, which is the exception to "no IO under a lock": a claim must not be decided
 * twice.
 */
#define _GNU_SOURCE
#include "fetch/targets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/mutex.h"
#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/name.h"
#include "fetch/nameset.h"
#include "fetch/task.h"

#define INPUTS_MAX 0xff /* lists that can be told apart in an owner's tag */

struct targets {
    struct px_mutex lock;
    struct nameset *names PX_GUARDED; /* protected by lock */
};

/* No other thread is there yet, or any more: so nothing is locked. */
int targets_new(const struct px_io_ops *io, struct targets **out) PX_NO_ANALYSIS
{
    struct targets *targets = calloc(1, sizeof *targets);

    if (targets == NULL) {
        return PX_ENOMEM;
    }
    int rc = px_mutex_init(&targets->lock);
    if (rc != PX_OK) {
        free(targets);
        return rc;
    }
    rc = nameset_new(io, 0, &targets->names);
    if (rc != PX_OK) {
        targets_free(targets);
        return rc;
    }
    *out = targets;
    return PX_OK;
}

void targets_free(struct targets *targets) PX_NO_ANALYSIS
{
    if (targets != NULL) {
        nameset_free(targets->names);
        px_mutex_fini(&targets->lock);
        free(targets);
    }
}

static int add(struct targets *targets, const char *key, struct nameset_owner *owner)
{
    px_mutex_lock(&targets->lock);
    int rc = nameset_add(targets->names, key, strlen(key), owner);
    px_mutex_unlock(&targets->lock);
    return rc;
}

/* Same URL with the same expectations? 24 bits of a hash and 8 bits for the list it is in. */
static uint32_t tag_of(const struct fetch_task *task)
{
    uint64_t hash = name_hash(task->url, strlen(task->url), task->sums.line.kind);

    hash = name_hash(task->sums.line.value, task->sums.line.len, hash);
    return (uint32_t)(hash << 8) | (uint32_t)(task->input < INPUTS_MAX ? task->input : INPUTS_MAX);
}

/* "line 3", "line 3 of FILE" or "an operand". */
static void describe_owner(const struct fetch_task *task, const struct nameset_owner *owner,
                           char *text, size_t room)
{
    const struct px_fetch_opts *opts = &task->fetch->opts;
    size_t input = owner->tag & INPUTS_MAX;
    char shown[PX_SHOW_ROOM(64)];

    if (owner->line == 0) {
        snprintf(text, room, "an earlier operand");
    } else if (input == (task->input & INPUTS_MAX) || input >= INPUTS_MAX ||
               input >= opts->n_inputs) {
        snprintf(text, room, "line %" PRIu32, owner->line);
    } else {
        const char *name = strcmp(opts->inputs[input], "-") != 0 ? opts->inputs[input] : NULL;

        snprintf(text, room, "line %" PRIu32 " of %s", owner->line,
                 name != NULL ? px_show_str(shown, sizeof shown, name) : "standard input");
    }
}

int targets_claim(struct targets *targets, struct fetch_task *task)
{
    bool by_url = task->late_name && !task->named;
    uint32_t tag = tag_of(task);
    uint64_t line = task->item.line < UINT32_MAX ? task->item.line : UINT32_MAX;
    struct nameset_owner owner = {.tag = tag, .line = (uint32_t)line};
    char where[PX_SHOW_ROOM(64) + 32], prefix[32] = "", text[sizeof where + 64];

    int rc = add(targets, by_url ? task->url : task->target, &owner);
    if (rc != PX_EEXIST) {
        return rc;
    }
    describe_owner(task, &owner, where, sizeof where);
    if (task->item.line > 0) {
        snprintf(prefix, sizeof prefix, "line %" PRIu64 ": ", task->item.line);
    }
    bool repeated = owner.tag >> 8 == tag >> 8;
    snprintf(text, sizeof text, "%ssame %sas %s", prefix, repeated ? "" : "target ", where);
    if (repeated) {
        task_set_repeated(task, text);
    } else {
        task_set_failed(task, PX_EBADLINE, 0, "%s", text);
    }
    return PX_EEXIST;
}
