/* SPDX-License-Identifier: MIT
 *
 * The pool over the matrix workers 0..4 x capacity 1..3. Bodies record, the test thread asserts.
 */
#include "support/scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/timing.h>

#include "pooling.h"

static void check_one_result_each(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    assert_int_equal(px_pool_workers(bench->pool), workers);
    submit_all(bench->pool, tasks, TASKS);
    px_pool_drain(bench->pool);
    px_pool_drain(bench->pool); /* idempotent */
    assert_int_equal(bench->seen, TASKS);
    assert_int_equal(bench->twice, 0);
    assert_int_equal(bench->seen_canceled, 0);
    assert_int_equal(px_pool_unfinished(bench->pool), 0);
    assert_int_equal(px_pool_pump(bench->pool, PX_FOREVER), PX_EEND);
    assert_int_equal(px_pool_submit(bench->pool, &tasks[0]), PX_ECLOSED);
    px_pool_free(bench->pool);
    const unsigned expected = workers > 0 ? workers : 1;
    assert_int_equal(bench->inits, expected);
    assert_int_equal(bench->finis, expected);
    assert_int_equal(bench->unmasked, workers > 0 ? 0 : 1);
    free(tasks);
    free(bench);
}

static void test_pool_drain_each_task_gives_one_result(void **state)
{
    (void)state;
    over_matrix(check_one_result_each);
}

static void check_offers(unsigned workers, size_t capacity)
{
    enum { ROOTS = 3, DEPTH = 7 };
    struct bench *bench = bench_new();
    struct task tasks[ROOTS] = {{0}};
    for (int i = 0; i < ROOTS; i++) {
        tasks[i].children = DEPTH;
    }
    bench->limit = capacity == 2 ? 4 : 0; /* stacks of workers that may not go on wait, too */
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    submit_all(bench->pool, tasks, ROOTS);
    px_pool_limit(bench->pool, 1);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, ROOTS * ((2U << DEPTH) - 1)); /* full binary trees */
    px_pool_free(bench->pool);
    free(bench);
}

static void test_pool_offered_tasks_all_give_results(void **state)
{
    (void)state;
    over_matrix(check_offers);
}

static void check_cancel(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    gate_set(&bench->gate, workers == 0); /* nothing finishes before the cancel */
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    unsigned submitted = 0;
    while (submitted < capacity && px_pool_submit(bench->pool, &tasks[submitted]) == PX_OK) {
        submitted++;
    }
    assert_true(submitted > 0);
    px_pool_cancel(bench->pool);
    assert_int_equal(px_pool_submit(bench->pool, &tasks[submitted]), PX_ECLOSED);
    gate_set(&bench->gate, true);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, submitted);
    assert_int_equal(bench->twice, 0);
    assert_int_equal(bench->seen_canceled, submitted);
    px_pool_free(bench->pool);
    free(tasks);
    free(bench);
}

static void test_pool_cancel_undone_tasks_give_canceled_results(void **state)
{
    (void)state;
    over_matrix(check_cancel);
}

static void check_free_without_drain(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task tasks[3] = {{0}};
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    unsigned submitted = 0;
    while (submitted < 3 && px_pool_submit(bench->pool, &tasks[submitted]) == PX_OK) {
        submitted++;
    }
    px_pool_free(bench->pool);
    assert_int_equal(bench->seen, submitted);
    free(bench);
}

static void test_pool_free_undrained_still_delivers(void **state)
{
    (void)state;
    over_matrix(check_free_without_drain);
    px_pool_free(NULL);
}

static void test_pool_no_ticket_left_says_again(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[8] = {{0}};
    gate_set(&bench->gate, false);
    assert_int_equal(pool_start(bench, 2, 3), PX_OK);
    unsigned submitted = 0;
    int status = PX_OK;
    /* The queue takes 3 at once; more as the two workers take theirs. */
    while (submitted < 5 && (status == PX_OK || status == PX_EAGAIN)) {
        status = px_pool_submit(bench->pool, &tasks[submitted]);
        submitted += status == PX_OK;
    }
    assert_int_equal(submitted, 5);
    assert_false(px_pool_has_room(bench->pool));
    assert_int_equal(px_pool_submit(bench->pool, &tasks[5]), PX_EAGAIN);
    assert_int_equal(px_pool_pump(bench->pool, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_pool_pump(bench->pool, px_now_ns()), PX_ETIMEDOUT);
    gate_set(&bench->gate, true);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 5);
    px_pool_free(bench->pool);
    free(bench);
}

/* Nobody pops while an inline pool is not pumped: the queue is full before the tickets are gone. */
static void test_pool_queue_full_has_no_room(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[4] = {{0}};
    assert_int_equal(pool_start(bench, 0, 3), PX_OK);
    for (unsigned i = 0; i < 4; i++) {
        const bool room = px_pool_has_room(bench->pool);
        assert_int_equal(px_pool_submit(bench->pool, &tasks[i]), room ? PX_OK : PX_EAGAIN);
    }
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 3);
    px_pool_free(bench->pool);
    free(bench);
}

static void check_sink_submits(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task first = {0};
    struct task second = {0};
    bench->follow_up = &second;
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    assert_int_equal(px_pool_submit(bench->pool, &first), PX_OK);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 2);
    assert_int_equal(bench->twice, 0);
    px_pool_free(bench->pool);
    free(bench);
}

static void test_pool_sink_may_submit(void **state)
{
    (void)state;
    over_matrix(check_sink_submits);
}

struct account {
    struct px_pool *pool;
    unsigned seen, wrong;
};

enum { ACCOUNTED = 100 };

static void echo_run(struct px_worker *worker, void *state)
{
    void *task;
    (void)state;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        px_worker_emit(worker, task);
    }
}

static void account_sink(void *ctx, void *result)
{
    struct account *account = ctx;
    (void)result;
    account->seen++;
    account->wrong += px_pool_unfinished(account->pool) != ACCOUNTED - account->seen;
}

/* Results are taken from their queue many at a time, but count until the sink has seen them. */
static void test_pool_unfinished_counts_what_the_sink_has_not_seen(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 2; workers++) {
        struct account account = {0};
        const struct px_pool_opts opts = {.workers = workers,
                                          .capacity = ACCOUNTED,
                                          .body = {.run = echo_run},
                                          .sink = account_sink,
                                          .sink_ctx = &account};
        assert_int_equal(px_pool_new(&opts, &account.pool), PX_OK);
        for (unsigned i = 0; i < ACCOUNTED; i++) {
            assert_int_equal(px_pool_submit(account.pool, &account), PX_OK);
        }
        px_pool_drain(account.pool);
        assert_int_equal(account.seen, ACCOUNTED);
        assert_int_equal(account.wrong, 0);
        px_pool_free(account.pool);
    }
}

static void test_pool_one_init_fails_goes_on_with_the_others(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    bench->fail_init_of = 1;
    assert_int_equal(pool_start(bench, 3, 2), PX_OK);
    assert_int_equal(px_pool_workers(bench->pool), 2);
    submit_all(bench->pool, tasks, TASKS);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, TASKS);
    px_pool_free(bench->pool);
    assert_int_equal(bench->finis, 2);
    free(tasks);
    free(bench);
}

static void test_pool_every_init_fails_says_why(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 3; workers++) {
        struct bench *bench = bench_new();
        bench->fail_init_of = UINT32_MAX - 1;
        assert_int_equal(pool_start(bench, workers, 1), PX_ENOMEM);
        assert_null(bench->pool);
        assert_int_equal(bench->finis, 0);
        free(bench);
    }
}

static void test_pool_threads_refused_uses_those_that_start(void **state)
{
    (void)state;
    for (int allowed = 0; allowed <= 3; allowed++) {
        struct bench *bench = bench_new();
        struct task *tasks = calloc(TASKS, sizeof *tasks);
        atomic_store(&threads_allowed, allowed);
        const int status = pool_start(bench, 4, 2);
        atomic_store(&threads_allowed, INT32_MAX);
        assert_int_equal(status, allowed > 0 ? PX_OK : PX_ETHREAD);
        if (status == PX_OK) {
            assert_int_equal(px_pool_workers(bench->pool), allowed);
            submit_all(bench->pool, tasks, TASKS);
            px_pool_drain(bench->pool);
            assert_int_equal(bench->seen, TASKS);
            px_pool_free(bench->pool);
        }
        free(tasks);
        free(bench);
    }
}

static void test_pool_new_without_body_is_refused(void **state)
{
    (void)state;
    struct px_pool *pool = NULL;
    const struct px_pool_opts no_body = {.workers = 1, .sink = sink};
    assert_int_equal(px_pool_new(&no_body, &pool), PX_EINVAL);
    assert_null(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_drain_each_task_gives_one_result),
        cmocka_unit_test(test_pool_offered_tasks_all_give_results),
        cmocka_unit_test(test_pool_cancel_undone_tasks_give_canceled_results),
        cmocka_unit_test(test_pool_free_undrained_still_delivers),
        cmocka_unit_test(test_pool_no_ticket_left_says_again),
        cmocka_unit_test(test_pool_queue_full_has_no_room),
        cmocka_unit_test(test_pool_sink_may_submit),
        cmocka_unit_test(test_pool_unfinished_counts_what_the_sink_has_not_seen),
        cmocka_unit_test(test_pool_one_init_fails_goes_on_with_the_others),
        cmocka_unit_test(test_pool_every_init_fails_says_why),
        cmocka_unit_test(test_pool_threads_refused_uses_those_that_start),
        cmocka_unit_test(test_pool_new_without_body_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
