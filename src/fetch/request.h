/* SPDX-License-Identifier: MIT
 *
 * fetch/request.h - every option of libcurl that the engine sets, in one place; each fact about
 * libcurl that forced one stands beside it in request.c.
 */
#ifndef FETCH_REQUEST_H
#define FETCH_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include <pxfer/attr.h>

struct fetch_task;
struct px_fetch;

/* What a handle calls back with; `ctx` is the last argument of each. */
struct request_hooks {
    curl_write_callback write;
    curl_write_callback header;
    curl_debug_callback debug; /* NULL = none */
    bool verbose;              /* from the begin, not only where a callback asks for it */
    curl_opensocket_callback open_socket;
    void *ctx;
    char *error; /* CURL_ERROR_SIZE bytes */
};

/* One request of a transfer: the first, or one hop of a redirect. */
struct request {
    const char *url;
    uint64_t from, to; /* Range: bytes=from-(to-1), to 0: open; both 0 = no Range header */
    bool head;         /* HEAD, not GET */
    bool http1;        /* HTTP/1.1, whatever the run asks for, on a new connection */
    bool has_date;     /* If-Modified-Since; and a 200 of no later date counts as 304 */
    int64_t date_s;
    const char *login;          /* USER:PASS of the URL's list entry; NULL = it has none */
    bool own_origin;            /* it goes to the origin of the URL that the user gave */
    struct curl_slist *headers; /* the user's, NULL = none; borrowed until the request is over */
};

/* "USER:PASS" of the task's http-user= and http-passwd=, to `*out`: NULL when there is none. Caller wipes
 * and frees. PX_ENOMEM. */
PX_NODISCARD int request_login(const struct fetch_task *task, char **out);

/* The handles that a worker keeps for its whole life. PX_ENOMEM; PX_EINVAL: this libcurl cannot do
 * what was asked for. */
PX_NODISCARD int request_multi_new(const struct px_fetch *fetch, CURLM **out);
PX_NODISCARD int request_easy_new(const struct px_fetch *fetch, const struct request_hooks *hooks,
                                  CURL **out);

/* What changes from request to request. */
PX_NODISCARD int request_set(const struct px_fetch *fetch, CURL *easy,
                             const struct request *request);

/* The headers of the run (-H) and those of the task; a task's header replaces the run's of the same
 * name; and If-None-Match, when the task is conditional. Caller frees with curl_slist_free_all().
 * Only for a task with headers or an ETag of its own; for others request_run_headers(). */
PX_NODISCARD int request_headers(const struct fetch_task *task, struct curl_slist **out);
/* What other origins get: If-None-Match alone, or NULL. */
PX_NODISCARD int request_hop_headers(const struct fetch_task *task, struct curl_slist **out);
PX_NODISCARD int request_run_headers(const struct px_fetch *fetch, struct curl_slist **out);

/* Is there a Host header among them? */
bool request_names_host(const struct curl_slist *headers);

#endif
