/* SPDX-License-Identifier: MIT
 *
 * fetch/spider.c - is it there? Called by body.c and transfer.c on the worker's thread; no locks.
 */
#include "fetch/spider.h"

#include <pxfer/fetch.h>
#include <pxfer/status.h>
#include <pxfer/worker.h>

#include "base/parse.h"
#include "fetch/engine.h"
#include "fetch/gate.h"
#include "fetch/limits.h"
#include "fetch/outcome.h"
#include "fetch/task.h"
#include "fetch/title.h"
#include "fetch/transfer.h"

/* A body that nobody wants is read so far, to keep the connection, then it is cheaper to close
 * that. */
#define DROP_MAX_BYTES ((uint64_t)64 << 10)

bool spider_sends_head(const struct fetch_task *task)
{
    return task->fetch->opts.spider && !task->fetch->opts.titles && !task->head_refused;
}

static long status_of(const struct transfer *transfer)
{
    long status = 0;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status); /* or 0 */
    return status;
}

static bool is_there(long status)
{
    return status >= 200 && status < 300;
}

/* True: the title needs no more. */
static bool feed_title(struct transfer *transfer, const char *bytes, size_t n)
{
    const char *type = transfer->head.value[HEAD_CONTENT_TYPE];

    if (!is_there(status_of(transfer))) {
        return false; /* a redirect's or an error's page */
    }
    if (!title_is_likely(type) ||
        (transfer->title == NULL && title_new(type, &transfer->title) != PX_OK)) {
        return true;
    }
    return title_feed(transfer->title, bytes, n);
}

/* What the reply says of its body's length; GATE_UNKNOWN: nothing. */
static uint64_t stated_length(const struct transfer *transfer)
{
    uint64_t length;

    return transfer->head.n_lengths == 1 &&
                   px_parse_u64(transfer->head.length[0], 0, INT64_MAX, &length) == PX_OK
               ? length
               : GATE_UNKNOWN;
}

static bool is_short(const struct transfer *transfer)
{
    return stated_length(transfer) <= DROP_MAX_BYTES;
}

size_t spider_on_bytes(struct transfer *transfer, const char *bytes, size_t n)
{
    const bool titled = !transfer->fetch->opts.titles || feed_title(transfer, bytes, n);

    transfer->dropped_bytes += n;
    if (px_worker_stopping(transfer->worker) || (titled && !is_short(transfer)) ||
        (!is_there(status_of(transfer)) && transfer->dropped_bytes > DROP_MAX_BYTES)) {
        transfer->aborted = true;
    }
    return transfer->aborted ? n + 1 : n;
}

/* What a server says that does not do HEAD; some forbid it where GET is allowed. */
static bool refuses_head(long status)
{
    return status == 405 || status == 501 || status == 403;
}

static enum spider_next judge(struct transfer *transfer, long status)
{
    struct fetch_task *task = transfer->task;

    if (status >= 300 && status < 400 && status != 304 &&
        transfer->head.value[HEAD_LOCATION] != NULL) {
        return SPIDER_FOLLOW;
    }
    if (spider_sends_head(task) && refuses_head(status)) {
        task->head_refused = true;
        return SPIDER_GET;
    }
    if (is_there(status)) {
        const char *why =
            limits_of_reply(&task->fetch->opts, transfer->head.value[HEAD_CONTENT_TYPE],
                            stated_length(transfer), transfer->why);

        if (why != NULL) { /* it is there, but a run that fetches would refuse it */
            outcome_failed(transfer, PX_EPROTO, why);
            return SPIDER_OVER;
        }
        task_set_ok(task, 0);
        task->facts = (struct retry_facts){.status = PX_OK};
    } else {
        outcome_http_failed(transfer);
    }
    return SPIDER_OVER;
}

enum spider_next spider_end(struct transfer *transfer, CURLcode code)
{
    struct fetch_task *task = transfer->task;
    const long status = status_of(transfer);

    task->detail.http_status = status;
    if (transfer->gate.verdict == GATE_REFUSE && transfer->gate.why != NULL) {
        outcome_failed(transfer, PX_EPROTO, transfer->gate.why);
        return SPIDER_OVER;
    }
    if (status == 0 || (code != CURLE_OK && !transfer->aborted)) {
        /* some servers hang up on a HEAD: the next try asks otherwise */
        task->head_refused = task->head_refused || code == CURLE_GOT_NOTHING;
        outcome_curl_failed(transfer, code);
        return SPIDER_OVER;
    }
    if (transfer->title != NULL) {
        task->detail.title = task_keep_text(task, title_text(transfer->title));
    }
    if (transfer->fetch->opts.details) {
        task->detail.content_type = task_keep_text(task, transfer->head.value[HEAD_CONTENT_TYPE]);
    }
    return judge(transfer, status);
}
