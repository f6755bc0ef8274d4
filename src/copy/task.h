/* SPDX-License-Identifier: MIT
 *
 * copy/task.h - the engine's unit of work, which is its own result.
 *
 * A task is made by one thread, handed through the queue, worked on by one worker at a time and
 * given back to the owner of the run, who releases it; so nothing in it needs a lock. When it is
 * given back it holds no reference to a directory or a file any more, only its items.
 */
#ifndef PX_COPY_TASK_H
#define PX_COPY_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>
#include <pxfer/item.h>

#include "copy/fail.h"

struct px_chunks;
struct px_dir;
struct px_group;
struct px_listed;
struct px_names;
struct px_root;

enum px_task_kind {
    PX_TASK_ROOT,  /* an operand: becomes DIR or NAMES when a worker has opened its directories */
    PX_TASK_DIR,   /* a directory: list it, hand out its names, copy the last of them */
    PX_TASK_NAMES, /* a pack of names of a directory that somebody else lists */
    PX_TASK_HELP,  /* lend a hand with the chunks of a large file */
};

struct px_copy_task {
    struct px_result result; /* first member */
    size_t item_room;
    enum px_task_kind kind;
    struct px_copy_task *below; /* on a worker's own stack */

    const struct px_root *root; /* ROOT and what it became; else NULL; of the first plan */
    struct px_dir *dir;         /* a reference; DIR: the parent until `opened` */
    bool alone;                 /* for the destination of `dir` only, not for all of its set */
    bool opened;                /* DIR: `dir` is the directory itself */
    bool listing;               /* DIR: the listing is not at its end */
    struct px_names *dirs;      /* sub-directories not yet handed out, owned */
    struct px_names *files;     /* everything else, owned */
    struct px_chunks *chunks;   /* HELP: a reference */
    struct px_listed *batch;    /* ROOT of --files-from: its names, owned until the container is */
    char name[];                /* DIR: the directory's name in its parent */
};

/* What somebody checked before: the open file must still be that one. */
struct px_expect {
    dev_t dev;
    ino_t ino;
    mode_t type; /* S_IFMT bits */
};

/* One file, link or directory in a worker's hands: what it is, and what becomes known on the way.
 * Turned into an item by px_copier_settle(). */
/* The skip_reason of what a dry run would have copied, and of what exists and is to stay. */
#define PX_SKIP_DRY_RUN "dry run"
#define PX_SKIP_EXISTS "exists"
#define PX_SKIP_DONE "done" /* by an earlier run, as its journal says */

struct px_entry {
    struct px_dir *dir; /* borrowed: the directory that it is in */
    const char *source_name;
    const char *target_name;
    const struct px_expect *expect; /* borrowed; NULL: nothing known before */
    enum px_copy_type type;
    enum px_copy_action action;
    enum px_copy_engine engine;
    const char *engine_why; /* static text for -vv and --explain, as is this: */
    const char *stream_why; /* why one worker copied it alone; NULL: not to be told */
    bool in_chunks;
    const char *skip_reason; /* static text */
    struct px_group *group;  /* of hard links, which this entry leads (copy/hardlink.h) */
    bool waits;              /* for the copy of another link: it is not settled now */
    uint64_t bytes;
    uint64_t bytes_kept;              /* of these: copied by an earlier run */
    char digest[PX_COPY_DIGEST_ROOM]; /* "" = none */
    const char *run;  /* px_copy_memory.run when there is something to remember; else NULL */
    int64_t mtime_ns; /* with it */
    bool durable;
    unsigned attempts;
    int64_t begin_ns;
    int64_t mark_ns; /* end of the last phase */
    int64_t phase_ns[PX_PHASES];
};

/* A task with room for `name` (may be NULL), everything else zero. NULL: out of memory. */
PX_NODISCARD struct px_copy_task *px_task_new(enum px_task_kind kind, const char *name);

/* Frees it and its items. Its references must have been given up. NULL is legal. */
void px_task_free(struct px_copy_task *task);

/* Counts the entry; when `listed`, also adds an item with its paths and the text of `fail` (NULL:
 * nothing to say). Out of memory for the item: it is only counted, also as untold. */
void px_task_add(struct px_copy_task *task, const struct px_entry *entry, enum px_item_state state,
                 const struct px_fail *fail, unsigned worker, bool listed);

/* Is it skipped because nothing is done in a dry run, and for no other reason? */
bool px_entry_is_planned(const struct px_entry *entry, enum px_item_state state);

/* Does any item say that it was put on the disk? And: none of them was, after all. */
bool px_task_claims_durable(const struct px_copy_task *task);
void px_task_disclaim_durable(struct px_copy_task *task);

/* The outcome of an operand that no worker ever sees (it does not exist). PX_ENOMEM: it is only
 * counted. */
PX_NODISCARD int px_task_add_operand(struct px_copy_task *task, const char *operand, int status,
                                     int os_errno, const char *text);

#endif
