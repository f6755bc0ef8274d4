/* SPDX-License-Identifier: MIT
 *
 * app/child.h - one command, from its start to its end: what it prints is passed on in whole blocks,
 * so that the lines of commands that run at the same time do not mix.
 *
 * Any thread, but the main one has to have left SIGCHLD alone.
 */
#ifndef PX_APP_CHILD_H
#define PX_APP_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/outlock.h>

struct child_opts {
    char *const *argv;      /* NULL-terminated; argv[0] is looked up in PATH */
    struct px_outlock *out; /* where its standard output goes; borrowed */
    struct px_outlock *err;
    bool (*stopped)(void *ctx); /* asked every 100 ms: it gets SIGTERM, then SIGKILL */
    void *ctx;
};

struct child_end {
    int err;    /* errno: it was not started; else 0 */
    int code;   /* exit code, or 128 + signal */
    int signal; /* that killed it, or 0 */
    int64_t ns; /* from its start to its end, at least 1 */
};

/* Waits for its end. Standard input is /dev/null, and of the open files it gets none but the standard
 * three. PX_OK: `*end` tells how it ended. PX_EIO: what it printed could not be passed on; it ended
 * all the same, and `*end` is valid. */
PX_NODISCARD int child_run(const struct child_opts *opts, struct child_end *end);

#endif
