/* SPDX-License-Identifier: MIT
 *
 * The download engine as a session sees it: how its items and times are told, and what a run
 * decides in place of the options. Nothing is requested: all runs are dry.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <curl/curl.h>

#include <pxfer/status.h>

#include "app/fetch_engine.h"

#include "app/engines.h"
#include "support/memory_text.h"
#include "support/scratch.h"

static void test_fetch_engine_report_has_a_name_for_each_phase_and_counter(void **state)
{
    (void)state;
    const struct report_schema report = fetch_engine_report();
    assert_string_equal(report.program, "pfetch");
    assert_int_equal(engines_count(report.phase_names), PX_FETCH_PHASES_);
    assert_int_equal(engines_count(report.counter_names), PX_FETCH_COUNTERS_);
    for (size_t i = 0; i < PX_FETCH_PHASES_; i++) {
        const bool nobody_is_busy = i == PX_FETCH_QUEUE;
        assert_int_equal(report.phase_limits[i] == NULL, nobody_is_busy);
    }
    assert_null(report.phase_limits[PX_FETCH_PHASES_]);
    assert_ptr_equal(fetch_engine_journal().phase_names, report.phase_names);
}

/* The journal's line for an item with `detail`, to be freed. */
static char *line_of(const struct px_fetch_detail *detail)
{
    const struct journal_schema schema = fetch_engine_journal();
    const struct px_item item = {
        .source = "http://u:p@host/x", .target = "d/x", .bytes = 3, .detail = detail};
    return engines_line(&schema, &item);
}

static void test_fetch_engine_journal_tells_what_is_known(void **state)
{
    (void)state;
    const struct px_fetch_detail full = {.http_status = 206,
                                         .final_url = "http://me:secret@host/y?token=abc",
                                         .etag = "\"v1\"",
                                         .last_modified = "Mon, 01 Jan 2024 00:00:00 GMT",
                                         .digest_name = "sha-256",
                                         .digest_hex = "00ff",
                                         .id = 0xab,
                                         .has_stamp = true,
                                         .size = 7,
                                         .mtime_ns = 1700000000000000005,
                                         .resumed = true,
                                         .bytes_kept = 2,
                                         .skip_reason = "exists"};
    char *line = line_of(&full);
    static const char *const members[] = {
        "\"url\":\"http://***@host/x\"",
        "\"path\":\"d/x\"",
        "\"http\":206",
        "\"digest\":\"sha-256=00ff\"",
        "\"etag\":\"\\\"v1\\\"\"",
        "\"last_modified\":\"Mon, 01 Jan 2024 00:00:00 GMT\"",
        "\"final_url\":\"http://***@host/y?token=***\"",
        "\"reason\":\"exists\"",
        "\"resumed\":true",
        "\"bytes_kept\":2",
        "\"id\":\"00000000000000ab\"",
        "\"size\":7",
        "\"mtime\":\"1700000000.000000005\"",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strstr(line, members[i]) == NULL) {
            fail_msg("%s is not in %s", members[i], line);
        }
    }
    free(line);
}

static void test_fetch_engine_journal_leaves_out_what_is_not_known(void **state)
{
    (void)state;
    const struct px_fetch_detail nothing = {0};
    char *with = line_of(&nothing);
    char *without = line_of(NULL);
    assert_string_equal(with, without);
    assert_null(strstr(with, "http\":"));
    assert_null(strstr(with, "null"));
    free(with);
    free(without);
}

/* Opens an engine for one URL, dry, and gives the target of its only item; to be freed. */
static char *target_of(const char *dir, const char *scratch)
{
    static const char *const inputs[] = {"http://127.0.0.1:9/some/name"};
    const struct px_fetch_opts opts = {
        .inputs = inputs, .n_inputs = 1, .dir = dir, .dry_run = true};
    const struct session_run run = {.workers = 3, .scratch = scratch};
    struct run_engine engine = {0};
    char error[256] = "";
    assert_int_equal(fetch_engine_open(&opts, &run, &engine, error, sizeof error), PX_OK);
    assert_string_equal(error, "");
    assert_non_null(engine.body.run);
    for (unsigned i = 0; i < run.workers; i++) {
        assert_int_equal(engine.account(engine.engine, i)->items, 0);
    }
    struct px_next next = {0};
    assert_int_equal(engine.source->ops->next(engine.source, &next), PX_OK);
    assert_true(next.finished);
    assert_int_equal(next.task->n_items, 1);
    char *target = strdup(next.task->items[0].target);
    engine.source->ops->release(engine.source, next.task);
    assert_int_equal(engine.source->ops->next(engine.source, &next), PX_EEND);
    assert_int_equal(fetch_engine_sync(NULL, &engine), PX_OK);
    fetch_engine_close(NULL, &engine);
    return target;
}

static void test_fetch_engine_scratch_folder_takes_the_place_of_the_real_one(void **state)
{
    (void)state;
    struct scratch scratch;
    char expected[SCRATCH_ROOM], elsewhere[SCRATCH_ROOM];
    scratch_make(&scratch);
    snprintf(elsewhere, sizeof elsewhere, "%s", scratch_path(&scratch, "real"));
    snprintf(expected, sizeof expected, "%s", scratch_path(&scratch, "name"));
    char *target = target_of(elsewhere, scratch.dir);
    assert_string_equal(target, expected);
    assert_false(scratch_has(&scratch, "real")); /* not even made */
    free(target);
    target = target_of(scratch.dir, NULL);
    assert_string_equal(target, expected);
    free(target);
    scratch_remove(&scratch);
}

static void test_fetch_engine_folder_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    static const char *const inputs[] = {"http://127.0.0.1:9/name"};
    const struct px_fetch_opts opts = {.inputs = inputs, .n_inputs = 1, .dir = "/dev/null/folder"};
    const struct session_run run = {.workers = 1};
    struct run_engine engine = {0};
    char error[256] = "";
    assert_int_equal(fetch_engine_open(&opts, &run, &engine, error, sizeof error), PX_EIO);
    assert_string_equal(error, "/dev/null/folder: Not a directory");
}

static void test_fetch_engine_versions_name_libcurl_and_its_features(void **state)
{
    (void)state;
    struct memory_text memory = {0};
    fetch_engine_print_versions(memory_text_open(&memory));
    const char *text = memory_text_close(&memory);
    assert_ptr_equal(strstr(text, "libcurl/"), text);
    assert_non_null(strstr(text, "\nlibcurl features: "));
    assert_int_equal(text[strlen(text) - 1], '\n');
    memory_text_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_engine_report_has_a_name_for_each_phase_and_counter),
        cmocka_unit_test(test_fetch_engine_journal_tells_what_is_known),
        cmocka_unit_test(test_fetch_engine_journal_leaves_out_what_is_not_known),
        cmocka_unit_test(test_fetch_engine_scratch_folder_takes_the_place_of_the_real_one),
        cmocka_unit_test(test_fetch_engine_folder_that_cannot_be_made_says_why),
        cmocka_unit_test(test_fetch_engine_versions_name_libcurl_and_its_features),
    };
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return 99;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
