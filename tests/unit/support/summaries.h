/* SPDX-License-Identifier: MIT
 *
 * support/summaries.h - a made-up engine and a finished run of it, for the tests of the reports.
 * Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_SUMMARIES_H
#define PX_TESTS_SUMMARIES_H

#include "app/report.h"

#define SUMMARY_WORKERS 4

static const char *const summaries_phases[] = {"queue", "first_byte", "disk", NULL};
static const char *const summaries_limits[] = {NULL, "waiting for the servers", "writing", NULL};
static const char *const summaries_counters[] = {"connections", "retries", NULL};

static const struct report_schema summaries_schema = {
    .program = "prog",
    .noun = "files",
    .phase_names = summaries_phases,
    .phase_limits = summaries_limits,
    .counter_names = summaries_counters,
};

/* A run: {0}, then summaries_fill(). The summary points into it. */
struct summaries_run {
    struct run_summary summary;
    struct px_account worker[SUMMARY_WORKERS];
};

/* Four workers, 1 s, each busy `busy` of it with `items` items of 10 ms, two thirds of the time
 * waiting, one third writing. */
static inline void summaries_fill(struct summaries_run *run, double busy, unsigned items)
{
    *run = (struct summaries_run){0};
    run->summary = (struct run_summary){
        .ok = (uint64_t)items * SUMMARY_WORKERS,
        .bytes = UINT64_C(100) << 20,
        .wall_ns = PX_NS_PER_S,
        .workers = SUMMARY_WORKERS,
        .workers_wanted = SUMMARY_WORKERS,
        .streams = 1,
        .worker = run->worker,
    };
    for (unsigned i = 0; i < SUMMARY_WORKERS; i++) {
        struct px_account *account = &run->worker[i];
        account->items = items;
        account->busy_ns = (int64_t)(busy * (double)PX_NS_PER_S);
        account->items_ns = account->busy_ns;
        account->phase_ns[0] = 90 * PX_NS_PER_S;
        account->phase_ns[1] = account->busy_ns / 3 * 2;
        account->phase_ns[2] = account->busy_ns / 3;
        account->counter[0] = 1;
        for (unsigned k = 0; k < items; k++) {
            px_hist_add(&account->item, 10 * PX_NS_PER_MS);
        }
        px_account_merge(&run->summary.total, account);
    }
}

#endif
