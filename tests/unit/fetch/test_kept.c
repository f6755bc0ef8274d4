/* SPDX-License-Identifier: MIT
 *
 * Tasks that wait for their time come out by it, and of two that are due at once the older first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>

#include <pxfer/status.h>

#include "fetch/kept.h"
#include "fetch/task.h"
#include "support/random.h"

static struct fetch_task *new_task(int64_t ready_ns, uint64_t order)
{
    struct fetch_task *task = calloc(1, sizeof *task);
    assert_non_null(task);
    task->plan.ready_ns = ready_ns;
    task->plan.order = order;
    return task;
}

static void keep(struct kept *kept, struct fetch_task *task)
{
    assert_int_equal(kept_add(kept, task), PX_OK);
}

static void test_kept_empty_gives_nothing(void **state)
{
    (void)state;
    struct kept kept = {0};
    assert_null(kept_first(&kept));
    assert_null(kept_take(&kept));
    kept_fini(&kept);
    assert_null(kept_take(&kept)); /* as new */
}

static void test_kept_first_looks_and_take_takes(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct fetch_task *late = new_task(20, 1);
    struct fetch_task *soon = new_task(10, 2);
    keep(&kept, late);
    assert_ptr_equal(kept_first(&kept), late);
    keep(&kept, soon);
    assert_ptr_equal(kept_first(&kept), soon);
    assert_ptr_equal(kept_first(&kept), soon);
    assert_ptr_equal(kept_take(&kept), soon);
    assert_ptr_equal(kept_take(&kept), late);
    assert_null(kept_take(&kept));
    kept_fini(&kept);
    free(late);
    free(soon);
}

static void test_kept_due_at_once_comes_out_oldest_first(void **state)
{
    (void)state;
    enum { N = 200 };
    struct kept kept = {0};
    for (uint64_t i = 0; i < N; i++) {
        keep(&kept, new_task(5, i * 77 % N)); /* 77 and N share no divisor: each order once */
    }
    for (uint64_t i = 0; i < N; i++) {
        struct fetch_task *task = kept_take(&kept);
        assert_non_null(task);
        assert_int_equal(task->plan.order, i);
        free(task);
    }
    kept_fini(&kept);
}

static bool goes_before(const struct fetch_task *a, const struct fetch_task *b)
{
    return a->plan.ready_ns < b->plan.ready_ns ||
           (a->plan.ready_ns == b->plan.ready_ns && a->plan.order < b->plan.order);
}

/* Random adds and takes: each take gives the least of what an array of all of them holds. */
static void test_kept_random_adds_and_takes_give_the_least(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct fetch_task **held = calloc(N, sizeof *held);
    struct kept kept = {0};
    size_t n_held = 0;
    assert_non_null(held);
    uint64_t x = 88172645463325252U;
    for (uint64_t i = 0; i < N; i++) {
        (void)random_next(&x);
        if ((x >> 50 & 3) != 0) {
            held[n_held] = new_task((int64_t)(x >> 10 & 63), i);
            keep(&kept, held[n_held++]);
        } else if (n_held > 0) {
            size_t least = 0;
            for (size_t k = 1; k < n_held; k++) {
                least = goes_before(held[k], held[least]) ? k : least;
            }
            assert_ptr_equal(kept_first(&kept), held[least]);
            assert_ptr_equal(kept_take(&kept), held[least]);
            free(held[least]);
            held[least] = held[--n_held];
        }
    }
    assert_int_equal(kept.len, n_held);
    kept_fini(&kept); /* not the tasks */
    for (size_t k = 0; k < n_held; k++) {
        free(held[k]);
    }
    free(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_empty_gives_nothing),
        cmocka_unit_test(test_kept_first_looks_and_take_takes),
        cmocka_unit_test(test_kept_due_at_once_comes_out_oldest_first),
        cmocka_unit_test(test_kept_random_adds_and_takes_give_the_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
