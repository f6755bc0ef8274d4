/* SPDX-License-Identifier: MIT
 *
 * fetch/request.c - every option of libcurl that the engine sets.
 *
 * Called by each worker for its own handles; the run's options are only read. Facts are of libcurl
 * 7.88.1 where no version is named; the least version that must build is 7.84.
 */
#define _GNU_SOURCE
#include "fetch/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pxfer/status.h>

#include "fetch/connect.h"
#include "fetch/engine.h"
#include "fetch/list/list.h"
#include "fetch/socket.h"
#include "fetch/setopt.h"
#include "fetch/task.h"

/* recv() asks for so much at once. 512 KiB instead of the default 16 KiB cuts recv and poll calls on
 * large files about 20-fold; with many streams in a worker the sum must stay small. Write callbacks
 * get at most 16 KiB each (CURL_MAX_WRITE_SIZE) whatever this is. Processor time of 200 x 4 MiB with
 * -j 5: 64 KiB 0.80 s, 128 KiB 0.73 s, 512 KiB 0.58 s. */
#define BUFFER_FEW_BYTES 524288L
#define BUFFER_MANY_BYTES 65536L
#define FEW_STREAMS 4

/* Under a limit of rates: libcurl's least CURLOPT_BUFFERSIZE, and CURL_MAX_WRITE_SIZE: more than one
 * callback's bytes are stored while the transfer pauses, and copied at each pause. */
#define BUFFER_LEAST_BYTES 1024
#define CALLBACK_BYTES 16384

static int status_of(CURLcode rc)
{
    if (rc == CURLE_OK) {
        return PX_OK;
    }
    return rc == CURLE_OUT_OF_MEMORY ? PX_ENOMEM : PX_EINVAL;
}

static long http_version(const struct px_fetch *fetch)
{
    /* A stream that pauses stops the others of its connection, and gets up to 32 MiB at once when it
     * goes on: under a limit of rates each transfer has a connection of its own. */
    if (fetch->throttled) {
        return CURL_HTTP_VERSION_1_1;
    }
    switch (fetch->opts.http) {
    case PX_HTTP_1_1: return CURL_HTTP_VERSION_1_1;
    case PX_HTTP_2: return CURL_HTTP_VERSION_2TLS;
    case PX_HTTP_2_PRIOR_KNOWLEDGE: return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    case PX_HTTP_AUTO: break;
    }
    /* Several streams share a connection only with HTTP/2; a single one is faster without framing. */
    return fetch->opts.streams > 1 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

static bool needs_fresh_connection(const struct px_fetch *fetch)
{
    return fetch->quirks.h2c_no_reuse && fetch->opts.http == PX_HTTP_2_PRIOR_KNOWLEDGE;
}

static CURLcode set_protocols(CURL *easy)
{
    CURLcode rc = CURLE_OK;

#if LIBCURL_VERSION_NUM >= 0x075500
    SET(rc, easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(rc, easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    SET(rc, easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    SET(rc, easy, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    /* redirects are followed by hand: fetch/redirect.h says why */
    SET(rc, easy, CURLOPT_FOLLOWLOCATION, 0L);
    return rc;
}

static CURLcode set_hooks(CURL *easy, const struct request_hooks *hooks)
{
    CURLcode rc = CURLE_OK;

    SET(rc, easy, CURLOPT_WRITEFUNCTION, hooks->write);
    SET(rc, easy, CURLOPT_WRITEDATA, hooks->ctx);
    SET(rc, easy, CURLOPT_HEADERFUNCTION, hooks->header);
    SET(rc, easy, CURLOPT_HEADERDATA, hooks->ctx);
    SET(rc, easy, CURLOPT_PRIVATE, hooks->ctx);
    SET(rc, easy, CURLOPT_OPENSOCKETFUNCTION, hooks->open_socket);
    SET(rc, easy, CURLOPT_OPENSOCKETDATA, hooks->ctx);
    SET(rc, easy, CURLOPT_ERRORBUFFER, hooks->error);
    if (hooks->debug != NULL) {
        SET(rc, easy, CURLOPT_DEBUGFUNCTION, hooks->debug);
        SET(rc, easy, CURLOPT_DEBUGDATA, hooks->ctx);
        SET(rc, easy, CURLOPT_VERBOSE, hooks->verbose ? 1L : 0L);
    }
    return rc;
}

/* Small blocks under a limit of rates: what comes in one block comes at once (meter.h). */
static long buffer_bytes(const struct px_fetch *fetch)
{
    uint64_t most = fetch->opts.streams <= FEW_STREAMS ? BUFFER_FEW_BYTES : BUFFER_MANY_BYTES;

    const uint64_t rates[] = {fetch->opts.limit_rate, fetch->opts.limit_rate_per_file};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const uint64_t limited = most < CALLBACK_BYTES ? most : CALLBACK_BYTES;
        most = rates[i] > 0 ? meter_block(rates[i], BUFFER_LEAST_BYTES, limited) : most;
    }
    return (long)most;
}

static CURLcode set_connection(CURL *easy, const struct px_fetch *fetch)
{
    CURLcode rc = CURLE_OK;

    /* no SIGALRM for timeouts, no SIGPIPE games: this is a program of threads */
    SET(rc, easy, CURLOPT_NOSIGNAL, 1L);
    /* The stall timeout is the worker's own (transfer.c): LOW_SPEED_TIME counts whole seconds. */
    SET(rc, easy, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->opts.connect_timeout_ms);
    SET(rc, easy, CURLOPT_BUFFERSIZE, buffer_bytes(fetch));
    SET(rc, easy, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(rc, easy, CURLOPT_FORBID_REUSE, needs_fresh_connection(fetch) ? 1L : 0L);
    SET(rc, easy, CURLOPT_CLOSESOCKETFUNCTION, socket_close);
    SET(rc, easy, CURLOPT_CLOSESOCKETDATA, fetch->conns);
    /* DNS answers alone cross threads: TLS sessions raced before 8.10, and libcurl's manual warns
     * of sharing connections and cookies. */
    SET(rc, easy, CURLOPT_SHARE, fetch->share);
    /* ACCEPT_ENCODING stays unset: what is stored are the bytes as sent, and ranges count them. */
    SET(rc, easy, CURLOPT_USERAGENT, fetch->opts.user_agent);
    return rc;
}

int request_easy_new(const struct px_fetch *fetch, const struct request_hooks *hooks, CURL **out)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL) {
        return PX_ENOMEM;
    }
    CURLcode rc = set_hooks(easy, hooks);
    if (rc == CURLE_OK) {
        rc = set_protocols(easy);
    }
    if (rc == CURLE_OK) {
        rc = set_connection(easy, fetch);
    }
    if (rc == CURLE_OK) {
        rc = connect_set(fetch, easy);
    }
    if (rc != CURLE_OK) {
        curl_easy_cleanup(easy);
        return status_of(rc);
    }
    *out = easy;
    return PX_OK;
}

int request_multi_new(const struct px_fetch *fetch, CURLM **out)
{
    CURLM *multi = curl_multi_init();

    if (multi == NULL) {
        return PX_ENOMEM;
    }
    /* Connections kept for reuse: as many as there can be transfers, and a few for lists that
     * alternate between hosts. libcurl's own rule (4 for each transfer in the multi) shrinks with
     * the number of transfers of the moment and closes what the next URL needs. */
    CURLMcode rc = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)fetch->opts.streams + 8L);
    if (rc != CURLM_OK) {
        curl_multi_cleanup(multi);
        return rc == CURLM_OUT_OF_MEMORY ? PX_ENOMEM : PX_EINVAL;
    }
    *out = multi;
    return PX_OK;
}

/* A transfer of several waits for the connection that another one is making, to share it. On an
 * http:// one there is nothing to share, unless HTTP/2 is known to be spoken: libcurl would wait there all
 * the same, until the first reply comes. */
static bool waits_to_share(const struct px_fetch *fetch, const struct request *request)
{
    const bool multiplexes = strncasecmp(request->url, "https:", 6) == 0 ||
                             fetch->opts.http == PX_HTTP_2_PRIOR_KNOWLEDGE;
    return multiplexes && fetch->opts.streams > 1 && !needs_fresh_connection(fetch) &&
           !fetch->throttled;
}

int request_set(const struct px_fetch *fetch, CURL *easy, const struct request *request)
{
    CURLcode rc = CURLE_OK;
    char range[48];

    SET(rc, easy, CURLOPT_URL, request->url);
    SET(rc, easy, CURLOPT_PIPEWAIT, waits_to_share(fetch, request) ? 1L : 0L);
    SET(rc, easy, CURLOPT_VERBOSE, px_log_wants(fetch->opts.log, PX_LOG_DEBUG) ? 1L : 0L);
    SET(rc, easy, CURLOPT_HTTPHEADER, request->headers);
    SET(rc, easy, CURLOPT_HTTP_VERSION,
        request->http1 ? (long)CURL_HTTP_VERSION_1_1 : http_version(fetch));
    if (fetch->opts.spider) {
        SET(rc, easy, CURLOPT_NOBODY, request->head ? 1L : 0L);
        if (!request->head) {
            SET(rc, easy, CURLOPT_HTTPGET, 1L);
        }
    }
    /* an idle HTTP/2 connection would be taken for it */
    SET(rc, easy, CURLOPT_FRESH_CONNECT, request->http1 || needs_fresh_connection(fetch) ? 1L : 0L);
    /* Not RESUME_FROM: that swallows a 416 and counts Content-Length its own way. */
    if (request->to > 0) {
        snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, request->from, request->to - 1);
        SET(rc, easy, CURLOPT_RANGE, range);
    } else if (request->from > 0) {
        snprintf(range, sizeof range, "%" PRIu64 "-", request->from);
        SET(rc, easy, CURLOPT_RANGE, range);
    } else {
        SET(rc, easy, CURLOPT_RANGE, NULL);
    }
    /* Not as a header: so libcurl ends a reply of status 200 that is no newer at its head, and calls
     * it 304. Some servers do not know the header, nginx by default only its own very date. */
    SET(rc, easy, CURLOPT_TIMECONDITION,
        (long)(request->has_date ? CURL_TIMECOND_IFMODSINCE : CURL_TIMECOND_NONE));
    SET(rc, easy, CURLOPT_TIMEVALUE_LARGE, (curl_off_t)request->date_s);
    if (rc == CURLE_OK) {
        rc = connect_set_request(fetch, easy, request->url, request->login, request->own_origin);
    }
    return status_of(rc);
}

/* --- headers ---------------------------------------------------------------------------------*/

static int append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL) {
        return PX_ENOMEM;
    }
    *list = longer;
    return PX_OK;
}

static size_t header_name_len(const char *line)
{
    return strcspn(line, ":;");
}

static bool same_header(const char *a, const char *b)
{
    size_t n = header_name_len(a);

    return n == header_name_len(b) && strncasecmp(a, b, n) == 0;
}

/* "Name: value" of a task's option, newly allocated; NULL with PX_OK in *rc: not a header. */
static char *header_of_option(const struct list_option *option, int *rc)
{
    const char *name = list_option_is(option, "header")       ? ""
                       : list_option_is(option, "referer")    ? "Referer: "
                       : list_option_is(option, "user-agent") ? "User-Agent: "
                                                              : NULL;
    char *line = NULL;

    *rc = PX_OK;
    if (name != NULL &&
        asprintf(&line, "%s%.*s", name, (int)option->value_len, option->value) < 0) {
        *rc = PX_ENOMEM;
        line = NULL;
    }
    return line;
}

static int append_task_headers(const struct fetch_task *task, struct curl_slist **list)
{
    const char *at = task->options;
    size_t left = task->options_len;
    struct list_option option;
    int rc = PX_OK;

    while (rc == PX_OK && list_option_next(&at, &left, &option)) {
        char *line = header_of_option(&option, &rc);

        if (line != NULL) {
            rc = append(list, line);
            free(line);
        }
    }
    return rc;
}

/* Does one of the first n lines have the same name? */
static bool is_replaced(const struct curl_slist *list, size_t n, const char *header)
{
    for (; n > 0 && list != NULL; n--, list = list->next) {
        if (same_header(list->data, header)) {
            return true;
        }
    }
    return false;
}

static int append_condition(const struct fetch_task *task, struct curl_slist **list)
{
    char *line = NULL;

    if (task->condition.etag == NULL) {
        return PX_OK;
    }
    if (asprintf(&line, "If-None-Match: %s", task->condition.etag) < 0) {
        return PX_ENOMEM;
    }
    int rc = append(list, line);
    free(line);
    return rc;
}

int request_hop_headers(const struct fetch_task *task, struct curl_slist **out)
{
    *out = NULL;
    return append_condition(task, out);
}

/* --referer, unless a header says it already. */
static int append_referer(const char *referer, struct curl_slist **list)
{
    char *line = NULL;
    int rc = PX_ENOMEM;

    if (referer == NULL || is_replaced(*list, SIZE_MAX, "Referer:")) {
        return PX_OK;
    }
    if (asprintf(&line, "Referer: %s", referer) >= 0) {
        rc = append(list, line);
        free(line);
    }
    return rc;
}

/* Behind the task's own headers, without those that they replace. */
static int append_run_headers(const struct px_fetch *fetch, struct curl_slist **list)
{
    size_t own = 0;
    int rc = PX_OK;

    for (const struct curl_slist *line = *list; line != NULL; line = line->next) {
        own++;
    }
    for (size_t i = 0; i < fetch->opts.n_headers && rc == PX_OK; i++) {
        if (!is_replaced(*list, own, fetch->opts.headers[i])) {
            rc = append(list, fetch->opts.headers[i]);
        }
    }
    return rc == PX_OK ? append_referer(fetch->opts.access.referer, list) : rc;
}

/* All or nothing. */
static int give_list(int rc, struct curl_slist *list, struct curl_slist **out)
{
    *out = list;
    if (rc != PX_OK) {
        curl_slist_free_all(list);
        *out = NULL;
    }
    return rc;
}

int request_run_headers(const struct px_fetch *fetch, struct curl_slist **out)
{
    struct curl_slist *list = NULL;
    int rc = append_run_headers(fetch, &list);

    return give_list(rc, list, out);
}

int request_headers(const struct fetch_task *task, struct curl_slist **out)
{
    struct curl_slist *list = NULL;
    int rc = append_task_headers(task, &list);

    if (rc == PX_OK) {
        rc = append_run_headers(task->fetch, &list);
    }
    if (rc == PX_OK) {
        rc = append_condition(task, &list);
    }
    return give_list(rc, list, out);
}

int request_login(const struct fetch_task *task, char **out)
{
    const char *at = task->options;
    size_t left = task->options_len;
    struct list_option option, user = {.value = ""}, passwd = {.value = ""};

    *out = NULL;
    if (!task->has_login) {
        return PX_OK;
    }
    while (list_option_next(&at, &left, &option)) {
        if (list_option_is(&option, "http-user")) {
            user = option;
        } else if (list_option_is(&option, "http-passwd")) {
            passwd = option;
        }
    }
    if (asprintf(out, "%.*s:%.*s", (int)user.value_len, user.value, (int)passwd.value_len,
                 passwd.value) < 0) {
        *out = NULL;
        return PX_ENOMEM;
    }
    return PX_OK;
}

bool request_names_host(const struct curl_slist *headers)
{
    for (; headers != NULL; headers = headers->next) {
        if (same_header(headers->data, "Host:")) {
            return true;
        }
    }
    return false;
}
