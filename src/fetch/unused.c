/* SPDX-License-Identifier: MIT
 *
 * fetch/unused.c - options of list entries that have no effect here.
 *
 * Called by the intake for each new task, on the owner's thread; no locks.
 */
#include "fetch/unused.h"

#include <inttypes.h>
#include <stdbool.h>

#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/list/list.h"
#include "fetch/name.h"
#include "fetch/spec.h"
#include "fetch/task.h"

#define NAME_SHOWN 64

/* For the first time? What has no room is not news. */
static bool is_news(struct unused *unused, const struct list_option *option)
{
    const uint64_t hash = name_hash(option->name, option->name_len, 0);

    for (size_t i = 0; i < unused->n; i++) {
        if (unused->told[i] == hash) {
            return false;
        }
    }
    if (unused->n == UNUSED_NAMES) {
        return false;
    }
    unused->told[unused->n++] = hash;
    return true;
}

/* Why the option has no effect; NULL: it has one, or none is to be missed. */
static const char *why_unused(const struct fetch_task *task, const struct list_option *option)
{
    if (list_option_is(option, "split")) {
        return task->split > task->fetch->opts.split ? "no more segments than -s allows" : NULL;
    }
    /* aria2's name for a download of a saved session */
    return spec_uses(option) || list_option_is(option, "gid") ? NULL : "not used";
}

void unused_tell(struct unused *unused, const struct fetch_task *task)
{
    const struct px_log *log = task->fetch->opts.log;
    const char *at = task->options;
    size_t left = task->options_len;
    struct list_option option;

    if (task->item.status == PX_EBADLINE) {
        return;
    }
    while (list_option_next(&at, &left, &option)) {
        const char *why = why_unused(task, &option);
        char shown[PX_SHOW_ROOM(NAME_SHOWN)];

        if (why != NULL) {
            const bool news = is_news(unused, &option);
            px_show(shown, sizeof shown, option.name,
                    option.name_len < NAME_SHOWN ? option.name_len : NAME_SHOWN);
            px_log_line(log, news ? PX_LOG_NORMAL : PX_LOG_VERBOSE, PX_LOG_MAIN,
                        "warning: line %" PRIu64 ": %s=: %s", task->item.line, shown, why);
        }
    }
}
