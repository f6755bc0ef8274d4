/* SPDX-License-Identifier: MIT
 *
 * fetch/tuning.c - -j auto for downloads. On the owner's thread; the bytes come from the activity
 * display's counters, which the workers keep as relaxed atomics.
 */
#include "fetch/tuning.h"

#include <pxfer/activity.h>
#include <pxfer/log.h>

#include "fetch/engine.h"
#include "fetch/task.h"

/* A window that has too little to count is looked at so often. */
#define ASK_AGAIN_NS (50 * PX_NS_PER_MS)

void tuning_init(struct tuning *tuning, struct px_fetch *fetch, int64_t now_ns)
{
    const unsigned most = fetch->opts.workers * fetch->opts.streams;
    const struct autolevel_rule rule = autolevel_rule_default(most);

    *tuning = (struct tuning){.fetch = fetch, .on = fetch->opts.auto_level};
    if (tuning->on) {
        autolevel_init(&tuning->autolevel, &rule, now_ns);
        fetch->level = tuning->autolevel.level;
    }
}

/* A reply that says "not found" is work, too; one that a server gives because it is asked for too
 * much is not, nor is a connection that breaks. */
void tuning_count(struct tuning *tuning, const struct fetch_task *task, bool final)
{
    tuning->work.busy += task->facts.busy;
    tuning->work.items += final && !task->facts.transient;
    if (tuning->fetch->opts.activity == NULL) {
        tuning->work.bytes += final ? task->item.bytes : 0;
    }
}

static void tell(struct tuning *tuning, const struct autolevel_change *change)
{
    const struct px_log *log = tuning->fetch->opts.log;

    tuning->decision = (struct px_decision){.from = change->from,
                                            .to = change->to,
                                            .items_per_s = change->items_per_s,
                                            .bytes_per_s = change->bytes_per_s,
                                            .why = change->why};
    tuning->has_decision = true;
    if (px_log_wants(log, PX_LOG_VERBOSE)) {
        px_log_line(log, PX_LOG_VERBOSE, PX_LOG_MAIN,
                    "-j auto: %u -> %u transfers: %s (%.1f files/s, %.0f B/s)", change->from,
                    change->to, change->why, change->items_per_s, change->bytes_per_s);
    }
}

size_t tuning_level(struct tuning *tuning, int64_t now_ns, int64_t *until_ns)
{
    struct autolevel_change change;

    if (!tuning->on) {
        return SIZE_MAX;
    }
    if (now_ns >= autolevel_due_ns(&tuning->autolevel)) {
        if (tuning->fetch->opts.activity != NULL) {
            tuning->work.bytes = px_activity_bytes(tuning->fetch->opts.activity);
        }
        if (autolevel_sample(&tuning->autolevel, &tuning->work, now_ns, &change)) {
            tell(tuning, &change);
            tuning->fetch->level = change.to;
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
