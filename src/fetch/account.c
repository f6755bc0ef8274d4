/* SPDX-License-Identifier: MIT
 *
 * fetch/account.c - where the time went.
 *
 * Called by transfer.c on the worker's thread; writes that worker's account and the task's phases.
 */
#include "fetch/account.h"

#include <stdint.h>

#include <curl/curl.h>

#include <pxfer/fetch.h>
#include <pxfer/timing.h>
#include <pxfer/worker.h>

#include "fetch/engine.h"
#include "fetch/retry.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

static struct px_account *account_of(const struct transfer *transfer)
{
    return engine_account_of(transfer->fetch, transfer->worker->index);
}

static int64_t info_ns(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(easy, what, &us) == CURLE_OK ? us * PX_NS_PER_US : 0;
}

static int64_t at_least_0(int64_t ns)
{
    return ns > 0 ? ns : 0;
}

/* libcurl counts each moment from the request's start (CURLINFO_TOTAL_TIME_T and its like); a phase
 * is the difference of two. */
void account_request(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    int64_t *phase = transfer->phase_ns;
    int64_t dns = info_ns(easy, CURLINFO_NAMELOOKUP_TIME_T);
    int64_t connected = info_ns(easy, CURLINFO_CONNECT_TIME_T);
    int64_t secured = info_ns(easy, CURLINFO_APPCONNECT_TIME_T);
    int64_t first = info_ns(easy, CURLINFO_STARTTRANSFER_TIME_T);
    int64_t total = info_ns(easy, CURLINFO_TOTAL_TIME_T);
    long connections = 0;

    if (curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections) == CURLE_OK) {
        account_of(transfer)->counter[PX_FETCH_CONNECTIONS] += (uint64_t)connections;
    }
    if (connections == 0) {
        dns = connected = secured = 0; /* a kept connection: these are its moments of being found */
    }
    connected = connected > dns ? connected : dns;
    secured = secured > connected ? secured : connected;
    phase[PX_FETCH_DNS] += dns;
    phase[PX_FETCH_CONNECT] += connected - dns;
    phase[PX_FETCH_TLS] += secured - connected;
    if (first > 0) {
        phase[PX_FETCH_FIRST_BYTE] += at_least_0(first - secured);
        phase[PX_FETCH_BODY] += at_least_0(total - first - transfer->disk_ns);
    } else {
        phase[PX_FETCH_FIRST_BYTE] += at_least_0(total - secured);
    }
    phase[PX_FETCH_DISK] += transfer->disk_ns;
    account_of(transfer)->bytes += transfer->body_bytes;
}

/* Is this the last that will be seen of the task? The source decides; its policy is a pure function,
 * so the account can know. */
static bool is_final(const struct fetch_task *task)
{
    if (task_is_helper(task) || task->waits) {
        return false;
    }
    if (task->item.state != PX_ITEM_FAILED) {
        return true;
    }
    if (task->set != NULL) {
        return false; /* another mirror may do better */
    }
    return !retry_decide(&task->fetch->retry, &task->facts, task->plan.tries + 1,
                         task->plan.pauses + 1, 0)
                .again;
}

void account_task(struct transfer *transfer)
{
    struct fetch_task *task = transfer->task;
    struct px_account *account = account_of(transfer);
    int64_t took = task->item.end_ns - transfer->begin_ns;

    for (int i = 0; i < PX_FETCH_PHASES_; i++) {
        task->item.phase_ns[i] += transfer->phase_ns[i];
        account->phase_ns[i] += transfer->phase_ns[i];
    }
    task->spent_ns += took;
    account->items_ns += took;
    if (is_final(task)) {
        account->items++;
        account->bytes_kept += task->detail.bytes_kept;
        px_hist_add(&account->item, task->spent_ns);
    }
}
