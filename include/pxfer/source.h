/* SPDX-License-Identifier: MIT
 *
 * pxfer/source.h - where tasks come from: a list, standard input, a tree, a shard, other machines.
 *
 * A source is called by one thread only, the owner of the pool. It never blocks for long: a source
 * that waits for a slow pipe, or for a host to become available again, says until when.
 *
 * The life of a task: next() makes it; a worker (or nobody, when it came finished) works on it;
 * done() sees it come back and may keep it, to hand it out again from next() later (a retry);
 * otherwise it is final, is reported, and release() frees it.
 */
#ifndef PXFER_SOURCE_H
#define PXFER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/item.h>

PX_BEGIN_DECLS

struct px_source;

struct px_next {
    struct px_result *task; /* PX_OK: the task */
    bool finished;    /* PX_OK: it needs no worker (bad line, skipped): report it, release it */
    int64_t until_ns; /* PX_EAGAIN: ask again then (or after a result), PX_FOREVER: after a
                               result only */
};

/* The source has changed how many tasks it lets go on at a time. */
struct px_decision {
    unsigned from, to;
    double items_per_s, bytes_per_s; /* what was measured at `from` */
    const char *why;                 /* static: a word or two */
};

struct px_source_ops {
    /* PX_OK: `*out` is a task. PX_EAGAIN: none now, see until_ns. PX_EEND: no task is left and none
     * is kept for later. Anything else: the source itself failed (a list that cannot be read); the
     * text is in error(). */
    int (*next)(struct px_source *source, struct px_next *out);

    /* A task came back from a worker. PX_OK: final. PX_EAGAIN: kept, next() hands it out again. */
    int (*done)(struct px_source *source, struct px_result *task);

    /* After the report. */
    void (*release)(struct px_source *source, struct px_result *task);

    /* The run is being given up: read no further; from now on next() hands out only what was kept
     * for later, each finished as canceled, then PX_EEND; done() keeps nothing. */
    void (*drain)(struct px_source *source);

    /* One line about the source's own failure; NULL when there is none. */
    const char *(*error)(struct px_source *source);

    /* Items known to come in all, for the progress display; 0 = not known (yet). */
    uint64_t (*total_items)(struct px_source *source);

    void (*free)(struct px_source *source);

    /* What was decided since the last call, to be asked after next(). False: nothing. NULL: this
     * source never decides. */
    bool (*decision)(struct px_source *source, struct px_decision *out);

    /* After a task of which something failed with PX_EFULL: is there another place that can take more?
     * NULL: there is none, the run ends. */
    bool (*has_room)(struct px_source *source);

    /* Items that were tried and wait to be tried again, for the progress display. NULL: none ever do. */
    uint64_t (*waiting_items)(struct px_source *source);

    /* The run ends now: as drain(), and what the source still waits for (a slow reader of what it
     * writes) is given up. Called once at most, before or after drain(); NULL = nothing to do. */
    void (*cancel)(struct px_source *source);
};

struct px_source {
    const struct px_source_ops *ops;
};

PX_END_DECLS

#endif
