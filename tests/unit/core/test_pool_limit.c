/* SPDX-License-Identifier: MIT
 *
 * A pool in which fewer work than there are workers, over the matrix workers 0..4 x capacity 1..3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pooling.h"

/* So many work at a time and no more; the others' threads are there, and end like any. */
static void check_limit(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    bench->limit = 2;
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    submit_all(bench->pool, tasks, TASKS / 3);
    assert_in_range(bench->most_inside, 1, 2);
    px_pool_limit(bench->pool, 1);
    submit_all(bench->pool, tasks + TASKS / 3, TASKS / 3);
    px_pool_limit(bench->pool, 4);
    submit_all(bench->pool, tasks + 2 * (TASKS / 3), TASKS / 3);
    px_pool_limit(bench->pool, 1);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, TASKS);
    assert_int_equal(bench->twice, 0);
    assert_true((px_pool_worked_ns(bench->pool) > 0) == (workers > 0));
    px_pool_free(bench->pool);
    assert_int_equal(bench->finis, workers > 0 ? workers : 1);
    free(tasks);
    free(bench);
}

static void test_pool_limit_holds_and_changes_on_the_way(void **state)
{
    (void)state;
    over_matrix(check_limit);
}

/* The only one that may work is worker 1: the first was never started. */
static void test_pool_limit_counts_workers_that_started(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[5] = {{0}};
    bench->limit = 1;
    bench->fail_init_of = 0;
    assert_int_equal(pool_start(bench, 2, 3), PX_OK);
    submit_all(bench->pool, tasks, 5);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 5);
    px_pool_free(bench->pool);
    free(bench);
}

static void test_pool_cancel_ends_the_limit(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[6] = {{0}};
    bench->limit = 1;
    gate_set(&bench->gate, false);
    assert_int_equal(pool_start(bench, 4, 6), PX_OK);
    submit_all(bench->pool, tasks, 6);
    px_pool_cancel(bench->pool);
    gate_set(&bench->gate, true);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 6);
    px_pool_free(bench->pool);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_limit_holds_and_changes_on_the_way),
        cmocka_unit_test(test_pool_limit_counts_workers_that_started),
        cmocka_unit_test(test_pool_cancel_ends_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
