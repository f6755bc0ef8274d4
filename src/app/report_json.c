/* SPDX-License-Identifier: MIT
 *
 * app/report_json.c - the closing report as one JSON object: the same figures as the text, with
 * plain numbers (times in ms, shares from 0 to 1). Pure.
 */
#include <math.h>
#include <stddef.h>

#include <pxfer/status.h>

#include "app/report.h"

static void report_json_phases(const struct report_schema *schema,
                               const struct run_summary *summary, struct jsonl *json)
{
    jsonl_object(json, "phases_ms");
    for (size_t i = 0; i < PX_PHASES && schema->phase_names[i] != NULL; i++) {
        jsonl_ms(json, schema->phase_names[i], summary->total.phase_ns[i]);
    }
    jsonl_close(json);
}

static void report_json_counters(const struct report_schema *schema,
                                 const struct run_summary *summary, struct jsonl *json)
{
    jsonl_object(json, "counters");
    for (size_t i = 0; i < PX_COUNTERS && schema->counter_names[i] != NULL; i++) {
        jsonl_u64(json, schema->counter_names[i], summary->total.counter[i]);
    }
    jsonl_close(json);
}

static void report_json_items(const struct run_summary *summary, struct jsonl *json)
{
    const struct px_hist *hist = &summary->total.item;
    jsonl_object(json, "item_ms");
    jsonl_ms(json, "p50", px_hist_quantile(hist, 0.50));
    jsonl_ms(json, "p95", px_hist_quantile(hist, 0.95));
    jsonl_ms(json, "max", hist->max_ns);
    jsonl_close(json);
}

static void report_json_pace(const struct run_pace *pace, struct jsonl *json)
{
    if (pace->n_levels > 0) {
        jsonl_array(json, "levels");
        for (unsigned i = 0; i < pace->n_levels && i < RUN_LEVELS; i++) {
            jsonl_u64(json, NULL, pace->levels[i]);
        }
        jsonl_close(json);
    }
    if (pace->backs_off) {
        jsonl_object(json, "io_pressure");
        jsonl_double(json, "highest", pace->highest_pressure, 4);
        jsonl_ms(json, "backed_off_ms", pace->backed_off_ns);
        jsonl_u64(json, "least_workers", pace->least_workers);
        jsonl_close(json);
    }
}

static void report_json_workers(const struct run_summary *summary, struct jsonl *json)
{
    jsonl_u64(json, "workers", summary->workers);
    jsonl_u64(json, "streams", summary->streams);
    if (summary->level > 0) {
        jsonl_u64(json, "level", summary->level);
    }
    report_json_pace(&summary->pace, json);
    jsonl_array(json, "busy_ms");
    for (unsigned i = 0; i < (summary->workers == 0 ? 1 : summary->workers); i++) {
        jsonl_ms(json, NULL, summary->worker[i].busy_ns);
    }
    jsonl_close(json);
}

static void report_json_limit(const struct report_schema *schema, const struct run_summary *summary,
                              struct jsonl *json)
{
    const struct report_limit limit = report_find_limit(schema, summary);
    if (limit.kind == REPORT_LIMIT_UNKNOWN) {
        jsonl_null(json, "limit");
        return;
    }
    jsonl_object(json, "limit");
    switch (limit.kind) {
    case REPORT_LIMIT_UNKNOWN: break;
    case REPORT_LIMIT_PHASE:
        jsonl_string(json, "kind", "phase");
        jsonl_string(json, "phase", schema->phase_names[limit.phase]);
        break;
    case REPORT_LIMIT_ITEM: jsonl_string(json, "kind", "longest_item"); break;
    case REPORT_LIMIT_SUPPLY: jsonl_string(json, "kind", "idle"); break;
    }
    jsonl_double(json, "share", limit.share, 4);
    jsonl_close(json);
}

static void report_json_single(const struct run_summary *summary,
                               const struct run_summary *baseline, struct jsonl *json)
{
    const struct report_single single = report_against_single(summary, baseline);
    jsonl_object(json, "single_thread");
    jsonl_object(json, "estimated");
    jsonl_ms(json, "ms", single.estimated_ns);
    jsonl_double(json, "speedup", single.estimated_speedup, 4);
    jsonl_double(json, "efficiency", single.estimated_efficiency, 4);
    jsonl_close(json);
    if (baseline == NULL) {
        jsonl_null(json, "measured");
    } else {
        jsonl_object(json, "measured");
        jsonl_ms(json, "ms", baseline->wall_ns);
        jsonl_u64(json, "ok", baseline->ok);
        jsonl_u64(json, "failed", baseline->failed);
        jsonl_double(json, "speedup", single.speedup, 4);
        jsonl_double(json, "efficiency", single.efficiency, 4);
        jsonl_double(json, "serial_fraction", single.serial_fraction, 4);
        jsonl_close(json);
    }
    jsonl_close(json);
}

static void report_json_outcome(const struct report_schema *schema,
                                const struct run_summary *summary, struct jsonl *json)
{
    jsonl_string(json, "program", schema->program);
    jsonl_u64(json, "ok", summary->ok);
    jsonl_u64(json, "skipped", summary->skipped);
    jsonl_u64(json, "failed", summary->failed);
    jsonl_u64(json, "canceled", summary->canceled);
    jsonl_u64(json, "bytes", summary->bytes);
    if (summary->total.bytes_kept > 0) {
        jsonl_u64(json, "bytes_kept", summary->total.bytes_kept);
    }
    if (summary->total.planned > 0) {
        jsonl_u64(json, "planned", summary->total.planned);
        jsonl_u64(json, "planned_bytes", summary->total.planned_bytes);
    }
    jsonl_ms(json, "wall_ms", summary->wall_ns);
    if (summary->sync_ns > 0) {
        jsonl_ms(json, "sync_ms", summary->sync_ns);
    }
    jsonl_double(json, "bytes_per_s",
                 summary->wall_ns > 0 ? (double)report_bytes_now(summary) * (double)PX_NS_PER_S /
                                            (double)summary->wall_ns
                                      : NAN,
                 0);
    jsonl_string(json, "stopped", summary->fatal != PX_OK ? px_status_name(summary->fatal) : NULL);
    jsonl_i64(json, "signal", summary->signal);
    jsonl_bool(json, "drained", summary->drained_early);
}

void report_json(const struct report_schema *schema, const struct run_summary *summary,
                 const struct run_summary *baseline, struct jsonl *json)
{
    jsonl_object(json, NULL);
    report_json_outcome(schema, summary, json);
    report_json_phases(schema, summary, json);
    report_json_items(summary, json);
    report_json_workers(summary, json);
    report_json_counters(schema, summary, json);
    report_json_limit(schema, summary, json);
    report_json_single(summary, baseline, json);
    jsonl_close(json);
}
