/* SPDX-License-Identifier: MIT
 *
 * app/tell.h - who hears of a finished item, and what each is told: the journal, standard output,
 * the engine's own file, messages on standard error. The run loop's (run.c), on main's thread.
 */
#ifndef PX_APP_TELL_H
#define PX_APP_TELL_H

#include <stdbool.h>

#include <pxfer/item.h>
#include <pxfer/log.h>
#include <pxfer/outlock.h>

#include "app/failures.h"
#include "app/journal.h"
#include "app/plan.h"
#include "app/progress.h"
#include "app/summary.h"
#include "app/writeout.h"

/* A file of an engine's own that hears of each finished item (pcopy's manifest). */
struct tell_sink {
    const char *what; /* "the manifest"; NULL: there is none */
    void *ctx;
    int (*open)(void *ctx);                            /* PX_OK; errno says why not */
    int (*add)(void *ctx, const struct px_item *item); /* PX_OK, or it was lost */
    int (*close)(
        void *ctx); /* when the run is over, also when open() failed; errno: why it is lost */
};

/* Any member may be NULL. All borrowed. */
struct tell_listeners {
    struct journal *journal;   /* --journal */
    struct journal *json;      /* --json */
    struct failures *failures; /* --failed */
    struct writeout *writeout; /* --write-out, --spider; needs `out` */
    bool tells_failures;       /* ... in place of messages on standard error */
    struct px_outlock *out;    /* standard output */
    struct px_outlock *plan;   /* a dry run: "SOURCE -> TARGET" for each item */
    struct tell_sink sink;
    plan_words_fn *plan_words; /* NULL = a plain line for what would be done */
    struct progress *progress; /* told of the counts, by the run loop itself */
    const struct px_log *log;  /* messages; NULL = none */
    bool names_targets;        /* all messages name item.target, too, not those of PX_EIO alone */
    bool source_is_url;        /* item.source is shown with its secrets masked */
};

struct tell {
    const struct tell_listeners *to; /* borrowed */
    struct run_summary *summary;     /* borrowed: `fatal` is read, `output_lost` set */
    struct plan plan;
};

void tell_init(struct tell *tell, const struct tell_listeners *to, struct run_summary *summary);

/* Everybody hears of the task's items, once they are final. `worked`: a worker had them, and has said
 * at -v what became of them. */
void tell_task(struct tell *tell, const struct px_result *task, bool worked);

/* How writing `what` ("the journal") went: a loss is said once, and noted in the summary. */
void tell_output(struct tell *tell, const char *what, int status);

/* Writes the lines of a plan that were gathered; whenever nothing more comes at once. */
void tell_flush(struct tell *tell);

#endif
