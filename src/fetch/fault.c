/* SPDX-License-Identifier: MIT
 *
 * fetch/fault.c - why a request is given up that goes on.
 *
 * Called by transfer.c on the worker's thread; no locks.
 */
#include "fetch/fault.h"

#include <inttypes.h>
#include <stdio.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "fetch/engine.h"
#include "fetch/outcome.h"
#include "fetch/piece.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

enum fault fault_find(struct transfer *transfer, int64_t now_ns)
{
    const struct px_fetch *fetch = transfer->fetch;

    if (transfer->moved || transfer->held) {
        transfer->moved = false;
        transfer->last_ns = now_ns;
    }
    if (transfer->task->joint != NULL && piece_is_over(transfer)) {
        return FAULT_OVER;
    }
    if (now_ns - transfer->last_ns >= fetch->opts.stall_timeout_ms * PX_NS_PER_MS) {
        return FAULT_STALLED;
    }
    uint64_t bytes = transfer->head_bytes + transfer->body_bytes + transfer->dropped_bytes;
    if (slow_judge(&transfer->slow, &fetch->slow, bytes, transfer->held, now_ns)) {
        return FAULT_SLOW;
    }
    bool late = fetch->opts.max_time_ms > 0 &&
                now_ns - transfer->task->item.begin_ns >= fetch->opts.max_time_ms * PX_NS_PER_MS;
    return late ? FAULT_LATE : FAULT_NONE;
}

struct seconds {
    char text[32];
};

/* "1.5 s" */
static struct seconds seconds(int64_t ms)
{
    struct seconds s;

    snprintf(s.text, sizeof s.text, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    return s;
}

void fault_set(struct transfer *transfer, enum fault fault)
{
    const struct px_fetch_opts *opts = &transfer->fetch->opts;
    struct fetch_task *task = transfer->task;

    switch (fault) {
    case FAULT_SLOW:
        task_set_failed(task, PX_ENET, 0, "transfer: less than %" PRIu64 " B/s for %s",
                        opts->speed_limit, seconds(opts->speed_time_ms).text);
        break;
    case FAULT_LATE:
        task_set_failed(task, PX_ENET, 0, "transfer: not done after %s (--max-time)",
                        seconds(opts->max_time_ms).text);
        break;
    default:
        task_set_failed(task, PX_ENET, 0, "transfer: no byte for %s",
                        seconds(opts->stall_timeout_ms).text);
        break;
    }
    outcome_note(transfer, PX_ENET, fault != FAULT_LATE);
}
