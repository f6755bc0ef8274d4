/* SPDX-License-Identifier: MIT
 *
 * fetch/ask.c - the requests of a try.
 *
 * Called by transfer.c on the worker's thread, between two calls of libcurl. Which handle, which
 * range and which options a request has is asked of handle.c, resume.c or piece.c, and request.c. No
 * locks.
 */
#define _GNU_SOURCE
#include "fetch/ask.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/handle.h"
#include "fetch/outcome.h"
#include "fetch/piece.h"
#include "fetch/redirect.h"
#include "fetch/request.h"
#include "fetch/resume.h"
#include "fetch/spider.h"
#include "fetch/task.h"
#include "fetch/title.h"
#include "fetch/transfer.h"

#define SHOW_ROOM 512

static const char *current_url(const struct transfer *transfer)
{
    return transfer->hop_url != NULL ? transfer->hop_url : transfer->task->ask_url;
}

static bool has_own_headers(const struct fetch_task *task)
{
    return task->has_headers || task->condition.etag != NULL;
}

/* Forgets the reply before. */
static void clear_request(struct transfer *transfer)
{
    transfer->judged = false;
    transfer->excess = false;
    transfer->plain_frames = false;
    transfer->over = false;
    transfer->kept = false;
    transfer->at_end = false;
    transfer->aborted = false;
    transfer->settled = false;
    transfer->gate = (struct gate_result){0};
    transfer->local = PX_OK;
    transfer->body_bytes = 0;
    transfer->dropped_bytes = 0;
    transfer->head_bytes = 0;
    head_reset(&transfer->head);
    transfer->stated = (struct stated){.object_unpacked = false};
    transfer->buffered = 0;
    title_free(transfer->title);
    transfer->title = NULL;
    transfer->first_body_ns = 0;
    transfer->disk_ns = 0;
    transfer->last_ns = px_now_ns();
    transfer->slow = (struct slow){0};
    transfer->until_ns = 0;
    transfer->held = false;
    transfer->opened = 0;
    transfer->denied = NULL;
    transfer->error[0] = '\0';
}

static int set_request(struct transfer *transfer, struct request *request)
{
    char *login = NULL;
    int rc = request_login(transfer->task, &login);

    request->login = login;
    if (rc == PX_OK) {
        rc = request_set(transfer->fetch, transfer->easy, request);
    }
    if (login != NULL) {
        explicit_bzero(login, strlen(login));
        free(login);
    }
    request->login = NULL;
    return rc;
}

/* PX_EEND: there is nothing to ask for, and the outcome is set. */
static int set_up(struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;

    clear_request(transfer);
    if (task->joint == NULL) {
        resume_plan(transfer);
    } else if (piece_plan(transfer) != PX_OK) {
        return PX_EEND;
    }
    struct request request = {.url = current_url(transfer),
                              .from = transfer->from,
                              .to = transfer->to,
                              .http1 = task->http1,
                              .head = spider_sends_head(task),
                              .has_date = task->condition.has_date,
                              .date_s = task->condition.date_s,
                              .headers = transfer->hop_headers,
                              .own_origin = transfer->same_origin};
    if (transfer->same_origin) {
        request.headers = has_own_headers(task) ? transfer->task_headers : transfer->run_headers;
    }
    int rc = handle_prepare(transfer, request.url, request.headers, transfer->hop_url == NULL);
    return rc == PX_OK ? set_request(transfer, &request) : rc;
}

int ask_again(struct transfer *transfer)
{
    int rc = set_up(transfer);

    if (rc != PX_OK && rc != PX_EEND) {
        outcome_failed(transfer, rc, px_status_text(rc));
    }
    return rc;
}

int ask_first(struct transfer *transfer)
{
    const struct fetch_task *task = transfer->task;
    int rc = PX_OK;

    transfer->hops = 0;
    transfer->same_origin = true;
    if (has_own_headers(task)) {
        rc = request_headers(task, &transfer->task_headers);
    }
    if (rc == PX_OK) {
        rc = request_hop_headers(task, &transfer->hop_headers);
    }
    if (rc == PX_OK) {
        return ask_again(transfer);
    }
    outcome_failed(transfer, rc, px_status_text(rc));
    return rc;
}

int ask_hop(struct transfer *transfer)
{
    const char *location = transfer->head.value[HEAD_LOCATION];
    struct redirect_step step;
    const char *why = NULL;

    if (transfer->hops++ >= REDIRECT_MAX) {
        outcome_failed(transfer, PX_EPROTO, "more than 10 redirects");
        return PX_EPROTO;
    }
    int rc = redirect_resolve(transfer->task->ask_url, current_url(transfer), location,
                              transfer->fetch->opts.allow_downgrade, &step, &why);
    if (rc != PX_OK) {
        outcome_failed(transfer, rc, why != NULL ? why : px_status_text(rc));
        return rc;
    }
    free(transfer->hop_url);
    transfer->hop_url = step.url;
    transfer->same_origin = step.same_origin;
    return ask_again(transfer);
}

int ask_anew(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    bool changed = transfer->gate.verdict == GATE_CHANGED;
    char shown[SHOW_ROOM];

    task->restarts += !transfer->other; /* a change of mirrors is none */
    if (task->restarts > TASK_RESTARTS_MAX) {
        int rc = changed ? PX_EINTEGRITY : PX_EPROTO;

        outcome_failed(transfer, rc, transfer->gate.why);
        return rc;
    }
    px_log_line(transfer->fetch->opts.log, changed ? PX_LOG_NORMAL : PX_LOG_VERBOSE,
                (int)transfer->worker->index, "%s: %s, restarting",
                px_show_str(shown, sizeof shown, task->target), transfer->gate.why);
    task_drop_part(task);
    task->part.held = 0;
    task->size = GATE_UNKNOWN;
    task->detail.etag = NULL;
    task->detail.last_modified = NULL;
    task->detail.resumed = false;
    return ask_again(transfer);
}

void ask_note_url(struct transfer *transfer)
{
    transfer->task->detail.redirects = transfer->hops;
    if (transfer->hop_url != NULL) {
        transfer->task->detail.final_url = task_keep_text(transfer->task, transfer->hop_url);
    } else {
        transfer->task->detail.final_url = transfer->task->ask_url;
    }
}

void ask_forget(struct transfer *transfer)
{
    free(transfer->hop_url);
    transfer->hop_url = NULL;
    curl_slist_free_all(transfer->task_headers);
    transfer->task_headers = NULL;
    curl_slist_free_all(transfer->hop_headers);
    transfer->hop_headers = NULL;
    title_free(transfer->title);
    transfer->title = NULL;
}
