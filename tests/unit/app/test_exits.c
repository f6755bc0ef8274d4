/* SPDX-License-Identifier: MIT
 *
 * Exit codes, by tables: the documented tables of the two programs and who wins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include <pxfer/status.h>

#include "app/exits.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MANY 4

/* One failed item for each status. */
static struct run_summary summary_of(const int *statuses, size_t n)
{
    struct run_summary summary = {.ok = 1};
    for (size_t i = 0; i < n && statuses[i] != PX_OK; i++) {
        summary.class_count[-statuses[i]]++;
        summary.failed++;
    }
    return summary;
}

static void test_exits_every_class_has_its_documented_code(void **state)
{
    (void)state;
    static const struct {
        int status, pfetch, pcopy;
    } rows[] = {
        {PX_OK, 0, 0},        {PX_ENOMEM, 1, 1},     {PX_EINTERNAL, 1, 1}, {PX_ETHREAD, 1, 1},
        {PX_EUSAGE, 2, 1},    {PX_EBADLINE, 2, 1},   {PX_EREFUSED, 2, 1},  {PX_EIO, 3, 3},
        {PX_EFULL, 3, 3},     {PX_EEXIST, 3, 1},     {PX_EINUSE, 3, 1},    {PX_ESRC, 3, 1},
        {PX_ECHANGED, 9, 4},  {PX_EATTR, 3, 1},      {PX_ESPECIAL, 3, 1},  {PX_ENET, 4, 1},
        {PX_ETIMEDOUT, 4, 1}, {PX_ETLS, 5, 1},       {PX_EAUTH, 6, 1},     {PX_EPROTO, 7, 1},
        {PX_EHTTP, 8, 1},     {PX_EINTEGRITY, 9, 9},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct run_summary summary = summary_of(&rows[i].status, 1);
        assert_int_equal(exits_code(&exits_pfetch, &summary), rows[i].pfetch);
        assert_int_equal(exits_code(&exits_pcopy, &summary), rows[i].pcopy);
    }
}

static void test_exits_lower_code_wins_except_one(void **state)
{
    (void)state;
    static const struct {
        int statuses[MANY];
        int pfetch, pcopy;
    } rows[] = {
        {{PX_EHTTP, PX_ENET}, 4, 1},
        {{PX_EHTTP, PX_EINTEGRITY}, 8, 9},
        {{PX_EINTEGRITY, PX_EINTERNAL}, 9, 9},
        {{PX_EINTERNAL, PX_EBADLINE, PX_EHTTP}, 2, 1},
        {{PX_ECHANGED, PX_EINTEGRITY, PX_ESRC}, 3, 4},
        {{PX_EINTEGRITY, PX_EIO, PX_ECHANGED}, 3, 3},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct run_summary summary = summary_of(rows[i].statuses, MANY);
        assert_int_equal(exits_code(&exits_pfetch, &summary), rows[i].pfetch);
        assert_int_equal(exits_code(&exits_pcopy, &summary), rows[i].pcopy);
    }
}

static void test_exits_skips_count_as_done(void **state)
{
    (void)state;
    const struct run_summary summary = {.skipped = 10};
    assert_int_equal(exits_code(&exits_pfetch, &summary), 0);
    assert_int_equal(exits_code(&exits_pcopy, &summary), 0);
}

static void test_exits_what_stopped_the_run_comes_first(void **state)
{
    (void)state;
    static const int failed[] = {PX_EBADLINE, PX_ENET};
    struct run_summary summary = summary_of(failed, ROWS(failed));

    summary.output_lost = true;
    assert_int_equal(exits_code(&exits_pfetch, &summary), 2);
    summary.drained_early = true;
    assert_int_equal(exits_code(&exits_pfetch, &summary), EXITS_DRAINED);
    summary.fatal = PX_EFULL;
    assert_int_equal(exits_code(&exits_pfetch, &summary), 3);
    summary.signal = SIGTERM;
    assert_int_equal(exits_code(&exits_pfetch, &summary), 143);
    summary.signal = SIGINT;
    assert_int_equal(exits_code(&exits_pfetch, &summary), 130);
}

static void test_exits_fail_fast_keeps_the_class_of_the_failure(void **state)
{
    (void)state;
    static const int failed[] = {PX_EHTTP};
    struct run_summary summary = summary_of(failed, 1);
    summary.fatal = PX_ECANCELED;
    summary.canceled = 99;
    assert_int_equal(exits_code(&exits_pfetch, &summary), 8);
}

static void test_exits_canceled_or_unclassed_is_other(void **state)
{
    (void)state;
    const struct run_summary canceled = {.canceled = 1};
    const struct run_summary failed = {.failed = 1};
    assert_int_equal(exits_code(&exits_pfetch, &canceled), 1);
    assert_int_equal(exits_code(&exits_pcopy, &failed), 1);
}

static void test_exits_lost_output_is_a_failure(void **state)
{
    (void)state;
    const struct run_summary summary = {.ok = 1, .output_lost = true};
    assert_int_equal(exits_code(&exits_pfetch, &summary), 3);
    assert_int_equal(exits_code(&exits_pcopy, &summary), 1);
}

static void test_exits_before_the_run_usage_and_refusal_are_two(void **state)
{
    (void)state;
    static const struct {
        int status, pfetch, pcopy;
    } rows[] = {
        {PX_OK, 0, 0},     {PX_EUSAGE, 2, 2}, {PX_EREFUSED, 2, 2}, {PX_EIO, 3, 3},
        {PX_ENOMEM, 1, 1}, {PX_ESRC, 3, 1},   {PX_ETHREAD, 1, 1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(exits_code_of(&exits_pfetch, rows[i].status), rows[i].pfetch);
        assert_int_equal(exits_code_of(&exits_pcopy, rows[i].status), rows[i].pcopy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exits_every_class_has_its_documented_code),
        cmocka_unit_test(test_exits_lower_code_wins_except_one),
        cmocka_unit_test(test_exits_skips_count_as_done),
        cmocka_unit_test(test_exits_what_stopped_the_run_comes_first),
        cmocka_unit_test(test_exits_fail_fast_keeps_the_class_of_the_failure),
        cmocka_unit_test(test_exits_canceled_or_unclassed_is_other),
        cmocka_unit_test(test_exits_lost_output_is_a_failure),
        cmocka_unit_test(test_exits_before_the_run_usage_and_refusal_are_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
