/* SPDX-License-Identifier: MIT
 *
 * app/copy_engine.c - the copy engine as a session sees it. Main's thread only, no lock.
 */
#include "app/copy_engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/status.h>

#include "app/copy_resume.h"
#include "app/resume.h"
#include "app/signals.h"
#include "base/fdio.h"
#include "base/show.h"

static const char *const phase_limits[] = {
    "reading directories",   "opening and naming files", "moving the data",
    "owner, mode and times", "making it durable",        NULL,
};

struct report_schema copy_engine_report(void)
{
    return (struct report_schema){
        .program = "pcopy",
        .noun = "files",
        .phase_names = px_copy_phase_names(),
        .phase_limits = phase_limits,
        .counter_names = px_copy_counter_names(),
        .counter_of_items = px_copy_counter_names()[PX_COPY_CALLS],
    };
}

static void copy_engine_detail(struct jsonl *json, const struct px_item *item)
{
    const struct px_copy_detail *detail = item->detail;
    if (detail == NULL) {
        return;
    }
    jsonl_string(json, "type", px_copy_type_name(detail->type));
    if (detail->engine != PX_ENGINE_NONE) {
        jsonl_string(json, "engine", px_copy_engine_name(detail->engine));
    }
    if (detail->bytes_kept > 0) {
        jsonl_u64(json, "bytes_kept", detail->bytes_kept);
    }
    if (detail->digest != NULL) {
        jsonl_string(json, "digest", detail->digest);
    }
    if (detail->run != NULL && item->source != NULL && item->target != NULL) {
        char id[COPY_RESUME_ID_ROOM];
        char mtime[RESUME_MTIME_ROOM];
        copy_resume_id(item->source, item->target, COPY_RESUME_FILE, id);
        resume_format_mtime(detail->mtime_ns, mtime);
        jsonl_string(json, "id", id);
        jsonl_string(json, "mtime", mtime);
        jsonl_string(json, "run", detail->run);
        if (detail->durable) {
            jsonl_bool(json, "durable", true);
        }
    }
    if (detail->action == PX_ACTION_DELETE) {
        jsonl_string(json, "action", "delete");
    }
    if (detail->skip_reason != NULL) {
        jsonl_string(json, "reason", detail->skip_reason);
    }
}

struct journal_schema copy_engine_journal(void)
{
    return (struct journal_schema){
        .source_key = "source",
        .target_key = "path",
        .phase_names = px_copy_phase_names(),
        .detail = copy_engine_detail,
        .decision = journal_level,
    };
}

static const char *copy_engine_verb(const struct px_item *item)
{
    const struct px_copy_detail *detail = item->detail;
    const bool is_dir = detail->type == PX_COPY_DIR;
    if (item->state == PX_ITEM_FAILED) {
        return item->status == PX_EEXIST ? "clash" : "fail";
    }
    if (item->status != PX_OK) {
        return "skip";
    }
    const bool links = detail->engine == PX_ENGINE_LINK || detail->engine == PX_ENGINE_SYMLINK;
    switch (detail->action) {
    case PX_ACTION_MAKE: return is_dir ? "make" : links ? "link" : "copy";
    case PX_ACTION_REPLACE: return is_dir ? "merge" : "replace";
    case PX_ACTION_DELETE: return "delete";
    }
    return "copy";
}

void copy_engine_plan_words(const struct px_item *item, char *out, size_t room)
{
    const struct px_copy_detail *detail = item->detail;
    if (detail->type == PX_COPY_FILE && item->status == PX_OK) {
        (void)snprintf(out, room, "%-8s %12" PRIu64 "  ", copy_engine_verb(item), item->bytes);
    } else {
        (void)snprintf(out, room, "%-8s %12s  ", copy_engine_verb(item),
                       detail->type == PX_COPY_DIR    ? "directory"
                       : detail->type == PX_COPY_LINK ? "link"
                                                      : "-");
    }
}

/* An engine, and the journal that it asks what is done already. */
struct copy_engine {
    struct px_copy *copy;
    struct copy_resume *resume; /* NULL: there is no journal */
    struct px_copy_memory memory;
};

static const struct px_account *copy_engine_account(const void *engine, unsigned worker)
{
    return px_copy_account(((const struct copy_engine *)engine)->copy, worker);
}

static void copy_engine_free(struct copy_engine *self)
{
    px_copy_free(self->copy);
    copy_resume_free(self->resume);
    free(self);
}

static int copy_engine_read_journal(struct copy_engine *self, const char *path, char *error,
                                    size_t room)
{
    const int status = copy_resume_open(path, signals_stopping, &self->resume);
    if (status == PX_OK) {
        self->memory = copy_resume_memory(self->resume);
        return PX_OK;
    }
    char *shown = px_show_name_dup(path);
    (void)snprintf(error, room, "reading the journal %s: %s", shown != NULL ? shown : "",
                   status == PX_ENOMEM ? px_status_text(status) : px_errno_text(errno));
    free(shown);
    return status;
}

static int copy_engine_begin(struct copy_engine *self, const struct px_copy_opts *opts,
                             const struct session_run *run, struct px_source **source, char *error,
                             size_t room)
{
    struct px_copy_opts mine = *opts;
    mine.workers = run->workers;
    mine.activity = run->activity;
    mine.log = run->log;
    mine.every_item = run->every_item;
    if (run->scratch != NULL) {
        mine.target = run->scratch;
        mine.target_is_dir = true;
        mine.target_is_thing = false;
    }
    int status = PX_OK;
    if (run->journal != NULL && !opts->check && !opts->dry_run && opts->files == PX_FILES_COPY) {
        status = copy_engine_read_journal(self, run->journal, error, room);
        mine.memory = &self->memory;
    }
    if (status == PX_OK) {
        status = px_copy_new(&mine, error, room, &self->copy);
    }
    if (status != PX_OK) {
        return status;
    }
    status = px_copy_source(self->copy, source);
    if (status != PX_OK) {
        const int err = errno;
        char *shown = opts->names_from != NULL ? px_show_name_dup(opts->names_from) : NULL;
        (void)snprintf(error, room, "--files-from: %s%s%s", shown != NULL ? shown : "",
                       shown != NULL ? ": " : "",
                       status == PX_EIO ? px_errno_text(err) : px_status_text(status));
        free(shown);
    }
    return status == PX_EIO ? PX_EUSAGE : status; /* nothing was begun */
}

int copy_engine_open(const struct px_copy_opts *opts, const struct session_run *run,
                     struct run_engine *out, char *error, size_t room)
{
    struct copy_engine *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return PX_ENOMEM;
    }
    const int status = copy_engine_begin(self, opts, run, &out->source, error, room);
    if (status != PX_OK) {
        copy_engine_free(self);
        return status;
    }
    out->engine = self;
    out->body = px_copy_body(self->copy);
    out->account = copy_engine_account;
    return PX_OK;
}

int copy_engine_sync(void *ctx, struct run_engine *engine)
{
    const struct copy_engine *self = engine->engine;
    const struct px_copy_opts *opts = ctx;
    const int status = px_copy_sync(self->copy);
    if (status == PX_OK && opts->sync == PX_SYNC_END && self->resume != NULL) {
        return copy_resume_note_synced(self->resume);
    }
    return status;
}

void copy_engine_close(void *ctx, struct run_engine *engine)
{
    (void)ctx;
    engine->source->ops->free(engine->source);
    copy_engine_free(engine->engine);
}
