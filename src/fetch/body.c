/* SPDX-License-Identifier: MIT
 *
 * fetch/body.c - the bytes of a reply, from libcurl's callbacks into the part file.
 *
 * Called by libcurl from inside curl_multi_perform(3), on the worker's thread; a transfer's buffer
 * is touched by nobody else. A failure is noted in the transfer and stops the request; what follows
 * from it is decided in transfer.c when the handle comes back.
 */
#define _GNU_SOURCE
#include "fetch/body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>
#include <pxfer/worker.h>

#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/excess.h"
#include "fetch/judge.h"
#include "fetch/piece.h"
#include "fetch/resume.h"
#include "fetch/spider.h"
#include "fetch/spool.h"
#include "fetch/state.h"
#include "fetch/task.h"
#include "fetch/throttle.h"
#include "fetch/torn.h"
#include "fetch/transfer.h"

/* A reply's head may have so much (F26). curl 8.3 limits it to 300 KiB itself, 7.88 does not. */
#define HEAD_MAX_BYTES ((size_t)256 << 10)
/* The body of a redirect or an error is read so far, to keep the connection, then it is cheaper to
 * close that. */
#define DROP_MAX_BYTES ((uint64_t)64 << 10)
/* From here on a file is worth a name that survives the process. */
#define KEEP_BYTES ((uint64_t)1 << 20)

void body_fail_locally(struct transfer *transfer, int status)
{
    transfer->local = status;
    transfer->aborted = true;
}

/* The bytes that were written at `at` into the digest, as far as one is expected. */
static int digest_bytes(struct transfer *transfer, uint64_t at)
{
    struct fetch_task *task = transfer->task;
    int rc = sums_catch_up(&task->sums, transfer->fetch->io, task->part.fd, at);

    if (rc == PX_OK) {
        rc = sums_update(&task->sums, at, transfer->buffer, transfer->buffered);
    }
    if (rc != PX_OK) {
        task->part.stage = rc == PX_EIO ? "read part file" : "digest";
        task->part.err = rc == PX_EIO ? errno : 0;
    }
    return rc;
}

/* To the end of what is held. */
static int append(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);

    return engine_has_targets(transfer->fetch)
               ? part_append(&task->part, &place, transfer->buffer, transfer->buffered)
               : spool_append(task, transfer->buffer, transfer->buffered, transfer->at_end);
}

static int append_buffer(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    int rc = PX_OK;

    if (transfer->buffered > 0) {
        uint64_t at = task->part.held;

        rc = append(transfer);
        if (rc == PX_OK) {
            rc = digest_bytes(transfer, at);
        }
    }
    if (rc == PX_OK) {
        transfer->buffered = 0;
        if (task->part.held >= KEEP_BYTES && !transfer->kept) {
            rc = body_keep(transfer);
        }
    }
    return rc;
}

int body_flush(struct transfer *transfer)
{
    int64_t begin = px_now_ns();
    int rc = transfer->piece != SPLIT_NONE ? piece_write(transfer) : append_buffer(transfer);

    transfer->flushed_ns = px_now_ns();
    transfer->disk_ns += transfer->flushed_ns - begin;
    return rc;
}

int body_keep(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);
    struct state state = {.url_hash = task_url_hash(task), .size = task->size};
    const char *etag = task->detail.etag;
    const char *date = task->detail.last_modified;

    transfer->kept = true;
    if (task->joint != NULL || !engine_has_targets(transfer->fetch)) {
        return PX_OK; /* a joint has its own way of saving; on its way to stdout nothing is kept */
    }
    int rc = part_keep(&task->part, &place);
    if (rc != PX_OK) {
        return rc;
    }
    memcpy(state.boot, transfer->fetch->boot, sizeof state.boot);
    snprintf(state.etag, sizeof state.etag, "%s", etag != NULL ? etag : "");
    snprintf(state.last_modified, sizeof state.last_modified, "%s", date != NULL ? date : "");
    return part_save_state(&task->part, &place, &state, task->url);
}

/* Through the buffer. The bytes of a small file are written at once, at its end; those of a large
 * one in blocks of buffer_bytes. */
static int take_bytes(struct transfer *transfer, const char *bytes, size_t n)
{
    size_t room = transfer->fetch->buffer_bytes;

    if (transfer->buffer == NULL) {
        transfer->buffer = malloc(room);
        if (transfer->buffer == NULL) {
            return PX_ENOMEM;
        }
    }
    while (n > 0) {
        size_t take = n < room - transfer->buffered ? n : room - transfer->buffered;

        memcpy(transfer->buffer + transfer->buffered, bytes, take);
        transfer->buffered += take;
        bytes += take;
        n -= take;
        if (transfer->buffered == room) {
            int rc = body_flush(transfer);
            if (rc != PX_OK) {
                return rc;
            }
        }
    }
    return PX_OK;
}

/* Compares, passes over, or takes: of a body that begins before what is missing, or ends behind it. */
static int take_new_bytes(struct transfer *transfer, const char *bytes, size_t n)
{
    size_t held = 0, mine;
    int rc = PX_OK;

    if (transfer->task->joint != NULL) {
        mine = piece_accept(transfer, n, &held);
        transfer->aborted = transfer->over;
        return take_bytes(transfer, bytes + held, mine);
    }
    if (transfer->compare_left > 0) {
        rc = resume_compare(transfer, bytes, n, &held);
    }
    if (rc == PX_ECHANGED) {
        transfer->gate =
            (struct gate_result){.verdict = GATE_CHANGED, .why = "other bytes than those held"};
        transfer->aborted = true;
        return PX_OK;
    }
    return rc == PX_OK ? take_bytes(transfer, bytes + held, n - held) : rc;
}

static bool is_wanted(const struct transfer *transfer)
{
    return transfer->gate.verdict == GATE_WHOLE || transfer->gate.verdict == GATE_CONTINUE;
}

/* A body that nobody wants. False: stop the request. */
static bool drop_bytes(struct transfer *transfer, size_t n)
{
    transfer->dropped_bytes += n;
    if (transfer->dropped_bytes > DROP_MAX_BYTES ||
        (transfer->gate.body_bytes != GATE_UNKNOWN && transfer->gate.body_bytes > DROP_MAX_BYTES)) {
        transfer->aborted = true;
    }
    return !transfer->aborted;
}

/* Never more than was announced (F3), nor than is allowed (F26). */
static bool exceeds(struct transfer *transfer, size_t n)
{
    uint64_t announced = transfer->gate.body_bytes;
    uint64_t bytes = transfer->from + transfer->body_bytes + n;
    const char *why = NULL;

    if (announced != GATE_UNKNOWN && n > announced - transfer->body_bytes) {
        why = "more bytes than the server announced";
    } else if (limits_exceeded(&transfer->fetch->opts, bytes)) {
        why = limits_of_file(&transfer->fetch->opts, bytes, transfer->why);
    }
    if (why == NULL) {
        return false;
    }
    transfer->gate = (struct gate_result){.verdict = GATE_REFUSE, .why = why};
    transfer->aborted = true;
    return true;
}

/* CURLOPT_WRITEFUNCTION. Anything but n stops the request. */
size_t body_on_bytes(char *bytes, size_t size, size_t n, void *ctx)
{
    struct transfer *transfer = ctx;

    n *= size;
    transfer->moved = true;
    throttle_count(transfer, n);
    if (transfer->fetch->opts.spider) {
        return spider_on_bytes(transfer, bytes, n);
    }
    if (!transfer->judged) {
        judge_reply(transfer);
    }
    if (transfer->aborted || px_worker_stopping(transfer->worker)) {
        transfer->aborted = true;
        return n + 1;
    }
    if (!is_wanted(transfer)) {
        return drop_bytes(transfer, n) ? n : n + 1;
    }
    if (exceeds(transfer, n)) {
        return n + 1;
    }
    if (transfer->first_body_ns == 0) {
        transfer->first_body_ns = px_now_ns();
        transfer->flushed_ns = transfer->first_body_ns;
    }
    int rc = take_new_bytes(transfer, bytes, n);
    if (rc != PX_OK) {
        body_fail_locally(transfer, rc);
    }
    if (transfer->aborted) {
        return n + 1;
    }
    transfer->body_bytes += n;
    px_activity_add(transfer->fetch->opts.activity, transfer->slot, n);
    return n;
}

/* CURLOPT_HEADERFUNCTION: each line of the head, also those of 1xx replies and trailers. */
size_t body_on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct transfer *transfer = ctx;

    n *= size;
    transfer->moved = true;
    transfer->head_bytes += n;
    if (!transfer->judged) { /* else it is a trailer */
        head_line(&transfer->head, line, n);
        stated_line(&transfer->stated, line, n);
        excess_watch(transfer, line, n);
        torn_watch(transfer, line, n);
        transfer->jar.learnt |= transfer->head.value[HEAD_SET_COOKIE] != NULL;
    }
    if (transfer->head_bytes > HEAD_MAX_BYTES) {
        transfer->judged = true;
        transfer->gate =
            (struct gate_result){.verdict = GATE_REFUSE, .why = "endless reply headers"};
        transfer->aborted = true;
    }
    return transfer->aborted ? n + 1 : n;
}

/* CURLOPT_DEBUGFUNCTION: with -vv the lines of both heads, secrets masked. */
int body_on_debug(CURL *easy, curl_infotype type, char *text, size_t n, void *ctx)
{
    struct transfer *transfer = ctx;
    const char *mark = type == CURLINFO_HEADER_OUT ? ">" : type == CURLINFO_HEADER_IN ? "<" : NULL;
    char line[1024], shown[1024];

    (void)easy;
    if (type == CURLINFO_TEXT) {
        excess_note(transfer, text, n);
    }
    if (!px_log_wants(transfer->fetch->opts.log, PX_LOG_DEBUG)) {
        return 0;
    }
    while (mark != NULL && n > 0) {
        const char *end = memchr(text, '\n', n);
        size_t len = end != NULL ? (size_t)(end - text) : n;
        size_t keep = len < sizeof line ? len : sizeof line - 1;

        memcpy(line, text, keep);
        line[keep] = '\0';
        line[strcspn(line, "\r")] = '\0';
        if (line[0] != '\0') {
            px_log_line(transfer->fetch->opts.log, PX_LOG_DEBUG, (int)transfer->worker->index,
                        "%s %s", mark, px_show_header(shown, sizeof shown, line));
        }
        len += end != NULL;
        text += len;
        n -= len;
    }
    return 0;
}
