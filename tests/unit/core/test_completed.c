/* SPDX-License-Identifier: MIT
 *
 * Many futures: in the order in which they finish, and the three ways to wait for them.
 */
#include "support/scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tasks.h"

enum { N = 4 };

/* N tasks that run, each at a gate of its own. */
struct gated {
    struct gate gates[N];
    struct job jobs[N];
    struct px_future *futures[N];
    struct px_executor *executor;
};

static void gated_make(struct gated *gated)
{
    *gated = (struct gated){.jobs = {{0}}};
    gated->executor = executor_start(N, 1);
    for (size_t i = 0; i < N; i++) {
        gated->gates[i] = (struct gate)GATE_CLOSED;
        gated->jobs[i].gate = &gated->gates[i];
        gated->futures[i] = submit_job(gated->executor, &gated->jobs[i]);
        gate_await(&gated->gates[i], 1);
    }
}

static void gated_finish(struct gated *gated, size_t i)
{
    gate_set(&gated->gates[i], true);
    assert_int_equal(px_future_wait(gated->futures[i], PX_FOREVER), PX_OK);
}

static void gated_end(struct gated *gated)
{
    for (size_t i = 0; i < N; i++) {
        gate_set(&gated->gates[i], true);
    }
    executor_end(gated->executor);
    for (size_t i = 0; i < N; i++) {
        px_future_unref(gated->futures[i]);
    }
}

static struct px_as_completed *iterate(struct px_future **futures, size_t n)
{
    struct px_as_completed *iterator = NULL;
    assert_int_equal(px_as_completed_new(futures, n, &iterator), PX_OK);
    return iterator;
}

static void next_is(struct px_as_completed *iterator, struct px_future *future, size_t index)
{
    struct px_future *got = NULL;
    size_t at = SIZE_MAX;
    assert_int_equal(px_as_completed_next(iterator, PX_FOREVER, &got, &at), PX_OK);
    assert_ptr_equal(got, future);
    assert_int_equal(at, index);
    assert_true(px_future_done(got));
}

static void test_as_completed_order_is_that_of_finishing(void **state)
{
    (void)state;
    static const size_t order[N] = {2, 0, 3, 1};
    struct gated gated;
    gated_make(&gated);
    struct px_as_completed *iterator = iterate(gated.futures, N);
    for (size_t i = 0; i < N; i++) {
        gate_set(&gated.gates[order[i]], true);
        next_is(iterator, gated.futures[order[i]], order[i]);
    }
    struct px_future *none = NULL;
    assert_int_equal(px_as_completed_next(iterator, PX_FOREVER, &none, NULL), PX_EEND);
    assert_int_equal(px_as_completed_next(iterator, PX_NOWAIT, &none, NULL), PX_EEND);
    assert_null(none);
    px_as_completed_free(iterator);
    gated_end(&gated);
}

static void test_as_completed_asked_late_keeps_the_order(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    gated_finish(&gated, 3);
    gated_finish(&gated, 1); /* these two are there already: in the order given */
    struct px_as_completed *iterator = iterate(gated.futures, N);
    gated_finish(&gated, 2);
    gated_finish(&gated, 0);
    next_is(iterator, gated.futures[1], 1);
    next_is(iterator, gated.futures[3], 3);
    next_is(iterator, gated.futures[2], 2);
    next_is(iterator, gated.futures[0], 0);
    px_as_completed_free(iterator);
    gated_end(&gated);
}

static void test_as_completed_deadline_passed_loses_nothing(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    struct px_as_completed *iterator = iterate(gated.futures, N);
    struct px_future *none = NULL;
    assert_int_equal(px_as_completed_next(iterator, PX_NOWAIT, &none, NULL), PX_EAGAIN);
    assert_int_equal(px_as_completed_next(iterator, px_now_ns(), &none, NULL), PX_ETIMEDOUT);
    assert_null(none);
    gate_set(&gated.gates[1], true);
    next_is(iterator, gated.futures[1], 1);
    px_as_completed_free(iterator);
    gated_end(&gated);
}

static void test_as_completed_freed_early_leaves_the_futures_alone(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    struct px_as_completed *first = iterate(gated.futures, N);
    struct px_as_completed *second = iterate(gated.futures, N);
    px_as_completed_free(first);
    px_as_completed_free(NULL);
    gated_finish(&gated, 2);
    next_is(second, gated.futures[2], 2);
    px_as_completed_free(second);
    gated_end(&gated);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(gated.jobs[i].runs, 1);
    }
}

static void test_as_completed_keeps_references_of_its_own(void **state)
{
    (void)state;
    struct job jobs[2] = {{0}};
    struct px_executor *executor = executor_start(2, 2);
    struct px_future *futures[2] = {submit_job(executor, &jobs[0]), submit_job(executor, &jobs[1])};
    struct px_as_completed *iterator = iterate(futures, 2);
    px_future_unref(futures[0]);
    px_future_unref(futures[1]);
    executor_end(executor);
    struct px_future *future = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(px_as_completed_next(iterator, PX_FOREVER, &future, NULL), PX_OK);
        assert_int_equal(px_future_state(future), PX_FUTURE_DONE);
    }
    px_as_completed_free(iterator);
}

static void test_as_completed_without_a_future_is_refused_or_empty(void **state)
{
    (void)state;
    struct px_future *futures[1] = {NULL};
    struct px_as_completed *iterator = NULL;
    size_t which = 5;
    assert_int_equal(px_as_completed_new(futures, 1, &iterator), PX_EINVAL);
    assert_int_equal(px_futures_wait(futures, 1, PX_WAIT_ALL, PX_FOREVER, &which), PX_EINVAL);
    assert_null(iterator);
    assert_int_equal(which, 5);
    iterator = iterate(futures, 0);
    assert_int_equal(px_as_completed_next(iterator, PX_FOREVER, &futures[0], NULL), PX_EEND);
    px_as_completed_free(iterator);
    for (enum px_wait_for what = PX_WAIT_FIRST_COMPLETED; what <= PX_WAIT_ALL; what++) {
        assert_int_equal(px_futures_wait(futures, 0, what, PX_FOREVER, &which), PX_OK);
        assert_int_equal(which, 0);
    }
}

static void check_each_once(unsigned workers, size_t capacity)
{
    enum { JOBS = 30 };
    struct job *jobs = calloc(JOBS, sizeof *jobs);
    struct px_future *futures[JOBS];
    struct px_executor *executor = executor_start(workers, capacity);
    for (size_t i = 0; i < JOBS; i++) {
        futures[i] = submit_job(executor, &jobs[i]);
    }
    struct px_as_completed *iterator = iterate(futures, JOBS);
    bool seen[JOBS] = {false};
    struct px_future *future = NULL;
    size_t index = 0;
    size_t n = 0;
    while (px_as_completed_next(iterator, PX_FOREVER, &future, &index) == PX_OK) {
        assert_false(seen[index]);
        assert_ptr_equal(future, futures[index]);
        assert_int_equal(jobs[index].runs, 1);
        seen[index] = true;
        n++;
    }
    assert_int_equal(n, JOBS);
    px_as_completed_free(iterator);
    for (size_t i = 0; i < JOBS; i++) {
        px_future_unref(futures[i]);
    }
    executor_end(executor);
    free(jobs);
}

static void test_as_completed_over_the_matrix_gives_each_once(void **state)
{
    (void)state;
    over_matrix(check_each_once);
}

/* --- wait ------------------------------------------------------------------------------------- */

static void test_futures_wait_first_completed_says_which(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    size_t which = 99;
    assert_int_equal(px_futures_wait(gated.futures, N, PX_WAIT_FIRST_COMPLETED, PX_NOWAIT, &which),
                     PX_EAGAIN);
    assert_int_equal(
        px_futures_wait(gated.futures, N, PX_WAIT_FIRST_COMPLETED, px_now_ns(), &which),
        PX_ETIMEDOUT);
    assert_int_equal(which, 99);
    gate_set(&gated.gates[2], true);
    assert_int_equal(px_futures_wait(gated.futures, N, PX_WAIT_FIRST_COMPLETED, PX_FOREVER, &which),
                     PX_OK);
    assert_int_equal(which, 2);
    gated_end(&gated);
}

static void test_futures_wait_first_failed_passes_over_good_and_canceled_ones(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    gated.jobs[3].status = PX_ENET;
    struct job job = {0};
    struct px_future *canceled = submit_job(gated.executor, &job);
    assert_int_equal(px_future_cancel(canceled), PX_OK);
    struct px_future *futures[3] = {canceled, gated.futures[0], gated.futures[3]};
    gated_finish(&gated, 0);
    size_t which = 99;
    assert_int_equal(px_futures_wait(futures, 3, PX_WAIT_FIRST_FAILED, PX_NOWAIT, &which),
                     PX_EAGAIN);
    gate_set(&gated.gates[3], true);
    assert_int_equal(px_futures_wait(futures, 3, PX_WAIT_FIRST_FAILED, PX_FOREVER, &which), PX_OK);
    assert_int_equal(which, 2);
    /* Without it none fails: then it is all. */
    assert_int_equal(px_futures_wait(futures, 2, PX_WAIT_FIRST_FAILED, PX_FOREVER, &which), PX_OK);
    assert_int_equal(which, 2);
    gated_end(&gated);
    px_future_unref(canceled);
}

static void test_futures_wait_all_waits_for_the_last(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    gated.jobs[0].status = PX_EIO;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(px_futures_wait(gated.futures, N, PX_WAIT_ALL, PX_NOWAIT, NULL),
                         PX_EAGAIN);
        gated_finish(&gated, i);
    }
    size_t which = 99;
    assert_int_equal(px_futures_wait(gated.futures, N, PX_WAIT_ALL, PX_NOWAIT, &which), PX_OK);
    assert_int_equal(which, N);
    gated_end(&gated);
}

static void test_as_completed_without_locks_to_be_had_says_so(void **state)
{
    (void)state;
    struct gated gated;
    gated_make(&gated);
    struct px_as_completed *iterator = NULL;
    size_t which = 99;
    for (int locks = 0; locks < 2; locks++) {
        locks_allowed = locks;
        assert_int_equal(px_as_completed_new(gated.futures, N, &iterator), PX_ENOMEM);
        assert_int_equal(px_futures_wait(gated.futures, N, PX_WAIT_ALL, PX_FOREVER, &which),
                         PX_ENOMEM);
    }
    locks_allowed = INT32_MAX;
    assert_null(iterator);
    assert_int_equal(which, 99);
    gated_end(&gated);
}

/* --- from a task ------------------------------------------------------------------------------ */

struct family {
    struct px_executor *executor;
    struct job children[N];
    unsigned seen;
    int waited;
};

static int family_run(void *arg, void *state, void **result)
{
    (void)state;
    (void)result;
    struct family *family = arg;
    struct px_future *futures[N] = {NULL};
    struct px_as_completed *iterator = NULL;
    struct px_future *future = NULL;
    for (size_t i = 0; i < N; i++) {
        if (px_executor_submit(family->executor, job_run, &family->children[i], &futures[i]) !=
            PX_OK) {
            return PX_EINTERNAL;
        }
    }
    family->waited = px_as_completed_new(futures, N, &iterator);
    while (family->waited == PX_OK) {
        family->waited = px_as_completed_next(iterator, PX_FOREVER, &future, NULL);
        family->seen += family->waited == PX_OK;
    }
    px_as_completed_free(iterator);
    for (size_t i = 0; i < N; i++) {
        px_future_unref(futures[i]);
    }
    return PX_OK;
}

static void check_family(unsigned workers, size_t capacity)
{
    struct family family = {.executor = executor_start(workers, capacity)};
    struct px_future *future = NULL;
    int status = PX_EINTERNAL;
    assert_int_equal(px_executor_submit(family.executor, family_run, &family, &future), PX_OK);
    assert_int_equal(px_future_result(future, PX_FOREVER, &status, NULL), PX_OK);
    assert_int_equal(status, PX_OK);
    assert_int_equal(family.waited, PX_EEND);
    assert_int_equal(family.seen, N);
    px_future_unref(future);
    executor_end(family.executor);
}

static void test_as_completed_in_a_task_of_the_same_executor_does_not_hang(void **state)
{
    (void)state;
    over_matrix(check_family);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_completed_order_is_that_of_finishing),
        cmocka_unit_test(test_as_completed_asked_late_keeps_the_order),
        cmocka_unit_test(test_as_completed_deadline_passed_loses_nothing),
        cmocka_unit_test(test_as_completed_freed_early_leaves_the_futures_alone),
        cmocka_unit_test(test_as_completed_keeps_references_of_its_own),
        cmocka_unit_test(test_as_completed_without_a_future_is_refused_or_empty),
        cmocka_unit_test(test_as_completed_over_the_matrix_gives_each_once),
        cmocka_unit_test(test_futures_wait_first_completed_says_which),
        cmocka_unit_test(test_futures_wait_first_failed_passes_over_good_and_canceled_ones),
        cmocka_unit_test(test_futures_wait_all_waits_for_the_last),
        cmocka_unit_test(test_as_completed_without_locks_to_be_had_says_so),
        cmocka_unit_test(test_as_completed_in_a_task_of_the_same_executor_does_not_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
