/* SPDX-License-Identifier: MIT
 *
 * app/run.c - the run loop. Main's thread only; owns no lock. The workers are behind px_pool, and
 * main waits nowhere but in px_pool_pump(), never longer than until the next progress tick.
 *
 * Stopping early has three strengths:
 *   drain    SIGUSR2: the source reads no further, what is in flight is finished
 *   cancel   signal, full disk, --fail-fast: in flight is given up too, each with its one result
 *   signal   a second SIGINT or SIGTERM: the handler kills at once (signals.c)
 */
#include "app/run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

/* Room of the task queue for each task that can be in flight, and at least: enough that the workers
 * have something to do until main, woken for a quarter of the tickets, gets a processor; small enough
 * that a list of ten million lines never sits in memory. 5 workers on 2 cores, 50,000 tasks of 20 us
 * (tests/bench/pool.c): room 64: 18.3 us a task, 256: 13.0, 1024: 11.0. */
#define QUEUE_PER_SLOT 8
#define QUEUE_MIN 256

/* How often main looks up from its wait when nothing comes: signals are noticed by then. */
#define LOOK_UP_NS (100 * PX_NS_PER_MS)

/* How often main looks for commands that have ended (--exec); their workers do not wait for it. */
#define EXEC_LOOK_NS (20 * PX_NS_PER_MS)

/* Finished tasks (skips, bad lines) taken from the source in one turn, so that a million of them in
 * a row do not starve the display and the signals. */
#define FEED_PER_TURN 1024

struct run {
    const struct run_opts *opts;
    struct px_source *source;
    struct px_pool *pool;
    struct exec *exec; /* NULL = none */
    struct run_summary *summary;
    struct tell tell;
    struct pacer pacer;
    bool paced;              /* there is a limit of workers, which may change */
    int64_t pace_until_ns;   /* it does not before */
    struct px_result *held;  /* made by the source, not yet taken by the pool */
    int64_t source_until_ns; /* the source has nothing before */
    bool source_ended;
    bool saw_end;        /* the source has ended once; what it kept for a retry may still come */
    bool stopping;       /* no more intake */
    bool drained;        /* by SIGUSR2 */
    bool drained_at_end; /* when the source had nothing more to give anyway */
    bool canceled;       /* and nothing in flight is finished */
    uint64_t kept_bytes; /* of the summary's: moved by an earlier run, so not for the display */
};

static struct progress_counts run_counts(const struct run *run)
{
    const struct px_source_ops *ops = run->source->ops;
    return (struct progress_counts){
        .ok = run->summary->ok,
        .skipped = run->summary->skipped,
        .failed = run->summary->failed,
        .bytes = run->summary->bytes - run->kept_bytes,
        .waiting = ops->waiting_items != NULL ? ops->waiting_items(run->source) : 0,
        .total_items = ops->total_items(run->source),
    };
}

/* --- stopping --------------------------------------------------------------------------------- */

static void run_stop_intake(struct run *run)
{
    if (!run->stopping) {
        run->stopping = true;
        run->source->ops->drain(run->source);
        run->source_until_ns = 0;
    }
}

static void run_cancel(struct run *run, int why)
{
    if (!run->canceled) {
        run->canceled = true;
        run->summary->fatal = why;
        run_stop_intake(run);
        if (run->source->ops->cancel != NULL) {
            run->source->ops->cancel(run->source);
        }
        exec_cancel(run->exec);
        px_pool_cancel(run->pool);
    }
}

static void run_check_signals(struct run *run)
{
    if (run->opts->signals == NULL) {
        return;
    }
    const struct signals_seen seen = run->opts->signals();
    if (seen.stop != 0) {
        run->summary->signal = seen.stop;
        run_cancel(run, PX_ECANCELED);
    }
    if (seen.drain && !run->stopping) {
        run->drained = true;
        run->drained_at_end = run->saw_end;
        run_stop_intake(run);
    }
    if (seen.status && run->opts->to.progress != NULL) {
        const struct progress_counts counts = run_counts(run);
        progress_say(run->opts->to.progress, &counts);
    }
}

/* --- results ---------------------------------------------------------------------------------- */

static void run_count(struct run *run, const struct px_result *task)
{
    struct run_summary *summary = run->summary;
    summary->ok += task->ok;
    summary->skipped += task->skipped;
    summary->failed += task->failed;
    summary->canceled += task->canceled;
    summary->bytes += task->bytes;
    run->kept_bytes += task->bytes_kept;
    for (size_t i = 0; i < task->n_items; i++) {
        const struct px_item *item = &task->items[i];
        if (item->state == PX_ITEM_FAILED && item->status <= 0 && item->status > -RUN_CLASSES) {
            summary->class_count[-item->status]++;
        }
    }
}

static bool run_has_failure_of(const struct px_result *task, int status)
{
    for (size_t i = 0; i < task->n_items; i++) {
        if (task->items[i].state == PX_ITEM_FAILED && task->items[i].status == status) {
            return true;
        }
    }
    return false;
}

/* Is there nowhere else to go on with? A source with several targets says that there is. */
static void run_on_full(struct run *run)
{
    const struct px_source_ops *ops = run->source->ops;
    const bool goes_on = ops->has_room != NULL && ops->has_room(run->source);
    px_log_line(run->opts->to.log, PX_LOG_QUIET, PX_LOG_MAIN, "%s",
                goes_on ? "this target cannot take more; going on with the others"
                        : "stopping: the target cannot take more; the same command goes on from "
                          "here");
    if (!goes_on) {
        run_cancel(run, PX_EFULL);
    }
}

/* A task is final: everybody hears of it, then it is gone. */
static void run_finish(struct run *run, struct px_result *task, bool worked)
{
    run_count(run, task);
    tell_task(&run->tell, task, worked);
    if (run_has_failure_of(task, PX_EFULL) && !run->canceled) {
        run_on_full(run);
    }
    if (task->failed > 0 && run->opts->fail_fast) {
        run_cancel(run, PX_ECANCELED);
    }
    run->source->ops->release(run->source, task);
}

static void run_on_result(void *ctx, void *result)
{
    struct run *run = ctx;
    struct px_result *task = result;
    run->source_until_ns = 0; /* a result may have made the source's next task possible */
    if (run->source->ops->done(run->source, task) == PX_EAGAIN) {
        return;
    }
    if (exec_is_for(run->exec, task) && exec_add(run->exec, task) == PX_OK) {
        return;
    }
    run_finish(run, task, true);
}

/* A task's command has ended. */
static void run_on_executed(void *ctx, struct px_result *task)
{
    run_finish(ctx, task, true);
}

/* --- feeding ---------------------------------------------------------------------------------- */

/* A task that the pool will never take gets its one result here. */
static void run_give_up(struct run *run, struct px_result *task)
{
    run->summary->canceled += task->n_items > 0 ? task->n_items : 1;
    run->source->ops->release(run->source, task);
}

static bool run_submit_held(struct run *run)
{
    const int status = px_pool_submit(run->pool, run->held);
    if (status == PX_EAGAIN) {
        return false;
    }
    struct px_result *task = run->held;
    run->held = NULL;
    if (status != PX_OK) {
        run_give_up(run, task);
    }
    return true;
}

static void run_source_failed(struct run *run, int status)
{
    const char *why = run->source->ops->error(run->source);
    px_log_line(run->opts->to.log, PX_LOG_QUIET, PX_LOG_MAIN, "%s",
                why != NULL ? why : px_status_text(status));
    run->summary->class_count[-status]++;
    run->summary->fatal = status;
    run_stop_intake(run);
}

static void run_record_decision(struct run *run, const struct px_decision *decision)
{
    struct run_pace *pace = &run->summary->pace;
    if (pace->n_levels < RUN_LEVELS) {
        pace->levels[pace->n_levels] = decision->to;
    }
    pace->n_levels++;
    tell_output(&run->tell, "the journal", journal_add_decision(run->opts->to.journal, decision));
}

static void run_ask_for_decision(struct run *run)
{
    struct px_decision decision;
    const struct px_source_ops *ops = run->source->ops;
    if (ops->decision != NULL && ops->decision(run->source, &decision)) {
        run_record_decision(run, &decision);
    }
}

/* What the source writes has no taker: nobody needs the rest. A reader that has gone is no news to
 * anybody; the program ends as it would have by the default action of SIGPIPE. */
static void run_output_failed(struct run *run, int status)
{
    if (status == PX_EPIPE) {
        run->summary->signal = SIGPIPE;
        run_cancel(run, PX_ECANCELED);
        return;
    }
    run_source_failed(run, status);
    run_cancel(run, status);
}

/* One step: false when nothing more can be fed now. */
static bool run_feed_one(struct run *run)
{
    if (run->held != NULL) {
        return run_submit_held(run);
    }
    struct px_next next = {.until_ns = PX_FOREVER};
    const int status = run->source->ops->next(run->source, &next);
    run_ask_for_decision(run);
    switch (status) {
    case PX_OK:
        if (next.finished) {
            run_finish(run, next.task, false);
        } else {
            run->held = next.task;
        }
        return true;
    case PX_EAGAIN: run->source_until_ns = next.until_ns; return false;
    case PX_EEND:
        run->source_ended = true;
        run->saw_end = true;
        return false;
    case PX_EPIPE:
    case PX_EOUTPUT: run_output_failed(run, status); return true;
    default:
        if (run->stopping) { /* it failed again after it was told to stop: believe it */
            run->source_ended = true;
            return false;
        }
        run_source_failed(run, status);
        return true;
    }
}

/* Commands that cannot keep up hold the intake back. After a cancel nothing does. */
static bool run_has_room(const struct run *run)
{
    return px_pool_has_room(run->pool) && (run->canceled || !exec_is_full(run->exec));
}

/* True: there may be more to feed at once (many tasks came finished from the source). The source may
 * have ended and come to life again: a retry is kept, then due. */
static bool run_feed(struct run *run)
{
    const bool asked_too_early = run->held == NULL && px_now_ns() < run->source_until_ns;
    if (asked_too_early) {
        return false;
    }
    run->source_until_ns = 0;
    run->source_ended = false;
    for (int i = 0; i < FEED_PER_TURN && run_has_room(run); i++) {
        if (!run_feed_one(run)) {
            return false;
        }
    }
    return run_has_room(run);
}

static void run_tick(struct run *run)
{
    if (run->opts->to.progress == NULL) {
        return;
    }
    const struct progress_counts counts = run_counts(run);
    progress_tick(run->opts->to.progress, &counts);
}

static void run_pace(struct run *run)
{
    struct px_decision decision;
    const int64_t now_ns = px_now_ns();
    if (!run->paced || now_ns < run->pace_until_ns) {
        return;
    }
    run->pace_until_ns = now_ns + LOOK_UP_NS;
    px_pool_limit(run->pool, pacer_step(&run->pacer, px_pool_worked_ns(run->pool), now_ns,
                                        &run->pace_until_ns));
    if (pacer_take_decision(&run->pacer, &decision)) {
        run_record_decision(run, &decision);
    }
}

static int64_t run_wait_until(const struct run *run)
{
    int64_t until = px_deadline_in_ns(LOOK_UP_NS);
    if (run->paced && run->pace_until_ns < until) {
        until = run->pace_until_ns;
    }
    if (run->opts->to.progress != NULL && progress_due_ns(run->opts->to.progress) < until) {
        until = progress_due_ns(run->opts->to.progress);
    }
    if (run->source_until_ns > 0 && run->source_until_ns < until) {
        until = run->source_until_ns;
    }
    if (exec_pending(run->exec) > 0 && px_deadline_in_ns(EXEC_LOOK_NS) < until) {
        until = px_deadline_in_ns(EXEC_LOOK_NS);
    }
    return until;
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool run_is_over(const struct run *run)
{
    return run->source_ended && run->held == NULL && px_pool_unfinished(run->pool) == 0 &&
           exec_pending(run->exec) == 0;
}

static void run_wait(struct run *run, bool more_to_feed)
{
    const int64_t until = more_to_feed ? PX_NOWAIT : run_wait_until(run);
    if (!more_to_feed) {
        tell_flush(&run->tell);
    }
    if (px_pool_pump(run->pool, until) != PX_EEND) {
        return;
    }
    /* Nothing is in flight: the source waits for a pipe or for a host. A signal ends the poll. */
    const int64_t left_ns = until - px_now_ns();
    if (left_ns > 0) {
        PX_IGNORE(poll(NULL, 0, (int)(left_ns / PX_NS_PER_MS) + 1));
    }
}

static void run_loop(struct run *run)
{
    for (;;) {
        run_check_signals(run);
        exec_pump(run->exec);
        const bool more = run_feed(run);
        run_tick(run);
        run_pace(run);
        if (run_is_over(run)) {
            return;
        }
        run_wait(run, more);
    }
}

/* After a drain: is there something for the same command to go on with? */
static bool run_left_work(const struct run *run)
{
    const struct run_summary *summary = run->summary;
    const uint64_t total = run->source->ops->total_items(run->source);
    if (summary->canceled > 0) {
        return true;
    }
    return !run->drained_at_end && summary->ok + summary->skipped + summary->failed != total;
}

static void run_collect_accounts(const struct run_engine *engine, struct run_summary *summary)
{
    const unsigned n = summary->workers_wanted > 0 ? summary->workers_wanted : 1;
    for (unsigned i = 0; i < n; i++) {
        summary->worker[i] = *engine->account(engine->engine, i);
        px_account_merge(&summary->total, &summary->worker[i]);
    }
}

static void run_collect_pace(const struct run *run, struct run_summary *summary)
{
    if (run->pacer.backs_off) {
        summary->pace.backs_off = true;
        summary->pace.highest_pressure = run->pacer.pressure.highest;
        summary->pace.least_workers = run->pacer.pressure.least;
        summary->pace.backed_off_ns = run->pacer.pressure.capped_ns;
    }
    if (run->pacer.tuning.on) {
        summary->level = run->pacer.tuning.autolevel.level;
    }
}

static size_t run_queue_capacity(const struct run_opts *opts, unsigned per_worker)
{
    const size_t slots = (size_t)(opts->workers > 0 ? opts->workers : 1) * per_worker;
    return slots * QUEUE_PER_SLOT > QUEUE_MIN ? slots * QUEUE_PER_SLOT : QUEUE_MIN;
}

int run_engine(const struct run_engine *engine, const struct run_opts *opts,
               struct run_summary *out)
{
    const unsigned per_worker = opts->per_worker > 0 ? opts->per_worker : 1;
    *out = (struct run_summary){.workers_wanted = opts->workers, .streams = per_worker};
    out->worker = calloc(opts->workers > 0 ? opts->workers : 1, sizeof *out->worker);
    if (out->worker == NULL) {
        return PX_ENOMEM;
    }
    struct run run = {.opts = opts, .source = engine->source, .summary = out};
    tell_init(&run.tell, &opts->to, out);
    const unsigned limit = pacer_init(&run.pacer, &opts->pace, px_now_ns());
    run.paced = limit > 0;
    const struct px_pool_opts pool = {
        .workers = opts->workers,
        .per_worker = per_worker,
        .capacity = run_queue_capacity(opts, per_worker),
        .limit = limit,
        .body = engine->body,
        .sink = run_on_result,
        .sink_ctx = &run,
        .name = opts->name,
    };
    const int64_t begin_ns = px_now_ns();
    int status = px_pool_new(&pool, &run.pool);
    if (status == PX_OK && opts->exec != NULL) {
        struct exec_opts exec = *opts->exec;
        exec.sink = run_on_executed;
        exec.sink_ctx = &run;
        status = exec_new(&exec, &run.exec);
    }
    if (status != PX_OK) {
        px_pool_free(run.pool);
        run_summary_fini(out);
        return status;
    }
    out->workers = px_pool_workers(run.pool);
    run_loop(&run);
    px_pool_drain(run.pool);
    tell_flush(&run.tell);
    out->drained_early = run.drained && run_left_work(&run);
    out->wall_ns = px_now_ns() - begin_ns;
    out->level = engine->level != NULL ? engine->level(engine->engine) : 0;
    run_collect_pace(&run, out);
    exec_free(run.exec);
    px_pool_free(run.pool);
    run_collect_accounts(engine, out);
    return PX_OK;
}

void run_summary_fini(struct run_summary *summary)
{
    free(summary->worker);
    summary->worker = NULL;
}
