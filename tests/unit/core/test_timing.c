/* SPDX-License-Identifier: MIT
 *
 * Histograms within their promised error, accounts, and the figures of textbooks.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pxfer/timing.h>

static void test_hist_empty_quantile_is_zero(void **state)
{
    (void)state;
    const struct px_hist hist = {0};
    assert_true(px_hist_quantile(&hist, 0.5) == 0);
}

static void test_hist_one_value_every_quantile_is_it(void **state)
{
    (void)state;
    const int64_t values[] = {0, 1, 15, 16, 17, 1000, 123456789, INT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct px_hist hist = {0};
        px_hist_add(&hist, values[i]);
        assert_true(px_hist_quantile(&hist, 0.0) == values[i]);
        assert_true(px_hist_quantile(&hist, 0.95) == values[i]);
        assert_true(hist.max_ns == values[i]);
    }
}

static void test_hist_negative_value_counts_as_zero(void **state)
{
    (void)state;
    struct px_hist hist = {0};
    px_hist_add(&hist, -7);
    assert_int_equal(hist.count, 1);
    assert_true(hist.sum_ns == 0 && hist.max_ns == 0);
}

static void test_hist_many_values_quantile_within_a_sixteenth(void **state)
{
    (void)state;
    struct px_hist low = {0};
    struct px_hist high = {0};
    struct px_hist all = {0};
    enum { N = 20000 };
    for (int64_t v = 1; v <= N; v++) {
        px_hist_add(v <= N / 2 ? &low : &high, v * 1000);
    }
    px_hist_merge(&all, &low);
    px_hist_merge(&all, &high);
    assert_int_equal(all.count, N);
    assert_true(all.max_ns == (int64_t)N * 1000);
    for (int percent = 1; percent <= 100; percent++) {
        const double exact = (double)percent / 100 * N * 1000;
        const double got = (double)px_hist_quantile(&all, (double)percent / 100);
        assert_true(got >= exact && got <= exact * 1.0626);
    }
}

static void test_account_merge_adds_everything(void **state)
{
    (void)state;
    struct px_account *a = calloc(2, sizeof *a);
    assert_non_null(a);
    for (int i = 0; i < 2; i++) {
        a[i].items = 3;
        a[i].bytes = 100;
        a[i].bytes_kept = 20;
        a[i].planned = 4;
        a[i].planned_bytes = 40;
        a[i].busy_ns = 50;
        a[i].items_ns = 70;
        a[i].phase_ns[PX_PHASES - 1] = 9;
        a[i].counter[0] = 2;
        a[i].counter[PX_COUNTERS - 1] = 3;
        px_hist_add(&a[i].item, 10 + i);
    }
    px_account_merge(&a[0], &a[1]);
    assert_true(a[0].items == 6 && a[0].bytes == 200 && a[0].busy_ns == 100 &&
                a[0].items_ns == 140);
    assert_true(a[0].bytes_kept == 40 && a[0].planned == 8 && a[0].planned_bytes == 80);
    assert_true(a[0].phase_ns[PX_PHASES - 1] == 18 && a[0].counter[0] == 4);
    assert_true(a[0].counter[PX_COUNTERS - 1] == 6);
    assert_true(a[0].item.count == 2 && a[0].item.max_ns == 11);
    free(a);
}

static void test_figures_known_values(void **state)
{
    (void)state;
    assert_true(fabs(px_speedup(4000, 1000) - 4) < 1e-9);
    assert_true(px_speedup(4000, 0) == 0);
    assert_true(fabs(px_efficiency(4, 5) - 0.8) < 1e-9);
    assert_true(px_efficiency(4, 0) == 0);
    /* Amdahl with a serial fraction of 0.1 on 4 workers: s = 1 / (0.1 + 0.9 / 4) */
    assert_true(fabs(px_karp_flatt(1 / (0.1 + 0.9 / 4), 4) - 0.1) < 1e-9);
    assert_true(fabs(px_karp_flatt(4, 4)) < 1e-9);
    assert_true(isnan(px_karp_flatt(1, 1)));
    assert_true(isnan(px_karp_flatt(0, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hist_empty_quantile_is_zero),
        cmocka_unit_test(test_hist_one_value_every_quantile_is_it),
        cmocka_unit_test(test_hist_negative_value_counts_as_zero),
        cmocka_unit_test(test_hist_many_values_quantile_within_a_sixteenth),
        cmocka_unit_test(test_account_merge_adds_everything),
        cmocka_unit_test(test_figures_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
