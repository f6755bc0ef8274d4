/* SPDX-License-Identifier: MIT
 *
 * fetch/fetch.c - the download engine: what all workers of one run share, and the public functions.
 *
 * Made and freed on the owner's thread. Owns the locks of libcurl's share object (share_lock), which
 * libcurl takes on the workers' threads; each is held for a look into the DNS cache.
 */
#define _GNU_SOURCE
#include <pxfer/fetch.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>
#include <pxfer/version.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/connect.h"
#include "fetch/conns.h"
#include "fetch/engine.h"
#include "fetch/list/entry.h"
#include "fetch/source.h"
#include "fetch/split.h"
#include "fetch/stream.h"
#include "fetch/syntax.h"
#include "fetch/targets.h"
#include "fetch/task.h"
#include "fetch/title.h"
#include "fetch/worker.h"

#define STALL_MS 60000
#define CONNECT_MS 10000
#define RETRIES 5
#define MIN_SPLIT_BYTES ((uint64_t)20 << 20)
#define RETRY_BASE_MS 1000
#define RETRY_CAP_MS 60000
#define MAX_RETRY_AFTER_MS 300000
#define SPEED_TIME_MS 60000

/* Bytes that are gathered for one write, of all places of a worker together and of one of them.
 * 200 x 4 MiB from nginx on loopback to tmpfs with -j 5, least of 7 runs: 64 KiB 0.42 s, 128 KiB
 * 0.42 s, 256 KiB 0.43 s, 512 KiB 0.43 s, 1 MiB 0.45 s (it has left the cache by then). */
#define BUFFERS_BYTES ((size_t)4 << 20)
#define BUFFER_MAX_BYTES ((size_t)128 << 10)
#define BUFFER_MIN_BYTES ((size_t)32 << 10)

static const char *const phase_names[] = {"queue",      "dns",  "connect", "tls",
                                          "first byte", "body", "disk",    NULL};
static const char *const counter_names[] = {"connections", "retries", "resumed", NULL};

const char *const *px_fetch_phase_names(void)
{
    return phase_names;
}

const char *const *px_fetch_counter_names(void)
{
    return counter_names;
}

/* --- the DNS cache ---------------------------------------------------------------------------*/

/* libcurl calls lock and unlock as a pair, but the analysis cannot see that. */
static void share_lock(CURL *easy, curl_lock_data data, curl_lock_access access,
                       void *ctx) PX_NO_ANALYSIS
{
    struct px_fetch *fetch = ctx;

    (void)easy;
    (void)access;
    px_mutex_lock(&fetch->share_lock[data]);
}

static void share_unlock(CURL *easy, curl_lock_data data, void *ctx) PX_NO_ANALYSIS
{
    struct px_fetch *fetch = ctx;

    (void)easy;
    px_mutex_unlock(&fetch->share_lock[data]);
}

static int make_share(struct px_fetch *fetch)
{
    for (; fetch->share_locks < CURL_LOCK_DATA_LAST; fetch->share_locks++) {
        int rc = px_mutex_init(&fetch->share_lock[fetch->share_locks]);
        if (rc != PX_OK) {
            return rc;
        }
    }
    fetch->share = curl_share_init();
    if (fetch->share == NULL ||
        curl_share_setopt(fetch->share, CURLSHOPT_LOCKFUNC, share_lock) != CURLSHE_OK ||
        curl_share_setopt(fetch->share, CURLSHOPT_UNLOCKFUNC, share_unlock) != CURLSHE_OK ||
        curl_share_setopt(fetch->share, CURLSHOPT_USERDATA, fetch) != CURLSHE_OK ||
        curl_share_setopt(fetch->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK) {
        return PX_ENOMEM;
    }
    return PX_OK;
}

/* --- new and free ----------------------------------------------------------------------------*/

static size_t buffer_bytes(unsigned streams)
{
    size_t share = BUFFERS_BYTES / streams;

    share = share < BUFFER_MAX_BYTES ? share : BUFFER_MAX_BYTES;
    return share > BUFFER_MIN_BYTES ? share : BUFFER_MIN_BYTES;
}

/* umask(2) can only be read by setting it; no worker runs yet. */
static mode_t file_mode(void)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return 0666 & ~mask;
}

static void fill_in_defaults(struct px_fetch *fetch)
{
    struct px_fetch_opts *opts = &fetch->opts;

    opts->streams = opts->streams != 0 ? opts->streams : 1;
    opts->stall_timeout_ms = opts->stall_timeout_ms != 0 ? opts->stall_timeout_ms : STALL_MS;
    opts->connect_timeout_ms =
        opts->connect_timeout_ms != 0 ? opts->connect_timeout_ms : CONNECT_MS;
    opts->split = opts->split != 0 ? opts->split : 1;
    opts->split = opts->split < SPLIT_MAX ? opts->split : SPLIT_MAX;
    if (!engine_has_targets(fetch)) {
        opts->split = 1; /* its pieces need a file with a name to meet in */
        opts->dirs = PX_DIRS_FLAT;
        opts->content_disposition = false;
    }
    opts->min_split_bytes = opts->min_split_bytes != 0 ? opts->min_split_bytes : MIN_SPLIT_BYTES;
    opts->retries = opts->retries >= 0 ? opts->retries : RETRIES;
    opts->retry_base_ms = opts->retry_base_ms != 0 ? opts->retry_base_ms : RETRY_BASE_MS;
    opts->max_retry_after_ms =
        opts->max_retry_after_ms != 0 ? opts->max_retry_after_ms : MAX_RETRY_AFTER_MS;
    opts->remote_time |= opts->on_exist == PX_ON_EXIST_NEWER; /* what the next run asks with */
    if (opts->user_agent == NULL) {
        snprintf(fetch->user_agent, sizeof fetch->user_agent, "pfetch/%s", px_version());
        opts->user_agent = fetch->user_agent;
    }
    fetch->io = opts->io != NULL ? opts->io : px_io_real();
    fetch->clock = px_clock_real();
    fetch->retry = (struct retry_policy){.retries = opts->retries,
                                         .base_ms = opts->retry_base_ms,
                                         .cap_ms = RETRY_CAP_MS,
                                         .max_retry_after_ms = opts->max_retry_after_ms};
    opts->speed_time_ms = opts->speed_time_ms != 0 ? opts->speed_time_ms : SPEED_TIME_MS;
    fetch->slow = (struct slow_rule){.bytes_per_s = opts->speed_limit,
                                     .for_ns = opts->speed_time_ms * PX_NS_PER_MS};
    fetch->meter.bytes_per_s = opts->limit_rate;
    fetch->throttled = opts->limit_rate > 0 || opts->limit_rate_per_file > 0;
    fetch->mode = file_mode();
    fetch->quirks = quirks_of(curl_version_info(CURLVERSION_NOW)->version_num);
    fetch->buffer_bytes = buffer_bytes(opts->streams);
    state_read_boot(fetch->io, fetch->boot);
    if (opts->titles) {
        opts->details = true; /* the parser wants to know the charset */
        title_prepare();
    }
}

/* Only where -x can be in the way. */
static int make_conns(struct px_fetch *fetch)
{
    const size_t places = (size_t)fetch->opts.workers * fetch->opts.streams;

    if (fetch->opts.per_host == 0 || fetch->opts.per_host >= places) {
        return PX_OK;
    }
    return conns_new(fetch->opts.per_host, places, fetch->opts.streams, &fetch->conns);
}

static int open_base(struct px_fetch *fetch, char *error, size_t n)
{
    if (fetch->opts.dry_run || fetch->opts.spider) {
        return PX_OK; /* nothing is written, not even the directory */
    }
    const char *dir = fetch->opts.dir != NULL ? fetch->opts.dir : "";
    char shown[512];

    int rc = dirs_get(fetch->dirs, dir, strlen(dir), &fetch->base);
    if (rc != PX_OK && n > 0) {
        snprintf(error, n, "%s: %s", px_show_str(shown, sizeof shown, dir), px_errno_text(errno));
    }
    if (rc == PX_OK && engine_has_targets(fetch)) {
        present_scan(&fetch->present, fetch->io, fetch->base->fd);
    }
    return rc;
}

static int check_input(const struct px_fetch_opts *opts, char *error, size_t n)
{
    const char *base = opts->base_url;
    char shown[512];

    if (base != NULL && (list_url_fault(base, strlen(base)) != NULL || !syntax_is_url(base))) {
        snprintf(error, n, "not an http or https URL: %s", px_show_url(shown, sizeof shown, base));
        return PX_EUSAGE;
    }
    if (opts->nul_separated && opts->list_format != PX_LIST_AUTO) {
        snprintf(error, n, "NUL-separated lists have no other format");
        return PX_EUSAGE;
    }
    return opts->shard_count > 0 && opts->shard_index >= opts->shard_count ? PX_EINVAL : PX_OK;
}

/* What cannot be sent is refused before anything is. */
static int check_headers(const struct px_fetch_opts *opts, char *error, size_t n)
{
    for (size_t i = 0; i < opts->n_headers; i++) {
        if (!syntax_is_header(opts->headers[i], strlen(opts->headers[i]))) {
            /* not what stands there: "Authorization Bearer SECRET" has no name that tells */
            snprintf(error, n, "-H number %zu is not a header NAME: VALUE", i + 1);
            return PX_EUSAGE;
        }
    }
    if (opts->user_agent != NULL &&
        !syntax_is_header_value(opts->user_agent, strlen(opts->user_agent))) {
        snprintf(error, n, "a control byte in the user agent");
        return PX_EUSAGE;
    }
    return PX_OK;
}

int px_fetch_new(const struct px_fetch_opts *opts, char *error, size_t n, struct px_fetch **out)
{
    if (n > 0) {
        error[0] = '\0';
    }
    if (opts->workers == 0 || opts->streams > 100000) {
        return PX_EINVAL;
    }
    int rc = check_headers(opts, error, n);
    if (rc == PX_OK) {
        rc = connect_check(opts, error, n);
    }
    if (rc != PX_OK) {
        return rc;
    }
    const int input = check_input(opts, error, n);
    if (input != PX_OK) {
        return input;
    }
    struct px_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL) {
        return PX_ENOMEM;
    }
    fetch->opts = *opts;
    fill_in_defaults(fetch);
    fetch->accounts = aligned_alloc(PX_CACHE_LINE, opts->workers * sizeof *fetch->accounts);
    rc = fetch->accounts != NULL ? PX_OK : PX_ENOMEM;
    if (rc == PX_OK) {
        memset(fetch->accounts, 0, opts->workers * sizeof *fetch->accounts);
        rc = make_share(fetch);
    }
    if (rc == PX_OK) {
        rc = board_new(&fetch->board);
    }
    if (rc == PX_OK) {
        rc = make_conns(fetch);
    }
    if (rc == PX_OK) {
        rc = connect_init(fetch, error, n);
    }
    if (rc == PX_OK) {
        rc = targets_new(fetch->io, &fetch->targets);
    }
    if (rc == PX_OK) {
        rc = dirs_new(fetch->io, &fetch->dirs);
    }
    if (rc == PX_OK) {
        rc = open_base(fetch, error, n);
    }
    if (rc != PX_OK) {
        px_fetch_free(fetch);
        return rc;
    }
    *out = fetch;
    return PX_OK;
}

void px_fetch_free(struct px_fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    if (fetch->share != NULL) {
        PX_IGNORE((int)curl_share_cleanup(fetch->share)); /* in use: the pool is still there */
    }
    for (unsigned i = 0; i < fetch->share_locks; i++) {
        px_mutex_fini(&fetch->share_lock[i]);
    }
    if (fetch->dirs != NULL) {
        dirs_put(fetch->dirs, fetch->base);
    }
    dirs_free(fetch->dirs);
    present_fini(&fetch->present);
    board_free(fetch->board);
    targets_free(fetch->targets);
    connect_fini(fetch);
    conns_free(fetch->conns);
    free(fetch->accounts);
    free(fetch);
}

/* --- the rest of the interface ---------------------------------------------------------------*/

int px_fetch_source(struct px_fetch *fetch, struct px_source **out)
{
    struct px_source *source = NULL;
    int rc = source_new(fetch, &source);

    if (rc == PX_OK && fetch->opts.out_fd != 0) {
        struct px_source *inner = source;

        rc = stream_new(fetch, inner, &source);
        if (rc != PX_OK) {
            inner->ops->free(inner);
        }
    }
    if (rc == PX_OK) {
        *out = source;
    }
    return rc;
}

struct px_worker_body px_fetch_body(struct px_fetch *fetch)
{
    return (struct px_worker_body){
        .init = worker_init, .run = worker_run, .fini = worker_fini, .ctx = fetch};
}

const struct px_account *px_fetch_account(const struct px_fetch *fetch, unsigned worker)
{
    return &fetch->accounts[worker].account;
}

unsigned px_fetch_level(const struct px_fetch *fetch)
{
    return fetch->level;
}

int px_fetch_sync(struct px_fetch *fetch)
{
    if (fetch->opts.fsync != PX_FSYNC_END || fetch->base == NULL) {
        return PX_OK;
    }
    return syncfs(fetch->base->fd) == 0 ? PX_OK : PX_EIO;
}

int px_fetch_write_entry(const struct px_result *task, FILE *out)
{
    return task_write_entry((const struct fetch_task *)(const void *)task, out);
}
