/* SPDX-License-Identifier: MIT
 *
 * session_world.h - a program for the tests of sessions: an engine whose tasks are six things that
 * go well or not as told, the options of all programs, a directory of the test's own, and standard
 * output and error kept in files while a session runs. Header only, for test_session.c and
 * test_outputs.c. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_SESSION_WORLD_H
#define PX_TESTS_SESSION_WORLD_H

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "app/session.h"

#include "support/memory_text.h"
#include "support/scratch.h"

enum { ITEMS = 6, RUNS_MAX = 8 };

/* --- a program ------------------------------------------------------------------------------- */

struct thing {
    struct px_result result; /* first */
    struct px_item item;
    char name[16];
};

/* How the session opened the engine. */
struct opened {
    unsigned workers;
    bool real, every_item, has_activity, scratch_is_there;
};

struct program {
    struct px_source source; /* first */
    struct thing things[ITEMS];
    size_t made;
    bool drained;
    struct px_account accounts[4];
    atomic_uint worked;

    /* what shall happen */
    int open_status; /* of the run number open_fails_at */
    size_t open_fails_at;
    const char *open_error;
    int item_status; /* of things[3]; PX_OK = well */
    int sync_status;
    int raise_in_run; /* this signal, when the first task of a run is made; 0 = none */
    const char *only_once;
    const char *target;

    /* what did happen */
    struct opened runs[RUNS_MAX];
    size_t opens, closes, syncs;
};

static inline int source_next(struct px_source *source, struct px_next *out)
{
    struct program *program = (struct program *)source;
    if (program->drained || program->made == ITEMS) {
        return PX_EEND;
    }
    if (program->made == 0 && program->raise_in_run != 0) {
        raise(program->raise_in_run);
    }
    struct thing *thing = &program->things[program->made++];
    thing->item = (struct px_item){.source = thing->name, .target = thing->name};
    thing->result = (struct px_result){.ok = 1, .bytes = 10, .items = &thing->item, .n_items = 1};
    out->task = &thing->result;
    return PX_OK;
}

static inline int source_done(struct px_source *source, struct px_result *task)
{
    (void)source;
    (void)task;
    return PX_OK;
}

static inline void source_release(struct px_source *source, struct px_result *task)
{
    (void)source;
    free(task->items[0].error);
    task->items[0].error = NULL;
}

static inline void source_drain(struct px_source *source)
{
    ((struct program *)source)->drained = true;
}

static inline const char *source_error(struct px_source *source)
{
    (void)source;
    return NULL;
}

static inline uint64_t source_total(struct px_source *source)
{
    (void)source;
    return ITEMS;
}

static const struct px_source_ops source_ops = {
    .next = source_next,
    .done = source_done,
    .release = source_release,
    .drain = source_drain,
    .error = source_error,
    .total_items = source_total,
};

static inline int body_init(struct px_worker *worker, void *ctx, void **state)
{
    (void)worker;
    *state = ctx;
    return PX_OK;
}

static inline void work_on(struct px_worker *worker, struct program *program, struct thing *thing)
{
    atomic_fetch_add(&program->worked, 1);
    program->accounts[worker->index].items++;
    if (px_worker_stopping(worker)) {
        thing->item.state = PX_ITEM_CANCELED;
        thing->result.ok = 0;
        thing->result.canceled = 1;
    } else if (thing == &program->things[3] && program->item_status != PX_OK) {
        thing->item.state = PX_ITEM_FAILED;
        thing->item.status = program->item_status;
        thing->item.error = strdup("did not work");
        thing->result.ok = 0;
        thing->result.failed = 1;
    }
}

static inline void body_run(struct px_worker *worker, void *state)
{
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        work_on(worker, state, task);
        px_worker_emit(worker, task);
    }
}

static inline const struct px_account *account_of(const void *engine, unsigned worker)
{
    return &((const struct program *)engine)->accounts[worker];
}

static inline int program_open(void *ctx, const struct session_run *run, struct run_engine *out,
                               char *error, size_t room)
{
    struct program *program = ctx;
    struct opened *opened = &program->runs[program->opens++];
    *opened = (struct opened){.workers = run->workers,
                              .real = run->scratch == NULL,
                              .every_item = run->every_item,
                              .has_activity = run->activity != NULL};
    if (run->scratch != NULL) { /* leaves something in it, as a real engine would */
        char path[SCRATCH_ROOM];
        snprintf(path, sizeof path, "%s/left", run->scratch);
        FILE *file = fopen(path, "w");
        opened->scratch_is_there = file != NULL && fclose(file) == 0;
    }
    if (program->open_status != PX_OK && program->opens > program->open_fails_at) {
        snprintf(error, room, "%s", program->open_error != NULL ? program->open_error : "");
        return program->open_status;
    }
    program->source.ops = &source_ops;
    program->made = 0;
    *out = (struct run_engine){.engine = program,
                               .source = &program->source,
                               .body = {.init = body_init, .run = body_run, .ctx = program},
                               .account = account_of};
    return PX_OK;
}

static inline int program_sync(void *ctx, struct run_engine *engine)
{
    struct program *program = ctx;
    (void)engine;
    program->syncs++;
    return program->sync_status;
}

static inline void program_close(void *ctx, struct run_engine *engine)
{
    (void)engine;
    ((struct program *)ctx)->closes++;
}

static inline const char *program_target(void *ctx)
{
    return ((const struct program *)ctx)->target;
}

static inline const char *program_only_once(void *ctx)
{
    return ((const struct program *)ctx)->only_once;
}

static const char *const phases[] = {"thinking", NULL};
static const char *const limits[] = {"thought", NULL};
static const char *const counters[] = {NULL};
static const char *const usage[] = {"[OPTION]...", NULL};

struct options {
    struct session_opts session;
};

static const struct option_spec table[] = {
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 'j', "jobs", "worker threads", "2",
                      offsetof(struct options, session.jobs), 1, 64),
    SESSION_OPTION_ROWS(struct options, session),
};

static const struct option_program option_program = {
    .name = "prog", .usage = usage, .summary = "Does things.", .table = table, .version = "1.2.3"};

static const struct report_schema report = {.program = "prog",
                                            .noun = "things",
                                            .phase_names = phases,
                                            .phase_limits = limits,
                                            .counter_names = counters};

static const struct journal_schema journal = {
    .source_key = "source", .target_key = "path", .phase_names = phases};

static const struct session_program session_program = {
    .options = &option_program,
    .report = &report,
    .journal = &journal,
    .exits = &exits_pfetch,
    .write_failed = failures_write_sources,
    .open = program_open,
    .sync = program_sync,
    .close = program_close,
    .target = program_target,
    .only_once = program_only_once,
};

/* --- running it ------------------------------------------------------------------------------ */

/* One test's world. */
struct world {
    struct scratch dir;
    struct program program;
    struct session_opts opts;
    char *err, *out; /* what the last session said */
    int kept_err, kept_out;
};

static inline int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    scratch_make(&world->dir);
    for (size_t i = 0; i < ITEMS; i++) {
        snprintf(world->program.things[i].name, sizeof world->program.things[i].name, "thing-%zu",
                 i);
    }
    world->program.target = world->dir.dir;
    world->opts = (struct session_opts){.jobs = 2, .progress = PROGRESS_NONE};
    *state = world;
    return 0;
}

static inline void world_forget(struct world *world)
{
    free(world->err);
    free(world->out);
    world->err = world->out = NULL;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    world_forget(world);
    scratch_remove(&world->dir);
    free(world);
    return 0;
}

/* Lets descriptor `fd` be the file `path` until give_back(). */
static inline int redirect(int fd, const char *path)
{
    const int kept = dup(fd);
    FILE *file = fopen(path, "w");
    assert_true(kept >= 0 && file != NULL && dup2(fileno(file), fd) == fd);
    fclose(file);
    return kept;
}

static inline void give_back(int fd, int kept)
{
    assert_int_equal(dup2(kept, fd), fd);
    close(kept);
}

/* Standard output and error go to files until world_let_go(). */
static inline void world_catch(struct world *world, const char *out_path)
{
    world_forget(world);
    fflush(NULL);
    world->kept_err = redirect(STDERR_FILENO, scratch_path(&world->dir, "stderr"));
    world->kept_out =
        redirect(STDOUT_FILENO, out_path != NULL ? out_path : scratch_path(&world->dir, "stdout"));
}

static inline char *world_take(struct world *world, const char *name)
{
    char *text = memory_text_read_file(scratch_path(&world->dir, name));
    unlink(scratch_path(&world->dir, name));
    return text;
}

static inline void world_let_go(struct world *world)
{
    fflush(NULL);
    give_back(STDOUT_FILENO, world->kept_out);
    give_back(STDERR_FILENO, world->kept_err);
    world->err = world_take(world, "stderr");
    world->out = scratch_has(&world->dir, "stdout") ? world_take(world, "stdout") : NULL;
}

/* session_main() with `out_path` as standard output; NULL: it is kept. */
static inline int world_run_to(struct world *world, const char *out_path)
{
    world_catch(world, out_path);
    const int code = session_main(&session_program, &world->opts, &world->program);
    world_let_go(world);
    return code;
}

static inline int world_run(struct world *world)
{
    return world_run_to(world, NULL);
}

static inline size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += *text == '\n';
    }
    return n;
}

/* The names in the test's directory, hidden ones too. */
static inline size_t names_in(const struct scratch *dir)
{
    size_t n = 0;
    DIR *listing = opendir(dir->dir);
    assert_non_null(listing);
    while (readdir(listing) != NULL) {
        n++;
    }
    closedir(listing);
    return n - 2; /* . and .. */
}

static inline void assert_says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        fail_msg("'%s' is not in: %s", what, text);
    }
}

static inline void assert_file_says(struct world *world, const char *name, const char *what,
                                    size_t lines)
{
    char *text = memory_text_read_file(scratch_path(&world->dir, name));
    assert_says(text, what);
    assert_int_equal(lines_of(text), lines);
    free(text);
}

#endif
