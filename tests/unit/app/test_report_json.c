/* SPDX-License-Identifier: MIT
 *
 * The closing report as JSON, to the letter: programs read it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/report.h"
#include "support/summaries.h"

static void check_json(const struct run_summary *summary, const struct run_summary *baseline,
                       const char *expected)
{
    struct jsonl json = {0};
    report_json(&summaries_schema, summary, baseline, &json);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    assert_string_equal(json.text, expected);
    jsonl_fini(&json);
}

static void check_has(const struct run_summary *summary, const char *expected)
{
    struct jsonl json = {0};
    report_json(&summaries_schema, summary, NULL, &json);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    assert_non_null(strstr(json.text, expected));
    jsonl_fini(&json);
}

#define OUTCOME                                                                                    \
    "{\"program\":\"prog\",\"ok\":360,\"skipped\":0,\"failed\":0,\"canceled\":0,"                  \
    "\"bytes\":104857600,\"wall_ms\":1000.000,\"bytes_per_s\":104857600,\"stopped\":null,"         \
    "\"signal\":0,\"drained\":false,"                                                              \
    "\"phases_ms\":{\"queue\":360000.000,\"first_byte\":2400.000,\"disk\":1200.000},"              \
    "\"item_ms\":{\"p50\":10.000,\"p95\":10.000,\"max\":10.000},\"workers\":4,\"streams\":1,"      \
    "\"busy_ms\":[900.000,900.000,900.000,900.000],\"counters\":{\"connections\":4,\"retries\":0}" \
    ","                                                                                            \
    "\"limit\":{\"kind\":\"phase\",\"phase\":\"first_byte\",\"share\":0.6667},"                    \
    "\"single_thread\":{\"estimated\":{\"ms\":3600.000,\"speedup\":3.6000,\"efficiency\":0.9000},"

static void test_report_json_has_all_figures(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    check_json(&run.summary, NULL, OUTCOME "\"measured\":null}}\n");
}

static void test_report_json_with_a_baseline_has_measured_figures(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    struct run_summary baseline = run.summary;
    baseline.wall_ns = 3 * PX_NS_PER_S;
    check_json(&run.summary, &baseline,
               OUTCOME "\"measured\":{\"ms\":3000.000,\"ok\":360,\"failed\":0,\"speedup\":3.0000,"
                       "\"efficiency\":0.7500,\"serial_fraction\":0.1111}}}\n");
}

static void test_report_json_names_other_limits_and_endings(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.3, 30);
    run.summary.fatal = PX_EFULL;
    run.summary.signal = SIGTERM;
    run.summary.drained_early = true;
    check_has(&run.summary, "\"limit\":{\"kind\":\"idle\",\"share\":0.7000}");
    check_has(&run.summary, "\"stopped\":\"EFULL\",\"signal\":15,\"drained\":true");
    px_hist_add(&run.summary.total.item, 990 * PX_NS_PER_MS);
    check_has(&run.summary, "\"limit\":{\"kind\":\"longest_item\",\"share\":0.9900}");
}

static void test_report_json_tells_what_was_kept_and_planned(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.total.bytes_kept = 4857600;
    check_has(&run.summary, "\"bytes\":104857600,\"bytes_kept\":4857600,\"wall_ms\":1000.000,"
                            "\"bytes_per_s\":100000000,");
    run.summary.total.planned = 3;
    run.summary.total.planned_bytes = 9;
    check_has(&run.summary, ",\"planned\":3,\"planned_bytes\":9,");
}

static void test_report_json_of_nothing_has_nulls(void **state)
{
    (void)state;
    struct px_account account = {0};
    const struct run_summary summary = {.worker = &account};
    check_has(&summary, "\"bytes_per_s\":null");
    check_has(&summary, "\"limit\":null");
    check_has(&summary, "\"busy_ms\":[0.000]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_json_has_all_figures),
        cmocka_unit_test(test_report_json_with_a_baseline_has_measured_figures),
        cmocka_unit_test(test_report_json_names_other_limits_and_endings),
        cmocka_unit_test(test_report_json_tells_what_was_kept_and_planned),
        cmocka_unit_test(test_report_json_of_nothing_has_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
