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
#include <pxfer/log.h>
#include <pxfer/source.h>
#include <pxfer/worker.h>

#include "app/exec.h"
#include "app/failures.h"
#include "app/journal.h"
#include "app/plan.h"
#include "app/progress.h"
#include "app/signals.h"
#include "app/summary.h"
#include "app/writeout.h"

/* A file of an engine's own that hears of each finished item (pcopy's manifest). */
struct run_sink {
    const char *what; /* "the manifest"; NULL: there is none */
    void *ctx;
    int (*open)(void *ctx);                            /* PX_OK; errno says why not */
    int (*add)(void *ctx, const struct px_item *item); /* PX_OK, or it was lost */
    int (*close)(
        void *ctx); /* when the run is over, also when open() failed; errno: why it is lost */
};

/* Who hears of finished items. Any member may be NULL. All borrowed. */
struct run_listeners {
    struct journal *journal; /* --journal */
    struct journal *json;    /* --json */
    struct failures *failures;
    struct writeout *writeout; /* --write-out, --spider; needs `out` */
    bool tells_failures;       /* ... in place of messages on standard error */
    struct px_outlock *out;    /* standard output */
    struct px_outlock *plan;   /* a dry run: "SOURCE -> TARGET" for each item */
    struct run_sink sink;
    plan_words_fn *plan_words; /* NULL = a plain line for what would be done */
    struct progress *progress;
    const struct px_log *log; /* messages; NULL = none */
    bool source_is_url;       /* item.source is shown with its secrets masked */
};

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
    const struct exec_opts *exec; /* --exec; its sink is set here; NULL = none */
    struct run_listeners to;
    /* Asked at every turn of the loop; NULL = nobody can interrupt this run. */
    struct signals_seen (*signals)(void);
};

/* Runs the engine's source to its end, or until a signal, a full disk or --fail-fast stops it.
 * However it ends, every task gave exactly one result, the workers are gone, and `out` is filled in
 * (run_summary_fini() is due when PX_OK came back). PX_ENOMEM, PX_ETHREAD: it could not begin. */
PX_NODISCARD int run_engine(const struct run_engine *engine, const struct run_opts *opts,
                            struct run_summary *out);

#endif
