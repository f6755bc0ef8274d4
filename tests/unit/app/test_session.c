/* SPDX-License-Identifier: MIT
 *
 * A session around an engine of the test's own: what a program's user sees, from the common options
 * to the exit code.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "app/session_world.h"
#include "app/signals.h"

/* --- one run --------------------------------------------------------------------------------- */

static void test_session_all_well_reports_and_exits_zero(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_run(world), 0);
    assert_says(world->err, "prog: 6 things: 6 ok");
    assert_string_equal(world->out, "");
    const struct program *program = &world->program;
    assert_int_equal(program->opens, 1);
    assert_int_equal(program->closes, 1);
    assert_int_equal(program->syncs, 1);
    assert_int_equal(program->runs[0].workers, 2);
    assert_true(program->runs[0].real);
    assert_true(program->runs[0].has_activity);
    assert_false(program->runs[0].every_item);
}

static void test_session_quiet_says_nothing_when_all_is_well(void **state)
{
    struct world *world = *state;
    world->opts.quiet = true;
    assert_int_equal(world_run(world), 0);
    assert_string_equal(world->err, "");
    assert_string_equal(world->out, "");
}

static void test_session_failed_item_gives_its_class(void **state)
{
    struct world *world = *state;
    static const struct {
        int status, code;
        const char *says;
    } rows[] = {{PX_EHTTP, 8, "prog: failed: thing-3: did not work\n"},
                {PX_ENET, 4, "prog: failed: thing-3: did not work\n"},
                {PX_EIO, 3, "prog: failed: thing-3 -> thing-3: did not work\n"}, /* its target */
                {PX_EBADLINE, 2, "prog: failed: thing-3: did not work\n"},
                {PX_EINTERNAL, 1, "prog: failed: thing-3: did not work\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world->program.item_status = rows[i].status;
        world->opts.quiet = i % 2 == 1;
        assert_int_equal(world_run(world), rows[i].code);
        assert_says(world->err, rows[i].says);
    }
}

static void test_session_engine_that_cannot_be_opened_says_why(void **state)
{
    struct world *world = *state;
    world->program.open_status = PX_EREFUSED;
    world->program.open_error = "a thing cannot go into itself";
    assert_int_equal(world_run(world), 2);
    assert_string_equal(world->err, "prog: a thing cannot go into itself\n");
    world->program.open_status = PX_EIO;
    world->program.open_error = NULL;
    assert_int_equal(world_run(world), 3);
    assert_string_equal(world->err, "prog: file I/O error\n");
    assert_int_equal(world->program.closes, 0);
    assert_int_equal(world->program.worked, 0);
}

static void test_session_sync_that_fails_is_a_failure(void **state)
{
    struct world *world = *state;
    world->program.sync_status = PX_EIO;
    assert_int_equal(world_run(world), 3);
    assert_says(world->err, "prog: sync: file I/O error\n");
}

static void test_session_report_as_json_is_one_object(void **state)
{
    struct world *world = *state;
    world->opts.report = REPORT_JSON;
    assert_int_equal(world_run(world), 0);
    assert_int_equal(world->err[0], '{');
    assert_int_equal(lines_of(world->err), 1);
    world->opts.report = REPORT_NONE;
    assert_int_equal(world_run(world), 0);
    assert_string_equal(world->err, "");
}

/* --- listeners ------------------------------------------------------------------------------- */

static void test_session_journal_json_and_failures_hear_of_the_items(void **state)
{
    struct world *world = *state;
    char journal_path[SCRATCH_ROOM], failed_path[SCRATCH_ROOM];
    snprintf(journal_path, sizeof journal_path, "%s", scratch_path(&world->dir, "journal"));
    snprintf(failed_path, sizeof failed_path, "%s", scratch_path(&world->dir, "failed"));
    world->opts.journal = journal_path;
    world->opts.failed = failed_path;
    world->opts.json = true;
    world->program.item_status = PX_EHTTP;
    assert_int_equal(world_run(world), 8);
    assert_true(world->program.runs[0].every_item);
    assert_file_says(world, "journal", "\"source\":\"thing-5\"", ITEMS);
    assert_file_says(world, "failed", "thing-3\n", 1);
    assert_int_equal(lines_of(world->out), ITEMS);
    assert_says(world->out, "\"status\":\"failed\"");
    assert_int_equal(world_run(world), 8); /* a journal grows, a list of failures is made afresh */
    assert_file_says(world, "journal", "thing-0", 2 * ITEMS);
    assert_file_says(world, "failed", "thing-3\n", 1);
}

static void test_session_journal_or_list_that_cannot_be_opened_runs_nothing(void **state)
{
    struct world *world = *state;
    world->opts.journal = "/nonexistent/journal";
    assert_int_equal(world_run(world), 3);
    assert_string_equal(world->err, "prog: journal /nonexistent/journal: "
                                    "No such file or directory\n");
    world->opts.journal = NULL;
    world->opts.failed = "/nonexistent/failed";
    assert_int_equal(world_run(world), 3);
    assert_string_equal(world->err, "prog: /nonexistent/failed: No such file or directory\n");
    assert_int_equal(world->program.worked, 0);
    assert_int_equal(world->program.opens, world->program.closes);
    assert_int_equal(names_in(&world->dir), 0);
}

static void test_session_outputs_are_opened_before_anything_is_measured(void **state)
{
    struct world *world = *state;
    world->opts.baseline = true;
    world->opts.journal = "/nonexistent/journal";
    assert_int_equal(world_run(world), 3);
    assert_int_equal(world->program.worked, 0);
    assert_int_equal(names_in(&world->dir), 0);
}

static void test_session_output_that_is_lost_is_an_error_and_told_once(void **state)
{
    struct world *world = *state;
    world->opts.report = REPORT_NONE;
    world->opts.json = true;
    assert_int_equal(world_run_to(world, "/dev/full"), 3);
    assert_int_equal(world->program.worked, ITEMS);
    assert_string_equal(world->err, "prog: cannot write standard output: file I/O error\n");
    world->opts.json = false;
    world->opts.journal = "/dev/full";
    assert_int_equal(world_run(world), 3);
    assert_string_equal(world->err, "prog: cannot write the journal: "
                                    "no space, quota or a read-only file system\n");
}

/* --- measuring ------------------------------------------------------------------------------- */

static void test_session_baseline_runs_one_worker_in_a_scratch_folder_first(void **state)
{
    struct world *world = *state;
    char journal_path[SCRATCH_ROOM], plot_path[SCRATCH_ROOM];
    snprintf(journal_path, sizeof journal_path, "%s", scratch_path(&world->dir, "journal"));
    snprintf(plot_path, sizeof plot_path, "%s", scratch_path(&world->dir, "plot.svg"));
    world->opts.baseline = true;
    world->opts.journal = journal_path;
    world->opts.plot = plot_path;
    assert_int_equal(world_run(world), 0);
    const struct program *program = &world->program;
    assert_int_equal(program->opens, 2);
    assert_int_equal(program->closes, 2);
    assert_int_equal(program->runs[0].workers, 1);
    assert_true(program->runs[0].scratch_is_there);
    assert_false(program->runs[0].real);
    assert_false(program->runs[0].every_item);
    assert_int_equal(program->runs[1].workers, 2);
    assert_true(program->runs[1].real);
    assert_says(world->err, "measured");
    assert_file_says(world, "journal", "thing-0", ITEMS); /* of the real run alone */
    char *svg = memory_text_read_file(plot_path);
    assert_says(svg, "<svg");
    free(svg);
    assert_int_equal(names_in(&world->dir), 2); /* journal and plot: no scratch folder */
}

static void test_session_compare_runs_each_number_of_workers(void **state)
{
    struct world *world = *state;
    char plot_path[SCRATCH_ROOM];
    snprintf(plot_path, sizeof plot_path, "%s", scratch_path(&world->dir, "plot.svg"));
    world->opts.compare = (struct option_numbers){.value = {1, 3, 4}, .n = 3};
    world->opts.plot = plot_path;
    assert_int_equal(world_run(world), 0);
    const struct program *program = &world->program;
    assert_int_equal(program->opens, 3);
    assert_int_equal(program->closes, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(program->runs[i].workers, world->opts.compare.value[i]);
        assert_true(program->runs[i].scratch_is_there);
    }
    assert_says(world->err, "prog: measured against 1 worker\n");
    assert_true(scratch_has(&world->dir, "plot.svg"));
    assert_int_equal(names_in(&world->dir), 1);
}

static void test_session_compare_measures_on_when_items_fail(void **state)
{
    struct world *world = *state;
    world->opts.compare = (struct option_numbers){.value = {1, 2, 4}, .n = 3};
    world->program.item_status = PX_ENET;
    assert_int_equal(world_run(world), 4);
    assert_int_equal(world->program.opens, 3);
    assert_says(world->err, "1 failed");
}

static void test_session_compare_ends_when_a_run_cannot_begin(void **state)
{
    struct world *world = *state;
    world->opts.compare = (struct option_numbers){.value = {1, 2, 4}, .n = 3};
    world->program.open_status = PX_EREFUSED;
    world->program.open_fails_at = 1; /* the second */
    assert_int_equal(world_run(world), 2);
    assert_int_equal(world->program.opens, 2);
    assert_int_equal(world->program.closes, 1);
    assert_int_equal(names_in(&world->dir), 0);
}

static void test_session_scratch_folder_that_cannot_be_made_runs_nothing(void **state)
{
    struct world *world = *state;
    world->opts.baseline = true;
    world->program.target = "/proc/nowhere";
    assert_int_equal(world_run(world), 3);
    assert_says(world->err, "prog: scratch folder in /proc: ");
    assert_int_equal(world->program.opens, 0);
}

static void test_session_plot_that_cannot_be_written_is_an_error(void **state)
{
    struct world *world = *state;
    world->opts.plot = "/nonexistent/plot.svg";
    world->opts.baseline = true;
    assert_int_equal(world_run(world), 3);
    assert_says(world->err, "prog: plot /nonexistent/plot.svg: No such file or directory\n");
    world->opts.baseline = false;
    world->opts.compare = (struct option_numbers){.value = {1, 2}, .n = 2};
    assert_int_equal(world_run(world), 3);
    assert_int_equal(names_in(&world->dir), 0);
}

static void test_session_options_that_do_not_fit_are_refused(void **state)
{
    struct world *world = *state;
    world->opts.plot = "plot.svg";
    assert_int_equal(world_run(world), 2);
    assert_says(world->err, "prog: --plot needs --baseline or --compare\n");
    world->opts.baseline = true;
    world->opts.compare = (struct option_numbers){.value = {1}, .n = 1};
    assert_int_equal(world_run(world), 2);
    assert_says(world->err, "exclude each other");
    world->opts.compare.n = 0;
    world->program.only_once = "the list comes from standard input";
    assert_int_equal(world_run(world), 2);
    assert_says(world->err, "the list comes from standard input\n");
    world->opts = (struct session_opts){.compare = {.value = {1}, .n = 1}, .journal = "j"};
    assert_int_equal(world_run(world), 2);
    assert_says(world->err, "prog: --compare only measures and keeps nothing: no --journal\n");
    world->opts = (struct session_opts){.compare = {.value = {1}, .n = 1}, .json = true};
    assert_int_equal(world_run(world), 2);
    assert_says(world->err, "no --json\n");
    world->opts = (struct session_opts){.compare = {.value = {1}, .n = 1}, .failed = "f"};
    assert_int_equal(world_run(world), 2);
    assert_says(world->err, "no --failed\n");
    assert_int_equal(world->program.opens, 0);
}

/* --- ends ------------------------------------------------------------------------------------ */

/* A session in a process of its own, to which a signal comes; how it ended. */
static int run_with_signal(struct world *world)
{
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int code = signals_install() == PX_OK ? world_run(world) : 99;
        _exit(code);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_session_signal_dies_by_it_and_leaves_no_scratch_folder(void **state)
{
    struct world *world = *state;
    world->program.raise_in_run = SIGTERM;
    for (int baseline = 0; baseline < 2; baseline++) {
        world->opts.baseline = baseline == 1;
        const int status = run_with_signal(world);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGTERM);
        char *said = memory_text_read_file(scratch_path(&world->dir, "stderr"));
        assert_int_equal(strstr(said, "prog: ") != NULL, !world->opts.baseline); /* the report */
        free(said);
        unlink(scratch_path(&world->dir, "stderr"));
        unlink(scratch_path(&world->dir, "stdout"));
        assert_int_equal(names_in(&world->dir), 0);
    }
}

static int return_seven(void *options, const struct option_parsed *parsed)
{
    const struct options *mine = options;
    return parsed->action == OPTION_DO_RUN && mine->session.jobs == 2 ? 7 : 0;
}

static int world_start(struct world *world, const char *argument)
{
    char program[] = "prog", text[64];
    char *argv[] = {program, text, NULL};
    struct options options = {0};
    snprintf(text, sizeof text, "%s", argument);
    world_catch(world, NULL);
    const int code = session_start(&option_program, &exits_pfetch, 2, argv, &options, return_seven);
    world_let_go(world);
    return code;
}

static void test_session_start_runs_or_tells(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_start(world, "operand"), 7);
    assert_int_equal(world_start(world, "--version"), 0);
    assert_string_equal(world->out, "prog 1.2.3\n");
    assert_int_equal(world_start(world, "--help"), 0);
    assert_says(world->out, "--baseline");
    assert_string_equal(world->err, "");
    assert_int_equal(world_start(world, "--nonsense"), 2);
    assert_says(world->err, "prog: unknown option '--nonsense'\n");
    assert_string_equal(world->out, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_session_all_well_reports_and_exits_zero),
        T(test_session_quiet_says_nothing_when_all_is_well),
        T(test_session_failed_item_gives_its_class),
        T(test_session_engine_that_cannot_be_opened_says_why),
        T(test_session_sync_that_fails_is_a_failure),
        T(test_session_report_as_json_is_one_object),
        T(test_session_journal_json_and_failures_hear_of_the_items),
        T(test_session_journal_or_list_that_cannot_be_opened_runs_nothing),
        T(test_session_outputs_are_opened_before_anything_is_measured),
        T(test_session_output_that_is_lost_is_an_error_and_told_once),
        T(test_session_baseline_runs_one_worker_in_a_scratch_folder_first),
        T(test_session_compare_runs_each_number_of_workers),
        T(test_session_compare_measures_on_when_items_fail),
        T(test_session_compare_ends_when_a_run_cannot_begin),
        T(test_session_scratch_folder_that_cannot_be_made_runs_nothing),
        T(test_session_plot_that_cannot_be_written_is_an_error),
        T(test_session_options_that_do_not_fit_are_refused),
        T(test_session_signal_dies_by_it_and_leaves_no_scratch_folder),
        T(test_session_start_runs_or_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
