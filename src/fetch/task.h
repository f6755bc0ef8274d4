/* SPDX-License-Identifier: MIT
 *
 * fetch/task.h - one URL on its way through the run: what was asked, what has become of it, and what
 * it carries from one try to the next. One allocation (a second one only for replies of unusual
 * length), which begins with its own result.
 *
 * Owned by one thread at a time: the source makes it, a worker has it between next() and emit(), the
 * source gets it back. So nothing here is locked.
 */
#ifndef FETCH_TASK_H
#define FETCH_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>
#include <pxfer/item.h>

#include "fetch/dirs.h"
#include "core/meter.h"
#include "fetch/part.h"
#include "fetch/retry.h"
#include "fetch/split.h"
#include "fetch/sums.h"

/* Clean restarts of one task: the server's file changed, or its ranges were of no use. */
#define TASK_RESTARTS_MAX 3

struct joint;
struct mirrors;
struct task_overflow;

struct fetch_task {
    struct px_result result; /* first: the run loop's view of the task */
    struct px_item item;
    struct px_fetch_detail detail;

    /* what was asked; fixed after task_new() */
    const struct px_fetch *fetch;
    const char *url;
    const char *mirrors; /* NULL = none */
    const char *options; /* the entry's NAME=VALUE lines as written */
    size_t options_len;
    const char *target; /* DIR/SUB/NAME; changed once for a late_name */
    size_t dir_len;     /* target[0..dir_len) is the directory */
    const char *name;   /* inside target: its last component */
    const char *work;   /* the name that .part files go by: name, but for a late one */
    bool in_base;       /* the directory is the engine's own */
    bool has_headers;   /* options hold header=, referer= or user-agent= */
    bool has_login;     /* and http-user= */
    struct task_condition {
        const char *etag; /* If-None-Match; NULL = none */
        bool has_date;    /* else If-Modified-Since */
        int64_t date_s;
    } condition;         /* --on-exist=newer, when there is a file */
    const char *changed; /* a file that is not the one that was recorded; NULL = none */
    bool has_userinfo;   /* USER:PASS@ in the URL */
    bool late_name;      /* the server's word for the name counts (--content-disposition) */
    size_t input;
    uint64_t origin;    /* hash of scheme://host:port */
    bool sum_from_file; /* sums.line came from --checksum-file, not from the options */
    uint64_t want_size; /* that the list says; GATE_UNKNOWN = nothing */
    uint64_t split;     /* segments at most, says the list; 0 = nothing */

    /* the source's: when and how often */
    struct task_plan {
        int64_t ready_ns;        /* made, or due again */
        uint64_t order;          /* of two that are due at once the older goes first */
        unsigned tries;          /* that counted */
        unsigned pauses;         /* that did not */
        struct fetch_task *next; /* of the same server, that waits, too (origin.c) */
    } plan;
    uint64_t place; /* its turn on standard output */

    /* the worker's, from try to try */
    struct meter *meter; /* the file's rate: its own, or what pieces of a file share */
    struct meter own_meter;
    struct part part;
    char *body;            /* owned: of a small one for standard output; then no part is open */
    const struct dir *dir; /* held from the first try on; the engine's own one is not counted */
    struct sums sums;      /* sums.line is fixed after task_new() */
    uint64_t size;         /* of the whole, GATE_UNKNOWN */
    bool head_refused;     /* --spider: this server wants GET */
    bool http1;            /* its end could not be trusted otherwise: see quirk.h */
    unsigned restarts;
    unsigned bad_sums;
    int64_t spent_ns; /* of all tries, without the waiting between */
    bool looked_for_leftover;
    bool left_a_part; /* in this run: then there is one, whatever was there at its start */
    bool held_back;   /* given back untouched: its host is paused */
    bool one_stream;  /* the server's ranges were of no use: never in pieces again */

    /* where from: changed by the source, while no worker has it */
    struct mirrors *set;    /* NULL: there is only the one URL */
    const char *ask_url;    /* of `set`, or `url` */
    size_t mirror;          /* index in `set`, 0 */
    size_t mirror_of_bytes; /* where the bytes held came from */
    bool alone;             /* bytes of several mirrors did not fit together */
    uint64_t moved_bytes;   /* by the last try, and ... */
    int64_t moved_ns;       /* ... in what time */
    bool named;             /* late_name: it is known now; target, name are final */
    char hex[2 * PX_DIGEST_MAX_BYTES + 1];
    struct retry_facts facts; /* how the last try ended */

    /* a file in pieces */
    struct joint *joint;      /* NULL: one stream */
    struct fetch_task *owner; /* of a helper: the task whose file it is; NULL: a task of the list */
    struct split_claim claim; /* of a helper: what to ask for; id SPLIT_NONE: done with */
    bool is_out;              /* a worker has it, or the queue to them */
    bool has_slot;            /* of its origin */
    bool posted;              /* the source knows of the joint */
    bool goes_on;             /* of an owner: handed out again, but not for another try */
    bool waits;               /* of an owner: its own piece is done, others are not */
    bool rejected;            /* of a helper: what came was not the range asked for */

    /* room for strings that come with replies */
    struct task_overflow *overflow;
    char *room;
    size_t room_left;
    char text[];
};

static inline struct fetch_task *task_of(struct px_result *result)
{
    return (struct fetch_task *)(void *)result;
}

/* Is its target to be replaced although --on-exist=skip? */
bool task_replaces(const struct fetch_task *task);

static inline bool task_is_conditional(const struct fetch_task *task)
{
    return task->condition.etag != NULL || task->condition.has_date;
}

/* The name is still to come, so nothing can be said about the target. */
static inline bool task_waits_for_name(const struct fetch_task *task)
{
    return task->late_name && !task->named;
}

/* Asks that URL of its set from the next try on. */
void task_use_mirror(struct fetch_task *task, size_t mirror);

static inline bool task_is_helper(const struct fetch_task *task)
{
    return task->owner != NULL;
}

/* With whatever it still holds; a kept .part stays on disk. Not for use under io faults: errors at
 * this point change nothing. */
void task_free(struct fetch_task *task);

/* Lets go of the part: what a later run can go on with stays on disk, the rest goes. */
void task_suspend_part(struct fetch_task *task);

/* Drops the part and its digest, on disk too. Of a file in pieces only once its helpers are gone: until
 * then they are told to stop. */
void task_drop_part(struct fetch_task *task);

/* What a .part file's state knows the URL by: it has the secrets of the URL in it, but cannot be read
 * back. */
uint64_t task_url_hash(const struct fetch_task *task);

/* Makes sure of task->dir. PX_EIO, PX_EFULL with errno, PX_ENOMEM. */
PX_NODISCARD int task_open_dir(struct fetch_task *task);

/* The target's last component becomes `name`, which is safe. PX_ENOMEM. */
PX_NODISCARD int task_rename(struct fetch_task *task, const char *name);

/* The part's place; valid while task->dir is held. */
struct part_place task_place(const struct fetch_task *task);

/* A copy of text that lives as long as the task; NULL: out of memory (or text is NULL). */
const char *task_keep_text(struct fetch_task *task, const char *text);

/* The outcome; each replaces the one before. `err` is an errno or 0. Arguments must be printable
 * (px_show). What the text lacks for want of memory, the status still says. */
void task_set_ok(struct fetch_task *task, uint64_t bytes);
void task_set_skipped(struct fetch_task *task, int status, const char *reason); /* static text */
void task_set_repeated(struct fetch_task *task, const char *text); /* skipped: as an earlier line */
void task_set_canceled(struct fetch_task *task);
void task_set_failed(struct fetch_task *task, int status, int err, const char *fmt, ...)
    PX_PRINTF(4, 5);

/* Failed for what its line says: PX_EBADLINE with "line N: fault". */
void task_fail_line(struct fetch_task *task, const char *fault);

/* As a list entry (see px_fetch_write_entry). */
PX_NODISCARD int task_write_entry(const struct fetch_task *task, FILE *out);

#endif
