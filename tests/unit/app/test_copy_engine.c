/* SPDX-License-Identifier: MIT
 *
 * The copy engine as a session sees it: how its items and times are told, and what a run decides in
 * place of the options. A file is copied, on the test's own thread.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "app/copy_engine.h"

#include "app/engines.h"
#include "support/memory_text.h"
#include "support/scratch.h"

static void test_copy_engine_report_has_a_name_for_each_phase_and_counter(void **state)
{
    (void)state;
    const struct report_schema report = copy_engine_report();
    assert_string_equal(report.program, "pcopy");
    assert_int_equal(engines_count(report.phase_names), PX_COPY_PHASES_);
    assert_int_equal(engines_count(report.counter_names), PX_COPY_COUNTERS_);
    assert_int_equal(engines_count(report.phase_limits), PX_COPY_PHASES_);
    assert_ptr_equal(copy_engine_journal().phase_names, report.phase_names);
    assert_false(copy_engine_journal().source_is_url);
}

/* The journal's line for an item with `detail`, to be freed. */
static char *line_of(const struct px_copy_detail *detail)
{
    const struct journal_schema schema = copy_engine_journal();
    const struct px_item item = {.source = "a", .target = "b", .detail = detail};
    return engines_line(&schema, &item);
}

static void test_copy_engine_journal_tells_what_is_known(void **state)
{
    (void)state;
    static const struct {
        struct px_copy_detail detail;
        const char *members;
    } rows[] = {
        {{.type = PX_COPY_FILE, .engine = PX_ENGINE_REFLINK},
         "\"type\":\"file\",\"engine\":\"reflink\""},
        {{.type = PX_COPY_FILE, .skip_reason = "exists"},
         "\"type\":\"file\",\"reason\":\"exists\""},
        {{.type = PX_COPY_FILE, .bytes_kept = 12}, "\"type\":\"file\",\"bytes_kept\":12"},
        {{.type = PX_COPY_FILE}, "\"type\":\"file\"}"},
        {{.type = PX_COPY_DIR}, "\"type\":\"directory\"}"},
        {{.type = PX_COPY_LINK}, "\"type\":\"link\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *line = line_of(&rows[i].detail);
        if (strstr(line, rows[i].members) == NULL) {
            fail_msg("%s is not in %s", rows[i].members, line);
        }
        free(line);
    }
    char *line = line_of(NULL);
    assert_null(strstr(line, "type"));
    free(line);
}

/* --- a run ----------------------------------------------------------------------------------- */

struct copied {
    struct scratch dir, elsewhere;
    char source[SCRATCH_ROOM], target[SCRATCH_ROOM];
    struct run_summary summary;
};

/* Copies DIR/source to `target` in DIR, as a session would with `scratch`. */
static void copied_run(struct copied *copied, struct px_copy_opts *opts, const char *scratch)
{
    const char *const sources[] = {copied->source};
    const struct session_run run = {.workers = 1, .scratch = scratch};
    const struct run_opts run_opts = {.name = "test", .workers = 0};
    struct run_engine engine = {0};
    char error[256] = "";
    opts->sources = sources;
    opts->n_sources = 1;
    opts->target = copied->target;
    assert_int_equal(copy_engine_open(opts, &run, &engine, error, sizeof error), PX_OK);
    assert_string_equal(error, "");
    assert_int_equal(run_engine(&engine, &run_opts, &copied->summary), PX_OK);
    copy_engine_close(NULL, &engine);
    assert_int_equal(copied->summary.ok, 1);
    assert_int_equal(copied->summary.total.items, 1);
    run_summary_fini(&copied->summary);
}

static int copied_setup(void **state)
{
    struct copied *copied = calloc(1, sizeof *copied);
    assert_non_null(copied);
    scratch_make(&copied->dir);
    scratch_make(&copied->elsewhere);
    scratch_put(&copied->dir, "source", "text");
    snprintf(copied->source, sizeof copied->source, "%s", scratch_path(&copied->dir, "source"));
    snprintf(copied->target, sizeof copied->target, "%s", scratch_path(&copied->dir, "target"));
    *state = copied;
    return 0;
}

static int copied_teardown(void **state)
{
    struct copied *copied = *state;
    scratch_remove(&copied->elsewhere);
    scratch_remove(&copied->dir);
    free(copied);
    return 0;
}

static void assert_text(struct scratch *dir, const char *name, const char *expected)
{
    char *text = memory_text_read_file(scratch_path(dir, name));
    assert_string_equal(text, expected);
    free(text);
}

static void test_copy_engine_without_scratch_folder_goes_to_the_target(void **state)
{
    struct copied *copied = *state;
    struct px_copy_opts opts = {0};
    copied_run(copied, &opts, NULL);
    assert_text(&copied->dir, "target", "text");
}

static void test_copy_engine_scratch_folder_takes_the_place_of_the_target(void **state)
{
    struct copied *copied = *state;
    struct px_copy_opts opts = {.target_is_thing = true}; /* -T names the thing, not a folder */
    scratch_put(&copied->dir, "target", "old");
    copied_run(copied, &opts, copied->elsewhere.dir);
    assert_text(&copied->dir, "target", "old");
    assert_text(&copied->elsewhere, "source", "text");
}

static void test_copy_engine_what_is_refused_says_why(void **state)
{
    struct copied *copied = *state;
    const char *const sources[] = {copied->source};
    const struct px_copy_opts opts = {.sources = sources, .n_sources = 1, .target = copied->source};
    const struct session_run run = {.workers = 1};
    struct run_engine engine = {0};
    char error[256] = "";
    assert_int_equal(copy_engine_open(&opts, &run, &engine, error, sizeof error), PX_EREFUSED);
    assert_non_null(strstr(error, "source and target are the same file"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, copied_setup, copied_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_engine_report_has_a_name_for_each_phase_and_counter),
        cmocka_unit_test(test_copy_engine_journal_tells_what_is_known),
        T(test_copy_engine_without_scratch_folder_goes_to_the_target),
        T(test_copy_engine_scratch_folder_takes_the_place_of_the_target),
        T(test_copy_engine_what_is_refused_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
