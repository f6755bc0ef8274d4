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
#include "fetch/crew.h"
#include "fetch/engine.h"
#include "fetch/intake.h"
#include "fetch/joint.h"
#include "fetch/origin.h"
#include "fetch/settle.h"
#include "fetch/mirrors.h"
#include "fetch/speeds.h"
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
    struct crew crew;     /* files in pieces */
    struct speeds speeds; /* of mirrors */
    uint64_t made;        /* tasks that came from the list */
    size_t out;           /* tasks that workers have, or the queue to them */
    size_t out_max;
    struct tuning tuning;
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

static double speed_of(void *ctx, uint64_t origin)
{
    const struct fetch_source *source = ctx;

    return speeds_of(&source->speeds, origin, px_clock_now_ns(source->fetch->clock));
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
        mirrors_choose(task->set, speed_of, source);
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
    if (source->drained) {
        return next_of_drained(source, out);
    }
    size_t level = tuning_level(&source->tuning, now, &out->until_ns);
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
static int wait_out_pause(struct fetch_source *source, struct fetch_task *task, int64_t now)
{
    int64_t ready = origins_ready_ns(source->origins, task->origin, now);
    int64_t posted = pauses_until(&source->fetch->pauses, task->origin);

    task->held_back = false;
    task->plan.ready_ns = posted > ready ? posted : ready;
    if (source->drained) {
        task_set_canceled(task);
        return crew_owner_ends(&source->crew, task);
    }
    if (waiting_add(&source->waiting, task) != PX_OK) {
        task_set_failed(task, PX_ENOMEM, 0, "no memory to wait for its host");
        return crew_owner_ends(&source->crew, task);
    }
    return PX_EAGAIN;
}

/* --max-time will be over before the next try. */
static bool is_too_late(const struct fetch_task *task, int64_t due_ns)
{
    int64_t most_ms = task->fetch->opts.max_time_ms;

    return most_ms > 0 && due_ns - task->item.begin_ns >= most_ms * PX_NS_PER_MS;
}

/* False: no memory. */
static bool pause_host(struct fetch_source *source, const struct fetch_task *task, int64_t due,
                       int64_t now)
{
    if (origins_pause(source->origins, task->origin, due, now) != PX_OK) {
        return false;
    }
    pauses_post(&source->fetch->pauses, task->origin, due);
    return true;
}

/* May another mirror do better? */
static bool is_of_mirror(int status)
{
    return status == PX_ENET || status == PX_ETLS || status == PX_EAUTH || status == PX_EPROTO ||
           status == PX_EHTTP || status == PX_EINTEGRITY;
}

/* The mirror has failed. True: the next one is asked at once, and no try was used up. Else the task's
 * own try counts; task->facts say whether there may be another. */
static bool try_mirror(struct fetch_source *source, struct fetch_task *task, int64_t now)
{
    const struct px_log *log = source->fetch->opts.log;
    char shown[512], url[512];

    if (task->set == NULL || !is_of_mirror(task->facts.status)) {
        return false;
    }
    task->alone |= task->facts.status == PX_EINTEGRITY;
    task->set->alone = task->alone;
    enum mirrors_after after = mirrors_fail(task->set, task->facts.transient, speed_of, source);
    task->facts.transient = after != MIRRORS_NONE;
    if (after == MIRRORS_NONE) {
        return false;
    }
    task_use_mirror(task, task->set->now);
    if (after == MIRRORS_AGAIN) {
        return false;
    }
    task->plan.ready_ns = now;
    if (waiting_add(&source->waiting, task) != PX_OK) {
        return false;
    }
    px_log_line(log, PX_LOG_VERBOSE, PX_LOG_MAIN, "%s: %s; next mirror %s",
                px_show_str(shown, sizeof shown, task->target),
                task->item.error != NULL ? task->item.error : "failed",
                px_show_url(url, sizeof url, task->ask_url));
    return true;
}

/* Applies the policy. True: it is kept for another try. */
static bool try_again(struct fetch_source *source, struct fetch_task *task, int64_t now)
{
    int64_t asked_ms = task->facts.busy ? task->facts.retry_after_ms : 0;

    if (task->set != NULL && asked_ms > 0 && asked_ms <= source->fetch->retry.max_retry_after_ms &&
        !pause_host(source, task, now + asked_ms * PX_NS_PER_MS, now)) {
        return false;
    }
    if (try_mirror(source, task, now)) {
        return true;
    }
    struct retry_decision decision =
        retry_decide(&source->fetch->retry, &task->facts, task->plan.tries + 1,
                     task->plan.pauses + 1, next_random(source));
    int64_t due = now + decision.wait_ms * PX_NS_PER_MS;

    count_try(&decision, task);
    if (task->set == NULL && decision.pause_host && !pause_host(source, task, due, now)) {
        return false; /* no memory: then this failure is final */
    }
    if (decision.asked_too_long) {
        refuse_long_pause(task);
    }
    if (!decision.again || is_too_late(task, due)) {
        return false;
    }
    task->plan.ready_ns = due;
    if (waiting_add(&source->waiting, task) != PX_OK) {
        return false;
    }
    say_retry(task, decision.wait_ms);
    return true;
}

/* A helper is no item: whatever became of it, it goes; the file's bytes are looked after. */
static void helper_done(struct fetch_source *source, struct fetch_task *task, int64_t now)
{
    bool failed = task->item.state == PX_ITEM_FAILED && !task->held_back;
    struct retry_decision decision = {0};

    if (failed) {
        decision = retry_decide(&source->fetch->retry, &task->facts, task->joint->crew.tries + 1,
                                task->joint->crew.pauses + 1, next_random(source));
        int64_t due = now + decision.wait_ms * PX_NS_PER_MS;
        decision.again &= !decision.pause_host || pause_host(source, task, due, now);
    }
    crew_helper_done(&source->crew, task, failed ? &decision : NULL, now);
}

/* PX_OK: it is final. PX_EAGAIN: it is kept. */
static int judge(struct fetch_source *source, struct fetch_task *task, int64_t now)
{
    if (task_is_helper(task)) {
        helper_done(source, task, now);
        return PX_OK;
    }
    if (crew_owner_done(&source->crew, task) == PX_EAGAIN) {
        return PX_EAGAIN;
    }
    if (task->held_back) {
        return wait_out_pause(source, task, now);
    }
    if (task->item.state != PX_ITEM_FAILED || source->drained || !try_again(source, task, now)) {
        return crew_owner_ends(&source->crew, task);
    }
    return PX_EAGAIN;
}

static void note_speed(struct fetch_source *source, const struct fetch_task *task, int64_t now)
{
    if (task->item.state == PX_ITEM_FAILED && is_of_mirror(task->facts.status)) {
        speeds_note_failure(&source->speeds, task->origin, now);
    } else {
        speeds_note(&source->speeds, task->origin, task->moved_bytes, task->moved_ns);
    }
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
    if (task->set != NULL) {
        note_speed(source, task, now);
    }
    int rc = judge(source, task, now);
    tuning_count(&source->tuning, task, rc == PX_OK && !task_is_helper(task));
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
    source_of(base)->drained = true;
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
    source->random = (uint64_t)px_now_ns() | 1;
    source->out_max = out_max(fetch);
    tuning_init(&source->tuning, fetch, px_clock_now_ns(fetch->clock));
    int rc = intake_new(fetch, &source->intake);
    if (rc == PX_OK) {
        rc = settle_init(&source->settle, fetch, false);
    }
    if (rc == PX_OK) {
        struct origins_rules rules = {.most = fetch->opts.per_host,
                                      .delay_ns = fetch->opts.delay_ms * PX_NS_PER_MS};
        rc = origins_new(&rules, &source->origins);
        source->waiting.origins = source->origins;
    }
    if (rc != PX_OK) {
        source_free(&source->source);
        return rc;
    }
    *out = &source->source;
    return PX_OK;
}
