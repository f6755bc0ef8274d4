/* SPDX-License-Identifier: MIT
 *
 * app/report.h - the closing report: what a run came to, where the time went, what limited it, and
 * how it compares with a single thread. A figure that was not measured is called "estimated".
 * Made after the workers were joined, by main's thread.
 */
#ifndef PX_APP_REPORT_H
#define PX_APP_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pxfer/attr.h>
#include <pxfer/outlock.h>

#include "app/jsonl.h"
#include "app/summary.h"

enum report_mode { REPORT_TEXT, REPORT_JSON, REPORT_NONE };

/* How an engine's account is told. All borrowed, static as a rule. */
struct report_schema {
    const char *program;            /* "pfetch" */
    const char *noun;               /* "files" */
    const char *const *phase_names; /* NULL-terminated, by index of px_account.phase_ns */
    /* The same length: what it means when this phase is the largest ("waiting for the servers'
     * first byte"); NULL = no worker is busy in that phase (the queue): left out of the question. */
    const char *const *phase_limits;
    const char *const *counter_names; /* NULL-terminated, by index of px_account.counter */
    const char *counter_of_items;     /* the one that is also told for each item; NULL = none */
};

enum report_limit_kind {
    REPORT_LIMIT_UNKNOWN, /* nothing ran, or no phase was measured */
    REPORT_LIMIT_PHASE,   /* the workers were busy, most of it in one phase */
    REPORT_LIMIT_ITEM,    /* one item took about as long as the whole run */
    REPORT_LIMIT_SUPPLY,  /* the workers had nothing to do for much of the time */
};

struct report_limit {
    enum report_limit_kind kind;
    size_t phase; /* PHASE: the largest */
    double share; /* PHASE: of all phases' time; ITEM: of the wall time; SUPPLY: idle, of the
                     workers' time */
};

/* Of the items' bytes, those that this run has moved. Pure. */
static inline uint64_t report_bytes_now(const struct run_summary *summary)
{
    const uint64_t kept = summary->total.bytes_kept;
    return summary->bytes > kept ? summary->bytes - kept : 0;
}

/* Pure. */
struct report_limit report_find_limit(const struct report_schema *schema,
                                      const struct run_summary *summary);

/* The comparison with a single thread. */
struct report_single {
    int64_t estimated_ns; /* the items' own times, one after the other */
    double estimated_speedup;
    double estimated_efficiency; /* of all that could be in flight: workers * streams */
    /* against a measured baseline; without one 0, 0, NaN */
    double speedup;
    double efficiency;
    double serial_fraction; /* Karp-Flatt; NaN for one worker */
};

/* Pure. */
struct report_single report_against_single(const struct run_summary *summary,
                                           const struct run_summary *baseline);

/* The report as text, or as one JSON object. `baseline`: the same work done by one thread, measured;
 * NULL = none. */
void report_text(const struct report_schema *schema, const struct run_summary *summary,
                 const struct run_summary *baseline, FILE *out);
void report_json(const struct report_schema *schema, const struct run_summary *summary,
                 const struct run_summary *baseline, struct jsonl *json);

/* Either of them as one block of `out`; nothing for REPORT_NONE. PX_EIO, PX_ENOMEM. */
PX_NODISCARD int report_print(enum report_mode mode, const struct report_schema *schema,
                              const struct run_summary *summary, const struct run_summary *baseline,
                              struct px_outlock *out);

/* `fraction` as it is printed with three digits: never "-0.000". */
static inline double report_no_minus_zero(double fraction)
{
    return fraction > -0.0005 && fraction < 0 ? 0 : fraction;
}

/* --- --compare=1,2,5 -------------------------------------------------------------------------*/

/* One measured run. */
struct report_row {
    unsigned workers;
    int64_t wall_ns;
    uint64_t failed;
};

/* Figures of rows[i] against the row with the fewest workers. */
struct report_figures {
    unsigned base_workers;  /* that row's; 0 = there is none to compare with */
    double speedup;         /* 1.0 for that row itself */
    double efficiency;      /* speed-up for each worker added in proportion: speedup * base / n */
    double serial_fraction; /* Karp-Flatt, only against 1 worker; else NaN */
};

/* Pure. */
struct report_figures report_figures_of(const struct report_row *rows, size_t n, size_t i);

/* The serial fraction of Amdahl's law, 1 / speed-up = f + (1 - f) / n, that fits all rows best (least
 * squares), at least 0. NaN: nothing was measured against 1 worker. Pure. */
double report_fit_amdahl(const struct report_row *rows, size_t n);

void report_compare_text(const struct report_schema *schema, const struct report_row *rows,
                         size_t n, FILE *out);
/* One object {"compare": [...]}. */
void report_compare_json(const struct report_schema *schema, const struct report_row *rows,
                         size_t n, struct jsonl *json);
/* Either of them as one block of `out`. PX_EIO, PX_ENOMEM. */
PX_NODISCARD int report_compare(enum report_mode mode, const struct report_schema *schema,
                                const struct report_row *rows, size_t n, struct px_outlock *out);

#endif
