/* SPDX-License-Identifier: MIT
 *
 * fetch/list/intake.c - from the inputs to tasks: checksum files first, then (with --strict) a walk over
 * all lines that only looks for bad ones, then the lists for good, of which --shard takes its share.
 *
 * Part of the source, on the owner's thread; no locks. The long steps go in slices, so that the run
 * loop sees signals between them.
 */
#include "fetch/list/intake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/share.h"
#include "base/show.h"
#include "fetch/engine.h"
#include "fetch/list/list.h"
#include "fetch/settle.h"
#include "fetch/list/shard.h"
#include "fetch/list/sumfile.h"
#include "fetch/task.h"
#include "fetch/task_make.h"
#include "fetch/unused.h"

/* When a pipe has no line ready it is looked at again so soon. */
#define PIPE_WAIT_NS (20 * PX_NS_PER_MS)

#define LINES_PER_SLICE 1024
#define WARNINGS_MAX 5 /* of one kind; -v has no limit */

struct intake {
    const struct px_fetch *fetch;
    struct list *list;
    struct sumfile *sums; /* NULL: no --checksum-file */
    bool sums_ready;
    bool begun;
    const char *error; /* static; the list and the checksum files have their own */

    /* --strict */
    bool checked; /* the walk is over */
    bool walking;
    struct settle claims; /* the targets of the walk */
    uint64_t bad, mine;   /* lines, and tasks that will be this run's */

    struct unused unused;
    uint64_t unnamed; /* files that no checksum file names */
};

int intake_new(const struct px_fetch *fetch, struct intake **out)
{
    const struct px_fetch_opts *opts = &fetch->opts;
    const struct list_opts list = {.inputs = opts->inputs,
                                   .n_inputs = opts->n_inputs,
                                   .all_are_lists = opts->all_are_lists,
                                   .nul_separated = opts->nul_separated,
                                   .twice = opts->strict,
                                   .format = opts->list_format,
                                   .base_url = opts->base_url,
                                   .io = fetch->io};
    struct intake *intake = calloc(1, sizeof *intake);

    if (intake == NULL) {
        return PX_ENOMEM;
    }
    intake->fetch = fetch;
    int rc = list_new(&list, &intake->list);
    if (rc == PX_OK && opts->n_checksum_files > 0) {
        rc = sumfile_new(fetch->io, opts->checksum_files, opts->n_checksum_files, &intake->sums);
    }
    if (rc != PX_OK) {
        intake_free(intake);
        return rc;
    }
    *out = intake;
    return PX_OK;
}

void intake_free(struct intake *intake)
{
    if (intake == NULL) {
        return;
    }
    settle_fini(&intake->claims);
    sumfile_free(intake->sums);
    list_free(intake->list);
    free(intake);
}

const char *intake_error(const struct intake *intake)
{
    const char *of_sums = intake->sums != NULL ? sumfile_error(intake->sums) : NULL;

    return intake->error != NULL ? intake->error
           : of_sums != NULL     ? of_sums
                                 : list_error(intake->list);
}

uint64_t intake_total(const struct intake *intake)
{
    return intake->checked && intake->bad == 0 ? intake->mine : 0;
}

const struct list *intake_list(const struct intake *intake)
{
    return intake->list;
}

/* --- checksum files --------------------------------------------------------------------------*/

static void say_odd_lines(const struct intake *intake)
{
    const char *path;
    uint64_t line;
    const uint64_t odd = sumfile_odd_lines(intake->sums, &path, &line);
    char shown[PX_SHOW_ROOM(255)];

    if (odd > 0) {
        px_log_line(intake->fetch->opts.log, PX_LOG_NORMAL, PX_LOG_MAIN,
                    "warning: %s: line %" PRIu64 " is no checksum%s",
                    px_show_str(shown, sizeof shown, path), line, odd > 1 ? ", and others" : "");
    }
}

static int load_sums(struct intake *intake)
{
    int rc = intake->sums_ready || intake->sums == NULL ? PX_OK : sumfile_load(intake->sums);

    if (rc != PX_OK || intake->sums_ready || intake->sums == NULL) {
        return rc;
    }
    intake->sums_ready = true;
    const char *path;
    uint64_t line;
    if (intake->fetch->opts.strict && sumfile_odd_lines(intake->sums, &path, &line) > 0) {
        say_odd_lines(intake);
        intake->error = "--strict: a checksum file has lines that are no checksums";
        return PX_EBADLINE;
    }
    say_odd_lines(intake);
    return PX_OK;
}

/* A few names are worth a line each, ten thousand are not. */
static void say_unnamed(struct intake *intake, const struct fetch_task *task)
{
    const struct px_log *log = intake->fetch->opts.log;
    char shown[PX_SHOW_ROOM(255)];

    intake->unnamed++;
    if (intake->unnamed <= WARNINGS_MAX || px_log_wants(log, PX_LOG_VERBOSE)) {
        px_log_line(log, PX_LOG_NORMAL, PX_LOG_MAIN,
                    "warning: %s: no checksum file names it, so it is not checked",
                    px_show_str(shown, sizeof shown, task->name));
    } else if (intake->unnamed == WARNINGS_MAX + 1) {
        px_log_line(log, PX_LOG_NORMAL, PX_LOG_MAIN,
                    "warning: no checksum file names some other files, either (-v tells which)");
    }
}

static void take_checksum(struct intake *intake, struct fetch_task *task)
{
    const bool strict = intake->fetch->opts.strict;

    if (task->item.status == PX_EBADLINE || task->sums.line.kind != PX_DIGEST_NONE) {
        return;
    }
    switch (sumfile_find(intake->sums, task->target, task->url, &task->sums.line)) {
    case SUMFILE_FOUND: task->sum_from_file = true; break;
    case SUMFILE_NONE:
        if (strict) {
            task_fail_line(task, "no checksum file names it (--strict)");
        } else {
            say_unnamed(intake, task);
        }
        break;
    case SUMFILE_AMBIGUOUS:
        task_fail_line(task, "the checksum files have several files of that name in other folders");
        break;
    case SUMFILE_TORN:
        task_fail_line(task, "the checksum files have two different checksums for it");
        break;
    }
}

/* --- tasks -----------------------------------------------------------------------------------*/

/* Does another run take it? A line that is bad belongs to one of them, too. */
static bool is_for_others(const struct intake *intake, const struct fetch_task *task)
{
    const struct px_fetch_opts *opts = &intake->fetch->opts;
    uint32_t share;

    if (opts->shard_count <= 1) {
        return false;
    }
    if (task->target != NULL && opts->shard_by == PX_SHARD_ITEM) {
        share = px_share_of(task->target, strlen(task->target), opts->shard_count);
    } else if (task->target != NULL) {
        share = shard_of_host(task->url, opts->shard_count);
    } else {
        share = px_share_of(task->url, strlen(task->url), opts->shard_count);
    }
    return share != opts->shard_index;
}

/* Statuses as list_next(). */
static int make_task(struct intake *intake, int64_t now_ns, struct fetch_task **out)
{
    struct list_entry entry;
    int rc = list_next(intake->list, now_ns, &entry);

    if (rc == PX_OK) {
        rc = task_new(intake->fetch, &entry, out);
    }
    if (rc == PX_OK && (*out)->options_len > 0) {
        unused_tell(&intake->unused, *out);
    }
    if (rc == PX_OK && intake->sums != NULL) {
        take_checksum(intake, *out);
    }
    return rc;
}

/* --- the walk of --strict --------------------------------------------------------------------*/

static int begin_walk(struct intake *intake)
{
    int rc = intake->walking ? PX_OK : settle_init(&intake->claims, intake->fetch, true);

    intake->walking = rc == PX_OK;
    return rc;
}

static int end_walk(struct intake *intake)
{
    settle_fini(&intake->claims);
    intake->walking = false;
    intake->checked = true;
    if (intake->bad > 0) {
        px_log_line(intake->fetch->opts.log, PX_LOG_QUIET, PX_LOG_MAIN,
                    "--strict: nothing is fetched: %" PRIu64 " bad line%s", intake->bad,
                    intake->bad > 1 ? "s" : "");
        return PX_EEND;
    }
    list_rewind(intake->list);
    return PX_OK;
}

/* A slice of it. PX_OK with a bad task; PX_OK without: the walk is over, nothing was bad. */
static int walk(struct intake *intake, int64_t now_ns, struct fetch_task **out, int64_t *until_ns)
{
    int rc = begin_walk(intake);

    for (int i = 0; i < LINES_PER_SLICE && rc == PX_OK; i++) {
        struct fetch_task *task;

        rc = make_task(intake, now_ns, &task);
        if (rc == PX_EEND) {
            return end_walk(intake);
        }
        if (rc == PX_EAGAIN) {
            *until_ns = now_ns + PIPE_WAIT_NS;
        }
        if (rc != PX_OK) {
            return rc;
        }
        rc = settle_claim(&intake->claims, task);
        if (rc == PX_OK && task->item.state == PX_ITEM_FAILED) {
            intake->bad++;
            *out = task;
            return PX_OK;
        }
        intake->mine += !is_for_others(intake, task);
        task_free(task);
    }
    intake->error = intake->claims.error;
    *until_ns = now_ns;
    return rc == PX_OK ? PX_EAGAIN : rc;
}

/* --- the interface ---------------------------------------------------------------------------*/

static void say_share(struct intake *intake)
{
    const struct px_fetch_opts *opts = &intake->fetch->opts;

    if (!intake->begun && opts->shard_from != NULL) {
        px_log_line(opts->log, PX_LOG_NORMAL, PX_LOG_MAIN, "shard %u of %u (%s)", opts->shard_index,
                    opts->shard_count, opts->shard_from);
    }
    intake->begun = true;
}

int intake_next(struct intake *intake, int64_t now_ns, struct fetch_task **out, int64_t *until_ns)
{
    *out = NULL;
    *until_ns = now_ns + PIPE_WAIT_NS;
    say_share(intake);
    int rc = load_sums(intake);
    if (rc == PX_OK && intake->fetch->opts.strict && !intake->checked) {
        rc = walk(intake, now_ns, out, until_ns);
        if (rc != PX_OK || *out != NULL) {
            return rc;
        }
    }
    if (rc == PX_OK && intake->bad > 0) {
        return PX_EEND;
    }
    for (int i = 0; i < LINES_PER_SLICE && rc == PX_OK; i++) {
        rc = make_task(intake, now_ns, out);
        if (rc != PX_OK || !is_for_others(intake, *out)) {
            return rc;
        }
        task_free(*out);
        *out = NULL;
        *until_ns = now_ns;
    }
    return rc == PX_OK ? PX_EAGAIN : rc;
}
