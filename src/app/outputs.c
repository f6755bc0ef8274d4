/* SPDX-License-Identifier: MIT
 *
 * app/outputs.c - where the words of a session go.
 *
 * Called by session.c, on main's thread, before and after the runs; what is said during one is in
 * run.c and tell.c. Owns the outlocks of the standard descriptors, which have their own locks.
 */
#include "app/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "app/outfile.h"
#include "app/session.h"
#include "base/fdio.h"
#include "base/show.h"

static enum px_log_level outputs_level(const struct session_opts *opts)
{
    if (opts->quiet) {
        return PX_LOG_QUIET;
    }
    return opts->verbose > 1 ? PX_LOG_DEBUG : opts->verbose == 1 ? PX_LOG_VERBOSE : PX_LOG_NORMAL;
}

int outputs_init(struct outputs *outputs, const struct session_program *program,
                 const struct session_opts *opts)
{
    struct px_outlock *err = NULL;
    struct px_outlock *out = NULL;
    int status = px_outlock_new(STDERR_FILENO, &err);
    if (status == PX_OK) {
        status = px_outlock_new(STDOUT_FILENO, &out);
    }
    if (status != PX_OK) {
        px_outlock_free(err);
        return status;
    }
    *outputs = (struct outputs){
        .program = program,
        .opts = opts,
        .err = err,
        .out = out,
        .log = {err, outputs_level(opts), program->report->program},
        .errors_only = {err, PX_LOG_QUIET, program->report->program},
    };
    return PX_OK;
}

void outputs_fini(struct outputs *outputs)
{
    px_outlock_free(outputs->out);
    px_outlock_free(outputs->err);
}

void outputs_say(const struct outputs *outputs, const char *what, const char *name, int status)
{
    char *shown = px_show_name_dup(name);
    px_log_line(&outputs->log, PX_LOG_QUIET, PX_LOG_MAIN, "%s%s: %s", what,
                shown != NULL ? shown : "",
                errno != 0 ? px_errno_text(errno) : px_status_text(status));
    free(shown);
}

void outputs_say_why(const struct outputs *outputs, const char *why, int status)
{
    px_log_line(&outputs->log, PX_LOG_QUIET, PX_LOG_MAIN, "%s",
                why[0] != '\0' ? why : px_status_text(status));
}

int outputs_try(const struct outputs *outputs)
{
    struct journal *journal = NULL;
    int status = PX_OK;
    errno = 0;
    if (outputs->opts->journal != NULL) {
        status =
            journal_open(outputs->opts->journal, outputs->program->journal, NULL, NULL, &journal);
        PX_IGNORE(journal_close(journal)); /* nothing was written to it */
        if (status != PX_OK) {
            outputs_say(outputs, "journal ", outputs->opts->journal, status);
        }
    }
    const char *const paths[] = {outputs->opts->failed, outputs->opts->plot};
    for (size_t i = 0; i < 2 && status == PX_OK; i++) {
        struct outfile *file = NULL;
        status = paths[i] != NULL ? outfile_open(paths[i], 0600, &file) : PX_OK;
        outfile_discard(file);
        if (status != PX_OK) {
            outputs_say(outputs, i == 1 ? "plot " : "", paths[i], status);
        }
    }
    return status;
}

bool outputs_want_every_item(const struct outputs *outputs)
{
    const struct session_opts *opts = outputs->opts;
    return opts->journal != NULL || opts->json || opts->verbose > 0 || outputs->program->dry_run ||
           outputs->program->sink.what != NULL;
}

static int outputs_open_progress(const struct outputs *outputs, struct px_activity *activity,
                                 struct progress **out)
{
    const struct session_program *program = outputs->program;
    const struct session_opts *opts = outputs->opts;
    const struct progress_opts progress = {
        .mode = opts->quiet ? PROGRESS_NONE : opts->progress,
        .out = outputs->err,
        .fd = STDERR_FILENO,
        .stdout_used =
            opts->json || program->dry_run || program->uses_stdout || program->writeout != NULL,
        .activity = activity,
        .program = program->report->program,
        .noun = program->report->noun,
    };
    const int status = progress_new(&progress, out);
    if (status != PX_OK) {
        outputs_say_why(outputs, "", status);
    }
    return status;
}

/* The files of the options, and standard output as a journal. */
static int outputs_open_files(const struct outputs *outputs, struct tell_listeners *to)
{
    const struct session_program *program = outputs->program;
    const struct session_opts *opts = outputs->opts;
    int status = PX_OK;
    errno = 0;
    if (opts->journal != NULL) {
        status = journal_open(opts->journal, program->journal, NULL, NULL, &to->journal);
        if (status != PX_OK) {
            outputs_say(outputs, "journal ", opts->journal, status);
            return status;
        }
    }
    if (opts->failed != NULL) {
        status = failures_open(opts->failed, program->write_failed, &to->failures);
        if (status != PX_OK) {
            outputs_say(outputs, "", opts->failed, status);
            return status;
        }
    }
    if (opts->json) {
        status = journal_on_outlock(outputs->out, program->journal, NULL, &to->json);
        if (status != PX_OK) {
            outputs_say_why(outputs, "", status);
        }
    }
    return status;
}

int outputs_open(const struct outputs *outputs, struct px_activity *activity, bool measured,
                 struct tell_listeners *to)
{
    const struct session_program *program = outputs->program;
    to->names_targets = program->names_targets;
    to->source_is_url = program->journal->source_is_url;
    to->log = measured ? &outputs->errors_only : &outputs->log;
    int status = outputs_open_progress(outputs, activity, &to->progress);
    if (status != PX_OK || measured) {
        return status;
    }
    to->writeout = program->writeout;
    to->tells_failures = program->tells_failures;
    to->out = outputs->out;
    to->plan = program->dry_run && !outputs->opts->json ? outputs->out : NULL;
    to->plan_words = program->plan_words;
    to->sink = program->sink;
    errno = 0;
    status = to->sink.what != NULL ? to->sink.open(to->sink.ctx) : PX_OK;
    if (status != PX_OK) {
        outputs_say(outputs, "cannot open ", to->sink.what, status);
        return status;
    }
    return outputs_open_files(outputs, to);
}

int outputs_close(const struct outputs *outputs, struct tell_listeners *to)
{
    progress_free(to->progress);
    int status = PX_OK;
    errno = 0;
    const int journal = journal_close(to->journal);
    if (journal != PX_OK) {
        outputs_say(outputs, "journal ", outputs->opts->journal, journal);
        status = journal;
    }
    const int failures = failures_close(to->failures);
    if (failures != PX_OK) {
        outputs_say(outputs, "", outputs->opts->failed, failures);
        status = failures;
    }
    errno = 0;
    const int sink = to->sink.what != NULL ? to->sink.close(to->sink.ctx) : PX_OK;
    if (sink != PX_OK) {
        outputs_say(outputs, "", to->sink.what, sink);
        status = sink;
    }
    const int json = journal_close(to->json);
    return status != PX_OK ? status : json;
}
