/* SPDX-License-Identifier: MIT
 *
 * pxfer/log.h - diagnostics that a worker may say itself (-v, -vv): one whole block at a time, under
 * the print lock, with the worker's name before it. Results are not said here: they go through the
 * result queue to the reporter.
 */
#ifndef PXFER_LOG_H
#define PXFER_LOG_H

#include <stdbool.h>

#include <pxfer/attr.h>
#include <pxfer/outlock.h>

PX_BEGIN_DECLS

enum px_log_level {
    PX_LOG_QUIET = -1, /* -q: errors only */
    PX_LOG_NORMAL = 0,
    PX_LOG_VERBOSE = 1, /* -v: a line at the start and the end of each item */
    PX_LOG_DEBUG = 2,   /* -vv: headers, decisions */
};

/* Fixed after start; shared by all threads. A NULL log says nothing. */
struct px_log {
    struct px_outlock *out; /* borrowed */
    enum px_log_level level;
    const char *program; /* "pfetch" */
};

/* Worth building the text? */
static inline bool px_log_wants(const struct px_log *log, enum px_log_level level)
{
    return log != NULL && log->level >= level;
}

#define PX_LOG_MAIN (-1)

/* One line (the newline is added): "[fetch-3] text", or "program: text" with worker PX_LOG_MAIN.
 * Says nothing when the level is not wanted. Any thread. */
PX_API void px_log_line(const struct px_log *log, enum px_log_level level, int worker,
                        const char *fmt, ...) PX_PRINTF(4, 5);

PX_END_DECLS

#endif
