/* SPDX-License-Identifier: MIT
 *
 * copy/copier.h - one worker's hands: its buffers, its own stack of tasks, the task it works on and
 * the account it keeps. Made and used on the worker's thread only.
 */
#ifndef PX_COPY_COPIER_H
#define PX_COPY_COPIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/worker.h>

#include "base/fdio.h"
#include "copy/engine.h"
#include "copy/task.h"

/* One getdents64(2): the kernel needs 24 to 280 bytes for a name, so this is some 2,000 of them. */
#define PX_COPIER_DENTS_BYTES ((size_t)64 * 1024)

struct px_copier {
    struct px_copy *copy;
    const struct px_io_ops *io;
    struct px_io_ops once; /* the same, but what is written does not stay in memory */
    struct px_worker *worker;
    struct px_account *account;
    struct px_copy_task *task;  /* in hand: settled entries become its items */
    struct px_copy_task *stack; /* tasks that the queue had no room for, and listings laid aside */
    unsigned char *buf;         /* PX_DATA_BUF_BYTES, page aligned: file data */
    unsigned char *dents;       /* PX_COPIER_DENTS_BYTES: directory entries */
    struct px_names *files;     /* packs being filled while a listing is read */
    struct px_names *dirs;
    uint64_t calls_before; /* px_io_calls() when it began */
    struct px_lane *lanes; /* one for each destination, when there are several; else NULL */
    int64_t shared_ns;     /* when work in hand was last begun or shared */
    bool queue_is_full;    /* the last offer was refused */
};

/* PX_ENOMEM. */
PX_NODISCARD int px_copier_new(struct px_copy *copy, struct px_worker *worker,
                               struct px_copier **out);
void px_copier_free(struct px_copier *copier);

/* True once the pool is canceled or the target is full: begin nothing new, give up what is slow. */
bool px_copier_stopping(const struct px_copier *copier);

/* The same for a long copy, which also tells the display that `bytes` more were moved. */
bool px_copier_moved(struct px_copier *copier, uint64_t bytes);

/* Puts a task on the own stack; the one put last is taken first. */
void px_copier_push(struct px_copier *copier, struct px_copy_task *task);
struct px_copy_task *px_copier_pop(struct px_copier *copier);

/* Offers a new task to all workers. False: the queue has no room, the caller works on it itself. */
PX_NODISCARD bool px_copier_offer(struct px_copier *copier, struct px_copy_task *task);

/* Begins an entry: its first phase runs from here. */
void px_copier_begin(const struct px_copier *copier, struct px_entry *entry);

/* Ends a phase of the entry: the time since the last such call belongs to `phase`. */
void px_copier_phase(struct px_entry *entry, enum px_copy_phase phase);

/* The one outcome of an entry: counted in the task in hand and in the account, listed as an item
 * where it must be told, said with -v. `fail` may be NULL; its status decides nothing but the item.
 * A failure that every other file would meet as well stops the engine. */
void px_copier_settle(struct px_copier *copier, struct px_entry *entry, enum px_item_state state,
                      const struct px_fail *fail);

/* Settles by status: PX_OK -> ok (or skipped, when there is a skip_reason), PX_ECANCELED ->
 * canceled, anything else -> failed. */
void px_copier_settle_status(struct px_copier *copier, struct px_entry *entry, int status,
                             const struct px_fail *fail);

/* Counts `n` entries that were never begun as canceled. */
void px_copier_cancel(struct px_copier *copier, uint64_t n);

#endif
