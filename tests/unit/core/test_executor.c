/* SPDX-License-Identifier: MIT
 *
 * Executors over the matrix workers 0..8 x capacity 1..4: every future is finished, once.
 */
#include "support/scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tasks.h"

enum { JOBS = 40 };

/* --- submit ----------------------------------------------------------------------------------- */

static void check_submit(unsigned workers, size_t capacity)
{
    struct px_executor *executor = executor_start(workers, capacity);
    struct job *jobs = calloc(JOBS, sizeof *jobs);
    struct px_future *futures[JOBS];
    for (int i = 0; i < JOBS; i++) {
        jobs[i].status = -i;
        futures[i] = submit_job(executor, &jobs[i]);
    }
    for (int i = 0; i < JOBS; i++) {
        int status = 1;
        void *result = NULL;
        assert_int_equal(px_future_result(futures[i], PX_FOREVER, &status, &result), PX_OK);
        assert_int_equal(status, -i);
        assert_ptr_equal(result, &jobs[i]);
        assert_int_equal(jobs[i].runs, 1);
        px_future_unref(futures[i]);
    }
    executor_end(executor);
    free(jobs);
}

static void test_executor_submit_each_task_is_run_once(void **state)
{
    (void)state;
    over_matrix(check_submit);
}

static void test_executor_submit_full_waits_until_the_deadline(void **state)
{
    (void)state;
    struct gate gate = GATE_CLOSED;
    struct job jobs[3] = {{.gate = &gate}};
    struct px_executor *executor = executor_start(1, 1);
    struct px_future *futures[3];
    futures[0] = submit_job(executor, &jobs[0]);
    gate_await(&gate, 1);
    futures[1] = submit_job(executor, &jobs[1]);
    const struct px_task task = {.run = job_run, .arg = &jobs[2]};
    futures[2] = NULL;
    assert_int_equal(px_executor_submit_task(executor, &task, PX_NOWAIT, &futures[2]), PX_EAGAIN);
    assert_int_equal(px_executor_submit_task(executor, &task, px_now_ns(), &futures[2]),
                     PX_ETIMEDOUT);
    assert_null(futures[2]);
    gate_set(&gate, true);
    assert_int_equal(px_executor_submit_task(executor, &task, PX_FOREVER, &futures[2]), PX_OK);
    executor_end(executor);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jobs[i].runs, 1);
        px_future_unref(futures[i]);
    }
}

static void test_executor_submit_nothing_to_run_is_refused(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(0, 1);
    struct px_future *future = NULL;
    assert_int_equal(px_executor_submit(executor, NULL, NULL, &future), PX_EINVAL);
    assert_null(future);
    executor_end(executor);
}

static void test_executor_reference_given_back_early_is_run_all_the_same(void **state)
{
    (void)state;
    struct job job = {0};
    struct px_executor *executor = executor_start(2, 1);
    px_future_unref(submit_job(executor, &job));
    executor_end(executor);
    assert_int_equal(job.runs, 1);
}

enum { SUBMITTERS = 3 };

struct submitter {
    struct px_executor *executor;
    struct job jobs[JOBS];
    unsigned wrong;
};

static void *submit_and_wait(void *arg)
{
    struct submitter *submitter = arg;
    for (int i = 0; i < JOBS; i++) {
        struct px_future *future = NULL;
        void *result = NULL;
        if (px_executor_submit(submitter->executor, job_run, &submitter->jobs[i], &future) !=
                PX_OK ||
            px_future_result(future, PX_FOREVER, NULL, &result) != PX_OK) {
            submitter->wrong++;
        }
        submitter->wrong += result != &submitter->jobs[i];
        px_future_unref(future);
    }
    return NULL;
}

static void test_executor_many_threads_submit_each_gets_its_own_results(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= MOST_WORKERS; workers++) {
        struct submitter *submitters = calloc(SUBMITTERS, sizeof *submitters);
        struct px_executor *executor = executor_start(workers, 1);
        pthread_t threads[SUBMITTERS];
        for (int i = 0; i < SUBMITTERS; i++) {
            submitters[i].executor = executor;
            assert_int_equal(pthread_create(&threads[i], NULL, submit_and_wait, &submitters[i]), 0);
        }
        for (int i = 0; i < SUBMITTERS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(submitters[i].wrong, 0);
        }
        executor_end(executor);
        free(submitters);
    }
}

/* --- tasks that wait for tasks ---------------------------------------------------------------- */

struct fib {
    struct px_executor *executor;
    long n;
    long value;
    int failed;
};

static int fib_run(void *arg, void *state, void **result)
{
    (void)state;
    struct fib *fib = arg;
    *result = fib;
    fib->value = fib->n;
    if (fib->n < 2) {
        return PX_OK;
    }
    struct fib parts[2] = {{fib->executor, fib->n - 1, 0, 0}, {fib->executor, fib->n - 2, 0, 0}};
    struct px_future *futures[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        fib->failed += px_executor_submit(fib->executor, fib_run, &parts[i], &futures[i]) != PX_OK;
    }
    for (int i = 0; i < 2; i++) {
        fib->failed += px_future_wait(futures[i], PX_FOREVER) != PX_OK || parts[i].failed;
        px_future_unref(futures[i]);
    }
    fib->value = parts[0].value + parts[1].value;
    return PX_OK;
}

static void check_nested(unsigned workers, size_t capacity)
{
    struct px_executor *executor = executor_start(workers, capacity);
    struct fib fib = {executor, 9, 0, 0};
    struct px_future *future = NULL;
    assert_int_equal(px_executor_submit(executor, fib_run, &fib, &future), PX_OK);
    assert_int_equal(px_future_wait(future, PX_FOREVER), PX_OK);
    assert_int_equal(fib.failed, 0);
    assert_int_equal(fib.value, 34);
    px_future_unref(future);
    executor_end(executor);
}

/* With one worker and one place any other pool hangs. */
static void test_executor_tasks_that_wait_for_their_own_tasks_do_not_hang(void **state)
{
    (void)state;
    over_matrix(check_nested);
}

/* --- inline ----------------------------------------------------------------------------------- */

static void *use_from_elsewhere(void *arg)
{
    struct px_executor *executor = arg;
    struct job job = {0};
    struct px_future *future = NULL;
    const bool refused = px_executor_submit(executor, job_run, &job, &future) == PX_EINVAL &&
                         px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN) == PX_EINVAL &&
                         job.runs == 0;
    return refused ? arg : NULL;
}

static void test_executor_inline_runs_here_before_submit_returns(void **state)
{
    (void)state;
    struct job job = {0};
    struct px_executor *executor = executor_start(0, 1);
    struct px_future *future = submit_job(executor, &job);
    assert_int_equal(px_future_state(future), PX_FUTURE_DONE);
    assert_true(pthread_equal(job.thread, pthread_self()));
    px_future_unref(future);
    executor_end(executor);
}

static void test_executor_inline_of_another_thread_is_refused(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(0, 1);
    pthread_t thread;
    void *refused = NULL;
    assert_int_equal(pthread_create(&thread, NULL, use_from_elsewhere, executor), 0);
    pthread_join(thread, &refused);
    assert_ptr_equal(refused, executor);
    executor_end(executor);
}

/* --- init and fini ---------------------------------------------------------------------------- */

struct house {
    atomic_uint inits, finis, wrong;
    unsigned failing; /* this many of the first fail */
    int rooms[MOST_WORKERS];
};

static int house_init(void *ctx, unsigned index, void **state)
{
    struct house *house = ctx;
    if (index < house->failing) {
        return PX_ENOMEM;
    }
    atomic_fetch_add(&house->inits, 1);
    *state = &house->rooms[index];
    return PX_OK;
}

static void house_fini(void *ctx, void *state)
{
    struct house *house = ctx;
    const int *room = state;
    atomic_fetch_add(&house->finis, 1);
    atomic_fetch_add(&house->wrong, room < house->rooms || room >= house->rooms + MOST_WORKERS);
}

static struct px_executor_opts house_opts(struct house *house, unsigned workers)
{
    return (struct px_executor_opts){
        .workers = workers, .init = house_init, .fini = house_fini, .ctx = house};
}

static void check_init(unsigned workers, size_t capacity)
{
    struct house house = {0};
    struct px_executor_opts opts = house_opts(&house, workers);
    opts.capacity = capacity;
    struct px_executor *executor = NULL;
    assert_int_equal(px_executor_new(&opts, &executor), PX_OK);
    struct job jobs[4] = {{0}};
    for (int i = 0; i < 4; i++) {
        px_future_unref(submit_job(executor, &jobs[i]));
    }
    executor_end(executor);
    assert_int_equal(house.inits, workers > 0 ? workers : 1);
    assert_int_equal(house.finis, house.inits);
    assert_int_equal(house.wrong, 0);
    for (int i = 0; i < 4; i++) {
        const int *room = jobs[i].state;
        assert_true(room >= house.rooms && room < house.rooms + MOST_WORKERS);
    }
}

static void test_executor_each_worker_has_its_init_and_fini(void **state)
{
    (void)state;
    over_matrix(check_init);
}

static void test_executor_some_inits_fail_goes_on_with_the_others(void **state)
{
    (void)state;
    struct house house = {.failing = 2};
    const struct px_executor_opts opts = house_opts(&house, 3);
    struct px_executor *executor = NULL;
    assert_int_equal(px_executor_new(&opts, &executor), PX_OK);
    assert_int_equal(px_executor_workers(executor), 1);
    struct job job = {0};
    px_future_unref(submit_job(executor, &job));
    executor_end(executor);
    assert_ptr_equal(job.state, &house.rooms[2]);
    assert_int_equal(house.finis, 1);
}

static void test_executor_no_worker_starts_says_why(void **state)
{
    (void)state;
    struct house house = {.failing = 3};
    struct px_executor *executor = NULL;
    for (unsigned workers = 0; workers <= 3; workers++) {
        const struct px_executor_opts opts = house_opts(&house, workers);
        assert_int_equal(px_executor_new(&opts, &executor), PX_ENOMEM);
    }
    const struct px_executor_opts opts = {.workers = 2};
    threads_allowed = 0;
    assert_int_equal(px_executor_new(&opts, &executor), PX_ETHREAD);
    threads_allowed = INT32_MAX;
    assert_null(executor);
    assert_int_equal(house.finis, 0);
}

/* All or nothing: what was made before is given back (the leak checkers see to that). */
static void test_executor_new_without_locks_to_be_had_says_so(void **state)
{
    (void)state;
    int status = PX_ENOMEM;
    int locks = 0;
    for (unsigned workers = 0; workers <= 2; workers++) {
        for (locks = 0; status == PX_ENOMEM; locks++) {
            const struct px_executor_opts opts = {.workers = workers};
            struct px_executor *executor = NULL;
            locks_allowed = locks;
            status = px_executor_new(&opts, &executor);
            assert_true((status == PX_OK) == (executor != NULL));
            px_executor_free(executor);
        }
        locks_allowed = INT32_MAX;
        assert_int_equal(status, PX_OK);
        assert_true(locks > 4); /* the executor's two, the pool's two, the queue's */
        status = PX_ENOMEM;
    }
}

static void test_executor_submit_without_locks_to_be_had_submits_nothing(void **state)
{
    (void)state;
    struct job job = {0};
    struct px_future *future = NULL;
    struct px_executor *executor = executor_start(1, 1);
    for (int locks = 0; locks < 2; locks++) {
        locks_allowed = locks;
        assert_int_equal(px_executor_submit(executor, job_run, &job, &future), PX_ENOMEM);
        assert_null(future);
    }
    locks_allowed = INT32_MAX;
    executor_end(executor);
    assert_int_equal(job.runs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_executor_submit_each_task_is_run_once),
        cmocka_unit_test(test_executor_submit_full_waits_until_the_deadline),
        cmocka_unit_test(test_executor_submit_nothing_to_run_is_refused),
        cmocka_unit_test(test_executor_reference_given_back_early_is_run_all_the_same),
        cmocka_unit_test(test_executor_many_threads_submit_each_gets_its_own_results),
        cmocka_unit_test(test_executor_tasks_that_wait_for_their_own_tasks_do_not_hang),
        cmocka_unit_test(test_executor_inline_runs_here_before_submit_returns),
        cmocka_unit_test(test_executor_inline_of_another_thread_is_refused),
        cmocka_unit_test(test_executor_each_worker_has_its_init_and_fini),
        cmocka_unit_test(test_executor_some_inits_fail_goes_on_with_the_others),
        cmocka_unit_test(test_executor_no_worker_starts_says_why),
        cmocka_unit_test(test_executor_new_without_locks_to_be_had_says_so),
        cmocka_unit_test(test_executor_submit_without_locks_to_be_had_submits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
