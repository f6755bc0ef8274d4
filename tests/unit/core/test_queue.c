/* SPDX-License-Identifier: MIT
 *
 * The bounded queue. Threads record, the test thread asserts: an assert that fails in a thread would
 * end the whole binary without a word.
 */
#include "support/scarce.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

static struct px_queue *queue_of(size_t capacity)
{
    struct px_queue *queue = NULL;
    assert_int_equal(px_queue_new(capacity, &queue), PX_OK);
    return queue;
}

static void test_queue_new_capacity_zero_is_refused(void **state)
{
    (void)state;
    struct px_queue *queue = NULL;
    assert_int_equal(px_queue_new(0, &queue), PX_EINVAL);
    assert_null(queue);
    px_queue_free(NULL);
}

static void test_queue_pop_after_pushes_keeps_order(void **state)
{
    (void)state;
    int items[3];
    for (size_t capacity = 1; capacity <= 3; capacity++) {
        struct px_queue *queue = queue_of(capacity);
        for (int round = 0; round < 5; round++) { /* the ring wraps */
            for (size_t i = 0; i < capacity; i++) {
                assert_int_equal(px_queue_push(queue, &items[i], PX_NOWAIT), PX_OK);
            }
            assert_int_equal(px_queue_len(queue), capacity);
            for (size_t i = 0; i < capacity; i++) {
                void *item = NULL;
                assert_int_equal(px_queue_pop(queue, PX_NOWAIT, &item), PX_OK);
                assert_ptr_equal(item, &items[i]);
            }
        }
        assert_int_equal(px_queue_capacity(queue), capacity);
        px_queue_free(queue);
    }
}

static void test_queue_null_item_is_an_item(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(1);
    void *item = queue;
    assert_int_equal(px_queue_push(queue, NULL, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_pop(queue, PX_NOWAIT, &item), PX_OK);
    assert_null(item);
    px_queue_free(queue);
}

static void test_queue_full_or_empty_without_waiting_says_again(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(1);
    void *item = NULL;
    assert_int_equal(px_queue_pop(queue, PX_NOWAIT, &item), PX_EAGAIN);
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_queue_len(queue), 1);
    px_queue_free(queue);
}

static void test_queue_deadline_passes_times_out(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(1);
    void *item = NULL;
    const int64_t deadline = px_deadline_in_ns(3 * PX_NS_PER_MS);
    assert_int_equal(px_queue_pop(queue, deadline, &item), PX_ETIMEDOUT);
    assert_true(px_now_ns() >= deadline);
    assert_int_equal(px_queue_push(queue, queue, deadline),
                     PX_OK); /* room: no wait, so no timeout */
    assert_int_equal(px_queue_push(queue, queue, deadline), PX_ETIMEDOUT);
    px_queue_free(queue);
}

static void test_queue_closed_refuses_pushes_and_hands_out_the_rest(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(2);
    void *item = NULL;
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_OK);
    px_queue_close(queue);
    px_queue_close(queue);
    assert_int_equal(px_queue_push(queue, queue, PX_FOREVER), PX_ECLOSED);
    assert_int_equal(px_queue_pop(queue, PX_FOREVER, &item), PX_OK);
    assert_int_equal(px_queue_pop(queue, PX_FOREVER, &item), PX_ECLOSED);
    px_queue_free(queue);
}

static void test_queue_task_done_too_often_is_misuse(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(2);
    void *item = NULL;
    assert_int_equal(px_queue_join(queue, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_OK);
    px_queue_task_add(queue);
    assert_int_equal(px_queue_unfinished(queue), 2);
    assert_int_equal(px_queue_pop(queue, PX_NOWAIT, &item), PX_OK);
    assert_int_equal(px_queue_join(queue, PX_NOWAIT), PX_EAGAIN); /* popped is not finished */
    assert_int_equal(px_queue_task_done(queue), PX_OK);
    assert_int_equal(px_queue_join(queue, px_now_ns()), PX_ETIMEDOUT);
    assert_int_equal(px_queue_task_done(queue), PX_OK);
    assert_int_equal(px_queue_join(queue, PX_FOREVER), PX_OK);
    assert_int_equal(px_queue_task_done(queue), PX_EINVAL);
    px_queue_free(queue);
}

static void test_queue_many_at_a_time_as_there_is_room_and_items(void **state)
{
    (void)state;
    int values[7];
    void *in[7];
    void *out[7] = {NULL};
    size_t n = 99;
    struct px_queue *queue = queue_of(5);
    for (int i = 0; i < 7; i++) {
        in[i] = &values[i];
    }
    /* from each place in the ring: over its end, too */
    for (int round = 0; round < 5; round++) {
        assert_int_equal(px_queue_push_many(queue, in, 2, PX_NOWAIT, &n), PX_OK);
        assert_int_equal(n, 2);
        assert_int_equal(px_queue_push_many(queue, &in[2], 5, PX_FOREVER, &n), PX_OK);
        assert_int_equal(n, 3); /* what there was room for */
        assert_int_equal(px_queue_push_many(queue, &in[5], 2, PX_NOWAIT, &n), PX_EAGAIN);
        assert_int_equal(n, 0);
        assert_int_equal(px_queue_unfinished(queue), 5);
        assert_int_equal(px_queue_pop_many(queue, PX_NOWAIT, out, 1, &n), PX_OK);
        assert_int_equal(n, 1);
        assert_int_equal(px_queue_pop_many(queue, PX_FOREVER, &out[1], 6, &n), PX_OK);
        assert_int_equal(n, 4); /* all that were left */
        assert_memory_equal(in, out, 5 * sizeof *in);
        assert_int_equal(px_queue_pop_many(queue, px_now_ns(), out, 7, &n), PX_ETIMEDOUT);
        assert_int_equal(n, 0);
        assert_int_equal(px_queue_tasks_done(queue, 5), PX_OK);
        assert_int_equal(px_queue_push(queue, NULL, PX_NOWAIT), PX_OK); /* one place on */
        assert_int_equal(px_queue_pop(queue, PX_NOWAIT, out), PX_OK);
        assert_int_equal(px_queue_task_done(queue), PX_OK);
    }
    px_queue_free(queue);
}

static void test_queue_many_none_or_closed_moves_nothing(void **state)
{
    (void)state;
    void *items[2] = {NULL, NULL};
    size_t n = 99;
    struct px_queue *queue = queue_of(2);
    assert_int_equal(px_queue_push_many(queue, items, 0, PX_FOREVER, &n), PX_OK);
    assert_int_equal(n, 0);
    assert_int_equal(px_queue_pop_many(queue, PX_FOREVER, items, 0, &n), PX_OK);
    assert_int_equal(n, 0);
    assert_int_equal(px_queue_push(queue, items, PX_NOWAIT), PX_OK);
    px_queue_close(queue);
    assert_int_equal(px_queue_push_many(queue, items, 1, PX_FOREVER, &n), PX_ECLOSED);
    assert_int_equal(n, 0);
    assert_int_equal(px_queue_pop_many(queue, PX_FOREVER, items, 2, &n), PX_OK);
    assert_int_equal(n, 1);
    assert_ptr_equal(items[0], items);
    assert_int_equal(px_queue_pop_many(queue, PX_FOREVER, items, 2, &n), PX_ECLOSED);
    assert_int_equal(n, 0);
    px_queue_free(queue);
}

static void test_queue_tasks_done_more_than_there_are_changes_nothing(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(1);
    for (int i = 0; i < 3; i++) {
        px_queue_task_add(queue);
    }
    assert_int_equal(px_queue_tasks_done(queue, 4), PX_EINVAL);
    assert_int_equal(px_queue_unfinished(queue), 3);
    assert_int_equal(px_queue_tasks_done(queue, 2), PX_OK);
    assert_int_equal(px_queue_join(queue, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_queue_tasks_done(queue, 1), PX_OK);
    assert_int_equal(px_queue_join(queue, PX_FOREVER), PX_OK);
    px_queue_free(queue);
}

static void test_queue_await_counts_items_without_taking_them(void **state)
{
    (void)state;
    struct px_queue *queue = queue_of(3);
    assert_int_equal(px_queue_await(queue, 1, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_await(queue, 1, PX_FOREVER), PX_OK);
    assert_int_equal(px_queue_await(queue, 2, px_now_ns()), PX_ETIMEDOUT);
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_push(queue, queue, PX_NOWAIT), PX_OK);
    assert_int_equal(px_queue_await(queue, 99, PX_FOREVER),
                     PX_OK); /* more than fits: full is enough */
    assert_int_equal(px_queue_len(queue), 3);
    px_queue_close(queue);
    assert_int_equal(px_queue_await(queue, 2, PX_FOREVER), PX_OK);
    void *item;
    while (px_queue_pop(queue, PX_NOWAIT, &item) == PX_OK) {
        /* to the bottom */
    }
    assert_int_equal(px_queue_await(queue, 1, PX_FOREVER), PX_ECLOSED);
    px_queue_free(queue);
}

/* --- with threads --------------------------------------------------------------------------- */

enum { PER_PRODUCER = 500 };

struct crowd {
    struct px_queue *queue;
    atomic_uint seen[4 * PER_PRODUCER]; /* how often each value came out */
    atomic_uint errors;
};

struct member {
    struct crowd *crowd;
    unsigned index;
    pthread_t thread;
};

static void *produce(void *arg)
{
    const struct member *me = arg;
    for (uintptr_t i = 0; i < PER_PRODUCER; i++) {
        const uintptr_t value = me->index * PER_PRODUCER + i;
        /* half of the pushes with a deadline far away: both waits are exercised */
        const int64_t deadline = i % 2 == 0 ? PX_FOREVER : px_deadline_in_ns(60 * PX_NS_PER_S);
        if (px_queue_push(me->crowd->queue, (void *)value, deadline) != PX_OK) {
            atomic_fetch_add(&me->crowd->errors, 1);
        }
    }
    return NULL;
}

static void *consume(void *arg)
{
    const struct member *me = arg;
    void *item;
    while (px_queue_pop(me->crowd->queue, PX_FOREVER, &item) == PX_OK) {
        atomic_fetch_add(&me->crowd->seen[(uintptr_t)item], 1);
        if (px_queue_task_done(me->crowd->queue) != PX_OK) {
            atomic_fetch_add(&me->crowd->errors, 1);
        }
    }
    return NULL;
}

static void start_all(struct member *members, unsigned n, struct crowd *crowd,
                      void *(*body)(void *))
{
    for (unsigned i = 0; i < n; i++) {
        members[i].crowd = crowd;
        members[i].index = i;
        assert_int_equal(pthread_create(&members[i].thread, NULL, body, &members[i]), 0);
    }
}

static void join_all(struct member *members, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(pthread_join(members[i].thread, NULL), 0);
    }
}

static void check_crowd(unsigned n, size_t capacity)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    crowd->queue = queue_of(capacity);
    struct member producers[4];
    struct member consumers[4];
    start_all(consumers, n, crowd, consume);
    start_all(producers, n, crowd, produce);
    join_all(producers, n);
    assert_int_equal(px_queue_join(crowd->queue, PX_FOREVER), PX_OK);
    px_queue_close(crowd->queue);
    join_all(consumers, n);
    assert_int_equal(crowd->errors, 0);
    for (unsigned i = 0; i < n * PER_PRODUCER; i++) {
        assert_int_equal(crowd->seen[i], 1);
    }
    px_queue_free(crowd->queue);
    free(crowd);
}

static void test_queue_many_threads_each_item_comes_out_once(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        for (size_t capacity = 1; capacity <= 3; capacity++) {
            check_crowd(n, capacity);
        }
    }
}

static void test_queue_await_many_is_woken_when_they_are_there(void **state)
{
    (void)state;
    struct crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    struct member producer;
    crowd->queue = queue_of(7);
    start_all(&producer, 1, crowd, produce);
    unsigned taken = 0;
    while (taken < PER_PRODUCER) {
        const unsigned left = PER_PRODUCER - taken;
        assert_int_equal(px_queue_await(crowd->queue, left < 5 ? left : 5, PX_FOREVER), PX_OK);
        void *item;
        while (px_queue_pop(crowd->queue, PX_NOWAIT, &item) == PX_OK) {
            taken++;
        }
    }
    join_all(&producer, 1);
    assert_int_equal(crowd->errors, 0);
    px_queue_free(crowd->queue);
    free(crowd);
}

/* Who cannot be given a condition variable looks again now and then. */
static void test_queue_no_condition_variable_left_items_still_come(void **state)
{
    (void)state;
    void *item;
    struct px_queue *queue = queue_of(1);
    atomic_store(&locks_allowed, 0);
    assert_int_equal(px_queue_pop(queue, px_deadline_in_ns(1000), &item), PX_ETIMEDOUT);
    atomic_store(&locks_allowed, INT32_MAX);
    px_queue_free(queue);

    struct crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    crowd->queue = queue_of(50);
    atomic_store(&locks_allowed, 0);
    struct member producer, consumer;
    start_all(&consumer, 1, crowd, consume);
    start_all(&producer, 1, crowd, produce);
    join_all(&producer, 1);
    px_queue_close(crowd->queue);
    join_all(&consumer, 1);
    atomic_store(&locks_allowed, INT32_MAX);
    assert_int_equal(crowd->errors, 0);
    for (unsigned i = 0; i < PER_PRODUCER; i++) {
        assert_int_equal(crowd->seen[i], 1);
    }
    px_queue_free(crowd->queue);
    free(crowd);
}

static void *await_three(void *arg)
{
    const struct member *me = arg;
    if (px_queue_await(me->crowd->queue, 3, PX_FOREVER) != PX_OK) {
        atomic_fetch_add(&me->crowd->errors, 1);
    }
    return NULL;
}

static void *pop_one(void *arg)
{
    const struct member *me = arg;
    void *item;
    if (px_queue_pop(me->crowd->queue, PX_FOREVER, &item) != PX_OK) {
        atomic_fetch_add(&me->crowd->errors, 1);
    }
    return NULL;
}

static void test_queue_await_many_does_not_keep_items_from_others(void **state)
{
    (void)state;
    struct crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    crowd->queue = queue_of(3);
    for (int round = 0; round < 100; round++) { /* either may come first */
        struct member patient, eager;
        void *item;
        start_all(&patient, 1, crowd, await_three);
        start_all(&eager, 1, crowd, pop_one);
        assert_int_equal(px_queue_push(crowd->queue, crowd, PX_NOWAIT), PX_OK);
        join_all(&eager, 1);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(px_queue_push(crowd->queue, crowd, PX_NOWAIT), PX_OK);
        }
        join_all(&patient, 1);
        while (px_queue_pop(crowd->queue, PX_NOWAIT, &item) == PX_OK) {
            /* to the bottom */
        }
    }
    assert_int_equal(crowd->errors, 0);
    px_queue_free(crowd->queue);
    free(crowd);
}

/* --- who is called ---------------------------------------------------------------------------- */

enum { CLERKS = 4, LETTERS = 400 };

struct office {
    struct px_queue *in, *out;
    atomic_uint idle; /* clerks who wait, or are about to */
};

struct clerk {
    struct office *office;
    unsigned answered; /* read after its thread was joined */
    pthread_t thread;
};

static void *answer(void *arg)
{
    struct clerk *me = arg;
    struct office *office = me->office;
    void *letter;
    atomic_fetch_add(&office->idle, 1);
    while (px_queue_pop(office->in, PX_FOREVER, &letter) == PX_OK) {
        me->answered++;
        atomic_fetch_sub(&office->idle, 1);
        if (px_queue_push(office->out, letter, PX_FOREVER) != PX_OK) {
            me->answered += LETTERS; /* cannot be: found out by the sum */
        }
        atomic_fetch_add(&office->idle, 1);
    }
    return NULL;
}

static int more_first(const void *a, const void *b)
{
    const unsigned left = ((const struct clerk *)a)->answered;
    const unsigned right = ((const struct clerk *)b)->answered;
    return (left < right) - (left > right);
}

/* One letter at a time among four: who answered last sleeps last, and gets the next. In turns the
 * busiest two would answer half of them. */
static void test_queue_work_goes_to_those_who_slept_last(void **state)
{
    (void)state;
    struct office office = {.in = queue_of(1), .out = queue_of(1)};
    struct clerk clerks[CLERKS] = {{0}};
    void *letter;
    for (unsigned i = 0; i < CLERKS; i++) {
        clerks[i].office = &office;
        assert_int_equal(pthread_create(&clerks[i].thread, NULL, answer, &clerks[i]), 0);
    }
    for (unsigned i = 0; i < LETTERS; i++) {
        while (atomic_load(&office.idle) < CLERKS) {
            sched_yield();
        }
        assert_int_equal(px_queue_push(office.in, &office, PX_FOREVER), PX_OK);
        assert_int_equal(px_queue_pop(office.out, PX_FOREVER, &letter), PX_OK);
    }
    px_queue_close(office.in);
    unsigned answered = 0;
    for (unsigned i = 0; i < CLERKS; i++) {
        assert_int_equal(pthread_join(clerks[i].thread, NULL), 0);
        answered += clerks[i].answered;
    }
    assert_int_equal(answered, LETTERS);
    qsort(clerks, CLERKS, sizeof clerks[0], more_first);
    assert_true(clerks[0].answered + clerks[1].answered >= LETTERS * 3 / 4);
    px_queue_free(office.in);
    px_queue_free(office.out);
}

static void test_queue_close_wakes_all_who_wait(void **state)
{
    (void)state;
    struct crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    crowd->queue = queue_of(1);
    struct member consumers[4];
    start_all(consumers, 4, crowd, consume);
    px_queue_close(crowd->queue); /* whether they wait already or not: they must all end */
    join_all(consumers, 4);
    assert_int_equal(crowd->errors, 0);
    px_queue_free(crowd->queue);
    free(crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_new_capacity_zero_is_refused),
        cmocka_unit_test(test_queue_pop_after_pushes_keeps_order),
        cmocka_unit_test(test_queue_null_item_is_an_item),
        cmocka_unit_test(test_queue_full_or_empty_without_waiting_says_again),
        cmocka_unit_test(test_queue_deadline_passes_times_out),
        cmocka_unit_test(test_queue_closed_refuses_pushes_and_hands_out_the_rest),
        cmocka_unit_test(test_queue_task_done_too_often_is_misuse),
        cmocka_unit_test(test_queue_many_threads_each_item_comes_out_once),
        cmocka_unit_test(test_queue_await_counts_items_without_taking_them),
        cmocka_unit_test(test_queue_await_many_is_woken_when_they_are_there),
        cmocka_unit_test(test_queue_many_at_a_time_as_there_is_room_and_items),
        cmocka_unit_test(test_queue_many_none_or_closed_moves_nothing),
        cmocka_unit_test(test_queue_tasks_done_more_than_there_are_changes_nothing),
        cmocka_unit_test(test_queue_await_many_does_not_keep_items_from_others),
        cmocka_unit_test(test_queue_work_goes_to_those_who_slept_last),
        cmocka_unit_test(test_queue_no_condition_variable_left_items_still_come),
        cmocka_unit_test(test_queue_close_wakes_all_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
