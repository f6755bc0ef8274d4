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

#include <stdlib.h>

#include <pxfer/fetch.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "fetch/again.h"
#include "fetch/crew.h"
#include "fetch/engine.h"
#include "fetch/list/intake.h"
#include "fetch/joint.h"
#include "fetch/mirrors.h"
#include "fetch/origin.h"
#include "fetch/settle.h"
#include "fetch/stream.h"
#include "fetch/task.h"
#include "fetch/tuning.h"
#include "fetch/waiting.h"

struct fetch_source {
    struct px_source source; /* first */
    struct px_fetch *fetch;
    struct intake *intake;
    struct settle settle;
    struct origins *origins;
    struct waiting waiting;
    struct crew crew; /* files in pieces */
    struct again again;
    uint64_t made; /* tasks that came from the list */
    size_t out;    /* tasks that workers have, or the queue to them */
    size_t out_max;
    struct tuning tuning;
    bool list_ended;
};

static struct fetch_source *source_of(struct px_source *source)
{
    return (struct fetch_source *)(void *)source;
}

static int hand_out(struct fetch_source *source, struct fetch_task *task, bool finished,
                    struct px_next *next)
{
    *next = (struct px_next){.task = &task->result, .finished = finished};
    source->out += !finished;
    task->is_out = !finished;
    return PX_OK;
}

/* A slot of its host for a helper that is about to start. */
static bool may_start(void *ctx, struct fetch_task *helper, int64_t now_ns)
{
    struct fetch_source *source = ctx;
    int64_t until_ns;

    helper->has_slot = origins_acquire(source->origins, helper->origin, now_ns, &until_ns) == PX_OK;
    return helper->has_slot;
}

/* Workers with nothing to do may help with a file in pieces. PX_OK, or `rc`. */
static int next_helper(struct fetch_source *source, int64_t now, int rc, size_t level,
                       struct px_next *out)
{
    size_t slots = (size_t)source->fetch->opts.workers * source->fetch->opts.streams;

    slots = slots < level ? slots : level;
    size_t idle = slots > source->out ? slots - source->out : 0;

    if (idle == 0 || source->out == 0 || source->fetch->opts.split < 2) {
        return rc;
    }
    struct fetch_task *helper = crew_next_helper(&source->crew, (unsigned)idle, now);
    if (helper != NULL) {
        return hand_out(source, helper, false, out);
    }
    int64_t again = now + CREW_LOOK_NS;
    out->until_ns = again < out->until_ns ? again : out->until_ns;
    return rc;
}

/* --- the interface ---------------------------------------------------------------------------*/

/* Takes the next task in. PX_OK with `*out`; PX_EAGAIN: there is none before `*again_ns`; PX_EEND;
 * else the list failed. */
static int make_task(struct fetch_source *source, int64_t now, struct fetch_task **out,
                     bool *finished, int64_t *again_ns)
{
    int rc = intake_next(source->intake, now, out, again_ns);

    if (rc != PX_OK) {
        return rc;
    }
    struct fetch_task *task = *out;
    task->plan.order = ++source->made;
    stream_reserve(source->fetch->stream, task);
    task->plan.ready_ns = now;
    rc = settle_task(&source->settle, task, finished);
    if (rc != PX_OK) {
        task_free(task);
        return rc;
    }
    if (task->set != NULL && !*finished) {
        mirrors_choose(task->set, again_speed_of, &source->again);
        task_use_mirror(task, task->set->now);
    }
    return PX_OK;
}

static int next_of_list(struct fetch_source *source, int64_t now, struct px_next *out)
{
    while (!source->list_ended && waiting_count(&source->waiting) < SOURCE_KEPT_MAX &&
           stream_has_room(source->fetch->stream)) {
        struct fetch_task *task;
        bool finished;
        int64_t again;
        int rc = make_task(source, now, &task, &finished, &again);

        if (rc == PX_EEND) {
            source->list_ended = true;
            break;
        }
        if (rc == PX_EAGAIN) {
            out->until_ns = again < out->until_ns ? again : out->until_ns;
            return PX_EAGAIN;
        }
        if (rc != PX_OK) {
            return rc;
        }
        if (finished) {
            return hand_out(source, task, true, out);
        }
        rc = waiting_start(&source->waiting, task, now, &out->until_ns);
        if (rc == PX_OK) {
            task->has_slot = true;
            return hand_out(source, task, false, out);
        }
        if (rc != PX_EAGAIN) {
            task_free(task);
            return rc;
        }
    }
    /* a task that a worker has may come back and be kept */
    bool over = source->list_ended && waiting_count(&source->waiting) == 0 && source->out == 0;
    return over ? PX_EEND : PX_EAGAIN;
}

/* The owner of a file in pieces goes on: with a slot of its host, unless all bytes are there. PX_OK;
 * PX_EAGAIN: it is kept until it has one. */
static int start_owner(struct fetch_source *source, struct fetch_task *task, int64_t now,
                       int64_t *until_ns)
{
    if (task->joint != NULL && split_is_complete(&task->joint->split)) {
        return PX_OK;
    }
    int rc = waiting_start(&source->waiting, task, now, until_ns);
    task->has_slot = rc == PX_OK;
    return rc == PX_ENOMEM ? PX_OK : rc; /* no memory to be polite with */
}

static int next_of_drained(struct fetch_source *source, struct px_next *out)
{
    struct fetch_task *task = waiting_take_any(&source->waiting);

    if (task == NULL) {
        return source->out > 0 ? PX_EAGAIN : PX_EEND;
    }
    task_set_canceled(task);
    if (crew_owner_ends(&source->crew, task) == PX_EAGAIN) {
        return PX_EAGAIN; /* its helpers come first */
    }
    return hand_out(source, task, true, out);
}

static int source_next(struct px_source *base, struct px_next *out)
{
    struct fetch_source *source = source_of(base);
    int64_t now = px_clock_now_ns(source->fetch->clock);

    bool final;

    *out = (struct px_next){.until_ns = PX_FOREVER};
    struct fetch_task *task;
    while ((task = crew_next_owner(&source->crew, now, &final)) != NULL) {
        int rc = final ? PX_OK : start_owner(source, task, now, &out->until_ns);
        if (rc == PX_OK) {
            return hand_out(source, task, final, out);
        }
    }
    if (source->again.drained) {
        return next_of_drained(source, out);
    }
    size_t level = fetch_tuning_level(&source->tuning, source->fetch, now, &out->until_ns);
    if (source->out >= source->out_max || source->out >= level) {
        return PX_EAGAIN;
    }
    int rc = waiting_take_due(&source->waiting, now, &task, &out->until_ns);
    if (rc == PX_OK) {
        task->has_slot = true;
        return hand_out(source, task, false, out);
    }
    rc = rc == PX_EAGAIN ? next_of_list(source, now, out) : rc;
    if (rc == PX_EAGAIN) {
        rc = next_helper(source, now, rc, level, out);
    }
    if (rc != PX_OK) {
        tuning_note_starved(&source->tuning);
    }
    return rc;
}

/* No worker has it any more. */
static void take_back(struct fetch_source *source, uint64_t origin, bool had_slot, int64_t now)
{
    source->out--;
    if (had_slot) {
        origins_release(source->origins, origin, now); /* after a pause: nobody slips in between */
    }
}

static int source_done(struct px_source *base, struct px_result *result)
{
    struct fetch_source *source = source_of(base);
    struct fetch_task *task = task_of(result);
    uint64_t origin = task->origin;
    bool had_slot = task->has_slot;
    int64_t now = px_clock_now_ns(source->fetch->clock);

    task->is_out = task->has_slot = false;
    int rc = again_judge(&source->again, task, now);
    fetch_tuning_count(&source->tuning, task, rc == PX_OK && !task_is_helper(task));
    take_back(source, origin, had_slot, now);
    return rc;
}

static void source_release(struct px_source *base, struct px_result *result)
{
    struct fetch_source *source = source_of(base);
    struct fetch_task *task = task_of(result);

    if (task->is_out) { /* no worker took it: the run was given up */
        if (task_is_helper(task)) {
            crew_helper_done(&source->crew, task, NULL, 0);
        }
        take_back(source, task->origin, task->has_slot, px_clock_now_ns(source->fetch->clock));
    }
    crew_forget(&source->crew, task);
    task_free(task);
}

static void source_drain(struct px_source *base)
{
    source_of(base)->again.drained = true;
}

static const char *source_error(struct px_source *base)
{
    struct fetch_source *source = source_of(base);

    return source->settle.error != NULL ? source->settle.error : intake_error(source->intake);
}

static uint64_t source_total(struct px_source *base)
{
    struct fetch_source *source = source_of(base);

    return source->list_ended ? source->made : intake_total(source->intake);
}

static uint64_t source_waiting(struct px_source *base)
{
    return waiting_tries(&source_of(base)->waiting);
}

static void source_free(struct px_source *base)
{
    if (base == NULL) {
        return;
    }
    struct fetch_source *source = source_of(base);
    for (struct fetch_task *task; (task = waiting_take_any(&source->waiting)) != NULL;) {
        crew_forget(&source->crew, task);
        task_free(task);
    }
    crew_fini(&source->crew);
    waiting_fini(&source->waiting);
    origins_free(source->origins);
    settle_fini(&source->settle);
    intake_free(source->intake);
    free(source);
}

static bool source_decision(struct px_source *base, struct px_decision *out)
{
    return tuning_take_decision(&source_of(base)->tuning, out);
}

static const struct px_source_ops source_ops = {
    .next = source_next,
    .done = source_done,
    .release = source_release,
    .drain = source_drain,
    .error = source_error,
    .total_items = source_total,
    .waiting_items = source_waiting,
    .free = source_free,
    .decision = source_decision,
};

/* With a delay no task may wait in the queue to the workers: it is its start that counts. */
static size_t out_max(const struct px_fetch *fetch)
{
    return fetch->opts.delay_ms > 0 ? (size_t)fetch->opts.workers * fetch->opts.streams : SIZE_MAX;
}

int source_new(struct px_fetch *fetch, struct px_source **out)
{
    struct fetch_source *source = calloc(1, sizeof *source);

    if (source == NULL) {
        return PX_ENOMEM;
    }
    source->source.ops = &source_ops;
    source->fetch = fetch;
    source->crew = (struct crew){.fetch = fetch, .may_start = may_start, .ctx = source};
    source->again = (struct again){.fetch = fetch,
                                   .waiting = &source->waiting,
                                   .crew = &source->crew,
                                   .random = (uint64_t)px_now_ns() | 1};
    source->out_max = out_max(fetch);
    fetch_tuning_init(&source->tuning, fetch, px_clock_now_ns(fetch->clock));
    int rc = intake_new(fetch, &source->intake);
    if (rc == PX_OK) {
        rc = settle_init(&source->settle, fetch, false);
    }
    if (rc == PX_OK) {
        struct origins_rules rules = {.most = fetch->opts.per_host,
                                      .delay_ns = fetch->opts.delay_ms * PX_NS_PER_MS};
        rc = origins_new(&rules, &source->origins);
        source->waiting.origins = source->origins;
        source->again.origins = source->origins;
    }
    if (rc != PX_OK) {
        source_free(&source->source);
        return rc;
    }
    *out = &source->source;
    return PX_OK;
}
