/* SPDX-License-Identifier: MIT
 *
 * app/pacer.c - one limit out of two: the level that -j auto looks for, and the cap that the pressure
 * of I/O allows. Main's thread; no lock.
 */
#include "app/pacer.h"

#include <stdio.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

/* So often it is looked whether there is work for as many as may work. */
#define LOOK_NS (100 * PX_NS_PER_MS)

/* Below this share of their time in work the level was more than there was to do. A worker that waits
 * for another to list a directory costs some. */
#define BUSY_ENOUGH 0.6

unsigned pacer_init(struct pacer *pacer, const struct pacer_opts *opts, int64_t now_ns)
{
    const struct tuning as = {.log = opts->log, .activity = opts->activity, .things = "workers"};
    struct autolevel_rule rule = autolevel_rule_default(opts->workers);
    uint64_t total_us;

    *pacer = (struct pacer){.workers = opts->workers, .limit = opts->workers, .looked_ns = now_ns};
    pacer->file = opts->pressure_file != NULL ? opts->pressure_file : PRESSURE_FILE;
    pacer->backs_off = opts->max_pressure > 0 && pressure_read(pacer->file, &total_us) == PX_OK;
    pressure_init(&pacer->pressure, opts->max_pressure / 100.0, opts->workers);
    rule.start = opts->start < opts->workers ? opts->start : opts->workers;
    tuning_init(&pacer->tuning, &as, opts->start > 0 ? &rule : NULL, now_ns);
    if (pacer->tuning.on) {
        pacer->limit = rule.start;
    }
    return pacer->tuning.on || pacer->backs_off ? pacer->limit : 0;
}

static unsigned less(size_t a, unsigned b)
{
    return a < b ? (unsigned)a : b;
}

/* More or fewer for the pressure's sake: told when it makes a difference. */
static void tell_pressure(struct pacer *pacer, unsigned to)
{
    const struct px_decision decision = {
        .from = pacer->limit,
        .to = to,
        .why = to < pacer->limit ? "I/O pressure" : "less I/O pressure",
    };
    char measured[64];
    (void)snprintf(measured, sizeof measured, "%.0f %% of the time", 100 * pacer->pressure.share);
    if (to != pacer->limit) {
        tuning_tell(&pacer->tuning, &decision, measured);
    }
}

/* True: it has changed. */
static bool step_pressure(struct pacer *pacer, int64_t now_ns, int64_t *until_ns)
{
    uint64_t total_us;
    if (!pacer->backs_off) {
        return false;
    }
    const bool changed = now_ns >= pressure_due_ns(&pacer->pressure) &&
                         pressure_read(pacer->file, &total_us) == PX_OK &&
                         pressure_sample(&pacer->pressure, total_us, now_ns);
    const int64_t due_ns = now_ns + LOOK_NS > pressure_due_ns(&pacer->pressure)
                               ? now_ns + LOOK_NS
                               : pressure_due_ns(&pacer->pressure);
    *until_ns = due_ns < *until_ns ? due_ns : *until_ns;
    return changed;
}

static void look_at_work(struct pacer *pacer, uint64_t worked_ns, int64_t now_ns)
{
    const int64_t took_ns = now_ns - pacer->looked_ns;
    if (took_ns < LOOK_NS) {
        return;
    }
    const double could_ns = (double)took_ns * pacer->limit;
    const bool held_back = pacer->pressure.cap < pacer->tuning.autolevel.level;
    if (held_back || (double)(worked_ns - pacer->worked_ns) < BUSY_ENOUGH * could_ns) {
        tuning_note_starved(&pacer->tuning);
    }
    pacer->looked_ns = now_ns;
    pacer->worked_ns = worked_ns;
}

unsigned pacer_step(struct pacer *pacer, uint64_t worked_ns, int64_t now_ns, int64_t *until_ns)
{
    look_at_work(pacer, worked_ns, now_ns);
    if (step_pressure(pacer, now_ns, until_ns)) {
        const size_t level = pacer->tuning.on ? pacer->tuning.autolevel.level : pacer->workers;
        const unsigned to = less(level, pacer->pressure.cap);
        tell_pressure(pacer, to);
        pacer->limit = to;
        return to;
    }
    if (pacer->tuning.on) {
        if (pacer->tuning.activity != NULL) {
            pacer->tuning.work.items = px_activity_items(pacer->tuning.activity);
        }
        pacer->limit = less(tuning_level(&pacer->tuning, now_ns, until_ns), pacer->pressure.cap);
    }
    return pacer->limit;
}

bool pacer_take_decision(struct pacer *pacer, struct px_decision *out)
{
    return tuning_take_decision(&pacer->tuning, out);
}
