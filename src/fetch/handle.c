/* SPDX-License-Identifier: MIT
 *
 * fetch/handle.c - the easy handle of a place.
 *
 * Called by transfer.c and ask.c on the worker's thread, between two requests. No locks.
 *
 * What a handle has learnt of one server's authentication, or of a Host header, outlives a change of
 * its URL. So where there are secrets each origin gets a handle of its own: 20 us, and the connection
 * is not lost, that is the multi handle's.
 */
#include "fetch/handle.h"

#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "fetch/authority.h"
#include "fetch/body.h"
#include "fetch/engine.h"
#include "fetch/request.h"
#include "fetch/socket.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

int handle_make(struct transfer *transfer)
{
    bool verbose = px_log_wants(transfer->fetch->opts.log, PX_LOG_DEBUG);
    struct request_hooks hooks = {.write = body_on_bytes,
                                  .header = body_on_header,
                                  .debug = body_on_debug,
                                  .verbose = verbose,
                                  .open_socket = socket_open,
                                  .ctx = transfer,
                                  .error = transfer->error};

    return request_easy_new(transfer->fetch, &hooks, &transfer->easy);
}

/* A handle that has seen nothing; on a hop, what cookies servers have set for this URL go along. */
static int renew(struct transfer *transfer, bool begins)
{
    CURL *old = transfer->easy;

    transfer->easy = NULL;
    transfer->bound_origin = 0;
    int rc = handle_make(transfer);
    if (rc == PX_OK && old != NULL && !begins) {
        rc = jar_move(old, transfer->easy);
    } else {
        jar_fini(&transfer->jar);
    }
    curl_easy_cleanup(old);
    return rc;
}

int handle_prepare(struct transfer *transfer, const char *url, const struct curl_slist *headers,
                   bool begins)
{
    const struct px_fetch *fetch = transfer->fetch;
    bool own = authority_of(url, strlen(url)).has_userinfo || request_names_host(headers) ||
               (transfer->task->has_login && transfer->same_origin);
    bool bound = fetch->guarded || own;
    uint64_t origin = bound || transfer->bound_origin != 0 ? authority_origin(url) : 0;
    int rc = PX_OK;

    if (transfer->easy == NULL ||
        (transfer->bound_origin != 0 && transfer->bound_origin != origin)) {
        rc = renew(transfer, begins);
    }
    if (rc == PX_OK) {
        transfer->bound_origin = bound ? origin : transfer->bound_origin;
        transfer->bound_to_task |= own;
        rc = jar_fill(&transfer->jar, fetch->cookies, transfer->easy, url, begins);
    }
    return rc;
}

void handle_leave_task(struct transfer *transfer)
{
    if (transfer->bound_to_task) {
        curl_easy_cleanup(transfer->easy); /* the next task of that origin may be somebody else's */
        transfer->easy = NULL;
        transfer->bound_to_task = false;
    }
}

void handle_fini(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    jar_fini(&transfer->jar);
}
