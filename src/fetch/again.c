/* SPDX-License-Identifier: MIT
 *
 * fetch/again.c - what becomes of a task whose try has ended.
 *
 * On the owner's thread alone; no locks.
 */
#define _GNU_SOURCE
#include "fetch/again.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/crew.h"
#include "fetch/engine.h"
#include "fetch/joint.h"
#include "fetch/mirrors.h"
#include "fetch/origin.h"
#include "fetch/task.h"
#include "fetch/waiting.h"

/* xorshift64: jitter needs no more. */
static uint32_t next_random(struct again *again)
{
    again->random ^= again->random << 13;
    again->random ^= again->random >> 7;
    again->random ^= again->random << 17;
    return (uint32_t)(again->random >> 32);
}

double again_speed_of(void *ctx, uint64_t origin)
{
    const struct again *again = ctx;

    return speeds_of(&again->speeds, origin, px_clock_now_ns(again->fetch->clock));
}

static void count_try(const struct retry_decision *decision, struct fetch_task *task)
{
    if (decision->counts) {
        task->plan.tries++;
    } else {
        task->plan.pauses++;
    }
}

/* `asked`: the URL that has failed, of a mirror perhaps. */
static void say_retry(const struct fetch_task *task, const char *asked, int64_t wait_ms)
{
    const struct px_log *log = task->fetch->opts.log;
    char shown[512];

    if (px_log_wants(log, PX_LOG_VERBOSE)) {
        px_log_line(log, PX_LOG_VERBOSE, PX_LOG_MAIN, "%s: %s; try %u in %" PRId64 ".%" PRId64 " s",
                    px_show_url(shown, sizeof shown, asked),
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
static int wait_out_pause(struct again *again, struct fetch_task *task, int64_t now)
{
    int64_t ready = origins_ready_ns(again->origins, task->origin, now);
    int64_t posted = pauses_until(&again->fetch->pauses, task->origin);

    task->held_back = false;
    task->plan.ready_ns = posted > ready ? posted : ready;
    if (again->drained) {
        task_set_canceled(task);
        return crew_owner_ends(again->crew, task);
    }
    if (waiting_add(again->waiting, task) != PX_OK) {
        task_set_failed(task, PX_ENOMEM, 0, "no memory to wait for its host");
        return crew_owner_ends(again->crew, task);
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
static bool pause_host(struct again *again, const struct fetch_task *task, int64_t due, int64_t now)
{
    if (origins_pause(again->origins, task->origin, due, now) != PX_OK) {
        return false;
    }
    pauses_post(&again->fetch->pauses, task->origin, due);
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
static bool try_mirror(struct again *again, struct fetch_task *task, int64_t now)
{
    const struct px_log *log = again->fetch->opts.log;
    char shown[512], url[512];

    if (task->set == NULL || !is_of_mirror(task->facts.status)) {
        return false;
    }
    task->alone |= task->facts.status == PX_EINTEGRITY;
    task->set->alone = task->alone;
    enum mirrors_after after =
        mirrors_fail(task->set, task->facts.transient, again_speed_of, again);
    task->facts.transient = after != MIRRORS_NONE;
    if (after == MIRRORS_NONE) {
        return false;
    }
    task_use_mirror(task, task->set->now);
    if (after == MIRRORS_AGAIN) {
        return false;
    }
    task->plan.ready_ns = now;
    if (waiting_add(again->waiting, task) != PX_OK) {
        return false;
    }
    px_log_line(log, PX_LOG_VERBOSE, PX_LOG_MAIN, "%s: %s; next mirror %s",
                px_show_str(shown, sizeof shown, task->target),
                task->item.error != NULL ? task->item.error : "failed",
                px_show_url(url, sizeof url, task->ask_url));
    return true;
}

/* Applies the policy. True: it is kept for another try. */
static bool try_again(struct again *again, struct fetch_task *task, int64_t now)
{
    int64_t asked_ms = task->facts.busy ? task->facts.retry_after_ms : 0;
    const char *asked = task->ask_url;

    if (task->set != NULL && asked_ms > 0 && asked_ms <= again->fetch->retry.max_retry_after_ms &&
        !pause_host(again, task, now + asked_ms * PX_NS_PER_MS, now)) {
        return false;
    }
    if (try_mirror(again, task, now)) {
        return true;
    }
    struct retry_decision decision =
        retry_decide(&again->fetch->retry, &task->facts, task->plan.tries + 1,
                     task->plan.pauses + 1, next_random(again));
    int64_t due = now + decision.wait_ms * PX_NS_PER_MS;

    count_try(&decision, task);
    if (task->set == NULL && decision.pause_host && !pause_host(again, task, due, now)) {
        return false; /* no memory: then this failure is final */
    }
    if (decision.asked_too_long) {
        refuse_long_pause(task);
    }
    if (!decision.again || is_too_late(task, due)) {
        return false;
    }
    task->plan.ready_ns = due;
    if (waiting_add(again->waiting, task) != PX_OK) {
        return false;
    }
    say_retry(task, asked, decision.wait_ms);
    return true;
}

/* Messages call the file by its first URL: where that is not the one that failed they say which. */
static void name_mirror(struct fetch_task *task, const char *asked)
{
    char url[512], *error = NULL;

    if (task->item.state != PX_ITEM_FAILED || task->set == NULL || task->item.error == NULL ||
        !is_of_mirror(task->item.status) || strcmp(asked, task->url) == 0) {
        return;
    }
    /* without memory for more the reason alone must do */
    if (asprintf(&error, "%s (mirror %s)", task->item.error, px_show_url(url, sizeof url, asked)) >=
        0) {
        free(task->item.error);
        task->item.error = error;
    }
}

/* A helper is no item: whatever became of it, it goes; the file's bytes are looked after. */
static void helper_done(struct again *again, struct fetch_task *task, int64_t now)
{
    bool failed = task->item.state == PX_ITEM_FAILED && !task->held_back;
    struct retry_decision decision = {0};

    if (failed) {
        decision = retry_decide(&again->fetch->retry, &task->facts, task->joint->crew.tries + 1,
                                task->joint->crew.pauses + 1, next_random(again));
        int64_t due = now + decision.wait_ms * PX_NS_PER_MS;
        decision.again &= !decision.pause_host || pause_host(again, task, due, now);
    }
    crew_helper_done(again->crew, task, failed ? &decision : NULL, now);
}

static void note_speed(struct again *again, const struct fetch_task *task, int64_t now)
{
    if (task->item.state == PX_ITEM_FAILED && is_of_mirror(task->facts.status)) {
        speeds_note_failure(&again->speeds, task->origin, now);
    } else {
        speeds_note(&again->speeds, task->origin, task->moved_bytes, task->moved_ns);
    }
}

int again_judge(struct again *again, struct fetch_task *task, int64_t now)
{
    if (task->set != NULL) {
        note_speed(again, task, now);
    }
    if (task_is_helper(task)) {
        helper_done(again, task, now);
        return PX_OK;
    }
    if (crew_owner_done(again->crew, task) == PX_EAGAIN) {
        return PX_EAGAIN;
    }
    if (task->held_back) {
        return wait_out_pause(again, task, now);
    }
    const char *asked = task->ask_url;
    if (task->item.state != PX_ITEM_FAILED || again->drained || !try_again(again, task, now)) {
        name_mirror(task, asked);
        return crew_owner_ends(again->crew, task);
    }
    return PX_EAGAIN;
}
