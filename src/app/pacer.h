/* SPDX-License-Identifier: MIT
 *
 * app/pacer.h - how many workers of a run work at a time: -j auto (core/tuning.h) for engines whose
 * source does not see to it, and fewer while others wait for I/O (core/pressure.h). Main's thread.
 */
#ifndef PX_APP_PACER_H
#define PX_APP_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/activity.h>
#include <pxfer/log.h>

#include "core/pressure.h"
#include "core/tuning.h"

/* All zero: nothing is limited. */
struct pacer_opts {
    unsigned workers;          /* that are started */
    unsigned start;            /* -j auto begins with so many; 0 = not -j auto */
    unsigned max_pressure;     /* percent of the time; 0 = no back-off */
    const char *pressure_file; /* NULL = the machine's */
    struct px_activity *activity;
    const struct px_log *log;
};

struct pacer {
    struct tuning tuning;
    bool backs_off;
    struct pressure pressure;
    const char *file;
    unsigned workers;
    unsigned limit; /* in force */
    int64_t looked_ns;
    uint64_t worked_ns; /* then */
};

/* The limit to begin with; 0: there will never be one, and pacer_step() need not be called. Where
 * there is no such file there is no back-off, without a word. */
unsigned pacer_init(struct pacer *pacer, const struct pacer_opts *opts, int64_t now_ns);

/* The limit from now on. `worked_ns`: how long workers have worked, summed. `*until_ns` is no later
 * than when it wants to be asked again. */
unsigned pacer_step(struct pacer *pacer, uint64_t worked_ns, int64_t now_ns, int64_t *until_ns);

/* What was decided in the last step. */
bool pacer_take_decision(struct pacer *pacer, struct px_decision *out);

#endif
