/* SPDX-License-Identifier: MIT
 *
 * The table of --compare: figures, text, JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include <pxfer/status.h>

#include "app/report.h"
#include "support/memory_text.h"
#include "support/summaries.h"

static const struct report_row rows[] = {
    {1, 8 * PX_NS_PER_S, 0}, {2, 4200 * PX_NS_PER_MS, 0}, {8, 1600 * PX_NS_PER_MS, 1234}};
#define N_ROWS (sizeof rows / sizeof rows[0])

static void test_compare_figures_against_the_fewest_workers(void **state)
{
    (void)state;
    const struct report_row odd[] = {{8, 2 * PX_NS_PER_S, 0}, {2, 6 * PX_NS_PER_S, 0}, {4, 0, 0}};
    const struct report_figures eight = report_figures_of(odd, 3, 0);
    assert_int_equal(eight.base_workers, 2);
    assert_true(fabs(eight.speedup - 3) < 1e-9);
    assert_true(fabs(eight.efficiency - 0.75) < 1e-9);
    assert_true(isnan(eight.serial_fraction)); /* defined against one worker only */
    assert_true(fabs(report_figures_of(odd, 3, 1).efficiency - 1) < 1e-9);
    assert_true(report_figures_of(odd, 3, 2).speedup == 0); /* no time was measured */
    assert_int_equal(report_figures_of(odd, 3, 3).base_workers, 0);

    const struct report_figures linear = report_figures_of(rows, N_ROWS, 2);
    assert_true(fabs(linear.speedup - 5) < 1e-9);
    assert_true(fabs(linear.serial_fraction - 0.0857142857) < 1e-6);
}

static void test_compare_inline_run_counts_as_one_worker(void **state)
{
    (void)state;
    const struct report_row two[] = {{0, 2 * PX_NS_PER_S, 0}, {2, PX_NS_PER_S, 0}};
    const struct report_figures figures = report_figures_of(two, 2, 1);
    assert_int_equal(figures.base_workers, 1);
    assert_true(fabs(figures.efficiency - 1) < 1e-9);
    assert_true(fabs(figures.serial_fraction) < 1e-9);
}

static void test_compare_text_is_a_table(void **state)
{
    (void)state;
    struct memory_text out = {0};
    report_compare_text(&summaries_schema, rows, N_ROWS, memory_text_open(&out));
    assert_string_equal(
        memory_text_close(&out),
        "prog: measured against 1 worker\n"
        "  workers    seconds  speed-up  efficiency  serial fraction\n"
        "        1      8.000      1.00        100%                -\n"
        "        2      4.200      1.90         95%            0.050\n"
        "        8      1.600      5.00         62%            0.086  1,234 failed\n");
    memory_text_free(&out);
}

static void test_compare_text_of_no_rows_is_empty(void **state)
{
    (void)state;
    struct memory_text out = {0};
    report_compare_text(&summaries_schema, rows, 0, memory_text_open(&out));
    assert_string_equal(memory_text_close(&out), "");
    memory_text_free(&out);
}

static void test_compare_json_has_a_row_for_each(void **state)
{
    (void)state;
    struct jsonl json = {0};
    report_compare_json(&summaries_schema, rows, 2, &json);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    assert_string_equal(
        json.text,
        "{\"program\":\"prog\",\"compare\":["
        "{\"workers\":1,\"wall_ms\":8000.000,\"failed\":0,\"base_workers\":1,\"speedup\":1.0000,"
        "\"efficiency\":1.0000,\"serial_fraction\":null},"
        "{\"workers\":2,\"wall_ms\":4200.000,\"failed\":0,\"base_workers\":1,\"speedup\":1.9048,"
        "\"efficiency\":0.9524,\"serial_fraction\":0.0500}]}\n");
    jsonl_fini(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_figures_against_the_fewest_workers),
        cmocka_unit_test(test_compare_inline_run_counts_as_one_worker),
        cmocka_unit_test(test_compare_text_is_a_table),
        cmocka_unit_test(test_compare_text_of_no_rows_is_empty),
        cmocka_unit_test(test_compare_json_has_a_row_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
