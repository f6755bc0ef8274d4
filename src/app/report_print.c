/* SPDX-License-Identifier: MIT
 *
 * app/report_print.c - reports on their way out: text or JSON, built whole and printed as one block.
 * Main's thread; no lock but the outlock's, inside its functions.
 */
#include <stdlib.h>

#include <pxfer/status.h>

#include "app/report.h"

/* What is to be printed: a run, or a comparison. */
struct print_job {
    const struct report_schema *schema;
    const struct run_summary *summary; /* NULL: the rows */
    const struct run_summary *baseline;
    const struct report_row *rows;
    size_t n;
};

static int print_json(const struct print_job *job, struct px_outlock *out)
{
    struct jsonl json = {0};
    if (job->summary != NULL) {
        report_json(job->schema, job->summary, job->baseline, &json);
    } else {
        report_compare_json(job->schema, job->rows, job->n, &json);
    }
    int status = jsonl_end_line(&json);
    if (status == PX_OK) {
        status = px_outlock_write(out, json.text, json.len);
    }
    jsonl_fini(&json);
    return status;
}

static int print_text(const struct print_job *job, struct px_outlock *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    if (memory == NULL) {
        return PX_ENOMEM;
    }
    if (job->summary != NULL) {
        report_text(job->schema, job->summary, job->baseline, memory);
    } else {
        report_compare_text(job->schema, job->rows, job->n, memory);
    }
    const int status = fclose(memory) == 0 ? px_outlock_write(out, text, len) : PX_ENOMEM;
    free(text);
    return status;
}

static int print_in_mode(enum report_mode mode, const struct print_job *job, struct px_outlock *out)
{
    switch (mode) {
    case REPORT_TEXT: return print_text(job, out);
    case REPORT_JSON: return print_json(job, out);
    case REPORT_NONE: break;
    }
    return PX_OK;
}

int report_print(enum report_mode mode, const struct report_schema *schema,
                 const struct run_summary *summary, const struct run_summary *baseline,
                 struct px_outlock *out)
{
    const struct print_job job = {.schema = schema, .summary = summary, .baseline = baseline};
    return print_in_mode(mode, &job, out);
}

int report_compare(enum report_mode mode, const struct report_schema *schema,
                   const struct report_row *rows, size_t n, struct px_outlock *out)
{
    const struct print_job job = {.schema = schema, .rows = rows, .n = n};
    return print_in_mode(mode, &job, out);
}
