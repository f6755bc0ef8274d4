/* SPDX-License-Identifier: MIT
 *
 * core/log.c - one diagnostic line, whole, with the worker's name before it. Any thread enters; the
 * print lock is the only lock, and the line is built before it is taken.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/log.h>

static void log_put_name(FILE *to, const struct px_log *log, int worker)
{
    if (worker == PX_LOG_MAIN) {
        fprintf(to, "%s: ", log->program);
    } else {
        fprintf(to, "[%s-%d] ", log->program, worker);
    }
}

void px_log_line(const struct px_log *log, enum px_log_level level, int worker, const char *fmt,
                 ...)
{
    if (!px_log_wants(log, level)) {
        return;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL) {
        return; /* a diagnostic is not worth a failure */
    }
    log_put_name(memory, log, worker);
    va_list args;
    va_start(args, fmt);
    vfprintf(memory, fmt, args);
    va_end(args);
    fputc('\n', memory);
    if (fclose(memory) == 0) {
        PX_IGNORE(px_outlock_write(log->out, text, size)); /* the outlock remembers a failure */
    }
    free(text);
}
