/* SPDX-License-Identifier: MIT
 *
 * fetch/source.c - list entries become tasks, failed tries become tasks that wait.
 *
 * On the owner's thread alone, called by the run loop between results: so the pauses of hosts, the
 * number of tries and the rule that no two lines share a target (settle.c) are decided in one place,
 * without a lock.
 */
#define _GNU_SOURCE
#include "fetch/source.h"

#include <inttypes.h>
#include <stdlib.h>

#include <pxfer/fetch.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/kept.h"
#include "fetch/list.h"
#include "fetch/origin.h"
#include "fetch/settle.h"
#include "fetch/task.h"

/* When a pipe has no line ready it is looked at again so soon. */
#define PIPE_WAIT_NS (20 * PX_NS_PER_MS)

struct fetch_source {
    struct px_source source; /* first */
    struct px_fetch *fetch;
    struct list *list;
    struct settle settle;
    struct origins *origins;
    struct kept kept;
    size_t kept_parts;
    uint64_t made;   /* tasks that came from the list */
    size_t out;      /* tasks that workers have */
    uint64_t random; /* state of the jitter's generator */
    bool list_ended;
    bool drained;
};

static struct fetch_source *source_of(struct px_source *source)
{
    return (struct fetch_source *)(void *)source;
}

/* xorshift64: jitter needs no more. */
static uint32_t next_random(struct fetch_source *source)
{
    source->random ^= source->random << 13;
    source->random ^= source->random >> 7;
    source->random ^= source->random << 17;
    return (uint32_t)(source->random >> 32);
}

/* --- waiting tasks ---------------------------------------------------------------------------*/

static int keep(struct fetch_source *source, struct fetch_task *task)
{
    int rc = kept_add(&source->kept, task);

    if (rc == PX_OK && part_is_open(&task->part)) {
        if (source->kept_parts < SOURCE_KEPT_PARTS) {
            source->kept_parts++;
        } else {
            /* too many open files: a named part will be found again, a nameless one starts over */
            task_suspend_part(task);
            task->looked_for_leftover = false;
            task->left_a_part = true;
        }
    }
    return rc;
}

static struct fetch_task *take_kept(struct fetch_source *source)
{
    struct fetch_task *task = kept_take(&source->kept);

    if (task != NULL && part_is_open(&task->part)) {
        source->kept_parts--;
    }
    return task;
}

/* The first waiting task whose time has come and whose host is not paused. NULL: none; then
 * `*until_ns` is when there may be one. */
static struct fetch_task *take_due(struct fetch_source *source, int64_t now, int64_t *until_ns)
{
    for (;;) {
        struct fetch_task *task = kept_first(&source->kept);

        if (task == NULL || task->plan.ready_ns > now) {
            *until_ns = task != NULL ? task->plan.ready_ns : PX_FOREVER;
            return NULL;
        }
        task = take_kept(source);
        int64_t ready = origins_ready_ns(source->origins, task->origin, now);
        if (ready <= now) {
            return task;
        }
        task->plan.ready_ns = ready; /* the pause was made longer while it waited */
        if (keep(source, task) != PX_OK) {
            return task; /* no memory to be polite with */
        }
    }
}

static int hand_out(struct fetch_source *source, struct fetch_task *task, bool finished,
                    struct px_next *next)
{
    *next = (struct px_next){.task = &task->result, .finished = finished};
    source->out += !finished;
    return PX_OK;
}

/* --- the interface ---------------------------------------------------------------------------*/

/* Makes a task of the next entry. PX_OK with `*out`; PX_EAGAIN: it was kept, or there is none now;
 * PX_EEND; else the list failed. */
static int make_task(struct fetch_source *source, int64_t now, struct fetch_task **out,
                     bool *finished)
{
    struct list_entry entry;
    int rc = list_next(source->list, now, &entry);

    if (rc == PX_OK) {
        rc = task_new(source->fetch, &entry, out);
    }
    if (rc != PX_OK) {
        return rc;
    }
    struct fetch_task *task = *out;
    task->plan.order = ++source->made;
    task->plan.ready_ns = now;
    rc = settle_task(&source->settle, task, finished);
    if (rc != PX_OK) {
        task_free(task);
        return rc;
    }
    return PX_OK;
}

static int next_of_list(struct fetch_source *source, int64_t now, struct px_next *out)
{
    while (!source->list_ended && source->kept.len < SOURCE_KEPT_MAX) {
        struct fetch_task *task;
        bool finished;
        int rc = make_task(source, now, &task, &finished);

        if (rc == PX_EEND) {
            source->list_ended = true;
            break;
        }
        if (rc == PX_EAGAIN) {
            int64_t again = now + PIPE_WAIT_NS;
            out->until_ns = again < out->until_ns ? again : out->until_ns;
            return PX_EAGAIN;
        }
        if (rc != PX_OK) {
            return rc;
        }
        int64_t ready = finished ? now : origins_ready_ns(source->origins, task->origin, now);
        task->plan.ready_ns = ready;
        if (ready <= now || keep(source, task) != PX_OK) {
            return hand_out(source, task, finished, out);
        }
        out->until_ns = ready < out->until_ns ? ready : out->until_ns;
    }
    /* a task that a worker has may come back and be kept */
    return source->list_ended && source->kept.len == 0 && source->out == 0 ? PX_EEND : PX_EAGAIN;
}

static int source_next(struct px_source *base, struct px_next *out)
{
    struct fetch_source *source = source_of(base);
    int64_t now = px_clock_now_ns(source->fetch->clock);

    *out = (struct px_next){.until_ns = PX_FOREVER};
    if (source->drained) {
        struct fetch_task *task = take_kept(source);

        if (task == NULL) {
            return source->out > 0 ? PX_EAGAIN : PX_EEND;
        }
        task_set_canceled(task);
        return hand_out(source, task, true, out);
    }
    struct fetch_task *task = take_due(source, now, &out->until_ns);
    if (task != NULL) {
        return hand_out(source, task, false, out);
    }
    return next_of_list(source, now, out);
}

static void count_try(const struct retry_decision *decision, struct fetch_task *task)
{
    if (decision->counts) {
        task->plan.tries++;
    } else {
        task->plan.pauses++;
    }
}

static void say_retry(const struct fetch_task *task, int64_t wait_ms)
{
    const struct px_log *log = task->fetch->opts.log;
    char shown[512];

    if (px_log_wants(log, PX_LOG_VERBOSE)) {
        px_log_line(log, PX_LOG_VERBOSE, PX_LOG_MAIN, "%s: %s; try %u in %" PRId64 ".%" PRId64 " s",
                    px_show_url(shown, sizeof shown, task->url),
                    task->item.error != NULL ? task->item.error : "failed", task->item.attempts + 1,
                    wait_ms / 1000, wait_ms % 1000 / 100);
    }
}

static void refuse_long_pause(struct fetch_task *task)
{
    int64_t asked_s = task->facts.retry_after_ms / 1000;

    task_set_failed(task, task->facts.status, 0,
                    "HTTP %ld, and the server asks to wait %" PRId64 " s (--max-retry-after)",
                    task->detail.http_status, asked_s);
}

/* A worker found its host paused and did not begin. */
static int wait_out_pause(struct fetch_source *source, struct fetch_task *task)
{
    int64_t now = px_clock_now_ns(source->fetch->clock);
    int64_t ready = origins_ready_ns(source->origins, task->origin, now);
    int64_t posted = pauses_until(&source->fetch->pauses, task->origin);

    task->held_back = false;
    task->plan.ready_ns = posted > ready ? posted : ready;
    if (source->drained) {
        task_set_canceled(task);
        return PX_OK;
    }
    if (keep(source, task) != PX_OK) {
        task_set_failed(task, PX_ENOMEM, 0, "no memory to wait for its host");
        return PX_OK;
    }
    return PX_EAGAIN;
}

static int source_done(struct px_source *base, struct px_result *result)
{
    struct fetch_source *source = source_of(base);
    struct fetch_task *task = task_of(result);

    source->out--;
    if (task->held_back) {
        return wait_out_pause(source, task);
    }
    if (task->item.state != PX_ITEM_FAILED || source->drained) {
        return PX_OK;
    }
    int64_t now = px_clock_now_ns(source->fetch->clock);
    struct retry_decision decision =
        retry_decide(&source->fetch->retry, &task->facts, task->plan.tries + 1,
                     task->plan.pauses + 1, next_random(source));
    count_try(&decision, task);
    int64_t due = now + decision.wait_ms * PX_NS_PER_MS;
    if (decision.pause_host && origins_pause(source->origins, task->origin, due, now) != PX_OK) {
        return PX_OK; /* no memory: then this failure is final */
    }
    if (decision.pause_host) {
        pauses_post(&source->fetch->pauses, task->origin, due);
    }
    if (decision.asked_too_long) {
        refuse_long_pause(task);
    }
    if (!decision.again) {
        return PX_OK;
    }
    task->plan.ready_ns = due;
    if (keep(source, task) != PX_OK) {
        return PX_OK;
    }
    say_retry(task, decision.wait_ms);
    return PX_EAGAIN;
}

static void source_release(struct px_source *base, struct px_result *result)
{
    (void)base;
    task_free(task_of(result));
}

static void source_drain(struct px_source *base)
{
    source_of(base)->drained = true;
}

static const char *source_error(struct px_source *base)
{
    struct fetch_source *source = source_of(base);

    return source->settle.error != NULL ? source->settle.error : list_error(source->list);
}

static uint64_t source_total(struct px_source *base)
{
    struct fetch_source *source = source_of(base);

    return source->list_ended ? source->made : 0;
}

static void source_free(struct px_source *base)
{
    if (base == NULL) {
        return;
    }
    struct fetch_source *source = source_of(base);
    for (struct fetch_task *task; (task = take_kept(source)) != NULL;) {
        task_free(task);
    }
    kept_fini(&source->kept);
    origins_free(source->origins);
    settle_fini(&source->settle);
    list_free(source->list);
    free(source);
}

static const struct px_source_ops source_ops = {
    .next = source_next,
    .done = source_done,
    .release = source_release,
    .drain = source_drain,
    .error = source_error,
    .total_items = source_total,
    .free = source_free,
};

int source_new(struct px_fetch *fetch, struct px_source **out)
{
    struct list_opts list = {.inputs = fetch->opts.inputs,
                             .n_inputs = fetch->opts.n_inputs,
                             .all_are_lists = fetch->opts.all_are_lists,
                             .nul_separated = fetch->opts.nul_separated,
                             .io = fetch->io};
    struct fetch_source *source = calloc(1, sizeof *source);

    if (source == NULL) {
        return PX_ENOMEM;
    }
    source->source.ops = &source_ops;
    source->fetch = fetch;
    source->random = (uint64_t)px_now_ns() | 1;
    int rc = list_new(&list, &source->list);
    if (rc == PX_OK) {
        rc = settle_init(&source->settle, fetch, source->list);
    }
    if (rc == PX_OK) {
        rc = origins_new(&source->origins);
    }
    if (rc != PX_OK) {
        source_free(&source->source);
        return rc;
    }
    *out = &source->source;
    return PX_OK;
}
