/* SPDX-License-Identifier: MIT
 *
 * core/tuning.c - -j auto between who counts and who limits. On the owner's thread; no lock.
 */
#include "core/tuning.h"

#include <stdio.h>

#include <pxfer/timing.h>

/* A window that has too little to count is looked at so often. */
#define ASK_AGAIN_NS (50 * PX_NS_PER_MS)

void tuning_init(struct tuning *tuning, const struct tuning *as, const struct autolevel_rule *rule,
                 int64_t now_ns)
{
    *tuning = (struct tuning){
        .log = as->log, .activity = as->activity, .things = as->things, .on = rule != NULL};
    if (tuning->on) {
        autolevel_init(&tuning->autolevel, rule, now_ns);
    }
}

void tuning_tell(struct tuning *tuning, const struct px_decision *decision, const char *measured)
{
    tuning->decision = *decision;
    tuning->has_decision = true;
    if (px_log_wants(tuning->log, PX_LOG_VERBOSE)) {
        px_log_line(tuning->log, PX_LOG_VERBOSE, PX_LOG_MAIN, "%s%u -> %u %s: %s (%s)",
                    tuning->on ? "-j auto: " : "", decision->from, decision->to, tuning->things,
                    decision->why, measured);
    }
}

static void tell_change(struct tuning *tuning, const struct autolevel_change *change)
{
    const struct px_decision decision = {.from = change->from,
                                         .to = change->to,
                                         .items_per_s = change->items_per_s,
                                         .bytes_per_s = change->bytes_per_s,
                                         .why = change->why};
    char measured[64];
    (void)snprintf(measured, sizeof measured, "%.1f files/s, %.0f B/s", change->items_per_s,
                   change->bytes_per_s);
    tuning_tell(tuning, &decision, measured);
}

size_t tuning_level(struct tuning *tuning, int64_t now_ns, int64_t *until_ns)
{
    struct autolevel_change change;

    if (!tuning->on) {
        return SIZE_MAX;
    }
    if (now_ns >= autolevel_due_ns(&tuning->autolevel)) {
        if (tuning->activity != NULL) {
            tuning->work.bytes = px_activity_bytes(tuning->activity);
        }
        if (autolevel_sample(&tuning->autolevel, &tuning->work, now_ns, &change)) {
            tell_change(tuning, &change);
        }
    }
    int64_t due_ns = autolevel_due_ns(&tuning->autolevel);
    due_ns = due_ns > now_ns + ASK_AGAIN_NS ? due_ns : now_ns + ASK_AGAIN_NS;
    *until_ns = due_ns < *until_ns ? due_ns : *until_ns;
    return tuning->autolevel.level;
}

void tuning_note_starved(struct tuning *tuning)
{
    if (tuning->on) {
        autolevel_note_starved(&tuning->autolevel);
    }
}

bool tuning_take_decision(struct tuning *tuning, struct px_decision *out)
{
    const bool has = tuning->has_decision;

    if (has) {
        *out = tuning->decision;
        tuning->has_decision = false;
    }
    return has;
}
