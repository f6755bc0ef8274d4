/* SPDX-License-Identifier: MIT
 *
 * The map: in order, no further ahead than told, one result for each argument that was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tasks.h"

/* Arguments without end, or until `stop` of them; each a struct job on the heap. */
struct source {
    unsigned pulled;
    unsigned stop;     /* 0: endless */
    int end;           /* what is returned then */
    struct gate *gate; /* of each job */
};

static int source_next(void *ctx, void **arg)
{
    struct source *source = ctx;
    if (source->stop > 0 && source->pulled == source->stop) {
        return source->end;
    }
    struct job *job = calloc(1, sizeof *job);
    job->status = -(int)source->pulled++;
    job->gate = source->gate;
    *arg = job;
    return PX_OK;
}

static atomic_uint freed_args;
static atomic_uint freed_results;

static void free_arg(void *arg)
{
    atomic_fetch_add(&freed_args, 1);
    free(arg);
}

static void free_result(void *result)
{
    (void)result; /* it is the argument */
    atomic_fetch_add(&freed_results, 1);
}

static struct px_map *map_start(struct px_executor *executor, struct source *source, size_t ahead)
{
    const struct px_map_opts opts = {.run = job_run,
                                     .next = source_next,
                                     .ctx = source,
                                     .ahead = ahead,
                                     .free_arg = free_arg,
                                     .free_result = free_result};
    struct px_map *map = NULL;
    freed_args = 0;
    freed_results = 0;
    assert_int_equal(px_map_new(executor, &opts, &map), PX_OK);
    return map;
}

static void next_is(struct px_map *map, unsigned number)
{
    struct px_mapped mapped = {NULL, 1, NULL};
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_OK);
    assert_int_equal(mapped.status, -(int)number);
    assert_ptr_equal(mapped.result, mapped.arg);
    assert_int_equal(((struct job *)mapped.arg)->runs, 1);
    free(mapped.arg);
}

static void check_order(unsigned workers, size_t capacity)
{
    struct source source = {.stop = 30, .end = PX_EEND};
    struct px_executor *executor = executor_start(workers, capacity);
    struct px_map *map = map_start(executor, &source, 0);
    const unsigned ahead = workers > 0 ? workers + (unsigned)capacity : 1;
    assert_int_equal(source.pulled, 0); /* lazily */
    for (unsigned i = 0; i < 30; i++) {
        next_is(map, i);
        assert_true(source.pulled <= i + ahead);
    }
    struct px_mapped none;
    assert_int_equal(px_map_next(map, PX_FOREVER, &none), PX_EEND);
    assert_int_equal(px_map_next(map, PX_FOREVER, &none), PX_EEND);
    px_map_free(map);
    executor_end(executor);
    assert_int_equal(freed_args, 0);
    assert_int_equal(freed_results, 0);
}

static void test_map_results_are_in_input_order(void **state)
{
    (void)state;
    over_matrix(check_order);
}

static void check_freed_early(unsigned workers, size_t capacity)
{
    struct source source = {.stop = 0};
    struct px_executor *executor = executor_start(workers, capacity);
    struct px_map *map = map_start(executor, &source, 3);
    for (unsigned i = 0; i < 5; i++) {
        next_is(map, i);
        assert_true(source.pulled <= i + 3);
    }
    const unsigned left = source.pulled - 5;
    px_map_free(map);
    px_map_free(NULL);
    executor_end(executor);
    assert_int_equal(freed_args, left);
    assert_true(freed_results <= left); /* canceled ones have none */
}

static void test_map_endless_freed_early_frees_what_was_not_handed_out(void **state)
{
    (void)state;
    over_matrix(check_freed_early);
}

static void test_map_array_gives_the_address_of_each_element(void **state)
{
    (void)state;
    struct job jobs[7] = {{0}};
    struct px_executor *executor = executor_start(2, 2);
    const struct px_map_opts opts = {.run = job_run, .items = jobs, .n = 7, .size = sizeof jobs[0]};
    struct px_map *map = NULL;
    struct px_mapped mapped;
    assert_int_equal(px_map_new(executor, &opts, &map), PX_OK);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_OK);
        assert_ptr_equal(mapped.arg, &jobs[i]);
    }
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_EEND);
    px_map_free(map);
    executor_end(executor);
}

static void test_map_slow_first_is_waited_for_and_bounds_the_rest(void **state)
{
    (void)state;
    struct gate gate = GATE_CLOSED;
    struct source source = {.gate = &gate};
    struct px_executor *executor = executor_start(1, 4);
    struct px_map *map = map_start(executor, &source, 3);
    struct px_mapped mapped;
    assert_int_equal(px_map_next(map, PX_NOWAIT, &mapped), PX_EAGAIN);
    assert_int_equal(px_map_next(map, px_now_ns(), &mapped), PX_ETIMEDOUT);
    assert_int_equal(source.pulled, 3);
    gate_set(&gate, true);
    next_is(map, 0);
    next_is(map, 1);
    px_map_free(map);
    executor_end(executor);
}

/* The executor's queue is full of other people's tasks: what was pulled waits its turn. */
static void test_map_executor_full_holds_the_argument(void **state)
{
    (void)state;
    struct gate gate = GATE_CLOSED;
    struct job busy[2] = {{.gate = &gate}, {.gate = &gate}};
    struct px_executor *executor = executor_start(1, 1);
    struct px_future *futures[2];
    futures[0] = submit_job(executor, &busy[0]);
    gate_await(&gate, 1);
    futures[1] = submit_job(executor, &busy[1]);
    struct source source = {.stop = 2, .end = PX_EEND};
    struct px_map *map = map_start(executor, &source, 4);
    struct px_mapped mapped;
    assert_int_equal(px_map_next(map, PX_NOWAIT, &mapped), PX_EAGAIN);
    assert_int_equal(px_map_next(map, px_now_ns(), &mapped), PX_ETIMEDOUT);
    assert_int_equal(source.pulled, 1);
    gate_set(&gate, true);
    next_is(map, 0);
    next_is(map, 1);
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_EEND);
    px_map_free(map);
    executor_end(executor);
    px_future_unref(futures[0]);
    px_future_unref(futures[1]);
}

static void test_map_freed_while_it_holds_an_argument_frees_that(void **state)
{
    (void)state;
    struct gate gate = GATE_CLOSED;
    struct job busy[2] = {{.gate = &gate}, {.gate = &gate}};
    struct px_executor *executor = executor_start(1, 1);
    struct px_future *running = submit_job(executor, &busy[0]);
    gate_await(&gate, 1);
    struct px_future *queued = submit_job(executor, &busy[1]);
    struct source source = {.stop = 0};
    struct px_map *map = map_start(executor, &source, 4);
    struct px_mapped mapped;
    assert_int_equal(px_map_next(map, PX_NOWAIT, &mapped), PX_EAGAIN);
    px_map_free(map);
    assert_int_equal(freed_args, 1);
    gate_set(&gate, true);
    executor_end(executor);
    px_future_unref(running);
    px_future_unref(queued);
}

static void test_map_source_fails_after_the_results_before(void **state)
{
    (void)state;
    struct source source = {.stop = 3, .end = PX_EIO};
    struct px_executor *executor = executor_start(2, 4);
    struct px_map *map = map_start(executor, &source, 6);
    struct px_mapped mapped;
    for (unsigned i = 0; i < 3; i++) {
        next_is(map, i);
    }
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_EIO);
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_EIO);
    px_map_free(map);
    executor_end(executor);
}

/* Every argument that was pulled comes out, run or canceled. */
static void check_shut_down(unsigned workers, size_t capacity)
{
    struct source source = {.stop = 0};
    struct px_executor *executor = executor_start(workers, capacity);
    struct px_map *map = map_start(executor, &source, 3);
    next_is(map, 0);
    assert_int_equal(px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN), PX_OK);
    struct px_mapped mapped;
    unsigned handed_out = 1;
    int status;
    while ((status = px_map_next(map, PX_FOREVER, &mapped)) == PX_OK) {
        const struct job *job = mapped.arg;
        assert_int_equal(mapped.status, job->runs > 0 ? -(int)handed_out : PX_ECANCELED);
        handed_out++;
        free(mapped.arg);
    }
    assert_int_equal(status, PX_ECLOSED);
    assert_int_equal(handed_out, source.pulled);
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_ECLOSED);
    px_map_free(map);
    px_executor_free(executor);
    assert_int_equal(freed_args, 0);
}

static void test_map_executor_shut_down_each_argument_still_comes_out(void **state)
{
    (void)state;
    over_matrix(check_shut_down);
}

static void test_map_without_function_or_arguments_is_refused(void **state)
{
    (void)state;
    struct px_executor *executor = executor_start(0, 1);
    const struct px_map_opts no_run = {.next = source_next};
    const struct px_map_opts no_items = {.run = job_run, .n = 3, .size = 1};
    const struct px_map_opts empty = {.run = job_run};
    struct px_map *map = NULL;
    struct px_mapped mapped;
    assert_int_equal(px_map_new(executor, &no_run, &map), PX_EINVAL);
    assert_int_equal(px_map_new(executor, &no_items, &map), PX_EINVAL);
    assert_null(map);
    assert_int_equal(px_map_new(executor, &empty, &map), PX_OK);
    assert_int_equal(px_map_next(map, PX_FOREVER, &mapped), PX_EEND);
    px_map_free(map);
    executor_end(executor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_results_are_in_input_order),
        cmocka_unit_test(test_map_endless_freed_early_frees_what_was_not_handed_out),
        cmocka_unit_test(test_map_array_gives_the_address_of_each_element),
        cmocka_unit_test(test_map_slow_first_is_waited_for_and_bounds_the_rest),
        cmocka_unit_test(test_map_executor_full_holds_the_argument),
        cmocka_unit_test(test_map_freed_while_it_holds_an_argument_frees_that),
        cmocka_unit_test(test_map_source_fails_after_the_results_before),
        cmocka_unit_test(test_map_executor_shut_down_each_argument_still_comes_out),
        cmocka_unit_test(test_map_without_function_or_arguments_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
