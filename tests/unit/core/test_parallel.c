/* SPDX-License-Identifier: MIT
 *
 * The parallel loop: each index once, the failure that a plain loop would meet, sums to the last bit.
 */
#include "support/scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pxfer/parallel.h>
#include <pxfer/status.h>

#include "support/gate.h"

enum { MOST_JOBS = 9 };

struct loop {
    atomic_uint *seen; /* for each index */
    size_t fails_from; /* indices from here fail with a status of their own */
    atomic_uint elsewhere;
    pthread_t here;
};

static int status_of(size_t i)
{
    return -1000 - (int)i;
}

static int loop_body(void *ctx, size_t i)
{
    struct loop *loop = ctx;
    atomic_fetch_add(&loop->seen[i], 1);
    atomic_fetch_add(&loop->elsewhere, !pthread_equal(loop->here, pthread_self()));
    return i >= loop->fails_from ? status_of(i) : PX_OK;
}

static struct loop loop_make(size_t n)
{
    struct loop loop = {
        .seen = calloc(n + 1, sizeof *loop.seen), .fails_from = SIZE_MAX, .here = pthread_self()};
    assert_non_null(loop.seen);
    return loop;
}

static void test_parallel_for_each_index_is_done_once(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 7, 1023, 1024, 1025, 5000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (unsigned jobs = 0; jobs < MOST_JOBS; jobs++) {
            const size_t n = sizes[s];
            struct loop loop = loop_make(n);
            assert_int_equal(px_parallel_for(n, jobs, loop_body, &loop), PX_OK);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(loop.seen[i], 1);
            }
            assert_int_equal(loop.seen[n], 0);
            free(loop.seen);
        }
    }
}

static void test_parallel_for_one_job_makes_no_thread(void **state)
{
    (void)state;
    for (unsigned jobs = 0; jobs <= 1; jobs++) {
        struct loop loop = loop_make(100);
        const int before = threads_allowed;
        assert_int_equal(px_parallel_for(100, jobs, loop_body, &loop), PX_OK);
        assert_int_equal(threads_allowed, before);
        assert_int_equal(loop.elsewhere, 0);
        free(loop.seen);
    }
    struct loop loop = loop_make(1);
    const int before = threads_allowed;
    assert_int_equal(px_parallel_for(1, 8, loop_body, &loop), PX_OK); /* nothing to share */
    assert_int_equal(threads_allowed, before);
    free(loop.seen);
}

static int meet(void *ctx, size_t i)
{
    struct gate *gates = ctx;
    gate_set(&gates[i], true);
    gate_pass(&gates[1 - i]); /* only opened by another thread */
    return PX_OK;
}

static void test_parallel_for_two_jobs_run_at_the_same_time(void **state)
{
    (void)state;
    struct gate gates[2] = {GATE_CLOSED, GATE_CLOSED};
    const int before = threads_allowed;
    assert_int_equal(px_parallel_for(2, 2, meet, gates), PX_OK);
    assert_int_equal(threads_allowed, before - 1); /* the caller is the other one */
}

static void test_parallel_for_no_thread_to_be_had_does_it_alone(void **state)
{
    (void)state;
    struct loop loop = loop_make(3000);
    threads_allowed = 0;
    assert_int_equal(px_parallel_for(3000, 4, loop_body, &loop), PX_OK);
    threads_allowed = INT32_MAX;
    for (size_t i = 0; i < 3000; i++) {
        assert_int_equal(loop.seen[i], 1);
    }
    assert_int_equal(loop.elsewhere, 0);
    free(loop.seen);
}

static void test_parallel_for_failure_is_that_of_the_lowest_index(void **state)
{
    (void)state;
    static const size_t from[] = {0, 1, 500, 2999};
    for (size_t f = 0; f < 4; f++) {
        for (unsigned jobs = 0; jobs < MOST_JOBS; jobs++) {
            struct loop loop = loop_make(3000);
            loop.fails_from = from[f];
            assert_int_equal(px_parallel_for(3000, jobs, loop_body, &loop), status_of(from[f]));
            for (size_t i = 0; i <= from[f]; i++) {
                assert_int_equal(loop.seen[i], 1); /* as a plain loop */
            }
            if (jobs <= 1 && from[f] < 2999) {
                assert_int_equal(loop.seen[from[f] + 1], 0);
            }
            free(loop.seen);
        }
    }
}

static void test_parallel_without_a_body_is_refused(void **state)
{
    (void)state;
    double total = 1;
    const struct px_reduction none = {.n = 1};
    assert_int_equal(px_parallel_for(1, 1, NULL, NULL), PX_EINVAL);
    assert_int_equal(px_parallel_reduce(&none, &total), PX_EINVAL);
    assert_true(total == 1);
}

/* --- reduction -------------------------------------------------------------------------------- */

struct harmonic {
    size_t most;       /* indices that one call may be given */
    size_t fails_at;   /* index */
    atomic_uint wrong; /* calls with more, or that did not begin with the neutral element */
};

static int harmonic_body(void *ctx, size_t begin, size_t end, void *partial)
{
    struct harmonic *harmonic = ctx;
    double *sum = partial;
    atomic_fetch_add(&harmonic->wrong, end - begin > harmonic->most || begin >= end || *sum != 0);
    for (size_t i = begin; i < end; i++) {
        if (i == harmonic->fails_at) {
            return PX_EREFUSED;
        }
        *sum += 1.0 / (double)(i + 1);
    }
    return PX_OK;
}

static void harmonic_join(void *into, const void *from)
{
    *(double *)into += *(const double *)from;
}

static struct px_reduction reduction_of(struct harmonic *harmonic, size_t n, unsigned jobs,
                                        size_t chunk)
{
    return (struct px_reduction){.n = n,
                                 .jobs = jobs,
                                 .chunk = chunk,
                                 .body = harmonic_body,
                                 .join = harmonic_join,
                                 .ctx = harmonic,
                                 .size = sizeof(double)};
}

/* What it is to come to: the same chunks one after the other. */
static double harmonic_by_hand(size_t n, size_t chunk)
{
    double total = 0;
    for (size_t begin = 0; begin < n; begin += chunk) {
        double sum = 0;
        for (size_t i = begin; i < n && i < begin + chunk; i++) {
            sum += 1.0 / (double)(i + 1);
        }
        total += sum;
    }
    return total;
}

static void test_parallel_reduce_sum_has_the_same_last_bit_with_any_jobs(void **state)
{
    (void)state;
    static const struct {
        size_t n, chunk, is;
    } cuts[] = {{10000, 0, 10}, {1000, 0, 1}, {1025, 0, 2}, {1000, 64, 64}, {5, 100, 100}};
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        const double expected = harmonic_by_hand(cuts[c].n, cuts[c].is);
        for (unsigned jobs = 0; jobs < MOST_JOBS; jobs++) {
            struct harmonic harmonic = {.most = cuts[c].is, .fails_at = SIZE_MAX};
            const struct px_reduction reduction =
                reduction_of(&harmonic, cuts[c].n, jobs, cuts[c].chunk);
            double total = 0;
            assert_int_equal(px_parallel_reduce(&reduction, &total), PX_OK);
            assert_true(total == expected);
            assert_int_equal(harmonic.wrong, 0);
        }
    }
}

static void test_parallel_reduce_failed_or_empty_leaves_the_total_alone(void **state)
{
    (void)state;
    for (unsigned jobs = 0; jobs < MOST_JOBS; jobs++) {
        struct harmonic harmonic = {.most = SIZE_MAX, .fails_at = 700};
        struct px_reduction reduction = reduction_of(&harmonic, 1000, jobs, 0);
        double total = 0;
        assert_int_equal(px_parallel_reduce(&reduction, &total), PX_EREFUSED);
        assert_true(total == 0);
        reduction.n = 0;
        total = 3;
        assert_int_equal(px_parallel_reduce(&reduction, &total), PX_OK);
        assert_true(total == 3);
    }
}

static void test_parallel_reduce_more_than_memory_holds_says_so(void **state)
{
    (void)state;
    struct harmonic harmonic = {.most = 1, .fails_at = SIZE_MAX};
    struct px_reduction reduction = reduction_of(&harmonic, SIZE_MAX, 2, 1);
    double total = 0;
    assert_int_equal(px_parallel_reduce(&reduction, &total), PX_ENOMEM);
    reduction.n = 2;
    reduction.size = SIZE_MAX;
    assert_int_equal(px_parallel_reduce(&reduction, &total), PX_ENOMEM);
    assert_true(total == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel_for_each_index_is_done_once),
        cmocka_unit_test(test_parallel_for_one_job_makes_no_thread),
        cmocka_unit_test(test_parallel_for_two_jobs_run_at_the_same_time),
        cmocka_unit_test(test_parallel_for_no_thread_to_be_had_does_it_alone),
        cmocka_unit_test(test_parallel_for_failure_is_that_of_the_lowest_index),
        cmocka_unit_test(test_parallel_without_a_body_is_refused),
        cmocka_unit_test(test_parallel_reduce_sum_has_the_same_last_bit_with_any_jobs),
        cmocka_unit_test(test_parallel_reduce_failed_or_empty_leaves_the_total_alone),
        cmocka_unit_test(test_parallel_reduce_more_than_memory_holds_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
