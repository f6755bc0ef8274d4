/* SPDX-License-Identifier: MIT
 *
 * fetch/outcome.c - how a try ends.
 *
 * Called by transfer.c and ask.c on the worker's thread when the last request of a try is over. The
 * sentence for a person is built here, once; the policy of trying again is not (retry.c, source.c).
 */
#define _GNU_SOURCE
#include "fetch/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/bad.h"
#include "fetch/body.h"
#include "fetch/earlier.h"
#include "fetch/engine.h"
#include "fetch/mirrors.h"
#include "fetch/socket.h"
#include "fetch/task.h"
#include "fetch/title.h"
#include "fetch/transfer.h"

#define SHOW_ROOM 512

static const char *stage_of(int status)
{
    switch (status) {
    case PX_ETLS: return "tls";
    case PX_EPROTO: return "protocol";
    case PX_EAUTH: return "auth";
    default: return "transfer";
    }
}

/* Only a failure that may pass leaves the bytes for another try; a file system that is full leaves
 * them for another run. */
void outcome_note(struct transfer *transfer, int status, bool transient)
{
    struct fetch_task *task = transfer->task;

    task->facts = (struct retry_facts){.status = status, .transient = transient};
    if (status == PX_EPROTO || status == PX_EINTEGRITY) {
        task_drop_part(task);
    }
}

/* The part failed: class, stage and errno are in it. */
void outcome_part_failed(struct transfer *transfer, int status)
{
    struct fetch_task *task = transfer->task;
    const struct part *part = &task->part;
    const char *stage = part->stage != NULL ? part->stage : "file";

    if (part->err != 0) {
        task_set_failed(task, status, part->err, "%s: %s", stage, px_errno_text(part->err));
    } else {
        task_set_failed(task, status, 0, "%s", stage);
    }
    outcome_note(transfer, status, false);
}

void outcome_failed(struct transfer *transfer, int status, const char *why)
{
    task_set_failed(transfer->task, status, 0, "%s: %s", stage_of(status), why);
    outcome_note(transfer, status, false);
}

/* Whose certificate it is that was not trusted. */
static bool proxy_is_untrusted(const struct transfer *transfer)
{
    long result = 0;

    return curl_easy_getinfo(transfer->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &result) ==
               CURLE_OK &&
           result != 0;
}

/* What a proxy said in place of the server. False: it was not the proxy. */
static bool proxy_failed(struct transfer *transfer, CURLcode code)
{
    long http = 0, socks = 0;
    bool transient;

    PX_IGNORE(curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &http)); /* or 0 */
    PX_IGNORE(curl_easy_getinfo(transfer->easy, CURLINFO_PROXY_ERROR, &socks));
    if (http >= 400) {
        int status = retry_class_of_http(http, &transient);

        task_set_failed(transfer->task, status, 0, "proxy: HTTP %ld", http);
        outcome_note(transfer, status, transient);
        return true;
    }
    if (code == CURLE_PROXY && retry_is_socks_auth(socks)) {
        task_set_failed(transfer->task, PX_EAUTH, 0, "proxy: user or password not accepted");
        outcome_note(transfer, PX_EAUTH, false);
        return true;
    }
    return false;
}

void outcome_curl_failed(struct transfer *transfer, CURLcode code)
{
    if (proxy_failed(transfer, code)) {
        return;
    }
    const char *text = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    char shown[SHOW_ROOM];
    bool transient;
    int status = retry_class_of_curl(code, &transient);

    if (socket_was_denied(transfer, code)) {
        task_set_failed(transfer->task, PX_EREFUSED, 0, "refused: %s is %s (--deny-private)",
                        transfer->denied_address, transfer->denied);
        outcome_note(transfer, PX_EREFUSED, false);
        return;
    }
    if (status == PX_ENET && retry_is_certificate_alert(text)) {
        status = PX_ETLS;
        transient = false;
    }
    bool of_proxy = status == PX_ETLS && proxy_is_untrusted(transfer);
    task_set_failed(transfer->task, status, 0, "%s: %s%s", stage_of(status),
                    of_proxy ? "proxy: " : "", px_show_str(shown, sizeof shown, text));
    outcome_note(transfer, status, transient);
}

void outcome_http_failed(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    long http = task->detail.http_status;
    curl_off_t asked_s = 0;
    bool transient;
    int status = retry_class_of_http(http, &transient);

    task_set_failed(task, status, 0, "HTTP %ld", http);
    outcome_note(transfer, status, transient);
    /* a date is turned into seconds from now; 0 = the header is not there */
    if (curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &asked_s) == CURLE_OK &&
        asked_s > 0) {
        task->facts.retry_after_ms = asked_s < INT64_MAX / 1000 ? asked_s * 1000 : INT64_MAX;
    }
    task->facts.busy = http == 429 || (http == 503 && asked_s > 0);
}

/* --keep-bad, when there will be no other try. What became of it, for the message. */
static const char *keep_bad(struct transfer *transfer, bool again)
{
    struct fetch_task *task = transfer->task;
    struct part_place place = task_place(task);

    if (!transfer->fetch->opts.keep_bad ||
        (again && task->plan.tries < (unsigned)transfer->fetch->retry.retries)) {
        return "";
    }
    return bad_keep(&task->part, &place) == PX_OK ? "; kept as .NAME.bad"
                                                  : "; could not be kept as .NAME.bad";
}

/* The file has its bytes. The digest that is expected says whether they are the right ones. */
static bool checksum_fits(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct sums_verdict verdict;

    int rc =
        sums_finish(&task->sums, transfer->fetch->io, task->part.fd, task->part.held, &verdict);
    if (rc == PX_EIO) {
        task->part.stage = "read part file";
        task->part.err = errno;
        outcome_part_failed(transfer, rc);
        return false;
    }
    if (rc != PX_OK) {
        outcome_failed(transfer, rc, "the digest could not be computed");
        return false;
    }
    if (!verdict.expected) {
        return true;
    }
    memcpy(task->hex, verdict.got, sizeof task->hex);
    task->detail.digest_name = verdict.name;
    task->detail.digest_hex = task->hex;
    if (verdict.fits) {
        return true;
    }
    /* a transfer that was damaged on its way deserves one more try, a wrong file does not */
    bool again = task->bad_sums++ < (task->set != NULL ? task->set->n : 1);
    task_set_failed(task, PX_EINTEGRITY, 0, "%s is %s, %s %s%s", verdict.name, verdict.got,
                    verdict.by_server ? "the server stated" : "expected", verdict.want,
                    keep_bad(transfer, again));
    outcome_note(transfer, PX_EINTEGRITY, again);
    return false;
}

/* The list said how large it is. */
static bool size_fits(struct transfer *transfer, uint64_t held)
{
    struct fetch_task *task = transfer->task;

    if (task->want_size == GATE_UNKNOWN || held == task->want_size) {
        return true;
    }
    task_set_failed(task, PX_EINTEGRITY, 0, "%" PRIu64 " bytes, expected %" PRIu64, held,
                    task->want_size);
    outcome_note(transfer, PX_EINTEGRITY, false);
    return false;
}

void outcome_settled(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;

    outcome_note(transfer, task->item.status, false);
    task_drop_part(task);
}

/* Publishing found the name taken. */
static void settle_taken_name(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct stat st;
    bool is_file =
        transfer->fetch->io->fstatat(task->dir->fd, task->name, &st, 0) == 0 && S_ISREG(st.st_mode);

    if (is_file && transfer->fetch->opts.on_exist == PX_ON_EXIST_SKIP) {
        task_set_skipped(task, PX_EEXIST, "exists");
    } else {
        task_set_failed(task, is_file ? PX_EEXIST : PX_EIO, is_file ? EEXIST : 0,
                        is_file ? "target exists" : "target is not a regular file");
        outcome_note(transfer, task->item.status, false);
    }
    task_drop_part(task);
}

/* DIR/NAME.1 in place of DIR/NAME. */
static void note_final_name(struct fetch_task *task, char *final_name)
{
    char *target = NULL;

    if (final_name != NULL) {
        int dir = (int)(task->name - task->target);

        if (asprintf(&target, "%.*s%s", dir, task->target, final_name) >= 0) {
            const char *kept = task_keep_text(task, target);
            task->item.target = kept != NULL ? kept : task->target;
            free(target);
        }
        free(final_name);
    }
}

void outcome_unmodified(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    const char *etag = transfer->head.value[HEAD_ETAG];

    task_drop_part(task); /* of another version, from an earlier run */
    task->detail.etag = task_keep_text(task, etag != NULL ? etag : task->condition.etag);
    task->detail.last_modified = task_keep_text(task, transfer->head.value[HEAD_LAST_MODIFIED]);
    earlier_stamp(task);
    task_set_skipped(task, PX_EEXIST, "not modified");
    task->facts = (struct retry_facts){.status = PX_OK};
}

/* For -R: seconds since the epoch; 0 = not asked for, or not known. */
static int64_t server_time(const struct fetch_task *task)
{
    const char *date = task->fetch->opts.remote_time ? task->detail.last_modified : NULL;
    int64_t time_s = date != NULL ? (int64_t)curl_getdate(date, NULL) : 0;

    return time_s > 0 ? time_s : 0;
}

/* Before the file is out of hand. */
static void note_title(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;

    if (transfer->fetch->opts.titles && part_is_open(&task->part)) {
        char *title = title_of_file(transfer->fetch->io, task->part.fd, task->detail.content_type);
        task->detail.title = task_keep_text(task, title);
        free(title);
    }
}

/* What remains to be done with the body is the source's to do. */
static void finish_without_file(struct fetch_task *task, uint64_t held)
{
    task_set_ok(task, held);
    task->facts = (struct retry_facts){.status = PX_OK};
}

void outcome_finish(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    char *final_name = NULL;

    transfer->at_end = true;
    int rc = body_flush(transfer);
    if (rc != PX_OK) {
        outcome_part_failed(transfer, rc);
        return;
    }
    uint64_t held = task->part.held;
    if (task->size != GATE_UNKNOWN && held != task->size) {
        outcome_failed(transfer, PX_EPROTO, "the size is not the one that was announced");
        return;
    }
    const char *why = limits_of_file(&transfer->fetch->opts, held, transfer->why);
    if (why != NULL) {
        outcome_failed(transfer, PX_EPROTO, why);
        return;
    }
    if (!size_fits(transfer, held) || !checksum_fits(transfer)) {
        return;
    }
    if (!engine_has_targets(transfer->fetch)) {
        finish_without_file(task, held);
        return;
    }
    note_title(transfer);
    struct part_place place = task_place(task);
    place.name = task->name;
    place.mtime = server_time(task);
    int64_t begin = px_now_ns();
    rc = part_publish(&task->part, &place, &final_name);
    transfer->phase_ns[PX_FETCH_DISK] += px_now_ns() - begin;
    if (rc == PX_EEXIST) {
        settle_taken_name(transfer);
    } else if (rc != PX_OK) {
        outcome_part_failed(transfer, rc);
        if (!task->part.has_state) {
            task_drop_part(task); /* no later run could go on with it: it would be litter */
        }
    } else {
        note_final_name(task, final_name);
        earlier_stamp(task);
        task_set_ok(task, held);
        task->facts = (struct retry_facts){.status = PX_OK};
    }
}
