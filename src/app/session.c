/* SPDX-License-Identifier: MIT
 *
 * app/session.c - from the common options to the exit code: opens the engine as often as it is to be
 * measured, runs it, tells what came of it. Main's thread only; owns no lock.
 */
#include "app/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/outlock.h>
#include <pxfer/status.h>

#include "app/outputs.h"
#include "app/plot.h"
#include "app/scratch.h"
#include "app/signals.h"
#include "base/fdio.h"

#define ERROR_ROOM 1024

const struct option_choice session_jobs_words[] = {
    {"auto", SESSION_JOBS_AUTO},
    {NULL, 0},
};

const struct option_choice session_progress_words[] = {
    {"auto", PROGRESS_AUTO},
    {"bar", PROGRESS_BAR},
    {"plain", PROGRESS_PLAIN},
    {"none", PROGRESS_NONE},
    {NULL, 0},
};

const struct option_choice session_report_words[] = {
    {"text", REPORT_TEXT},
    {"json", REPORT_JSON},
    {"none", REPORT_NONE},
    {NULL, 0},
};

struct session {
    const struct session_program *program;
    const struct session_opts *opts;
    void *ctx;
    struct outputs outputs;
    char
        *scratch[OPTION_NUMBERS_MAX]; /* removed at the very end: deleting a tree slows ext4 down */
    size_t n_scratch;
};

/* --- one run ---------------------------------------------------------------------------------- */

static bool session_is_auto(const struct session *s)
{
    return s->opts->jobs == (unsigned)SESSION_JOBS_AUTO;
}

/* Measured runs are as they are asked for. */
static struct pacer_opts session_pace(const struct session *s, const struct session_run *run)
{
    struct pacer_opts pace = s->program->pace;
    if (run->scratch != NULL) {
        return (struct pacer_opts){.workers = run->workers};
    }
    pace.start = run->automatic ? pace.start : 0;
    pace.workers = run->workers;
    pace.activity = run->activity;
    pace.log = run->log;
    return pace;
}

static int session_run_opened(struct session *s, struct run_engine *engine,
                              const struct session_run *run, const struct tell_listeners *to,
                              struct run_summary *out)
{
    const unsigned workers = run->workers;
    const bool measured = run->scratch != NULL;
    /* standard output is for one kind of lines */
    const bool lines = s->opts->json || s->program->writeout != NULL;
    const struct exec_opts exec = {
        .words = (char *const *)s->program->exec_words,
        .jobs = s->program->exec_jobs,
        .out = lines ? s->outputs.err : s->outputs.out,
        .err = s->outputs.err,
    };
    const struct run_opts opts = {
        .exec = s->program->exec_words != NULL && !measured ? &exec : NULL,
        .name = s->program->report->program,
        .workers = workers,
        .per_worker = s->program->per_worker,
        .fail_fast = s->opts->fail_fast,
        .pace = session_pace(s, run),
        .to = *to,
        .signals = signals_take,
    };
    int status = run_engine(engine, &opts, out);
    if (status != PX_OK) {
        px_log_line(&s->outputs.log, PX_LOG_QUIET, PX_LOG_MAIN, "cannot start: %s",
                    px_status_text(status));
        return status;
    }
    if (out->workers < workers) {
        px_log_line(&s->outputs.log, PX_LOG_NORMAL, PX_LOG_MAIN,
                    "only %u of %u workers could be started", out->workers, workers);
    }
    const int64_t begin_ns = px_now_ns();
    status = s->program->sync != NULL ? s->program->sync(s->ctx, engine) : PX_OK;
    out->sync_ns = s->program->syncs_at_end ? px_now_ns() - begin_ns : 0;
    if (status != PX_OK) {
        px_log_line(&s->outputs.log, PX_LOG_QUIET, PX_LOG_MAIN, "sync: %s", px_status_text(status));
        out->class_count[-status]++;
    }
    return PX_OK;
}

/* Opens the engine for `workers`, into `scratch` when it is not NULL, and runs it. */
static int session_run(struct session *s, unsigned workers, const char *scratch,
                       struct run_summary *out)
{
    char error[ERROR_ROOM] = "";
    struct px_activity *activity = NULL;
    struct run_engine engine = {0};
    struct tell_listeners to = {0};
    const unsigned per_worker = s->program->per_worker > 0 ? s->program->per_worker : 1;
    int status = px_activity_new((size_t)workers * per_worker, &activity);
    if (status != PX_OK) {
        outputs_say_why(&s->outputs, "", status);
        return status;
    }
    const struct session_run run = {
        .workers = workers,
        .automatic = scratch == NULL && session_is_auto(s),
        .scratch = scratch,
        .journal = scratch == NULL ? s->opts->journal : NULL,
        .every_item = scratch == NULL && outputs_want_every_item(&s->outputs),
        .activity = activity,
        .log = scratch != NULL ? &s->outputs.errors_only : &s->outputs.log,
    };
    status = s->program->open(s->ctx, &run, &engine, error, sizeof error);
    if (status != PX_OK) {
        outputs_say_why(&s->outputs, error, status);
        goto out_activity;
    }
    status = outputs_open(&s->outputs, activity, scratch != NULL, &to);
    if (status == PX_OK) {
        status = session_run_opened(s, &engine, &run, &to, out);
    }
    const int lost = outputs_close(&s->outputs, &to);
    if (status == PX_OK && lost != PX_OK) {
        out->output_lost = true;
    }
    s->program->close(s->ctx, &engine);
out_activity:
    px_activity_free(activity);
    return status;
}

/* --- measured runs ---------------------------------------------------------------------------- */

static int session_add_scratch(struct session *s, const char **path)
{
    char *parent = scratch_existing_parent(s->program->target(s->ctx));
    if (parent == NULL) {
        outputs_say_why(&s->outputs, "", PX_ENOMEM);
        return PX_ENOMEM;
    }
    errno = 0;
    const int status = scratch_new(parent, s->program->report->program, &s->scratch[s->n_scratch]);
    if (status != PX_OK) {
        outputs_say(&s->outputs, "scratch folder in ", parent, status);
    } else {
        *path = s->scratch[s->n_scratch++];
    }
    free(parent);
    return status;
}

static void session_remove_scratch(struct session *s)
{
    for (; s->n_scratch > 0; s->n_scratch--) {
        char *path = s->scratch[s->n_scratch - 1];
        if (scratch_remove(path) != PX_OK) {
            outputs_say(&s->outputs, "cannot remove ", path, PX_EIO);
        }
        free(path);
    }
}

static int session_measure(struct session *s, unsigned workers, struct run_summary *out)
{
    const char *scratch = NULL;
    const int status = session_add_scratch(s, &scratch);
    return status == PX_OK ? session_run(s, workers, scratch, out) : status;
}

static int session_plot(struct session *s, const struct report_row *rows, size_t n)
{
    if (s->opts->plot == NULL || n == 0) {
        return PX_OK;
    }
    errno = 0;
    const int status = plot_write(s->opts->plot, s->program->report->program, rows, n);
    if (status != PX_OK) {
        outputs_say(&s->outputs, "plot ", s->opts->plot, status);
    }
    return status;
}

static struct report_row session_row(const struct run_summary *summary)
{
    return (struct report_row){summary->workers, summary->wall_ns, summary->failed};
}

/* The exit code of a run, or death by the signal that ended it. */
static int session_exit(struct session *s, const struct run_summary *summary)
{
    const int code = exits_code(s->program->exits, summary);
    if (summary->signal != 0) {
        session_remove_scratch(s);
        return signals_die(summary->signal);
    }
    return code;
}

static int session_compare(struct session *s)
{
    struct report_row rows[OPTION_NUMBERS_MAX] = {0};
    int code = 0;
    size_t n = 0;
    bool stopped = false;
    for (; n < s->opts->compare.n && !stopped; n++) {
        struct run_summary summary = {0};
        const int status = session_measure(s, (unsigned)s->opts->compare.value[n], &summary);
        if (status != PX_OK) {
            return exits_code_of(s->program->exits, status);
        }
        rows[n] = session_row(&summary);
        run_summary_fini(&summary);
        stopped = summary.fatal != PX_OK;
        const int this_code = session_exit(s, &summary);
        code = code != 0 ? code : this_code;
    }
    const int plotted = session_plot(s, rows, n);
    const int told = report_compare(s->opts->report, s->program->report, rows, n, s->outputs.err);
    const int lost = plotted != PX_OK ? plotted : told;
    return code != 0 ? code : exits_code_of(s->program->exits, lost);
}

/* --- the real run ----------------------------------------------------------------------------- */

/* Threads of -j auto: the most that it can come to. An idle one costs a stack that was never used. */
#define AUTO_JOBS 64

/* Descriptors of the process itself: standard ones, list, journal, failures, directories, resolver. */
#define OWN_FDS 12

/* As many of `wanted` workers as RLIMIT_NOFILE has room for, at least one. */
static unsigned session_workers(const struct session *s, unsigned wanted)
{
    const size_t limit = px_raise_nofile(); /* raised at the start: this only asks */
    const size_t room = limit > OWN_FDS ? limit - OWN_FDS : 0;
    const size_t need = s->program->fds_per_worker;
    if (need == 0 || wanted * need <= room) {
        return wanted;
    }
    const unsigned workers = room / need > 0 ? (unsigned)(room / need) : 1;
    if (workers < wanted) {
        px_log_line(&s->outputs.log, PX_LOG_NORMAL, PX_LOG_MAIN,
                    "only %u of %u workers: the limit of open files is %zu (ulimit -n)", workers,
                    wanted, limit);
    }
    return workers;
}

static int session_real(struct session *s)
{
    struct run_summary baseline = {0};
    struct run_summary summary = {0};
    int status = s->opts->baseline ? session_measure(s, 1, &baseline) : PX_OK;
    if (status == PX_OK && baseline.signal != 0) {
        run_summary_fini(&baseline);
        return session_exit(s, &baseline);
    }
    if (status == PX_OK) {
        const unsigned jobs = session_is_auto(s) ? AUTO_JOBS : s->opts->jobs;
        status = session_run(s, session_workers(s, jobs), NULL, &summary);
    }
    if (status != PX_OK) {
        run_summary_fini(&baseline);
        return exits_code_of(s->program->exits, status);
    }
    const struct run_summary *measured = s->opts->baseline ? &baseline : NULL;
    if (measured != NULL) {
        const struct report_row rows[] = {session_row(&baseline), session_row(&summary)};
        summary.output_lost = session_plot(s, rows, 2) != PX_OK || summary.output_lost;
    }
    const bool silent = s->opts->quiet || summary.signal == SIGPIPE;
    const enum report_mode mode = silent ? REPORT_NONE : s->opts->report;
    const int told = report_print(mode, s->program->report, &summary, measured, s->outputs.err);
    summary.output_lost =
        summary.output_lost || told == PX_EIO || px_outlock_failed(s->outputs.out);
    run_summary_fini(&summary);
    run_summary_fini(&baseline);
    return session_exit(s, &summary);
}

/* The first option that wants something of a run's items, which --compare keeps nothing of; or NULL. */
static const char *session_wants_items(const struct session *s)
{
    const struct {
        bool on;
        const char *name;
    } wants[] = {
        {s->opts->journal != NULL, "--journal"},
        {s->opts->json, "--json"},
        {s->opts->failed != NULL, "--failed"},
        {s->program->exec_words != NULL, "--exec"},
        {s->program->writeout != NULL, "--write-out"},
        {s->program->sink.what != NULL, "--manifest"},
    };
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        if (wants[i].on) {
            return wants[i].name;
        }
    }
    return NULL;
}

static int session_check(const struct session *s)
{
    const bool twice = s->opts->baseline || s->opts->compare.n > 0;
    if (s->opts->plot != NULL && !twice) {
        return option_complain(s->program->options, stderr, "--plot needs --baseline or --compare");
    }
    if (s->opts->baseline && s->opts->compare.n > 0) {
        return option_complain(s->program->options, stderr,
                               "--baseline and --compare exclude each other");
    }
    if (twice && s->program->dry_run) {
        return option_complain(s->program->options, stderr,
                               "--dry-run does nothing that could be measured");
    }
    const char *unused = s->opts->compare.n > 0 ? session_wants_items(s) : NULL;
    if (unused != NULL) {
        return option_complain(s->program->options, stderr,
                               "--compare only measures and keeps nothing: no %s", unused);
    }
    const char *why = twice ? s->program->only_once(s->ctx) : NULL;
    if (why != NULL) {
        return option_complain(s->program->options, stderr,
                               "--baseline and --compare need to run twice: %s", why);
    }
    return PX_OK;
}

static int session_prepare(void)
{
    if (px_reserve_stdio() != 0) {
        return PX_EINTERNAL;
    }
    (void)px_raise_nofile(); /* a low limit is met by fewer open files, not by an error here */
    return signals_install();
}

static int session_go(struct session *s)
{
    if (s->opts->baseline || s->opts->compare.n > 0) {
        const int status = outputs_try(&s->outputs);
        if (status != PX_OK) {
            return exits_code_of(s->program->exits, status);
        }
    }
    const int code = s->opts->compare.n > 0 ? session_compare(s) : session_real(s);
    session_remove_scratch(s);
    return code;
}

int session_main(const struct session_program *program, const struct session_opts *opts, void *ctx)
{
    struct session s = {.program = program, .opts = opts, .ctx = ctx};
    if (session_check(&s) != PX_OK) {
        return EXITS_USAGE;
    }
    if (outputs_init(&s.outputs, program, opts) != PX_OK) {
        return exits_code_of(program->exits, option_no_memory(program->options, stderr));
    }
    const int code = session_go(&s);
    outputs_fini(&s.outputs);
    return code;
}

int session_start(const struct option_program *program, const struct exits_table *exits, int argc,
                  char **argv, void *options,
                  int (*run)(void *options, const struct option_parsed *parsed))
{
    struct option_parsed parsed;
    if (session_prepare() != PX_OK) {
        return EXITS_OTHER;
    }
    int status = option_parse(program, argc, argv, options, stderr, &parsed);
    int code = exits_code_of(exits, status);
    if (status == PX_OK && parsed.action == OPTION_DO_RUN) {
        code = run(options, &parsed);
    } else if (status == PX_OK) {
        status = option_show(program, &parsed, stdout, stderr);
        code = exits_code_of(exits, status);
    }
    option_free(program, options);
    return code;
}
