/* SPDX-License-Identifier: MIT
 *
 * app/session.h - what both programs do around an engine: from the common options to the exit code.
 * A program brings its engine as callbacks; everything that the user sees (messages, progress,
 * journal, report, comparison, exit code) is made here, the same for both.
 *
 * Main's thread only.
 */
#ifndef PX_APP_SESSION_H
#define PX_APP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/activity.h>
#include <pxfer/attr.h>
#include <pxfer/log.h>

#include "app/exits.h"
#include "app/journal.h"
#include "app/option.h"
#include "app/plan.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/run.h"

/* For session_opts.jobs: how many is to be found out (-j auto). As an int for tables of choices. */
#define SESSION_JOBS_AUTO (-1)

/* The common options: embed it in the program's options struct and put SESSION_OPTION_JOBS, which says
 * how many workers there are without -j, and SESSION_OPTION_ROWS into the program's table. */
struct session_opts {
    unsigned jobs; /* or SESSION_JOBS_AUTO */
    bool quiet;
    int verbose;
    const char *journal;
    bool json;
    const char *failed;
    enum progress_mode progress;
    enum report_mode report;
    bool baseline;
    struct option_numbers compare;
    const char *plot;
    bool fail_fast;
};

extern const struct option_choice session_jobs_words[]; /* of -j */
extern const struct option_choice session_progress_words[];
extern const struct option_choice session_report_words[];

#define SESSION_AT(type, member, field) \
    (offsetof(type, member) + offsetof(struct session_opts, field))

/* clang-format off: a table reads best with a row for each option */
#define SESSION_OPTION_JOBS(type, member, default_)                                       \
    {                                                                                     \
        .kind = OPTION_UNSIGNED, .letter = 'j', .name = "jobs", .arg = "N|auto",          \
        .choices = session_jobs_words, .min = 1, .max = 1024,                             \
        .offset = SESSION_AT(type, member, jobs),                                         \
        .help = "worker threads; default: " default_ "; auto: as many as bring something" \
    }
#define SESSION_OPTION_ROWS(type, member)                                                       \
    {.kind = OPTION_GROUP, .help = "Output:"},                                                  \
        {.kind = OPTION_FLAG,                                                                   \
         .letter = 'q',                                                                         \
         .name = "quiet",                                                                       \
         .offset = SESSION_AT(type, member, quiet),                                             \
         .help = "say nothing but errors"},                                                     \
        {.kind = OPTION_COUNT,                                                                  \
         .letter = 'v',                                                                         \
         .name = "verbose",                                                                     \
         .offset = SESSION_AT(type, member, verbose),                                           \
         .help = "a line for each file; -vv: what was decided and why"},                        \
        {.kind = OPTION_CHOICE,                                                                 \
         .name = "progress",                                                                    \
         .choices = session_progress_words,                                                     \
         .preset = "auto",                                                                      \
         .offset = SESSION_AT(type, member, progress),                                          \
         .help = "live display on standard error"},                                             \
        {.kind = OPTION_CHOICE,                                                                 \
         .name = "report",                                                                      \
         .choices = session_report_words,                                                       \
         .preset = "text",                                                                      \
         .offset = SESSION_AT(type, member, report),                                            \
         .help = "closing report on standard error"},                                           \
        {.kind = OPTION_STRING,                                                                 \
         .name = "journal",                                                                     \
         .arg = "FILE",                                                                         \
         .offset = SESSION_AT(type, member, journal),                                           \
         .help = "append a JSON line for each finished file"},                                  \
        {.kind = OPTION_FLAG,                                                                   \
         .name = "json",                                                                        \
         .offset = SESSION_AT(type, member, json),                                              \
         .help = "write the same lines to standard output"},                                    \
        {.kind = OPTION_STRING,                                                                 \
         .name = "failed",                                                                      \
         .arg = "FILE",                                                                         \
         .offset = SESSION_AT(type, member, failed),                                            \
         .help = "write what failed, to be tried again"},                                       \
        {.kind = OPTION_FLAG,                                                                   \
         .name = "fail-fast",                                                                   \
         .offset = SESSION_AT(type, member, fail_fast),                                         \
         .help = "stop at the first failure"},                                                  \
        {.kind = OPTION_GROUP, .help = "Timing:"},                                              \
        {.kind = OPTION_FLAG,                                                                   \
         .name = "baseline",                                                                    \
         .offset = SESSION_AT(type, member, baseline),                                          \
         .help = "measure one worker first, in a scratch folder that is removed"},              \
        {.kind = OPTION_NUMBERS,                                                                \
         .name = "compare",                                                                     \
         .arg = "N,N...",                                                                       \
         .min = 1,                                                                              \
         .max = 1024,                                                                           \
         .offset = SESSION_AT(type, member, compare),                                           \
         .help = "only measure: run with each number of workers, in scratch folders"},          \
        {.kind = OPTION_STRING,                                                                 \
         .name = "plot",                                                                        \
         .arg = "FILE.svg",                                                                     \
         .offset = SESSION_AT(type, member, plot),                                              \
         .help = "draw speed-up against workers (with --baseline or --compare)"},               \
        {.kind = OPTION_GROUP, .help = "Help:"},                                                \
        {.kind = OPTION_HELP, .letter = 'h', .name = "help", .help = "print this text"},        \
        {.kind = OPTION_VERSION,                                                                \
         .letter = 'V',                                                                         \
         .name = "version",                                                                     \
         .help = "print the versions of the program and its libraries"},                        \
        {.kind = OPTION_COMPLETION, .name = "completion", .help = "print a completion script"}, \
    {                                                                                           \
        .kind = OPTION_END                                                                      \
    }
/* clang-format on */

/* What a program opens its engine with. */
struct session_run {
    unsigned workers;
    bool automatic; /* of these, find out how many at a time are best (-j auto) */
    const char
        *scratch; /* put everything into this folder instead of the real target; NULL = real */
    const char *journal; /* of earlier runs, and this one's; NULL = none */
    bool every_item;     /* somebody wants to hear of each item, not only of failures */
    struct px_activity *activity;
    const struct px_log *log;
};

struct session_program {
    const struct option_program *options;
    const struct report_schema *report;
    const struct journal_schema *journal;
    const struct exits_table *exits;
    int (*write_failed)(const struct px_result *task, FILE *out); /* an entry of --failed */

    /* Opens the engine and its source. On failure a status with a message in `error`. */
    int (*open)(void *ctx, const struct session_run *run, struct run_engine *out, char *error,
                size_t error_room);
    /* After the workers are gone: makes it durable as far as the options ask (PX_OK or a status). */
    int (*sync)(void *ctx, struct run_engine *engine);
    bool syncs_at_end; /* sync() does something: the report tells how long it took */
    void (*close)(void *ctx, struct run_engine *engine);

    /* Where the files go: scratch folders are made on the same file system. Borrowed. */
    const char *(*target)(void *ctx);
    /* Why the work cannot be done twice (a list on standard input); NULL = it can. */
    const char *(*only_once)(void *ctx);

    unsigned per_worker; /* streams */
    /* -j auto by the run loop (start) and back-off (max_pressure, pressure_file) of the real run; the
     * rest of it is filled in. All zero: the engine sees to -j auto, nobody backs off. */
    struct pacer_opts pace;
    unsigned fds_per_worker;       /* that a worker needs: fewer start where the limit is low */
    struct writeout *writeout;     /* borrowed; NULL = none */
    bool tells_failures;           /* it tells of failures, too: no messages about them */
    const char *const *exec_words; /* --exec, split; NULL = none */
    unsigned exec_jobs;
    bool names_targets;    /* of several for each source: messages name them */
    bool uses_stdout;      /* the engine writes there by itself */
    struct tell_sink sink; /* of the real run; closed at its end */
    /* The words before an item's line of a dry run's plan; NULL = none (app/plan.h). */
    plan_words_fn *plan_words;
    bool dry_run; /* items come back skipped: print them as a plan on standard output */
};

/* Runs the program; the exit code. Does not return when a signal ended the run: the process dies by
 * that signal. */
int session_main(const struct session_program *program, const struct session_opts *opts, void *ctx);

/* All of main(): standard descriptors, signals, limits, the command line into `options` (zeroed by
 * the caller), then --help and the like, or `run`, whose exit code it returns. */
int session_start(const struct option_program *program, const struct exits_table *exits, int argc,
                  char **argv, void *options,
                  int (*run)(void *options, const struct option_parsed *parsed));

#endif
