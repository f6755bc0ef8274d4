/* SPDX-License-Identifier: MIT
 *
 * app/exec.c - a command for each file. Main's thread owns the pool and the jobs that wait; a
 * worker's thread starts one command at a time and waits for it (child.c). No locks of its own.
 *
 * The pool never makes main wait: what it has no room for is kept in a list, which is bounded because
 * no more is fetched while it is not empty.
 */
#define _GNU_SOURCE
#include "app/exec.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "app/child.h"
#include "app/words.h"
#include "base/fdio.h"

/* Jobs that are ready when a worker is free before main has looked again. */
#define QUEUE_PER_JOB 8

struct job {
    struct px_result *task;
    struct job *next;
    bool ran;
    bool no_memory;
    struct child_end end;
};

struct exec {
    struct exec_opts opts;
    bool add_path; /* no word asks for it */
    struct px_pool *pool;
    struct job *first, *last; /* that wait for room */
    size_t pending;
    bool canceled;
};

/* --- the workers' side -----------------------------------------------------------------------*/

static void free_argv(char **argv)
{
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++) {
        free(argv[i]);
    }
    free(argv);
}

/* A path that begins with a dash would be an option. */
static char *plain_path(const char *path)
{
    char *text = NULL;

    return asprintf(&text, "%s%s", path[0] == '-' ? "./" : "", path) >= 0 ? text : NULL;
}

/* The command's words for one item; NULL: no memory. */
static char **make_argv(const struct exec *exec, const struct px_item *item)
{
    size_t n = 0;
    while (exec->opts.words[n] != NULL) {
        n++;
    }
    char **argv = calloc(n + 2, sizeof *argv);
    char *path = plain_path(item->target);
    bool good = argv != NULL && path != NULL;

    for (size_t i = 0; i < n && good; i++) {
        argv[i] = words_fill(exec->opts.words[i], path, item->source);
        good = argv[i] != NULL;
    }
    if (good && exec->add_path) {
        argv[n] = path;
        path = NULL;
    }
    free(path);
    if (!good) {
        free_argv(argv);
        return NULL;
    }
    return argv;
}

static bool is_stopped(void *worker)
{
    return px_worker_stopping(worker);
}

static void run_job(struct px_worker *worker, const struct exec *exec, struct job *job)
{
    char **argv = make_argv(exec, &job->task->items[0]);

    if (argv == NULL) {
        job->no_memory = true;
        return;
    }
    const struct child_opts child = {.argv = argv,
                                     .out = exec->opts.out,
                                     .err = exec->opts.err,
                                     .stopped = is_stopped,
                                     .ctx = worker};
    /* output that is lost is remembered by the outlock, and told at the end of the run */
    PX_IGNORE(child_run(&child, &job->end));
    job->ran = true;
    free_argv(argv);
}

static int exec_init(struct px_worker *worker, void *ctx, void **state)
{
    (void)worker;
    *state = ctx;
    return PX_OK;
}

static void exec_run(struct px_worker *worker, void *state)
{
    const struct exec *exec = state;
    void *task;

    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        if (!px_worker_stopping(worker)) {
            run_job(worker, exec, task);
        }
        px_worker_emit(worker, task);
    }
}

/* --- main's side -----------------------------------------------------------------------------*/

/* The failure's sentence; NULL: all is well, or no memory. */
static char *describe(const struct job *job)
{
    const struct child_end *end = &job->end;
    char *text = NULL;
    int n = 0;

    if (!job->ran) {
        n = asprintf(&text, "command: %s", job->no_memory ? "no memory" : "not run");
    } else if (end->err != 0) {
        n = asprintf(&text, "command: %s", px_errno_text(end->err));
    } else if (end->signal != 0) {
        n = asprintf(&text, "command: killed by signal %d", end->signal);
    } else {
        n = asprintf(&text, "command: exit code %d", end->code);
    }
    return n >= 0 ? text : NULL;
}

static void settle(const struct job *job)
{
    struct px_result *task = job->task;
    struct px_item *item = &task->items[0];

    if (job->ran) {
        item->exec_ns = job->end.ns;
        item->exec_code = job->end.err != 0 ? -1 : job->end.code;
    }
    if (job->ran && job->end.err == 0 && job->end.code == 0) {
        return;
    }
    free(item->error);
    item->error = describe(job);
    item->state = PX_ITEM_FAILED;
    item->status = PX_ECOMMAND;
    item->os_errno = job->end.err;
    task->ok--;
    task->failed++;
}

static void on_ended(void *ctx, void *result)
{
    struct exec *exec = ctx;
    struct job *job = result;

    settle(job);
    exec->pending--;
    exec->opts.sink(exec->opts.sink_ctx, job->task);
    free(job);
}

static void submit_waiting(struct exec *exec)
{
    while (exec->first != NULL) {
        struct job *job = exec->first;
        const int status = px_pool_submit(exec->pool, job);

        if (status == PX_EAGAIN) {
            return;
        }
        exec->first = job->next;
        if (status != PX_OK) {
            on_ended(exec, job); /* canceled: it is not run */
        }
    }
    exec->last = NULL;
}

static bool asks_for_item(char *const *words)
{
    for (; *words != NULL; words++) {
        if (strstr(*words, "{}") != NULL || strstr(*words, "{url}") != NULL) {
            return true;
        }
    }
    return false;
}

int exec_new(const struct exec_opts *opts, struct exec **out)
{
    struct exec *exec = calloc(1, sizeof *exec);

    if (exec == NULL) {
        return PX_ENOMEM;
    }
    exec->opts = *opts;
    exec->add_path = !asks_for_item(opts->words);
    /* ignored, as some parents leave it, the kernel would not keep the exit codes */
    PX_IGNORE(signal(SIGCHLD, SIG_DFL));
    const struct px_pool_opts pool = {
        .workers = opts->jobs,
        .capacity = (size_t)opts->jobs * QUEUE_PER_JOB,
        .body = {.init = exec_init, .run = exec_run, .ctx = exec},
        .sink = on_ended,
        .sink_ctx = exec,
        .name = "exec",
    };
    const int status = px_pool_new(&pool, &exec->pool);
    if (status != PX_OK) {
        free(exec);
        return status;
    }
    *out = exec;
    return PX_OK;
}

void exec_free(struct exec *exec)
{
    if (exec == NULL) {
        return;
    }
    exec_cancel(exec);
    px_pool_free(exec->pool);
    free(exec);
}

bool exec_is_for(const struct exec *exec, const struct px_result *task)
{
    return exec != NULL && task->n_items == 1 && task->items[0].state == PX_ITEM_OK &&
           task->items[0].target != NULL;
}

int exec_add(struct exec *exec, struct px_result *task)
{
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        return PX_ENOMEM;
    }
    job->task = task;
    exec->pending++;
    if (exec->last != NULL) {
        exec->last->next = job;
    } else {
        exec->first = job;
    }
    exec->last = job;
    submit_waiting(exec);
    return PX_OK;
}

bool exec_is_full(const struct exec *exec)
{
    return exec != NULL && exec->first != NULL;
}

size_t exec_pending(const struct exec *exec)
{
    return exec != NULL ? exec->pending : 0;
}

void exec_pump(struct exec *exec)
{
    if (exec == NULL || exec->pending == 0) {
        return;
    }
    PX_IGNORE(px_pool_pump(exec->pool, PX_NOWAIT)); /* nothing there is fine */
    submit_waiting(exec);
}

void exec_cancel(struct exec *exec)
{
    if (exec != NULL && !exec->canceled) {
        exec->canceled = true;
        px_pool_cancel(exec->pool);
        submit_waiting(exec);
    }
}
