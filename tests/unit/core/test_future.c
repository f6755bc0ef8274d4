/* SPDX-License-Identifier: MIT
 *
 * One future: its states, its result, who is told and who frees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tasks.h"

/* A worker that is kept busy at `gate`, and one task that is queued behind it. */
struct queued {
    struct gate gate;
    struct job busy_job;
    struct job job;
    struct px_executor *executor;
    struct px_future *busy;
    struct px_future *future;
};

static void queued_make(struct queued *q)
{
    *q = (struct queued){.gate = GATE_CLOSED};
    q->busy_job.gate = &q->gate;
    q->executor = executor_start(1, 2);
    q->busy = submit_job(q->executor, &q->busy_job);
    gate_await(&q->gate, 1);
    q->future = submit_job(q->executor, &q->job);
}

static void queued_end(struct queued *q)
{
    gate_set(&q->gate, true);
    executor_end(q->executor);
    px_future_unref(q->busy);
    px_future_unref(q->future);
}

static void test_future_task_returned_result_and_status_are_handed_on(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(1, 1);
    struct job jobs[] = {{.status = PX_OK}, {.status = PX_EIO}, {.status = 4711}};
    for (size_t i = 0; i < 3; i++) {
        struct px_future *future = submit_job(executor, &jobs[i]);
        int status = -1;
        void *result = NULL;
        assert_int_equal(px_future_result(future, PX_FOREVER, &status, &result), PX_OK);
        assert_int_equal(status, jobs[i].status);
        assert_ptr_equal(result, &jobs[i]);
        assert_int_equal(px_future_result(future, PX_NOWAIT, NULL, NULL), PX_OK);
        assert_int_equal(px_future_state(future), PX_FUTURE_DONE);
        px_future_unref(future);
    }
    executor_end(executor);
}

static void test_future_states_pending_running_done(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    assert_int_equal(px_future_state(q.busy), PX_FUTURE_RUNNING);
    assert_true(px_future_running(q.busy));
    assert_false(px_future_done(q.busy));
    assert_int_equal(px_future_state(q.future), PX_FUTURE_PENDING);
    assert_false(px_future_running(q.future));
    assert_false(px_future_done(q.future));
    gate_set(&q.gate, true);
    assert_int_equal(px_future_wait(q.future, PX_FOREVER), PX_OK);
    assert_true(px_future_done(q.busy));
    assert_true(px_future_done(q.future));
    assert_false(px_future_running(q.future));
    queued_end(&q);
}

static void test_future_wait_deadline_passed_changes_nothing(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    int status = 99;
    void *result = &q;
    assert_int_equal(px_future_result(q.future, PX_NOWAIT, &status, &result), PX_EAGAIN);
    assert_int_equal(px_future_result(q.busy, px_now_ns(), &status, &result), PX_ETIMEDOUT);
    assert_int_equal(px_future_wait(q.future, px_deadline_in_ns(1)), PX_ETIMEDOUT);
    assert_int_equal(status, 99);
    assert_ptr_equal(result, &q);
    assert_int_equal(px_future_state(q.future), PX_FUTURE_PENDING);
    queued_end(&q);
}

static void test_future_cancel_queued_is_never_run(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    int status = 0;
    void *result = &q;
    assert_int_equal(px_future_cancel(q.future), PX_OK);
    assert_int_equal(px_future_state(q.future), PX_FUTURE_CANCELED);
    assert_true(px_future_done(q.future));
    assert_int_equal(px_future_result(q.future, PX_NOWAIT, &status, &result), PX_OK);
    assert_int_equal(status, PX_ECANCELED);
    assert_null(result);
    assert_int_equal(px_future_cancel(q.future), PX_OK);
    queued_end(&q);
    assert_int_equal(q.job.runs, 0);
    assert_int_equal(q.busy_job.runs, 1);
}

static void test_future_cancel_running_or_done_is_refused(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    assert_int_equal(px_future_cancel(q.busy), PX_EREFUSED);
    gate_set(&q.gate, true);
    assert_int_equal(px_future_wait(q.busy, PX_FOREVER), PX_OK);
    assert_int_equal(px_future_cancel(q.busy), PX_EREFUSED);
    assert_int_equal(px_future_state(q.busy), PX_FUTURE_DONE);
    queued_end(&q);
}

/* --- the result's owner ----------------------------------------------------------------------- */

static int count_up(void *arg, void *state, void **result)
{
    (void)state;
    *result = arg;
    return PX_OK;
}

static void count_free(void *result)
{
    ++*(int *)result;
}

static struct px_future *submit_counted(struct px_executor *executor, int *frees)
{
    const struct px_task task = {.run = count_up, .arg = frees, .free_result = count_free};
    struct px_future *future = NULL;
    assert_int_equal(px_executor_submit_task(executor, &task, PX_FOREVER, &future), PX_OK);
    return future;
}

static void test_future_last_reference_frees_an_untaken_result_once(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(1, 1);
    int frees = 0;
    struct px_future *future = submit_counted(executor, &frees);
    assert_ptr_equal(px_future_ref(future), future);
    executor_end(executor); /* futures may live longer */
    px_future_unref(future);
    assert_int_equal(frees, 0);
    px_future_unref(future);
    assert_int_equal(frees, 1);
    px_future_unref(NULL);
}

static void test_future_taken_result_is_not_freed(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(1, 1);
    int frees = 0;
    struct px_future *future = submit_counted(executor, &frees);
    void *result = NULL;
    assert_int_equal(px_future_wait(future, PX_FOREVER), PX_OK);
    assert_int_equal(px_future_take(future, &result), PX_OK);
    assert_ptr_equal(result, &frees);
    assert_int_equal(px_future_take(future, &result), PX_EINVAL);
    assert_int_equal(px_future_result(future, PX_NOWAIT, NULL, &result), PX_OK);
    assert_null(result);
    px_future_unref(future);
    executor_end(executor);
    assert_int_equal(frees, 0);
}

static void test_future_take_unfinished_says_again(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    void *result = &q;
    assert_int_equal(px_future_take(q.future, &result), PX_EAGAIN);
    assert_int_equal(px_future_take(q.busy, &result), PX_EAGAIN);
    assert_ptr_equal(result, &q);
    queued_end(&q);
}

/* --- callbacks -------------------------------------------------------------------------------- */

struct heard {
    struct px_future *future;
    enum px_future_state state;
    pthread_t thread;
    unsigned calls;
    unsigned place; /* in the order of all calls */
    unsigned *counter;
};

static void hear(void *ctx, struct px_future *future)
{
    struct heard *heard = ctx;
    heard->future = future;
    heard->state = px_future_state(future);
    heard->thread = pthread_self();
    heard->calls++;
    heard->place = ++*heard->counter;
}

static void test_future_callbacks_are_called_once_in_order_by_the_worker(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    unsigned counter = 0;
    struct heard heard[3] = {{.counter = &counter}, {.counter = &counter}, {.counter = &counter}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(px_future_on_done(q.future, hear, &heard[i]), PX_OK);
    }
    gate_set(&q.gate, true);
    assert_int_equal(px_executor_shutdown(q.executor, PX_SHUTDOWN_DRAIN), PX_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(heard[i].calls, 1);
        assert_int_equal(heard[i].place, i + 1);
        assert_ptr_equal(heard[i].future, q.future);
        assert_int_equal(heard[i].state, PX_FUTURE_DONE);
        assert_true(pthread_equal(heard[i].thread, q.job.thread));
        assert_false(pthread_equal(heard[i].thread, pthread_self()));
    }
    queued_end(&q);
}

static void test_future_callback_of_a_finished_one_is_called_at_once(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(1, 1);
    struct job job = {0};
    unsigned counter = 0;
    struct heard heard = {.counter = &counter};
    struct px_future *future = submit_job(executor, &job);
    assert_int_equal(px_future_wait(future, PX_FOREVER), PX_OK);
    assert_int_equal(px_future_on_done(future, hear, &heard), PX_OK);
    assert_int_equal(heard.calls, 1);
    assert_true(pthread_equal(heard.thread, pthread_self()));
    px_future_unref(future);
    executor_end(executor);
    assert_int_equal(heard.calls, 1);
}

static void test_future_callback_of_a_canceled_one_is_called_by_who_cancels(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    unsigned counter = 0;
    struct heard heard = {.counter = &counter};
    assert_int_equal(px_future_on_done(q.future, hear, &heard), PX_OK);
    assert_int_equal(heard.calls, 0);
    assert_int_equal(px_future_cancel(q.future), PX_OK);
    assert_int_equal(px_future_cancel(q.future), PX_OK);
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.state, PX_FUTURE_CANCELED);
    assert_true(pthread_equal(heard.thread, pthread_self()));
    queued_end(&q);
    assert_int_equal(heard.calls, 1);
}

struct follow_up {
    struct px_executor *executor;
    struct job job;
    struct px_future *future;
    int status;
};

static void submit_more(void *ctx, struct px_future *future)
{
    (void)future;
    struct follow_up *more = ctx;
    more->status = px_executor_submit(more->executor, job_run, &more->job, &more->future);
}

static void test_future_callback_may_submit(void **state)
{
    (void)state;
    struct queued q;
    queued_make(&q);
    struct follow_up more = {.executor = q.executor, .status = -1};
    assert_int_equal(px_future_on_done(q.busy, submit_more, &more), PX_OK);
    gate_set(&q.gate, true);
    assert_int_equal(px_future_wait(q.future, PX_FOREVER), PX_OK); /* behind the callback */
    assert_int_equal(more.status, PX_OK);
    assert_int_equal(px_future_wait(more.future, PX_FOREVER), PX_OK);
    assert_int_equal(more.job.runs, 1);
    px_future_unref(more.future);
    queued_end(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_future_task_returned_result_and_status_are_handed_on),
        cmocka_unit_test(test_future_states_pending_running_done),
        cmocka_unit_test(test_future_wait_deadline_passed_changes_nothing),
        cmocka_unit_test(test_future_cancel_queued_is_never_run),
        cmocka_unit_test(test_future_cancel_running_or_done_is_refused),
        cmocka_unit_test(test_future_last_reference_frees_an_untaken_result_once),
        cmocka_unit_test(test_future_taken_result_is_not_freed),
        cmocka_unit_test(test_future_take_unfinished_says_again),
        cmocka_unit_test(test_future_callbacks_are_called_once_in_order_by_the_worker),
        cmocka_unit_test(test_future_callback_of_a_finished_one_is_called_at_once),
        cmocka_unit_test(test_future_callback_of_a_canceled_one_is_called_by_who_cancels),
        cmocka_unit_test(test_future_callback_may_submit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
