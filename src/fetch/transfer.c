/* SPDX-License-Identifier: MIT
 *
 * fetch/transfer.c - one try of one task: begin, judge, decide whether another request follows,
 * finish.
 *
 * Called by the worker's loop (worker.c) on its own thread, between two calls of libcurl; what
 * happens inside them is in body.c, the requests themselves are set up in ask.c. No locks.
 */
#define _GNU_SOURCE
#include "fetch/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>
#include <pxfer/worker.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/account.h"
#include "fetch/ask.h"
#include "fetch/body.h"
#include "fetch/engine.h"
#include "fetch/excess.h"
#include "fetch/fault.h"
#include "fetch/handle.h"
#include "fetch/joint.h"
#include "fetch/judge.h"
#include "fetch/outcome.h"
#include "fetch/piece.h"
#include "fetch/resume.h"
#include "fetch/spider.h"
#include "fetch/task.h"
#include "fetch/torn.h"

/* A file that has been growing for so long is kept (part.h), and its buffered bytes are written as
 * often: what kill -9 costs a slow download is a second. */
#define KEEP_NS PX_NS_PER_S
#define SHOW_ROOM 512

static struct px_account *account_of(const struct transfer *transfer)
{
    return engine_account_of(transfer->fetch, transfer->worker->index);
}

/* --- life ------------------------------------------------------------------------------------*/

int transfer_init(struct transfer *transfer, struct px_fetch *fetch, struct px_worker *worker,
                  size_t slot, struct curl_slist *run_headers)
{
    transfer->fetch = fetch;
    transfer->worker = worker;
    transfer->slot = slot;
    transfer->run_headers = run_headers;
    transfer->piece = SPLIT_NONE;
    return handle_make(transfer);
}

void transfer_fini(struct transfer *transfer)
{
    handle_fini(transfer);
    ask_forget(transfer);
    free(transfer->buffer);
}

static int open_place(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    int rc;

    if (transfer->fetch->opts.spider) {
        return PX_OK;
    }

    if (task_is_helper(task)) {
        return PX_OK; /* its owner has it */
    }
    rc = task_open_dir(task);
    if (rc != PX_OK) {
        int err = errno;

        task_set_failed(task, rc, err, "open directory: %s", px_errno_text(err));
        outcome_note(transfer, rc, false);
        return rc;
    }
    rc = resume_look(transfer);
    if (rc != PX_OK) {
        outcome_part_failed(transfer, rc);
    } else if (task->joint != NULL && !task->posted && transfer->fetch->opts.split > 1) {
        task->posted = true;
        board_post(transfer->fetch->board, task->joint);
    }
    return rc;
}

/* What a line about it calls it: its file or, when it has none, its URL. */
static const char *show_target(char *text, size_t room, const struct fetch_task *task)
{
    return task->item.target != NULL ? px_show_str(text, room, task->item.target)
                                     : px_show_url(text, room, task->url);
}

static void say_begin(const struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;
    char url[SHOW_ROOM], target[SHOW_ROOM];

    if (px_log_wants(transfer->fetch->opts.log, PX_LOG_VERBOSE) && !task_is_helper(task)) {
        px_log_line(
            transfer->fetch->opts.log, PX_LOG_VERBOSE, (int)transfer->worker->index, "start %s%s%s",
            px_show_url(url, sizeof url, task->ask_url), task->item.target != NULL ? " -> " : "",
            task->item.target != NULL ? px_show_str(target, sizeof target, task->target) : "");
    }
}

/* A new try of a file in pieces goes on with those that are there. */
static void note_pieces(struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;

    if (task->joint != NULL && !task_is_helper(task) &&
        split_accepted_bytes(&task->joint->split) > 0) {
        resume_note(transfer);
    }
}

int transfer_begin(struct transfer *transfer, struct fetch_task *task, int64_t now_ns)
{
    int64_t waited = now_ns - task->plan.ready_ns;

    transfer->task = task;
    transfer->piece = SPLIT_NONE;
    transfer->begin_ns = now_ns;
    memset(transfer->phase_ns, 0, sizeof transfer->phase_ns);
    transfer->phase_ns[PX_FETCH_QUEUE] = waited > 0 ? waited : 0;
    task->item.attempts += !task->goes_on;
    task->item.worker = transfer->worker->index;
    task->item.begin_ns = task->item.begin_ns != 0 ? task->item.begin_ns : now_ns;
    if (!task->goes_on) {
        account_of(transfer)->counter[PX_FETCH_RETRIES] += task->item.attempts > 1;
        say_begin(transfer);
    }
    bool new_try = !task->goes_on;
    task->goes_on = false;
    px_activity_begin(transfer->fetch->opts.activity, transfer->slot, task->name, 0);

    int rc = open_place(transfer);
    if (rc == PX_OK && new_try) {
        note_pieces(transfer);
    }
    return rc == PX_OK ? ask_first(transfer) : rc;
}

/* The connection broke inside a body that was wanted, or before any reply. What arrived is kept for
 * the next try. */
static void fail_broken(struct transfer *transfer, CURLcode code)
{
    int rc = transfer->buffered > 0 ? body_flush(transfer) : PX_OK;

    if (rc != PX_OK) {
        outcome_part_failed(transfer, rc);
    } else {
        outcome_curl_failed(transfer, code);
    }
}

static bool decide(struct transfer *transfer, CURLcode code)
{
    const struct gate_result *gate = &transfer->gate;

    switch (gate->verdict) {
    case GATE_REDIRECT: return ask_hop(transfer) == PX_OK;
    case GATE_ANEW:
    case GATE_CHANGED:
        if (transfer->task->joint != NULL) {
            piece_refused(transfer);
            return false;
        }
        return ask_anew(transfer) == PX_OK;
    case GATE_REFUSE:
        if (transfer->settled) {
            outcome_settled(transfer);
        } else if (gate->why != NULL) {
            outcome_failed(transfer, PX_EPROTO, gate->why);
        } else {
            outcome_http_failed(transfer);
        }
        return false;
    case GATE_WHOLE:
    case GATE_CONTINUE:
        if (transfer->over) {
            break;
        }
        if (code == CURLE_OK && gate->body_bytes != GATE_UNKNOWN &&
            transfer->body_bytes != gate->body_bytes) {
            code = CURLE_PARTIAL_FILE;
        }
        if (code == CURLE_OK && gate->body_bytes == GATE_UNKNOWN && torn_found(transfer)) {
            code = CURLE_PARTIAL_FILE;
        }
        if (code == CURLE_OK && excess_found(transfer)) {
            outcome_failed(transfer, PX_EPROTO, "more bytes than the server announced");
            return false;
        }
        if (code != CURLE_OK) {
            fail_broken(transfer, code);
            return false;
        }
        break;
    case GATE_UNMODIFIED: outcome_unmodified(transfer); return false;
    case GATE_COMPLETE: break;
    }
    if (transfer->task->joint != NULL) {
        piece_finish(transfer);
    } else {
        outcome_finish(transfer);
    }
    return false;
}

enum fault transfer_tick(struct transfer *transfer, int64_t now_ns)
{
    enum fault fault = fault_find(transfer, now_ns);

    if (fault != FAULT_NONE || transfer->first_body_ns == 0 ||
        now_ns - transfer->flushed_ns < KEEP_NS || transfer->buffered == 0) {
        return fault;
    }
    int rc = body_flush(transfer);
    if (rc == PX_OK && !transfer->kept) {
        rc = body_keep(transfer);
    }
    if (rc != PX_OK) {
        body_fail_locally(transfer, rc); /* the next callback, or the end, sees it */
    }
    return FAULT_NONE;
}

/* --- the end of a try ------------------------------------------------------------------------*/

/* What is worth a name keeps its last bytes; the rest is nameless and goes with its descriptor. */
static void save_what_is_kept(struct transfer *transfer)
{
    bool named = transfer->task->part.base != NULL || transfer->piece != SPLIT_NONE;

    if (named && transfer->buffered > 0) {
        PX_IGNORE(body_flush(transfer)); /* then a later run has fewer bytes to go on with */
    }
}

static void settle_canceled(struct transfer *transfer)
{
    save_what_is_kept(transfer);
    task_set_canceled(transfer->task);
}

static bool go_on_spider(struct transfer *transfer, CURLcode code)
{
    ask_note_url(transfer);
    switch (spider_end(transfer, code)) {
    case SPIDER_FOLLOW: return ask_hop(transfer) == PX_OK;
    case SPIDER_GET: return ask_again(transfer) == PX_OK;
    case SPIDER_OVER: break;
    }
    return false;
}

bool transfer_end(struct transfer *transfer, CURLcode code)
{
    bool again = false;

    account_request(transfer);
    if (transfer->fetch->opts.spider &&
        !(px_worker_stopping(transfer->worker) && code != CURLE_OK)) {
        return go_on_spider(transfer, code);
    }
    if (!transfer->judged && code == CURLE_OK) {
        judge_reply(transfer);
    }
    if (px_worker_stopping(transfer->worker) && code != CURLE_OK) {
        settle_canceled(transfer);
        return false;
    }
    if (transfer->local != PX_OK) {
        outcome_part_failed(transfer, transfer->local);
    } else if (!transfer->judged) {
        fail_broken(transfer, code);
    } else {
        ask_note_url(transfer);
        again = decide(transfer, code);
    }
    return again;
}

void transfer_cancel(struct transfer *transfer)
{
    account_request(transfer);
    settle_canceled(transfer);
}

void transfer_give_up(struct transfer *transfer, enum fault fault)
{
    int rc = transfer->buffered > 0 ? body_flush(transfer) : PX_OK;

    account_request(transfer);
    if (rc != PX_OK) {
        outcome_part_failed(transfer, rc);
    } else if (transfer->task->joint != NULL && piece_is_over(transfer)) {
        piece_finish(transfer);
    } else {
        fault_set(transfer, fault);
    }
}

static void say_end(const struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;
    const struct px_log *log = transfer->fetch->opts.log;
    char target[SHOW_ROOM], http[32] = "";

    if (!px_log_wants(log, PX_LOG_VERBOSE) || task->waits ||
        (task_is_helper(task) && task->item.state == PX_ITEM_OK)) {
        return;
    }
    if (task->item.error == NULL) {
        snprintf(http, sizeof http, "HTTP %ld", task->detail.http_status);
    }
    px_log_line(log, PX_LOG_VERBOSE, (int)transfer->worker->index,
                "%s %s: %s, %" PRIu64 " bytes, %.3f s, try %u",
                px_item_state_name(task->item.state), show_target(target, sizeof target, task),
                task->item.error != NULL ? task->item.error : http, task->item.bytes,
                (double)(task->item.end_ns - transfer->begin_ns) / 1e9, task->item.attempts);
}

struct fetch_task *transfer_release(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;

    if (task->joint != NULL) {
        piece_release(transfer);
    }
    task->item.end_ns = px_now_ns();
    task->item.bytes = task->item.state == PX_ITEM_OK ? task->item.bytes : task->part.held;
    if (!task->waits && task->detail.bytes_kept > task->item.bytes) {
        task->detail.bytes_kept = task->item.bytes;
    }
    task->result.bytes = task_is_helper(task) ? 0 : task->item.bytes;
    task->result.bytes_kept = task_is_helper(task) ? 0 : task->detail.bytes_kept;
    account_task(transfer);
    say_end(transfer);
    px_activity_end(transfer->fetch->opts.activity, transfer->slot);
    handle_leave_task(transfer);
    ask_forget(transfer);
    task->moved_bytes = transfer->body_bytes;
    task->moved_ns = task->item.end_ns - transfer->begin_ns;
    transfer->task = NULL;
    return task;
}
