/* SPDX-License-Identifier: MIT
 *
 * app/fetch_engine.c - the download engine as a session sees it. Main's thread only, no lock.
 */
#include "app/fetch_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include <pxfer/status.h>

#include "app/resume.h"
#include "app/signals.h"
#include "base/digest.h"
#include "base/fdio.h"
#include "base/show.h"

/* The queue is where URLs wait, not where workers do: no limit of the run. */
static const char *const phase_limits[] = {
    NULL,
    "looking up names",
    "making connections",
    "TLS handshakes",
    "waiting for the servers' first byte",
    "the network or the servers' bandwidth",
    "writing to disk",
    NULL,
};

struct report_schema fetch_engine_report(void)
{
    return (struct report_schema){
        .program = "pfetch",
        .noun = "files",
        .phase_names = px_fetch_phase_names(),
        .phase_limits = phase_limits,
        .counter_names = px_fetch_counter_names(),
    };
}

static void fetch_engine_text(struct jsonl *json, const char *key, const char *value)
{
    if (value != NULL) {
        jsonl_string(json, key, value);
    }
}

/* Its secrets masked; without memory for that it is left out. */
static void fetch_engine_url(struct jsonl *json, const char *key, const char *url)
{
    char *masked = url != NULL ? px_mask_url_dup(url) : NULL;
    fetch_engine_text(json, key, masked);
    free(masked);
}

static void fetch_engine_exec(struct jsonl *json, const struct px_item *item)
{
    if (item->exec_ns == 0) {
        return;
    }
    jsonl_object(json, "exec");
    jsonl_i64(json, "code", item->exec_code);
    jsonl_ms(json, "ms", item->exec_ns);
    jsonl_close(json);
}

/* The file as it is now: a command of --exec may have changed it after it got its name. One that is
 * gone has no stamp, and the next run fetches it again. */
static void fetch_engine_stamp(struct jsonl *json, const struct px_item *item,
                               const struct px_fetch_detail *detail)
{
    uint64_t size = detail->size;
    int64_t mtime_ns = detail->mtime_ns;
    bool is_known = detail->has_stamp;
    if (is_known && item->exec_ns > 0) {
        struct stat st;
        is_known = px_io_real()->fstatat(AT_FDCWD, item->target, &st, 0) == 0;
        size = is_known ? (uint64_t)st.st_size : 0;
        mtime_ns = is_known ? px_mtime_ns(&st) : 0;
    }
    if (is_known) {
        char mtime[RESUME_MTIME_ROOM];
        resume_format_mtime(mtime_ns, mtime);
        jsonl_u64(json, "size", size);
        jsonl_string(json, "mtime", mtime);
    }
}

static void fetch_engine_detail(struct jsonl *json, const struct px_item *item)
{
    const struct px_fetch_detail *detail = item->detail;
    if (detail == NULL) {
        return;
    }
    if (detail->http_status != 0) {
        jsonl_i64(json, "http", detail->http_status);
    }
    if (detail->digest_hex != NULL) {
        char digest[2 * PX_DIGEST_MAX_BYTES + 32];
        const int n =
            snprintf(digest, sizeof digest, "%s=%s", detail->digest_name, detail->digest_hex);
        jsonl_string(json, "digest", n > 0 ? digest : "");
    }
    fetch_engine_text(json, "etag", detail->etag);
    fetch_engine_text(json, "last_modified", detail->last_modified);
    fetch_engine_url(json, "final_url", detail->final_url);
    fetch_engine_text(json, "reason", detail->skip_reason);
    if (detail->id != 0) {
        char id[17];
        snprintf(id, sizeof id, "%016" PRIx64, detail->id);
        jsonl_string(json, "id", id);
    }
    fetch_engine_stamp(json, item, detail);
    if (detail->segments > 1) {
        jsonl_u64(json, "segments", detail->segments);
    }
    fetch_engine_exec(json, item);
    if (detail->resumed) {
        jsonl_bool(json, "resumed", true);
    }
    if (detail->bytes_kept > 0) {
        jsonl_u64(json, "bytes_kept", detail->bytes_kept);
    }
}

struct journal_schema fetch_engine_journal(void)
{
    return (struct journal_schema){
        .source_key = "url",
        .target_key = "path",
        .source_is_url = true,
        .phase_names = px_fetch_phase_names(),
        .detail = fetch_engine_detail,
        .decision = journal_level,
    };
}

/* An engine, and the journal that it asks what is done already. */
struct fetch_engine {
    struct px_fetch *fetch;
    struct resume *resume; /* NULL: there is no journal */
    struct px_fetch_memory memory;
};

static unsigned fetch_engine_level(const void *engine)
{
    return px_fetch_level(((const struct fetch_engine *)engine)->fetch);
}

static const struct px_account *fetch_engine_account(const void *engine, unsigned worker)
{
    const struct fetch_engine *self = engine;
    return px_fetch_account(self->fetch, worker);
}

static void fetch_engine_free(struct fetch_engine *self)
{
    px_fetch_free(self->fetch);
    resume_free(self->resume);
    free(self);
}

static int fetch_engine_read_journal(struct fetch_engine *self, const char *path, char *error,
                                     size_t room)
{
    const int status = resume_open(path, NULL, signals_stopping, &self->resume);
    if (status == PX_OK) {
        self->memory = (struct px_fetch_memory){.find = resume_find, .ctx = self->resume};
    } else if (room > 0) {
        char *shown = px_show_dup(path);
        snprintf(error, room, "reading the journal %s: %s", shown != NULL ? shown : "",
                 status == PX_ENOMEM ? px_status_text(status) : px_errno_text(errno));
        free(shown);
    }
    return status;
}

static int fetch_engine_begin(struct fetch_engine *self, const struct px_fetch_opts *opts,
                              const struct session_run *run, struct px_source **source, char *error,
                              size_t room)
{
    struct px_fetch_opts mine = *opts;
    mine.workers = run->workers;
    mine.auto_level = run->automatic;
    mine.activity = run->activity;
    mine.log = run->log;
    mine.stamps = run->every_item;
    if (run->scratch != NULL) {
        mine.dir = run->scratch;
        mine.confine = true;
    }
    if (run->journal != NULL) {
        const int status = fetch_engine_read_journal(self, run->journal, error, room);
        if (status != PX_OK) {
            return status;
        }
        mine.memory = &self->memory;
    }
    const int status = px_fetch_new(&mine, error, room, &self->fetch);
    return status == PX_OK ? px_fetch_source(self->fetch, source) : status;
}

int fetch_engine_open(const struct px_fetch_opts *opts, const struct session_run *run,
                      struct run_engine *out, char *error, size_t room)
{
    struct fetch_engine *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return PX_ENOMEM;
    }
    const int status = fetch_engine_begin(self, opts, run, &out->source, error, room);
    if (status != PX_OK) {
        fetch_engine_free(self);
        return status;
    }
    out->engine = self;
    out->body = px_fetch_body(self->fetch);
    out->account = fetch_engine_account;
    out->level = fetch_engine_level;
    return PX_OK;
}

int fetch_engine_sync(void *ctx, struct run_engine *engine)
{
    const struct fetch_engine *self = engine->engine;
    (void)ctx;
    return px_fetch_sync(self->fetch);
}

void fetch_engine_close(void *ctx, struct run_engine *engine)
{
    (void)ctx;
    engine->source->ops->free(engine->source);
    fetch_engine_free(engine->engine);
}

void fetch_engine_print_versions(FILE *out)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    fprintf(out, "%s\n", curl_version());
    static const struct {
        int bit;
        const char *name;
    } features[] = {
        {CURL_VERSION_SSL, "TLS"},
        {CURL_VERSION_HTTP2, "HTTP2"},
        {CURL_VERSION_HTTP3, "HTTP3"},
        {CURL_VERSION_IPV6, "IPv6"},
        {CURL_VERSION_ASYNCHDNS, "AsynchDNS"},
        {CURL_VERSION_THREADSAFE, "threadsafe"},
        {CURL_VERSION_LARGEFILE, "Largefile"},
        {CURL_VERSION_IDN, "IDN"},
    };
    fputs("libcurl features:", out);
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (info->features & features[i].bit) {
            fprintf(out, " %s", features[i].name);
        }
    }
    fputc('\n', out);
}
