/* SPDX-License-Identifier: MIT
 *
 * fetch/judge.c - what follows from the head of a reply: the gate's verdict, what else may refuse it,
 * and the task made ready for the bytes.
 *
 * Called from inside curl_multi_perform(3) (body.c) or between two calls of it (transfer.c), on the
 * worker's thread; no locks.
 */
#define _GNU_SOURCE
#include "fetch/judge.h"

#include <errno.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>
#include <pxfer/worker.h>

#include "base/show.h"
#include "fetch/body.h"
#include "fetch/engine.h"
#include "fetch/joint.h"
#include "fetch/latename.h"
#include "fetch/piece.h"
#include "fetch/resume.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

static struct gate_reply read_reply(const struct transfer *transfer)
{
    const struct head *head = &transfer->head;
    struct gate_reply reply = {
        .content_range = head->value[HEAD_CONTENT_RANGE],
        .content_type = head->value[HEAD_CONTENT_TYPE],
        .content_encoding = head->value[HEAD_CONTENT_ENCODING],
        .etag = head->value[HEAD_ETAG],
        .last_modified = head->value[HEAD_LAST_MODIFIED],
        .has_location = head->value[HEAD_LOCATION] != NULL,
        .chunked = head->value[HEAD_TRANSFER_ENCODING] != NULL,
        .content_length = head->length,
        .n_content_length = head->n_lengths,
    };

    PX_IGNORE(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &reply.status)); /* or 0 */
    return reply;
}

/* What the held bytes will be known by. */
static void note_validators(struct fetch_task *task, const struct gate_reply *reply)
{
    if (task->detail.etag == NULL || reply->etag == NULL ||
        strcmp(task->detail.etag, reply->etag) != 0) {
        task->detail.etag = task_keep_text(task, reply->etag);
    }
    if (task->detail.last_modified == NULL || reply->last_modified == NULL ||
        strcmp(task->detail.last_modified, reply->last_modified) != 0) {
        task->detail.last_modified = task_keep_text(task, reply->last_modified);
    }
    if (task->fetch->opts.details) {
        task->detail.content_type = task_keep_text(task, reply->content_type);
    }
}

/* Drops what is held, so that the body can begin at byte 0. */
static void restart_part(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);
    int rc = part_restart(&task->part, &place);

    if (rc != PX_OK) {
        body_fail_locally(transfer, rc);
    }
    transfer->buffered = 0;
    task->detail.resumed = false;
    task->detail.bytes_kept = 0;
}

/* A body without a length, of which this libcurl cannot tell the end from a reset. */
static bool end_is_uncertain(const struct transfer *transfer)
{
    long version = 0;

    return transfer->fetch->quirks.h2_end_uncertain && transfer->gate.verdict == GATE_WHOLE &&
           transfer->gate.body_bytes == GATE_UNKNOWN &&
           curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK &&
           version == CURL_HTTP_VERSION_2_0;
}

static void note_stated_digest(struct transfer *transfer, const struct gate_reply *reply)
{
    if (!transfer->fetch->opts.ignore_server_digest) {
        sums_state(&transfer->task->sums,
                   stated_of_whole(&transfer->stated, reply->status, reply->content_encoding));
    }
}

/* What the user does not allow is refused before what is held is touched. */
static void refuse_beyond_limits(struct transfer *transfer, const struct gate_reply *reply)
{
    struct gate_result *gate = &transfer->gate;

    if (gate->verdict == GATE_WHOLE || gate->verdict == GATE_CONTINUE) {
        const char *why =
            limits_of_reply(&transfer->fetch->opts, reply->content_type, gate->size, transfer->why);

        if (why != NULL) {
            *gate = (struct gate_result){.verdict = GATE_REFUSE, .why = why};
        }
    }
}

/* --content-disposition: the name comes with the head of the reply. */
static void take_name(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct gate_result *gate = &transfer->gate;

    if (!task_waits_for_name(task)) {
        return;
    }
    if (gate->verdict == GATE_COMPLETE) {
        *gate = (struct gate_result){
            .verdict = GATE_ANEW, .body_bytes = GATE_UNKNOWN, .why = "its name is not known"};
    } else if (gate->verdict == GATE_WHOLE || gate->verdict == GATE_CONTINUE) {
        int rc = latename_decide(task, &transfer->head);

        if (rc != PX_OK) {
            gate->verdict = GATE_REFUSE;
        }
        transfer->settled = rc == PX_EEXIST;
        if (rc != PX_OK && rc != PX_EEXIST) {
            task->part.stage = "remember the name";
            task->part.err = rc == PX_EIO ? errno : 0;
            body_fail_locally(transfer, rc);
        }
    }
}

/* The rest was asked for. */
static void say_whole(const struct transfer *transfer)
{
    const struct px_log *log = transfer->fetch->opts.log;
    char shown[512];

    if (transfer->from > 0 && px_log_wants(log, PX_LOG_VERBOSE)) {
        px_log_line(log, PX_LOG_VERBOSE, (int)transfer->worker->index,
                    "%s: the server ignores ranges, restarting",
                    px_show_str(shown, sizeof shown, transfer->task->target));
    }
}

/* What the reply is measured against. */
static struct gate_ask make_ask(const struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;
    const struct joint *joint = task->joint;

    return (struct gate_ask){.from = transfer->from,
                             .to = transfer->to,
                             .trust = transfer->trust,
                             .size = task->size,
                             .etag = joint != NULL ? joint->etag : task->detail.etag,
                             .last_modified =
                                 joint != NULL ? joint->last_modified : task->detail.last_modified,
                             .conditional = task_is_conditional(task)};
}

/* What the gate cannot know: mirrors, pieces, a libcurl that cannot tell where a body ends. */
static void correct(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct gate_result *gate = &transfer->gate;

    if (transfer->other && gate->verdict == GATE_CHANGED) {
        gate->verdict = GATE_ANEW;
        gate->why = "a mirror's file, not known to be the same";
    }
    if (task->joint != NULL && gate->verdict == GATE_WHOLE) {
        gate->verdict = GATE_ANEW;
        gate->why = "the server ignores ranges";
    }
    if (end_is_uncertain(transfer)) {
        task->http1 = true;
        *gate = (struct gate_result){
            .verdict = GATE_ANEW, .body_bytes = GATE_UNKNOWN, .why = "no length over HTTP/2"};
        transfer->aborted = true;
    }
}

/* The body is the whole file: what is held goes. */
static void begin_whole(struct transfer *transfer, const struct gate_reply *reply)
{
    struct fetch_task *task = transfer->task;

    say_whole(transfer);
    if (part_is_open(&task->part)) {
        restart_part(transfer);
    }
    sums_restart(&task->sums);
    note_validators(task, reply);
    task->mirror_of_bytes = task->mirror;
    task->size = transfer->gate.size;
    transfer->from = 0;
    transfer->compare_left = 0;
}

static void begin_rest(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;

    if (!task_is_helper(task)) {
        task->size = transfer->gate.size;
    }
    if (task->joint == NULL) { /* of a file in pieces nothing is new by its next piece */
        resume_note(transfer);
        px_activity_done(transfer->fetch->opts.activity, transfer->slot, transfer->from);
    }
}

/* Where its bytes go: a piece of a file, or the file. */
static void open_place(struct transfer *transfer)
{
    if (transfer->task->joint != NULL) {
        piece_begin(transfer);
    } else if (!transfer->aborted) {
        int rc = piece_open(transfer);

        if (rc != PX_OK) {
            body_fail_locally(transfer, rc);
        }
    }
}

void judge_reply(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct gate_reply reply = read_reply(transfer);
    struct gate_ask ask = make_ask(transfer);

    transfer->judged = true;
    transfer->gate = gate_judge(&ask, &reply);
    correct(transfer);
    refuse_beyond_limits(transfer, &reply);
    task->detail.http_status = reply.status;
    take_name(transfer);
    if (transfer->gate.verdict == GATE_WHOLE) {
        begin_whole(transfer, &reply);
    } else if (transfer->gate.verdict == GATE_CONTINUE) {
        begin_rest(transfer);
    } else {
        return;
    }
    open_place(transfer);
    note_stated_digest(transfer, &reply);
    if (task->size != GATE_UNKNOWN) {
        px_activity_total(transfer->fetch->opts.activity, transfer->slot, task->size);
    }
}
