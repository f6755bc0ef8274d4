/* SPDX-License-Identifier: MIT
 *
 * Where the words of a session go: what the options open for a run, and what is said about it.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "app/outputs.h"
#include "app/session_world.h"

/* --- what is said ----------------------------------------------------------------------------- */

static void test_outputs_init_messages_are_as_many_as_the_options_want(void **state)
{
    struct world *world = *state;
    static const struct {
        bool quiet;
        int verbose;
        enum px_log_level most;
    } rows[] = {{true, 2, PX_LOG_QUIET},
                {false, 0, PX_LOG_NORMAL},
                {false, 1, PX_LOG_VERBOSE},
                {false, 3, PX_LOG_DEBUG}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outputs outputs;
        world->opts.quiet = rows[i].quiet;
        world->opts.verbose = rows[i].verbose;
        assert_int_equal(outputs_init(&outputs, &session_program, &world->opts), PX_OK);
        assert_int_equal(outputs.log.level, rows[i].most);
        assert_int_equal(outputs.errors_only.level, PX_LOG_QUIET);
        assert_ptr_equal(outputs.errors_only.out, outputs.err);
        outputs_fini(&outputs);
    }
}

static void test_outputs_say_gives_errno_else_the_status(void **state)
{
    struct world *world = *state;
    struct outputs outputs;
    world->opts.quiet = true; /* errors are said all the same */
    assert_int_equal(outputs_init(&outputs, &session_program, &world->opts), PX_OK);
    world_catch(world, NULL);
    errno = ENOTDIR;
    outputs_say(&outputs, "journal ", "a\x1b", PX_EIO);
    errno = 0;
    outputs_say(&outputs, "", "b", PX_EIO);
    outputs_say_why(&outputs, "it is so", PX_EIO);
    outputs_say_why(&outputs, "", PX_EIO);
    world_let_go(world);
    outputs_fini(&outputs);
    assert_says(world->err, "prog: journal ");
    assert_says(world->err, ": Not a directory\nprog: b: file I/O error\n"
                            "prog: it is so\nprog: file I/O error\n");
    assert_null(strchr(world->err, '\x1b'));
    assert_string_equal(world->out, "");
}

/* --- before a measurement --------------------------------------------------------------------- */

static int try_once(struct world *world)
{
    struct outputs outputs;
    assert_int_equal(outputs_init(&outputs, &session_program, &world->opts), PX_OK);
    world_catch(world, NULL);
    const int status = outputs_try(&outputs);
    world_let_go(world);
    outputs_fini(&outputs);
    return status;
}

static void test_outputs_try_leaves_the_files_as_they_were(void **state)
{
    struct world *world = *state;
    char journal_path[SCRATCH_ROOM], failed_path[SCRATCH_ROOM], plot_path[SCRATCH_ROOM];
    snprintf(journal_path, sizeof journal_path, "%s", scratch_path(&world->dir, "journal"));
    snprintf(failed_path, sizeof failed_path, "%s", scratch_path(&world->dir, "failed"));
    snprintf(plot_path, sizeof plot_path, "%s", scratch_path(&world->dir, "plot.svg"));
    scratch_put(&world->dir, "journal", "a line\n");
    scratch_put(&world->dir, "failed", "an entry\n");
    world->opts.journal = journal_path;
    world->opts.failed = failed_path;
    world->opts.plot = plot_path;
    assert_int_equal(try_once(world), PX_OK);
    assert_string_equal(world->err, "");
    assert_file_says(world, "journal", "a line\n", 1);
    assert_file_says(world, "failed", "an entry\n", 1);
    assert_int_equal(names_in(&world->dir), 2);
}

static void test_outputs_try_says_what_cannot_be_opened(void **state)
{
    struct world *world = *state;
    world->opts.plot = "/nonexistent/plot.svg";
    assert_int_equal(try_once(world), PX_EIO);
    assert_string_equal(world->err,
                        "prog: plot /nonexistent/plot.svg: No such file or directory\n");
    world->opts.failed = "/nonexistent/failed"; /* the first is enough */
    assert_int_equal(try_once(world), PX_EIO);
    assert_string_equal(world->err, "prog: /nonexistent/failed: No such file or directory\n");
    world->opts.journal = "/nonexistent/journal";
    assert_int_equal(try_once(world), PX_EIO);
    assert_string_equal(world->err,
                        "prog: journal /nonexistent/journal: No such file or directory\n");
}

/* --- a run ------------------------------------------------------------------------------------ */

/* An engine's own file. */
struct sink {
    int open_status, close_status;
    unsigned opens, closes;
};

static int sink_open(void *ctx)
{
    struct sink *sink = ctx;
    sink->opens++;
    errno = sink->open_status != PX_OK ? EACCES : 0;
    return sink->open_status;
}

static int sink_close(void *ctx)
{
    struct sink *sink = ctx;
    sink->closes++;
    errno = sink->close_status != PX_OK ? ENOSPC : 0;
    return sink->close_status;
}

static struct session_program program_with(struct sink *sink)
{
    struct session_program program = session_program;
    program.sink = (struct tell_sink){
        .what = "the manifest", .ctx = sink, .open = sink_open, .close = sink_close};
    return program;
}

static void test_outputs_want_every_item_when_somebody_listens_to_each(void **state)
{
    (void)state;
    struct sink sink = {0};
    struct session_program dry = session_program;
    dry.dry_run = true;
    const struct session_program sinking = program_with(&sink);
    const struct {
        const struct session_program *program;
        struct session_opts opts;
        bool wants;
    } rows[] = {{&session_program, {.failed = "f", .plot = "p"}, false},
                {&session_program, {.journal = "j"}, true},
                {&session_program, {.json = true}, true},
                {&session_program, {.verbose = 1}, true},
                {&dry, {0}, true},
                {&sinking, {0}, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct outputs outputs = {.program = rows[i].program, .opts = &rows[i].opts};
        assert_int_equal(outputs_want_every_item(&outputs), rows[i].wants);
    }
}

/* A run in which nothing happens; what its opening came to. `seen`: who listened, for their names
 * alone, since they are closed. */
static int open_and_close(struct world *world, const struct session_program *program, bool measured,
                          struct tell_listeners *seen, int *closed)
{
    struct outputs outputs;
    struct tell_listeners to = {0};
    struct px_activity *activity = NULL;
    assert_int_equal(px_activity_new(1, &activity), PX_OK);
    assert_int_equal(outputs_init(&outputs, program, &world->opts), PX_OK);
    world_catch(world, NULL);
    const int status = outputs_open(&outputs, activity, measured, &to);
    *seen = to;
    *closed = outputs_close(&outputs, &to);
    world_let_go(world);
    assert_ptr_equal(seen->log, measured ? &outputs.errors_only : &outputs.log);
    assert_true(seen->out == NULL || seen->out == outputs.out);
    assert_true(seen->plan == NULL || seen->plan == outputs.out);
    outputs_fini(&outputs);
    px_activity_free(activity);
    return status;
}

static void listen_to_all(struct world *world, char *journal_path, char *failed_path)
{
    snprintf(journal_path, SCRATCH_ROOM, "%s", scratch_path(&world->dir, "journal"));
    snprintf(failed_path, SCRATCH_ROOM, "%s", scratch_path(&world->dir, "failed"));
    world->opts.journal = journal_path;
    world->opts.failed = failed_path;
    world->opts.json = true;
}

/* open_and_close() with every option that names a listener; nothing fails. */
static void open_all(struct world *world, bool measured, struct sink *sink,
                     struct tell_listeners *seen)
{
    char journal_path[SCRATCH_ROOM], failed_path[SCRATCH_ROOM];
    const struct session_program program = program_with(sink);
    int closed = PX_EINTERNAL;
    listen_to_all(world, journal_path, failed_path);
    assert_int_equal(open_and_close(world, &program, measured, seen, &closed), PX_OK);
    assert_int_equal(closed, PX_OK);
    world->opts.journal = NULL;
    world->opts.failed = NULL;
}

static void test_outputs_open_gives_all_that_the_options_name(void **state)
{
    struct world *world = *state;
    struct sink sink = {0};
    struct tell_listeners seen;
    open_all(world, false, &sink, &seen);
    assert_non_null(seen.journal);
    assert_non_null(seen.json);
    assert_non_null(seen.failures);
    assert_non_null(seen.progress);
    assert_non_null(seen.out);
    assert_string_equal(seen.sink.what, "the manifest");
    assert_int_equal(sink.opens, 1);
    assert_int_equal(sink.closes, 1);
    assert_string_equal(world->err, "");
    assert_true(scratch_has(&world->dir, "journal"));
    assert_true(scratch_has(&world->dir, "failed"));
}

static void test_outputs_open_of_a_measured_run_has_a_display_alone(void **state)
{
    struct world *world = *state;
    struct sink sink = {0};
    struct tell_listeners seen;
    open_all(world, true, &sink, &seen);
    assert_non_null(seen.progress);
    assert_null(seen.journal);
    assert_null(seen.json);
    assert_null(seen.failures);
    assert_null(seen.out);
    assert_int_equal(sink.opens + sink.closes, 0);
    assert_int_equal(names_in(&world->dir), 0);
}

static void test_outputs_open_plan_is_of_a_dry_run_without_json(void **state)
{
    struct world *world = *state;
    struct session_program program = session_program;
    struct tell_listeners seen;
    int closed = PX_EINTERNAL;
    for (int i = 0; i < 4; i++) {
        program.dry_run = (i & 1) != 0;
        world->opts.json = (i & 2) != 0;
        assert_int_equal(open_and_close(world, &program, false, &seen, &closed), PX_OK);
        assert_int_equal(seen.plan != NULL, i == 1);
    }
}

static void test_outputs_open_that_fails_says_why_and_opens_no_more(void **state)
{
    struct world *world = *state;
    char journal_path[SCRATCH_ROOM], failed_path[SCRATCH_ROOM];
    struct sink sink = {.open_status = PX_EIO};
    const struct session_program program = program_with(&sink);
    struct tell_listeners seen;
    int closed = PX_EINTERNAL;
    listen_to_all(world, journal_path, failed_path);
    assert_int_equal(open_and_close(world, &program, false, &seen, &closed), PX_EIO);
    assert_string_equal(world->err, "prog: cannot open the manifest: Permission denied\n");
    assert_int_equal(sink.closes, 1);
    assert_null(seen.journal);
    assert_int_equal(names_in(&world->dir), 0);
    sink.open_status = PX_OK;
    world->opts.failed = "/nonexistent/failed";
    assert_int_equal(open_and_close(world, &program, false, &seen, &closed), PX_EIO);
    assert_string_equal(world->err, "prog: /nonexistent/failed: No such file or directory\n");
    assert_int_equal(closed, PX_OK); /* what was opened before is closed */
    assert_non_null(seen.journal);
    assert_null(seen.failures);
    assert_null(seen.json);
}

static void test_outputs_close_says_what_was_lost(void **state)
{
    struct world *world = *state;
    char failed_path[SCRATCH_ROOM], part_path[SCRATCH_ROOM];
    struct sink sink = {0};
    const struct session_program program = program_with(&sink);
    struct outputs outputs;
    struct tell_listeners to = {0};
    snprintf(failed_path, sizeof failed_path, "%s", scratch_path(&world->dir, "failed"));
    snprintf(part_path, sizeof part_path, "%s", scratch_path(&world->dir, "failed.part"));
    world->opts.failed = failed_path;
    assert_int_equal(outputs_init(&outputs, &program, &world->opts), PX_OK);
    world_catch(world, NULL);
    assert_int_equal(outputs_open(&outputs, NULL, false, &to), PX_OK);
    assert_int_equal(unlink(part_path), 0); /* so it cannot get its name */
    assert_int_equal(outputs_close(&outputs, &to), PX_EIO);
    world_let_go(world);
    assert_says(world->err, "/failed: No such file or directory\n");
    assert_int_equal(lines_of(world->err), 1);

    struct tell_listeners again = {0};
    world->opts.failed = NULL;
    sink.close_status = PX_EFULL;
    world_catch(world, NULL);
    assert_int_equal(outputs_open(&outputs, NULL, false, &again), PX_OK);
    assert_int_equal(outputs_close(&outputs, &again), PX_EFULL);
    world_let_go(world);
    assert_string_equal(world->err, "prog: the manifest: No space left on device\n");
    outputs_fini(&outputs);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_outputs_init_messages_are_as_many_as_the_options_want),
        T(test_outputs_say_gives_errno_else_the_status),
        T(test_outputs_try_leaves_the_files_as_they_were),
        T(test_outputs_try_says_what_cannot_be_opened),
        T(test_outputs_want_every_item_when_somebody_listens_to_each),
        T(test_outputs_open_gives_all_that_the_options_name),
        T(test_outputs_open_of_a_measured_run_has_a_display_alone),
        T(test_outputs_open_plan_is_of_a_dry_run_without_json),
        T(test_outputs_open_that_fails_says_why_and_opens_no_more),
        T(test_outputs_close_says_what_was_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
