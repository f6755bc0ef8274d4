/* SPDX-License-Identifier: MIT
 *
 * app/signals.h - signals become flags that main's loop looks at; no work is done in a handler.
 *
 *   SIGINT SIGTERM SIGHUP   stop: the first is noted, the second kills at once
 *   SIGUSR1                 print the status
 *   SIGUSR2                 drain: finish what is in flight, take no more
 *   SIGPIPE SIGXFSZ         ignored: the write fails, EPIPE or EFBIG
 *
 * A stop signal that was ignored when the program started (nohup(1), a background job) stays ignored.
 * System calls are restarted, so a waiting main looks again at its next deadline.
 */
#ifndef PX_APP_SIGNALS_H
#define PX_APP_SIGNALS_H

#include <stdbool.h>

#include <pxfer/attr.h>
#include <pxfer/status.h>

struct signals_seen {
    int stop;    /* SIGINT, SIGTERM or SIGHUP, from the first one on; 0 = none */
    bool status; /* SIGUSR1 since the last look */
    bool drain;  /* SIGUSR2, from the first one on */
};

/* Installs the handlers; before any thread starts. PX_EINTERNAL with errno. */
PX_NODISCARD int signals_install(void);

/* Was it told to stop? Any thread; takes nothing away from signals_take(). */
bool signals_stopping(void);

/* What came. Any thread; one caller only gets a `status`. */
struct signals_seen signals_take(void);

/* Dies by `sig` as if it had never been caught, so that the shell sees it (130, 143). Flush first.
 * Should the signal not kill, returns 128 + sig for main to return. */
int signals_die(int sig);

#endif
