/* SPDX-License-Identifier: MIT
 *
 * app/exec.h - `--exec COMMAND`: a command for each file that was fetched, some at a time, in a pool
 * of its own beside the engine's.
 *
 * A task that is given to it comes back through the sink, on the same thread, inside exec_pump():
 * its item then has exec_code and exec_ns, and has failed (PX_ECOMMAND) when its command has. Main's
 * thread only.
 */
#ifndef PX_APP_EXEC_H
#define PX_APP_EXEC_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/item.h>
#include <pxfer/outlock.h>

struct exec;

struct exec_opts {
    char *const *words; /* words_split(); borrowed. With neither {} nor {url} in them the path is
                           added as the last one */
    unsigned jobs;      /* at a time, at least 1 */
    struct px_outlock *out, *err; /* for what the commands print */
    void (*sink)(void *ctx, struct px_result *task);
    void *sink_ctx;
};

/* PX_ENOMEM, PX_ETHREAD. */
PX_NODISCARD int exec_new(const struct exec_opts *opts, struct exec **out);
/* Cancels and waits for what runs. NULL is legal, here and below. */
void exec_free(struct exec *exec);

/* Is there a command to be run for it? One item that is done and has a path. */
bool exec_is_for(const struct exec *exec, const struct px_result *task);

/* Takes a task over. Never waits. PX_ENOMEM: the task stays with the caller. */
PX_NODISCARD int exec_add(struct exec *exec, struct px_result *task);

/* So many wait that no more should be fetched for now. */
bool exec_is_full(const struct exec *exec);

size_t exec_pending(const struct exec *exec); /* tasks that it has */

/* Gives back, without waiting, the tasks whose commands have ended. */
void exec_pump(struct exec *exec);

/* Running commands are told to end (SIGTERM, then SIGKILL), waiting ones are not started; their
 * tasks fail, and come back by exec_pump() as ever. */
void exec_cancel(struct exec *exec);

#endif
