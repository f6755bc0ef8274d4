/* SPDX-License-Identifier: MIT
 *
 * app/report.c - the closing report as text, and what limited a run. Everything comes from a
 * finished summary;pure.
 */
#include "app/report.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/human.h"

#define TITLE_COLUMNS 14 /* "  by phase    " */
#define MAX_BUSY 16      /* workers listed one by one */

/* Below this share of idle time the workers count as busy; above it, either one long item held up
 * the end, or there was too little to do. */
#define IDLE_LIMIT 0.25
#define LONG_ITEM 0.8

/* --- Figures ---------------------------------------------------------------------------------*/

static unsigned report_workers(const struct run_summary *summary)
{
    return summary->workers == 0 ? 1 : summary->workers; /* inline: the caller's thread */
}

static double report_share(int64_t part_ns, int64_t whole_ns)
{
    return whole_ns > 0 ? (double)part_ns / (double)whole_ns : 0;
}

/* Busy share of worker i, 0..1. */
static double report_busy(const struct run_summary *summary, unsigned i)
{
    const double share = report_share(summary->worker[i].busy_ns, summary->wall_ns);
    return share > 1 ? 1 : share; /* what it did before the first and after the last item */
}

static double report_idle(const struct run_summary *summary)
{
    const unsigned workers = report_workers(summary);
    double sum = 0;
    for (unsigned i = 0; i < workers; i++) {
        sum += 1 - report_busy(summary, i);
    }
    return sum / workers;
}

static size_t report_phases(const struct report_schema *schema)
{
    size_t n = 0;
    while (n < PX_PHASES && schema->phase_names[n] != NULL) {
        n++;
    }
    return n;
}

/* The time of the phases in which workers are busy. */
static int64_t report_busy_phases_ns(const struct report_schema *schema,
                                     const struct px_account *total)
{
    int64_t sum = 0;
    for (size_t i = 0; i < report_phases(schema); i++) {
        sum += schema->phase_limits[i] != NULL ? total->phase_ns[i] : 0;
    }
    return sum;
}

static struct report_limit report_largest_phase(const struct report_schema *schema,
                                                const struct px_account *total)
{
    struct report_limit limit = {.kind = REPORT_LIMIT_UNKNOWN};
    const int64_t whole_ns = report_busy_phases_ns(schema, total);
    for (size_t i = 0; i < report_phases(schema); i++) {
        const double share = report_share(total->phase_ns[i], whole_ns);
        if (schema->phase_limits[i] != NULL && share > limit.share) {
            limit = (struct report_limit){REPORT_LIMIT_PHASE, i, share};
        }
    }
    return limit;
}

struct report_limit report_find_limit(const struct report_schema *schema,
                                      const struct run_summary *summary)
{
    if (summary->wall_ns <= 0 || summary->total.items == 0) {
        return (struct report_limit){.kind = REPORT_LIMIT_UNKNOWN};
    }
    /* with -j auto there are more workers than were ever to be busy */
    const double idle = summary->level > 0 ? 0 : report_idle(summary);
    if (idle <= IDLE_LIMIT) {
        return report_largest_phase(schema, &summary->total);
    }
    const double longest = report_share(summary->total.item.max_ns, summary->wall_ns);
    if (longest >= LONG_ITEM) {
        return (struct report_limit){.kind = REPORT_LIMIT_ITEM, .share = longest > 1 ? 1 : longest};
    }
    return (struct report_limit){.kind = REPORT_LIMIT_SUPPLY, .share = idle};
}

struct report_single report_against_single(const struct run_summary *summary,
                                           const struct run_summary *baseline)
{
    const unsigned workers = report_workers(summary);
    const unsigned at_once = workers * (summary->streams > 1 ? summary->streams : 1);
    struct report_single single = {
        .estimated_ns = summary->total.items_ns,
        .estimated_speedup = px_speedup(summary->total.items_ns, summary->wall_ns),
        .serial_fraction = NAN,
    };
    single.estimated_efficiency = px_efficiency(single.estimated_speedup, at_once);
    if (baseline != NULL) {
        single.speedup = px_speedup(baseline->wall_ns, summary->wall_ns);
        single.efficiency = px_efficiency(single.speedup, workers);
        single.serial_fraction = px_karp_flatt(single.speedup, workers);
    }
    return single;
}

/* --- Text ------------------------------------------------------------------------------------*/

static void report_put_title(FILE *out, const char *title)
{
    fprintf(out, "  %-*s", TITLE_COLUMNS - 2, title);
}

static void report_put_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++) {
        fputc(*name == '_' ? ' ' : *name, out);
    }
}

static int report_percent(double share)
{
    return (int)lround(share * 100);
}

/* ", 3 failed"; nothing for 0. */
static void report_put_some(FILE *out, uint64_t n, const char *what)
{
    if (n > 0) {
        fprintf(out, ", %s %s", human_count(n).text, what);
    }
}

static void report_put_outcome(const struct report_schema *schema,
                               const struct run_summary *summary, FILE *out)
{
    const uint64_t all = summary->ok + summary->skipped + summary->failed + summary->canceled;
    fprintf(out, "%s: %s: ", schema->program, human_things(all, schema->noun).text);
    fprintf(out, "%s ok", human_count(summary->ok).text);
    report_put_some(out, summary->skipped, "skipped");
    report_put_some(out, summary->failed, "failed");
    report_put_some(out, summary->canceled, "not done");
    const double seconds = (double)summary->wall_ns / (double)PX_NS_PER_S;
    fprintf(out, "; %s", human_bytes(summary->bytes).text);
    if (summary->total.bytes_kept > 0) {
        fprintf(out, " (%s of it kept from before)", human_bytes(summary->total.bytes_kept).text);
    }
    fprintf(out, " in %s", human_duration(summary->wall_ns).text);
    if (seconds > 0 && report_bytes_now(summary) > 0) {
        fprintf(out, ", %s", human_rate((double)report_bytes_now(summary) / seconds).text);
    }
    fputc('\n', out);
}

/* What a dry run would have copied. */
static void report_put_planned(const struct report_schema *schema,
                               const struct run_summary *summary, FILE *out)
{
    if (summary->total.planned > 0) {
        report_put_title(out, "dry run");
        fprintf(out, "%s, %s would be copied\n",
                human_things(summary->total.planned, schema->noun).text,
                human_bytes(summary->total.planned_bytes).text);
    }
}

static void report_put_stopped(const struct run_summary *summary, FILE *out)
{
    const char *why = NULL;
    if (summary->signal != 0) {
        why = "by a signal";
    } else if (summary->fatal == PX_ECANCELED) {
        why = "at the first failure";
    } else if (summary->fatal != PX_OK) {
        why = px_status_text(summary->fatal);
    } else if (summary->drained_early) {
        why = "as asked; the same command goes on";
    }
    if (why != NULL) {
        report_put_title(out, "stopped");
        fprintf(out, "%s\n", why);
    }
}

/* Room for a column of the table of phases. */
static int report_phase_columns(const char *name)
{
    const int len = (int)strlen(name);
    return (len < 7 ? 7 : len) + 2;
}

/* A row of that table; `cell` prints the cell of one phase, right-aligned. */
static void report_put_phase_row(const struct report_schema *schema, const struct px_account *total,
                                 const char *title,
                                 void (*cell)(const struct report_schema *, size_t, int64_t ns,
                                              int64_t whole_ns, FILE *),
                                 FILE *out)
{
    const int64_t whole_ns = report_busy_phases_ns(schema, total);
    report_put_title(out, title);
    for (size_t i = 0; i < report_phases(schema); i++) {
        if (total->phase_ns[i] > 0) {
            cell(schema, i, total->phase_ns[i], whole_ns, out);
        }
    }
    fputc('\n', out);
}

static void report_cell_name(const struct report_schema *schema, size_t i, int64_t ns,
                             int64_t whole_ns, FILE *out)
{
    (void)ns;
    (void)whole_ns;
    const char *name = schema->phase_names[i];
    fprintf(out, "%*s", report_phase_columns(name) - (int)strlen(name), "");
    report_put_name(out, name);
}

static void report_cell_time(const struct report_schema *schema, size_t i, int64_t ns,
                             int64_t whole_ns, FILE *out)
{
    (void)whole_ns;
    const struct human time = human_duration(ns);
    fprintf(out, "%*s", report_phase_columns(schema->phase_names[i]), time.text);
}

static void report_cell_share(const struct report_schema *schema, size_t i, int64_t ns,
                              int64_t whole_ns, FILE *out)
{
    const int columns = report_phase_columns(schema->phase_names[i]);
    if (schema->phase_limits[i] == NULL) {
        fprintf(out, "%*s", columns, "-"); /* waiting in the queue is nobody's work */
    } else {
        fprintf(out, "%*d%%", columns - 1, report_percent(report_share(ns, whole_ns)));
    }
}

static void report_put_phases(const struct report_schema *schema, const struct run_summary *summary,
                              FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < report_phases(schema); i++) {
        any |= summary->total.phase_ns[i] > 0;
    }
    if (!any) {
        return;
    }
    report_put_phase_row(schema, &summary->total, "phase", report_cell_name, out);
    report_put_phase_row(schema, &summary->total, "time, summed", report_cell_time, out);
    report_put_phase_row(schema, &summary->total, "share", report_cell_share, out);
}

static void report_put_items(const struct run_summary *summary, FILE *out)
{
    const struct px_hist *hist = &summary->total.item;
    report_put_title(out, "each took");
    fprintf(out, "p50 %s, ", human_duration(px_hist_quantile(hist, 0.50)).text);
    fprintf(out, "p95 %s, ", human_duration(px_hist_quantile(hist, 0.95)).text);
    fprintf(out, "max %s\n", human_duration(hist->max_ns).text);
}

static void report_put_busy(const struct run_summary *summary, FILE *out)
{
    const unsigned workers = report_workers(summary);
    double least = 1;
    double most = 0;
    for (unsigned i = 0; i < workers; i++) {
        const double share = report_busy(summary, i);
        least = share < least ? share : least;
        most = share > most ? share : most;
        if (workers <= MAX_BUSY) {
            fprintf(out, " %d%%", report_percent(share));
        }
    }
    if (workers > MAX_BUSY) {
        fprintf(out, " %d%% on average, %d%% to %d%%", report_percent(1 - report_idle(summary)),
                report_percent(least), report_percent(most));
    }
}

static void report_put_workers(const struct report_schema *schema,
                               const struct run_summary *summary, FILE *out)
{
    report_put_title(out, "workers");
    fprintf(out, "%u", report_workers(summary));
    if (summary->workers < summary->workers_wanted) {
        fprintf(out, " (of %u: the others could not be started)", summary->workers_wanted);
    }
    if (summary->streams > 1) {
        fprintf(out, " with %u streams each", summary->streams);
    }
    if (summary->level > 0) {
        fprintf(out, ", %u %s at a time in the end (-j auto)", summary->level, schema->noun);
    }
    fputs(", busy", out);
    report_put_busy(summary, out);
    fputc('\n', out);
}

static void report_put_pace(const struct run_summary *summary, FILE *out)
{
    const struct run_pace *pace = &summary->pace;
    if (pace->n_levels > 0) {
        report_put_title(out, "at a time");
        for (unsigned i = 0; i < pace->n_levels && i < RUN_LEVELS; i++) {
            fprintf(out, "%s%u", i > 0 ? ", " : "", pace->levels[i]);
        }
        fputs(pace->n_levels > RUN_LEVELS ? " ...\n" : "\n", out);
    }
    if (pace->backs_off) {
        report_put_title(out, "pressure");
        fprintf(out, "I/O up to %d%% of the time", report_percent(pace->highest_pressure));
        if (pace->backed_off_ns > 0) {
            fprintf(out, "; %s with fewer workers, at least %u",
                    human_duration(pace->backed_off_ns).text, pace->least_workers);
        }
        fputc('\n', out);
    }
}

static void report_put_counters(const struct report_schema *schema,
                                const struct run_summary *summary, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < PX_COUNTERS && schema->counter_names[i] != NULL; i++) {
        if (summary->total.counter[i] == 0) {
            continue;
        }
        if (any) {
            fputs(", ", out);
        } else {
            report_put_title(out, "counted");
        }
        report_put_name(out, schema->counter_names[i]);
        fprintf(out, " %s", human_count(summary->total.counter[i]).text);
        if (schema->counter_names[i] == schema->counter_of_items) {
            fprintf(out, " (%.1f for each)",
                    (double)summary->total.counter[i] / (double)summary->total.items);
        }
        any = true;
    }
    if (any) {
        fputc('\n', out);
    }
}

static void report_put_limit(const struct report_schema *schema, const struct run_summary *summary,
                             FILE *out)
{
    const struct report_limit limit = report_find_limit(schema, summary);
    if (limit.kind == REPORT_LIMIT_UNKNOWN) {
        return;
    }
    report_put_title(out, "limited by");
    const int percent = report_percent(limit.share);
    switch (limit.kind) {
    case REPORT_LIMIT_UNKNOWN: break;
    case REPORT_LIMIT_PHASE:
        fprintf(out, "%s, %d%% of the workers' time\n", schema->phase_limits[limit.phase], percent);
        break;
    case REPORT_LIMIT_ITEM:
        fprintf(out, "the longest item, which alone took %d%% of the time\n", percent);
        break;
    case REPORT_LIMIT_SUPPLY:
        fprintf(out, "too little to do: the workers were idle %d%% of the time\n", percent);
        break;
    }
}

/* "2.34 s estimated: speed-up 4.50, efficiency 90%" */
static void report_put_against(FILE *out, int64_t single_ns, const char *how, double speedup,
                               double efficiency)
{
    fprintf(out, "%s %s: speed-up %.2f, efficiency %d%%", human_duration(single_ns).text, how,
            speedup, report_percent(efficiency));
}

static void report_put_single_thread(const struct run_summary *summary,
                                     const struct run_summary *baseline, FILE *out)
{
    const struct report_single single = report_against_single(summary, baseline);
    report_put_title(out, "one thread");
    if (single.estimated_speedup < 1) { /* pauses between tries, or too little to do */
        fprintf(out, "%s of work estimated: the threads brought nothing here",
                human_duration(single.estimated_ns).text);
    } else {
        report_put_against(out, single.estimated_ns, "estimated", single.estimated_speedup,
                           single.estimated_efficiency);
    }
    fputc('\n', out);
    if (baseline == NULL) {
        return;
    }
    report_put_title(out, "");
    report_put_against(out, baseline->wall_ns, "measured", single.speedup, single.efficiency);
    if (isfinite(single.serial_fraction)) {
        fprintf(out, ", serial fraction %.3f", report_no_minus_zero(single.serial_fraction));
    }
    fputc('\n', out);
    if (baseline->ok != summary->ok || baseline->failed != summary->failed) {
        report_put_title(out, "");
        fprintf(out, "(not the same work: that run had %s ok", human_count(baseline->ok).text);
        report_put_some(out, baseline->failed, "failed");
        fputs(")\n", out);
    }
}

/* When the data was handed to the system, and when it was on the disk. */
static void report_put_durable(const struct run_summary *summary, FILE *out)
{
    if (summary->sync_ns == 0) {
        return;
    }
    report_put_title(out, "durable");
    fprintf(out, "after %s: copied in %s, put on the disk in %s\n",
            human_duration(summary->wall_ns + summary->sync_ns).text,
            human_duration(summary->wall_ns).text, human_duration(summary->sync_ns).text);
}

void report_text(const struct report_schema *schema, const struct run_summary *summary,
                 const struct run_summary *baseline, FILE *out)
{
    report_put_outcome(schema, summary, out);
    report_put_planned(schema, summary, out);
    report_put_stopped(summary, out);
    report_put_durable(summary, out);
    if (summary->total.items == 0) {
        return; /* nothing was worked on: there is no time to tell of */
    }
    report_put_phases(schema, summary, out);
    report_put_items(summary, out);
    report_put_workers(schema, summary, out);
    report_put_pace(summary, out);
    report_put_counters(schema, summary, out);
    report_put_limit(schema, summary, out);
    report_put_single_thread(summary, baseline, out);
}
