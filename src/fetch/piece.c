/* SPDX-License-Identifier: MIT
 *
 * fetch/piece.c - a transfer of one piece of a file that several workers fetch.
 *
 * Called by transfer.c, ask.c and body.c on the worker's thread. What the workers share is behind
 * the locks of the joint (joint.c, split.c).
 */
#define _GNU_SOURCE
#include "fetch/piece.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <pxfer/status.h>
#include <pxfer/worker.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/board.h"
#include "fetch/engine.h"
#include "fetch/joint.h"
#include "fetch/outcome.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

#define SHOW_ROOM 512

static struct split *split_of(const struct transfer *transfer)
{
    return &transfer->task->joint->split;
}

/* --- from one stream to pieces ----------------------------------------------------------------*/

/* Is the rest of it large enough, and is there a way to tell that pieces are of the same file? */
static bool is_worth_it(const struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;
    const struct px_fetch_opts *opts = &transfer->fetch->opts;
    const char *accepts = transfer->head.value[HEAD_ACCEPT_RANGES];
    const char *etag = task->detail.etag;

    if (opts->split < 2 || !engine_has_targets(transfer->fetch) || task->one_stream ||
        task->joint != NULL || transfer->compare_left > 0 || task->size == GATE_UNKNOWN ||
        task->size < task->part.held ||
        (task->size - task->part.held) / 2 < opts->min_split_bytes) {
        return false;
    }
    if ((accepts != NULL && strcasecmp(accepts, "none") == 0) ||
        (etag != NULL && strlen(etag) >= STATE_VALUE_ROOM)) {
        return false;
    }
    return gate_has_validator(etag, task->detail.last_modified) ||
           task->sums.line.kind != PX_DIGEST_NONE;
}

/* One line of the display for all pieces of a file. */
static void show_as_one(const struct transfer *transfer)
{
    struct px_activity *activity = transfer->fetch->opts.activity;
    struct joint *joint = transfer->task->joint;

    px_activity_join(activity, transfer->slot, (uint64_t)(uintptr_t)joint);
    px_activity_total(activity, transfer->slot, joint->split.size);
    px_activity_done(activity, transfer->slot, split_accepted_bytes(&joint->split));
}

int piece_open(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);
    struct ranges held = {0};
    struct split_claim mine;

    if (!is_worth_it(transfer)) {
        return PX_OK;
    }
    int rc = part_keep(&task->part, &place);
    ranges_add(&held, 0, task->part.held);
    if (rc == PX_OK) {
        bool strict = gate_has_validator(task->detail.etag, task->detail.last_modified);

        rc = joint_new(task, &held, strict ? GATE_STRICT : GATE_LENIENT, px_now_ns());
    }
    if (rc != PX_OK) {
        return rc;
    }
    transfer->kept = true;
    if (split_take_free(split_of(transfer), px_now_ns(), &mine)) { /* always: nobody else knows */
        transfer->piece = mine.id;
        transfer->write_at = mine.from;
    }
    show_as_one(transfer);
    task->posted = true;
    board_post(transfer->fetch->board, task->joint);
    return PX_OK;
}

/* --- what to ask for --------------------------------------------------------------------------*/

/* All bytes are there: the check of the whole, and the name. */
static void finish_file(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;

    split_stop(split_of(transfer), SPLIT_DONE);
    joint_close(task->joint);
    task->part.held = task->joint->split.size;
    task->size = task->part.held;
    task->detail.segments = split_segments(split_of(transfer));
    outcome_finish(transfer);
}

/* The owner's own piece is over. */
static void finish_or_wait(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    enum split_stop stop = split_stopped(split_of(transfer));

    task->facts = (struct retry_facts){.status = PX_OK};
    if (stop == SPLIT_GOES_ON && split_is_complete(split_of(transfer))) {
        finish_file(transfer);
    } else {
        task->waits = true;
    }
}

int piece_plan(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct split_claim claim;

    bool proof = task->sums.line.kind != PX_DIGEST_NONE && !task->alone;
    transfer->other = task->mirror != task->joint->mirror;
    transfer->trust = transfer->other && proof ? GATE_SIZE_ONLY : task->joint->trust;
    transfer->compare_left = 0;
    transfer->skip = 0;
    show_as_one(transfer);
    if (task_is_helper(task)) {
        transfer->from = task->claim.from;
        transfer->to = task->claim.to;
        if (split_stopped(split_of(transfer)) == SPLIT_GOES_ON) {
            return PX_OK;
        }
        task_set_ok(task, 0);
        return PX_EEND;
    }
    if (transfer->piece != SPLIT_NONE) { /* the next hop of a redirect */
        return PX_OK;
    }
    if (!split_take_free(split_of(transfer), px_now_ns(), &claim)) {
        finish_or_wait(transfer);
        return PX_EEND;
    }
    transfer->piece = claim.id;
    transfer->from = claim.from;
    transfer->to = claim.to;
    transfer->write_at = claim.from;
    return PX_OK;
}

/* --- its bytes --------------------------------------------------------------------------------*/

void piece_begin(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct split_claim mine;
    char shown[SHOW_ROOM], url[SHOW_ROOM];

    if (!task_is_helper(task)) {
        return;
    }
    bool left = split_confirm(split_of(transfer), task->claim.id, px_now_ns(), &mine);
    task->claim.id = SPLIT_NONE;
    if (!left) {
        transfer->over = true; /* the others were faster than the reply */
        transfer->aborted = true;
        return;
    }
    transfer->piece = mine.id;
    transfer->write_at = mine.from;
    transfer->skip = mine.from - transfer->from;
    px_log_line(transfer->fetch->opts.log, PX_LOG_VERBOSE, (int)transfer->worker->index,
                "%s: helps with bytes %" PRIu64 "-%" PRIu64 "%s%s",
                px_show_str(shown, sizeof shown, task->target), mine.from, mine.to - 1,
                task->set != NULL ? " from " : "",
                task->set != NULL ? px_show_url(url, sizeof url, task->ask_url) : "");
}

size_t piece_accept(struct transfer *transfer, size_t n, size_t *skip)
{
    *skip = transfer->skip < n ? (size_t)transfer->skip : n;
    transfer->skip -= *skip;
    size_t accepted = split_accept(split_of(transfer), transfer->piece, n - *skip);
    transfer->over = accepted < n - *skip;
    return accepted;
}

int piece_write(struct transfer *transfer)
{
    struct joint *joint = transfer->task->joint;

    if (transfer->buffered > 0) {
        if (px_pwrite_all(joint->place.io, joint->fd, transfer->buffer, transfer->buffered,
                          (off_t)transfer->write_at) != 0) {
            transfer->task->part.stage = "write";
            transfer->task->part.err = errno;
            return px_status_from_errno(errno);
        }
        transfer->write_at += transfer->buffered;
        transfer->buffered = 0;
        split_written(&joint->split, transfer->piece, transfer->write_at);
    }
    px_activity_done(transfer->fetch->opts.activity, transfer->slot,
                     split_accepted_bytes(&joint->split));
    joint_save(joint, px_now_ns(), false);
    return PX_OK;
}

/* --- its end ----------------------------------------------------------------------------------*/

bool piece_is_over(const struct transfer *transfer)
{
    struct split *split = split_of(transfer);

    return transfer->over || split_stopped(split) != SPLIT_GOES_ON ||
           (transfer->piece != SPLIT_NONE && split_is_done(split, transfer->piece));
}

static void give_back(struct transfer *transfer)
{
    if (transfer->piece != SPLIT_NONE) {
        split_give_back(split_of(transfer), transfer->piece);
        transfer->piece = SPLIT_NONE;
    }
}

void piece_finish(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    int rc = transfer->piece != SPLIT_NONE ? piece_write(transfer) : PX_OK;

    give_back(transfer);
    if (rc != PX_OK) {
        outcome_part_failed(transfer, rc);
    } else if (task_is_helper(task)) {
        task_set_ok(task, 0);
        task->facts = (struct retry_facts){.status = PX_OK};
    } else {
        finish_or_wait(transfer);
    }
}

void piece_refused(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    bool changed = transfer->gate.verdict == GATE_CHANGED;
    char shown[SHOW_ROOM];

    if (transfer->other && !task_is_helper(task)) {
        split_stop(split_of(transfer), SPLIT_MIRROR);
    } else if (changed) {
        split_stop(split_of(transfer), SPLIT_CHANGED);
    } else if (!task_is_helper(task)) {
        split_stop(split_of(transfer), SPLIT_RANGELESS);
    } else {
        px_log_line(transfer->fetch->opts.log, PX_LOG_VERBOSE, (int)transfer->worker->index,
                    "%s: %s, it goes on without help",
                    px_show_str(shown, sizeof shown, task->target), transfer->gate.why);
    }
    if (!task_is_helper(task)) {
        task->facts = (struct retry_facts){.status = PX_OK};
        task->waits = true;
        return;
    }
    task->rejected = !changed;
    task_set_ok(task, 0);
    task->facts = (struct retry_facts){.status = PX_OK};
}

void piece_release(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;

    give_back(transfer);
    if (!task_is_helper(task) && part_is_open(&task->part)) {
        struct ranges held;

        split_held(&task->joint->split, &held);
        task->part.held = ranges_sum(&held);
    }
}
