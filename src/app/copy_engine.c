/* SPDX-License-Identifier: MIT
 *
 * app/copy_engine.c - the copy engine as a session sees it. Main's thread only, no lock.
 */
#include "app/copy_engine.h"

#include <pxfer/status.h>

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
    };
}

static const struct px_account *copy_engine_account(const void *engine, unsigned worker)
{
    return px_copy_account(engine, worker);
}

int copy_engine_open(const struct px_copy_opts *opts, const struct session_run *run,
                     struct run_engine *out, char *error, size_t room)
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
    struct px_copy *copy = NULL;
    int status = px_copy_new(&mine, error, room, &copy);
    if (status != PX_OK) {
        return status;
    }
    status = px_copy_source(copy, &out->source);
    if (status != PX_OK) {
        px_copy_free(copy);
        return status;
    }
    out->engine = copy;
    out->body = px_copy_body(copy);
    out->account = copy_engine_account;
    return PX_OK;
}

void copy_engine_close(void *ctx, struct run_engine *engine)
{
    (void)ctx;
    engine->source->ops->free(engine->source);
    px_copy_free(engine->engine);
}
