/* SPDX-License-Identifier: MIT
 *
 * app/summary.h - what one run of an engine came to: filled by the run loop (run.c), read by the
 * report, the comparison and the exit code.
 */
#ifndef PX_APP_SUMMARY_H
#define PX_APP_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/timing.h>

/* The first failures are kept by class for the exit code; each class once. */
#define RUN_CLASSES 64

/* How many worked at a time, where that changed on the way. */
#define RUN_LEVELS 16

struct run_pace {
    unsigned levels[RUN_LEVELS]; /* the first so many, in their order */
    unsigned n_levels;           /* changes in all */
    bool backs_off;              /* under the pressure of I/O: */
    double highest_pressure;     /* share of the time */
    unsigned least_workers;
    int64_t backed_off_ns;
};

struct run_summary {
    uint64_t ok, skipped, failed, canceled;
    uint64_t bytes;   /* payload held by the items that were reported */
    int64_t sync_ns;  /* after that, until all was on the disk; 0 = nobody asked */
    int64_t wall_ns;  /* workers started -> workers joined */
    unsigned workers; /* that were started; 0 = inline */
    unsigned workers_wanted;
    unsigned streams;
    unsigned level; /* -j auto: the items at a time that it ended with; 0 = fixed */
    struct run_pace pace;
    uint64_t class_count[RUN_CLASSES]; /* failed items by status: index is -status */
    int fatal;               /* PX_OK, or the status that made intake stop (PX_EFULL, PX_EIO of the
                                list, PX_ECANCELED of --fail-fast or a signal) */
    int signal;              /* SIGINT, SIGTERM ... or 0 */
    bool drained_early;      /* SIGUSR2: work is left */
    bool output_lost;        /* stdout, journal or failure list could not be written */
    struct px_account total; /* all workers' accounts merged */
    struct px_account *worker; /* one for each worker (at least 1), owned; run_summary_fini() */
};

void run_summary_fini(struct run_summary *summary);

#endif
