/* SPDX-License-Identifier: MIT
 *
 * pxfer/item.h - what became of one URL or one file; what the reporter, the journal and the
 * failure list are made from.
 *
 * An engine's task begins with a struct px_result, so that a finished task is its own result: the
 * run loop reads the result, the engine's source releases the task (pxfer/source.h).
 */
#ifndef PXFER_ITEM_H
#define PXFER_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

PX_BEGIN_DECLS

enum px_item_state {
    PX_ITEM_OK,       /* done now */
    PX_ITEM_SKIPPED,  /* nothing to do, or left alone by policy; counts as done */
    PX_ITEM_FAILED,   /* status and error say why */
    PX_ITEM_CANCELED, /* the run stopped before it was done */
};

/* Strings belong to the task. Those from outside (source, target, ...) are raw bytes: show them
 * through px_show_*() only. `error` is ready to print: one line, escaped, secrets masked. */
struct px_item {
    enum px_item_state state;
    int status;         /* PX_OK or the class of the failure (or of the reason for the skip) */
    int os_errno;       /* errno behind it, or 0 */
    char *error;        /* "stage: reason", owned; NULL when there is nothing to say */
    const char *source; /* URL or source path */
    const char *target; /* final path; NULL when never decided */
    uint64_t line;      /* line number in the list, 0 = none */
    uint64_t bytes;     /* payload bytes held in the end */
    unsigned attempts;
    unsigned worker;  /* who finished it */
    int64_t begin_ns; /* first taken in hand, monotonic; 0 = never */
    int64_t end_ns;
    int64_t phase_ns[PX_PHASES];
    int exec_code; /* of a command that was run for it: exit code, 128 + signal, -1 = it could not
                        be started */
    bool target_only;   /* it is about the target: there is no such source */
    int64_t exec_ns;    /* how long that took; 0 = none was run */
    const void *detail; /* engine's own facts: struct px_fetch_detail, struct px_copy_detail */
};

/* The outcome of one task: a batch of items. The counts cover all of them; `items` lists those that
 * must be told one by one (all when opts ask for it, else only those that failed or carry a
 * message). */
struct px_result {
    uint64_t ok, skipped, failed, canceled;
    uint64_t bytes;
    uint64_t bytes_kept; /* of these: what an earlier run had moved */
    struct px_item *items;
    size_t n_items;
    uint64_t untold; /* counted, and to be listed, but there was no memory for that */
};

/* The printable name of a state: "ok", "skipped", "failed", "canceled". Static text. */
PX_API const char *px_item_state_name(enum px_item_state state);

PX_END_DECLS

#endif
