/* SPDX-License-Identifier: MIT
 *
 * The closing report as text, and the pure figures behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>

#include <pxfer/status.h>

#include "app/report.h"
#include "support/memory_text.h"
#include "support/summaries.h"

static void check_text(const struct run_summary *summary, const struct run_summary *baseline,
                       const char *expected)
{
    struct memory_text out = {0};
    report_text(&summaries_schema, summary, baseline, memory_text_open(&out));
    assert_string_equal(memory_text_close(&out), expected);
    memory_text_free(&out);
}

static void check_has(const struct run_summary *summary, const struct run_summary *baseline,
                      const char *expected)
{
    struct memory_text out = {0};
    report_text(&summaries_schema, summary, baseline, memory_text_open(&out));
    assert_non_null(strstr(memory_text_close(&out), expected));
    memory_text_free(&out);
}

static void test_report_text_of_a_good_run(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    check_text(&run.summary, NULL,
               "prog: 360 files: 360 ok; 100 MiB in 1.00 s, 100 MiB/s\n"
               "  phase           queue  first byte     disk\n"
               "  time, summed    6m00s      2.40 s   1.20 s\n"
               "  share               -         67%      33%\n"
               "  each took   p50 10.0 ms, p95 10.0 ms, max 10.0 ms\n"
               "  workers     4, busy 90% 90% 90% 90%\n"
               "  counted     connections 4\n"
               "  limited by  waiting for the servers, 67% of the workers' time\n"
               "  one thread  3.60 s estimated: speed-up 3.60, efficiency 90%\n");
}

static void test_report_text_tells_one_counter_for_each_item(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.total.counter[1] = 3420; /* for 360 items */
    struct report_schema schema = summaries_schema;
    schema.counter_of_items = schema.counter_names[1];
    struct memory_text out = {0};
    report_text(&schema, &run.summary, NULL, memory_text_open(&out));
    assert_non_null(strstr(memory_text_close(&out),
                           "  counted     connections 4, retries 3,420 (9.5 for each)\n"));
    memory_text_free(&out);
}

static void test_report_text_with_a_baseline_has_measured_figures(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    struct run_summary baseline = run.summary;
    baseline.wall_ns = 3 * PX_NS_PER_S;
    check_has(&run.summary, &baseline,
              "  one thread  3.60 s estimated: speed-up 3.60, efficiency 90%\n"
              "              3.00 s measured: speed-up 3.00, efficiency 75%, "
              "serial fraction 0.111\n");
    baseline.ok -= 3;
    baseline.failed = 3;
    check_has(&run.summary, &baseline,
              "              (not the same work: that run had 357 ok, 3 failed)\n");
}

static void test_report_text_tells_all_outcomes_and_why_it_stopped(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.skipped = 1200;
    run.summary.failed = 7;
    run.summary.canceled = 3;
    check_has(&run.summary, NULL,
              "prog: 1,570 files: 360 ok, 1,200 skipped, 7 failed, 3 not done; 100 MiB");
    run.summary.drained_early = true;
    check_has(&run.summary, NULL, "  stopped     as asked; the same command goes on\n");
    run.summary.fatal = PX_EFULL;
    check_has(&run.summary, NULL, "  stopped     no space, quota or a read-only file system\n");
    run.summary.fatal = PX_ECANCELED;
    check_has(&run.summary, NULL, "  stopped     at the first failure\n");
    run.summary.signal = SIGINT;
    check_has(&run.summary, NULL, "  stopped     by a signal\n");
}

static void test_report_text_counts_only_what_was_moved_now_in_the_rate(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.total.bytes_kept = UINT64_C(75) << 20;
    check_has(&run.summary, NULL,
              "360 ok; 100 MiB (75.0 MiB of it kept from before) in 1.00 s, 25.0 MiB/s\n");
    run.summary.total.bytes_kept = run.summary.bytes;
    check_has(&run.summary, NULL, "360 ok; 100 MiB (100 MiB of it kept from before) in 1.00 s\n");
}

static void test_report_text_of_a_dry_run_tells_what_would_be_copied(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.total.planned = 1080;
    run.summary.total.planned_bytes = UINT64_C(12) << 20;
    check_has(&run.summary, NULL, "\n  dry run     1,080 files, 12.0 MiB would be copied\n");
}

static void test_report_text_of_a_run_without_work_is_one_line(void **state)
{
    (void)state;
    struct px_account account = {0};
    const struct run_summary summary = {
        .skipped = 5, .wall_ns = PX_NS_PER_MS, .workers = 1, .worker = &account};
    check_text(&summary, NULL, "prog: 5 files: 0 ok, 5 skipped; 0 B in 1.00 ms\n");
}

static void test_report_text_inline_run_counts_as_one_worker(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.workers = 0;
    run.summary.workers_wanted = 0;
    check_has(&run.summary, NULL, "  workers     1, busy 90%\n");
}

static void test_report_text_says_when_workers_are_missing_or_many(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.workers_wanted = 8;
    run.summary.streams = 16;
    check_has(&run.summary, NULL,
              "  workers     4 (of 8: the others could not be started) with 16 streams each, "
              "busy 90% 90% 90% 90%\n");
    check_has(&run.summary, NULL, "estimated: speed-up 3.60, efficiency 6%\n");

    run.summary.workers_wanted = 4;
    run.summary.streams = 1;
    run.summary.level = 3;
    check_has(&run.summary, NULL,
              "  workers     4, 3 files at a time in the end (-j auto), busy 90%");
    run.summary.level = 0;

    run.summary.pace = (struct run_pace){.levels = {4, 8, 3}, .n_levels = 3, .backs_off = true};
    run.summary.pace.highest_pressure = 0.07;
    check_has(&run.summary, NULL,
              "  at a time   4, 8, 3\n  pressure    I/O up to 7% of the time\n");
    run.summary.pace.backed_off_ns = 2 * PX_NS_PER_S;
    run.summary.pace.least_workers = 1;
    run.summary.pace.n_levels = RUN_LEVELS + 1;
    check_has(&run.summary, NULL, ", 0 ...\n");
    check_has(&run.summary, NULL,
              "  pressure    I/O up to 7% of the time; 2.00 s with fewer workers, at least 1\n");
    run.summary.pace = (struct run_pace){.n_levels = 0};

    struct px_account many[20] = {{0}};
    for (int i = 0; i < 20; i++) {
        many[i].busy_ns = (50 + i) * PX_NS_PER_S / 100;
    }
    run.summary.workers = 20;
    run.summary.worker = many;
    check_has(&run.summary, NULL, ", busy 60% on average, 50% to 69%\n");
}

/* --- What limited it -------------------------------------------------------------------------*/

static void test_report_limit_busy_workers_largest_phase(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    const struct report_limit limit = report_find_limit(&summaries_schema, &run.summary);
    assert_int_equal(limit.kind, REPORT_LIMIT_PHASE);
    assert_int_equal(limit.phase, 1); /* not the queue, large as it is */
    assert_true(fabs(limit.share - 2.0 / 3) < 0.001);
}

static void test_report_limit_idle_workers_and_one_long_item(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.3, 3);
    px_hist_add(&run.summary.total.item, 950 * PX_NS_PER_MS);
    const struct report_limit limit = report_find_limit(&summaries_schema, &run.summary);
    assert_int_equal(limit.kind, REPORT_LIMIT_ITEM);
    assert_true(fabs(limit.share - 0.95) < 0.001);
    check_has(&run.summary, NULL,
              "  limited by  the longest item, which alone took 95% of the time\n");
}

static void test_report_limit_idle_workers_without_work(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.3, 30);
    const struct report_limit limit = report_find_limit(&summaries_schema, &run.summary);
    assert_int_equal(limit.kind, REPORT_LIMIT_SUPPLY);
    assert_true(fabs(limit.share - 0.7) < 0.001);
    check_has(&run.summary, NULL,
              "  limited by  too little to do: the workers were idle 70% of the time\n");
}

static void test_report_limit_nothing_measured_is_unknown(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    run.summary.total.phase_ns[1] = 0;
    run.summary.total.phase_ns[2] = 0;
    assert_int_equal(report_find_limit(&summaries_schema, &run.summary).kind, REPORT_LIMIT_UNKNOWN);
    run.summary.wall_ns = 0;
    assert_int_equal(report_find_limit(&summaries_schema, &run.summary).kind, REPORT_LIMIT_UNKNOWN);
    summaries_fill(&run, 0, 0);
    assert_int_equal(report_find_limit(&summaries_schema, &run.summary).kind, REPORT_LIMIT_UNKNOWN);
}

static void test_report_limit_busy_never_exceeds_the_whole(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 1.5, 90); /* the account began before the first task was submitted */
    const struct report_limit limit = report_find_limit(&summaries_schema, &run.summary);
    assert_int_equal(limit.kind, REPORT_LIMIT_PHASE);
    check_has(&run.summary, NULL, "busy 100% 100% 100% 100%\n");
}

static void test_report_against_single_without_baseline_has_no_measured_figures(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 90);
    const struct report_single single = report_against_single(&run.summary, NULL);
    assert_int_equal(single.estimated_ns, 3600 * PX_NS_PER_MS);
    assert_true(single.speedup == 0);
    assert_true(isnan(single.serial_fraction));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_text_of_a_good_run),
        cmocka_unit_test(test_report_text_tells_one_counter_for_each_item),
        cmocka_unit_test(test_report_text_with_a_baseline_has_measured_figures),
        cmocka_unit_test(test_report_text_tells_all_outcomes_and_why_it_stopped),
        cmocka_unit_test(test_report_text_counts_only_what_was_moved_now_in_the_rate),
        cmocka_unit_test(test_report_text_of_a_dry_run_tells_what_would_be_copied),
        cmocka_unit_test(test_report_text_of_a_run_without_work_is_one_line),
        cmocka_unit_test(test_report_text_inline_run_counts_as_one_worker),
        cmocka_unit_test(test_report_text_says_when_workers_are_missing_or_many),
        cmocka_unit_test(test_report_limit_busy_workers_largest_phase),
        cmocka_unit_test(test_report_limit_idle_workers_and_one_long_item),
        cmocka_unit_test(test_report_limit_idle_workers_without_work),
        cmocka_unit_test(test_report_limit_nothing_measured_is_unknown),
        cmocka_unit_test(test_report_limit_busy_never_exceeds_the_whole),
        cmocka_unit_test(test_report_against_single_without_baseline_has_no_measured_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
