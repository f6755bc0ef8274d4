/* SPDX-License-Identifier: MIT
 *
 * fetch/tuning.c - what counts as work of -j auto. On the owner's thread; no lock.
 */
#include "fetch/tuning.h"

#include "fetch/engine.h"
#include "fetch/task.h"

void fetch_tuning_init(struct tuning *tuning, struct px_fetch *fetch, int64_t now_ns)
{
    const struct px_fetch_opts *opts = &fetch->opts;
    const struct autolevel_rule rule = autolevel_rule_default(opts->workers * opts->streams);
    const struct tuning as = {.log = opts->log, .activity = opts->activity, .things = "transfers"};

    tuning_init(tuning, &as, opts->auto_level ? &rule : NULL, now_ns);
    fetch->level = tuning->on ? tuning->autolevel.level : 0;
}

/* A reply that says "not found" is work, too; one that a server gives because it is asked for too
 * much is not, nor is a connection that breaks. */
void fetch_tuning_count(struct tuning *tuning, const struct fetch_task *task, bool final)
{
    tuning->work.busy += task->facts.busy;
    tuning->work.items += final && !task->facts.transient;
    if (tuning->activity == NULL) {
        tuning->work.bytes += final ? task->item.bytes : 0;
    }
}

size_t fetch_tuning_level(struct tuning *tuning, struct px_fetch *fetch, int64_t now_ns,
                          int64_t *until_ns)
{
    const size_t level = tuning_level(tuning, now_ns, until_ns);

    fetch->level = tuning->on ? (unsigned)level : 0;
    return level;
}
