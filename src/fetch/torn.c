/* SPDX-License-Identifier: MIT
 *
 * fetch/torn.c - did a body end because TLS said so?
 *
 * Called by body.c from libcurl's callbacks and by transfer.c at the end of a request, on the worker's
 * thread. No locks.
 */
#include "fetch/torn.h"

#include <stdio.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <pxfer/status.h>

#include "fetch/setopt.h"
#include "fetch/transfer.h"

/* CURLOPT_XFERINFOFUNCTION. Without TLS, and when the connection is closed, there is nothing to see. */
static int torn_look(void *ctx, curl_off_t all, curl_off_t now, curl_off_t up_all,
                     curl_off_t up_now)
{
    struct transfer *transfer = ctx;
    struct curl_tlssessioninfo *tls = NULL;

    (void)all;
    (void)now;
    (void)up_all;
    (void)up_now;
    if (curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls != NULL &&
        tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals != NULL) {
        transfer->tls_open = (SSL_get_shutdown(tls->internals) & SSL_RECEIVED_SHUTDOWN) == 0;
    }
    return 0;
}

/* Neither a length, nor chunks, nor the frames of HTTP/2. */
static bool ends_with_connection(const struct transfer *transfer)
{
    return transfer->plain_frames && transfer->head.n_lengths == 0 &&
           transfer->head.value[HEAD_TRANSFER_ENCODING] == NULL;
}

void torn_watch(struct transfer *transfer, const char *line, size_t n)
{
    bool ends = n <= 2 && (line[0] == '\r' || line[0] == '\n');

    if (ends && ends_with_connection(transfer)) {
        CURLcode rc = CURLE_OK;

        transfer->tls_open = false;
        SET(rc, transfer->easy, CURLOPT_XFERINFOFUNCTION, torn_look);
        SET(rc, transfer->easy, CURLOPT_XFERINFODATA, transfer);
        SET(rc, transfer->easy, CURLOPT_NOPROGRESS, 0L);
        PX_IGNORE((int)rc); /* then unseen */
    }
}

bool torn_found(struct transfer *transfer)
{
    if (!transfer->tls_open || !ends_with_connection(transfer)) {
        return false;
    }
    snprintf(transfer->error, sizeof transfer->error,
             "the connection ended without TLS's close_notify: the body may be cut short");
    return true;
}
