/* SPDX-License-Identifier: MIT
 *
 * app/run.h - the run loop: main's thread between a source, a pool and everybody who wants to hear
 * what became of the items.
 *
 *     source --next--> pool --result--> source.done? --final--> counters, journal, failure list,
 *                                                               messages --> source.release
 *
 * One thread only. It owns stdout, stderr, the journal, the counters and what the exit code is made
 * from.
 */
#ifndef PX_APP_RUN_H
#define PX_APP_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/source.h>
#include <pxfer/worker.h>

#include "app/exec.h"
#include "app/pacer.h"
#include "app/signals.h"
#include "app/summary.h"
#include "app/tell.h"

/* An engine, opened for one run: where the tasks come from and who works on them. */
struct run_engine {
    void *engine;
    struct px_source *source; /* borrowed */
    struct px_worker_body body;
    const struct px_account *(*account)(const void *engine, unsigned worker);
    unsigned (*level)(const void *engine); /* of -j auto; NULL: has none */
};

struct run_opts {
    const char *name;    /* of the threads */
    unsigned workers;    /* 0 = inline */
    unsigned per_worker; /* streams; 0 = 1 */
    bool fail_fast;
    struct pacer_opts pace;       /* all zero: all workers work, or the engine limits itself */
    const struct exec_opts *exec; /* --exec; its sink is set here; NULL = none */
    struct tell_listeners to;
    /* Asked at every turn of the loop; NULL = nobody can interrupt this run. */
    struct signals_seen (*signals)(void);
};

/* Runs the engine's source to its end, or until a signal, a full disk or --fail-fast stops it.
 * However it ends, every task gave exactly one result, the workers are gone, and `out` is filled in
 * (run_summary_fini() is due when PX_OK came back). PX_ENOMEM, PX_ETHREAD: it could not begin. */
PX_NODISCARD int run_engine(const struct run_engine *engine, const struct run_opts *opts,
                            struct run_summary *out);

#endif
