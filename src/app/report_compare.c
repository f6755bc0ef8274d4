/* SPDX-License-Identifier: MIT
 *
 * app/report_compare.c - the table of --compare: the same work with different numbers of workers.
 * Pure.
 */
#include <math.h>

#include <pxfer/timing.h>

#include "app/human.h"
#include "app/report.h"

/* The row to compare with: the fewest workers, the first of equals. */
static size_t compare_base(const struct report_row *rows, size_t n)
{
    size_t base = 0;
    for (size_t i = 1; i < n; i++) {
        if (rows[i].workers < rows[base].workers) {
            base = i;
        }
    }
    return base;
}

static unsigned compare_workers(const struct report_row *row)
{
    return row->workers == 0 ? 1 : row->workers; /* inline: the caller's thread */
}

struct report_figures report_figures_of(const struct report_row *rows, size_t n, size_t i)
{
    struct report_figures figures = {.serial_fraction = NAN};
    if (i >= n) {
        return figures;
    }
    const struct report_row *base = &rows[compare_base(rows, n)];
    const unsigned workers = compare_workers(&rows[i]);
    figures.base_workers = compare_workers(base);
    figures.speedup = px_speedup(base->wall_ns, rows[i].wall_ns);
    figures.efficiency = figures.speedup * figures.base_workers / workers;
    if (figures.base_workers == 1) {
        figures.serial_fraction = px_karp_flatt(figures.speedup, workers);
    }
    return figures;
}

/* With x = 1 - 1/n and y = 1/s - 1/n the law is y = f * x: a line through the origin. */
double report_fit_amdahl(const struct report_row *rows, size_t n)
{
    double xy = 0;
    double xx = 0;
    for (size_t i = 0; i < n; i++) {
        const struct report_figures figures = report_figures_of(rows, n, i);
        if (figures.base_workers != 1 || !isfinite(figures.serial_fraction)) {
            continue;
        }
        const double x = 1 - 1 / (double)compare_workers(&rows[i]);
        xy += figures.serial_fraction * x * x;
        xx += x * x;
    }
    return xx > 0 ? fmax(xy / xx, 0) : NAN;
}

static void compare_put_row(const struct report_row *rows, size_t n, size_t i, FILE *out)
{
    const struct report_figures figures = report_figures_of(rows, n, i);
    fprintf(out, "%9u  %9.3f  %8.2f  %9.0f%%", compare_workers(&rows[i]),
            (double)rows[i].wall_ns / (double)PX_NS_PER_S, figures.speedup,
            figures.efficiency * 100);
    if (isfinite(figures.serial_fraction)) {
        fprintf(out, "  %15.3f", report_no_minus_zero(figures.serial_fraction));
    } else {
        fprintf(out, "  %15s", "-");
    }
    if (rows[i].failed > 0) {
        fprintf(out, "  %s failed", human_count(rows[i].failed).text);
    }
    fputc('\n', out);
}

void report_compare_text(const struct report_schema *schema, const struct report_row *rows,
                         size_t n, FILE *out)
{
    if (n == 0) {
        return;
    }
    const unsigned base = report_figures_of(rows, n, 0).base_workers;
    fprintf(out, "%s: measured against %u worker%s\n", schema->program, base, base == 1 ? "" : "s");
    fprintf(out, "%9s  %9s  %8s  %10s  %15s\n", "workers", "seconds", "speed-up", "efficiency",
            "serial fraction");
    for (size_t i = 0; i < n; i++) {
        compare_put_row(rows, n, i, out);
    }
}

void report_compare_json(const struct report_schema *schema, const struct report_row *rows,
                         size_t n, struct jsonl *json)
{
    jsonl_object(json, NULL);
    jsonl_string(json, "program", schema->program);
    jsonl_array(json, "compare");
    for (size_t i = 0; i < n; i++) {
        const struct report_figures figures = report_figures_of(rows, n, i);
        jsonl_object(json, NULL);
        jsonl_u64(json, "workers", rows[i].workers);
        jsonl_ms(json, "wall_ms", rows[i].wall_ns);
        jsonl_u64(json, "failed", rows[i].failed);
        jsonl_u64(json, "base_workers", figures.base_workers);
        jsonl_double(json, "speedup", figures.speedup, 4);
        jsonl_double(json, "efficiency", figures.efficiency, 4);
        jsonl_double(json, "serial_fraction", figures.serial_fraction, 4);
        jsonl_close(json);
    }
    jsonl_close(json);
    jsonl_close(json);
}
