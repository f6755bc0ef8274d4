/* SPDX-License-Identifier: MIT
 *
 * fetch/resume.c - going on with bytes that an earlier try or run has left.
 *
 * Called by transfer.c before a try, by ask.c before a request and by body.c for the bytes that are
 * held already, on the worker's thread. No locks.
 */
#define _GNU_SOURCE
#include "fetch/resume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/worker.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/joint.h"
#include "fetch/name.h"
#include "fetch/state.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

#define SHOW_ROOM 512

/* Reads n bytes of the part at `at`. */
static int read_part(struct transfer *transfer, char *block, size_t n, uint64_t at)
{
    struct part *part = &transfer->task->part;

    while (n > 0) {
        ssize_t got = transfer->fetch->io->pread(part->fd, block, n, (off_t)at);

        if (got <= 0) {
            part->stage = "read part file";
            part->err = got < 0 ? errno : EIO;
            return PX_EIO;
        }
        block += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return PX_OK;
}

/* Several stretches: what is missing between them is fetched piece by piece, each by its validator
 * (or, with a checksum, by that in the end). Otherwise only the first stretch can be used, and the
 * file must not be longer than what is known of it. */
static int take_stretches(struct transfer *transfer, const struct state *state)
{
    struct fetch_task *task = transfer->task;
    bool strict = gate_has_validator(task->detail.etag, task->detail.last_modified);

    if (state->grows || ranges_sum(&state->held) == task->part.held) {
        if (!state->grows &&
            transfer->fetch->io->ftruncate(task->part.fd, (off_t)task->part.held) != 0) {
            task->part.stage = "truncate";
            task->part.err = errno;
            return px_status_from_errno(errno);
        }
        return PX_OK;
    }
    if (state->size != GATE_UNKNOWN && (strict || task->sums.line.kind != PX_DIGEST_NONE)) {
        return joint_new(task, &state->held, strict ? GATE_STRICT : GATE_LENIENT, px_now_ns());
    }
    task->part.held = 0;
    struct part_place place = task_place(task);
    return part_restart(&task->part, &place);
}

static bool may_be_there(const struct transfer *transfer, const char *work)
{
    const struct fetch_task *task = transfer->task;
    char part[NAME_ROOM];

    name_beside(work, PART_SUFFIX, part);
    return !task->in_base || task->left_a_part || present_may_have(&transfer->fetch->present, part);
}

/* What the part is called in a run with --content-disposition, when this is one without, and the other
 * way round. */
static void other_work(const struct fetch_task *task, char out[NAME_ROOM])
{
    if (task->late_name) {
        snprintf(out, NAME_ROOM, "%s", task->name);
    } else {
        name_for_url(task->name, task->url, strlen(task->url), out);
    }
}

/* The same of the other kind of run. Whoever holds it may be after another target, and under the name
 * of a run without --content-disposition it may be another URL's: then it is nobody's business. It is
 * taken over, or removed where the task has a part already. */
static int adopt_other(struct transfer *transfer, struct state *state)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);
    struct part part = {.fd = -1};
    char work[NAME_ROOM];

    other_work(task, work);
    if (!may_be_there(transfer, work)) {
        return PX_EAGAIN;
    }
    place.name = work;
    place.on_exist = task->late_name ? PX_ON_EXIST_RENAME : place.on_exist;
    if (part_adopt(&part, &place, task_url_hash(task), transfer->fetch->boot, state) != PX_OK) {
        return PX_EAGAIN;
    }
    if (part_is_open(&task->part)) {
        part_discard(&part, &place);
        return PX_EAGAIN;
    }
    task->part = part;
    return PX_OK;
}

/* PX_OK: the task has a part, and `*state` tells of it. PX_EAGAIN: there is none. PX_EINUSE. */
static int adopt(struct transfer *transfer, struct state *state)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);
    struct state other;
    char shown[SHOW_ROOM];
    int rc = PX_EAGAIN;

    if (may_be_there(transfer, task->work)) {
        rc = part_adopt(&task->part, &place, task_url_hash(task), transfer->fetch->boot, state);
    }
    if (rc == PX_ECHANGED) {
        px_log_line(transfer->fetch->opts.log, PX_LOG_VERBOSE, (int)transfer->worker->index,
                    "%s: an unfinished part of no use was removed",
                    px_show_str(shown, sizeof shown, task->target));
    }
    if (rc == PX_EINUSE) {
        return rc;
    }
    if (adopt_other(transfer, &other) == PX_OK) {
        *state = other;
        rc = PX_OK;
    }
    return rc == PX_OK ? PX_OK : PX_EAGAIN;
}

int resume_look(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct state state;

    if (task->looked_for_leftover || part_is_open(&task->part)) {
        return PX_OK;
    }
    task->looked_for_leftover = true;
    int rc = adopt(transfer, &state);
    if (rc == PX_OK) {
        task->size = state.size;
        task->detail.etag = task_keep_text(task, state.etag[0] != '\0' ? state.etag : NULL);
        task->detail.last_modified =
            task_keep_text(task, state.last_modified[0] != '\0' ? state.last_modified : NULL);
        rc = take_stretches(transfer, &state);
        task->detail.bytes_kept = task->joint != NULL ? ranges_sum(&state.held) : task->part.held;
        return rc;
    }
    return rc == PX_EINUSE ? rc : PX_OK;
}

/* Bytes of another mirror: its validators are its own. Where they happen to be the same, or a checksum
 * will prove the whole in the end, they are gone on with. */
static void plan_other(struct transfer *transfer, bool known)
{
    const struct fetch_task *task = transfer->task;
    bool proof = task->sums.line.kind != PX_DIGEST_NONE && !task->alone;

    transfer->trust = proof && task->size != GATE_UNKNOWN ? GATE_SIZE_ONLY : GATE_STRICT;
    if (transfer->trust == GATE_STRICT && !known) {
        transfer->from = 0;
    }
}

void resume_plan(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    uint64_t held = part_is_open(&task->part) ? task->part.held : 0;

    task->part.held = held;
    transfer->to = 0;
    transfer->compare_left = 0;
    transfer->trust = GATE_STRICT;
    transfer->from = held;
    transfer->other = held > 0 && task->mirror != task->mirror_of_bytes;
    bool known = gate_has_validator(task->detail.etag, task->detail.last_modified);
    if (transfer->other) {
        plan_other(transfer, known);
    } else if (held > 0 && !known) {
        transfer->trust = GATE_LENIENT;
    }
    if (transfer->from > 0 && (transfer->trust == GATE_LENIENT || task->part.unproven)) {
        transfer->compare_left = held < RESUME_OVERLAP ? held : RESUME_OVERLAP;
        transfer->from = held - transfer->compare_left;
    }
}

void resume_note(struct transfer *transfer)
{
    struct px_fetch_detail *detail = &transfer->task->detail;

    engine_account_of(transfer->fetch, transfer->worker->index)->counter[PX_FETCH_RESUMED] +=
        !detail->resumed;
    detail->resumed = true;
}

int resume_compare(struct transfer *transfer, const char *bytes, size_t n, size_t *compared)
{
    char block[16384];

    *compared = 0;
    while (n > 0 && transfer->compare_left > 0) {
        size_t want = n < sizeof block ? n : sizeof block;

        want = want < transfer->compare_left ? want : (size_t)transfer->compare_left;
        int rc =
            read_part(transfer, block, want, transfer->task->part.held - transfer->compare_left);
        if (rc != PX_OK) {
            return rc;
        }
        if (memcmp(block, bytes, want) != 0) {
            return PX_ECHANGED;
        }
        transfer->compare_left -= want;
        transfer->task->part.unproven &= transfer->compare_left > 0;
        *compared += want;
        bytes += want;
        n -= want;
    }
    return PX_OK;
}
