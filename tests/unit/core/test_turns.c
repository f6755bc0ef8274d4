/* SPDX-License-Identifier: MIT
 *
 * Turns: who takes new work, who waits in the middle of some, who goes on.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "core/turns.h"

static void test_turns_only_the_first_take_new_work(void **state)
{
    (void)state;
    struct turns turns;
    assert_int_equal(turns_init(&turns, 2), PX_OK);
    assert_int_equal(turns_await(&turns, 0, PX_NOWAIT), PX_OK);
    assert_int_equal(turns_await(&turns, 1, PX_NOWAIT), PX_OK);
    assert_int_equal(turns_await(&turns, 2, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(turns_await(&turns, 2, px_deadline_in_ns(PX_NS_PER_MS)), PX_ETIMEDOUT);
    turns_set(&turns, 3);
    assert_int_equal(turns_await(&turns, 2, PX_NOWAIT), PX_OK);
    turns_set(&turns, 0); /* somebody has to */
    assert_int_equal(turns_await(&turns, 0, PX_NOWAIT), PX_OK);
    assert_int_equal(turns_await(&turns, 1, PX_NOWAIT), PX_EAGAIN);
    turns_open(&turns);
    assert_int_equal(turns_await(&turns, 1000, PX_NOWAIT), PX_OK);
    turns_fini(&turns);
}

static void test_turns_worked_is_the_sum_of_all_turns(void **state)
{
    (void)state;
    struct turns turns;
    assert_int_equal(turns_init(&turns, 4), PX_OK);
    assert_true(turns_worked_ns(&turns, px_now_ns() + PX_NS_PER_S) == 0);
    turns_take(&turns);
    turns_take(&turns);
    const int64_t begin_ns = px_now_ns() + 10 * PX_NS_PER_S; /* ahead of all that was counted */
    const uint64_t before_ns = turns_worked_ns(&turns, begin_ns);
    assert_true(turns_worked_ns(&turns, begin_ns + 5) - before_ns == 10);
    turns_fini(&turns);
}

/* --- threads ---------------------------------------------------------------------------------- */

struct crew {
    struct turns turns;
    atomic_uint inside, most, passes;
    atomic_bool stop;
};

static void crew_note(struct crew *crew)
{
    const unsigned now = atomic_load(&crew->turns.working);
    unsigned most = atomic_load(&crew->most);
    while (now > most && !atomic_compare_exchange_weak(&crew->most, &most, now)) {
    }
}

static void *crew_work(void *arg)
{
    struct crew *crew = arg;
    turns_take(&crew->turns);
    while (!atomic_load(&crew->stop)) {
        turns_pass(&crew->turns);
        crew_note(crew);
        atomic_fetch_add(&crew->passes, 1);
        (void)sched_yield();
    }
    turns_give(&crew->turns);
    return NULL;
}

static void wait_for(const atomic_uint *value, unsigned n)
{
    while (atomic_load(value) != n) {
        (void)sched_yield();
    }
}

static void test_turns_limit_falls_while_all_work(void **state)
{
    (void)state;
    struct crew crew = {.stop = false};
    pthread_t threads[4];
    assert_int_equal(turns_init(&crew.turns, 4), PX_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, crew_work, &crew), 0);
    }
    wait_for(&crew.turns.working, 4);
    turns_set(&crew.turns, 1);
    wait_for(&crew.turns.working, 1);
    atomic_store(&crew.most, 0);
    const unsigned before = atomic_load(&crew.passes);
    while (atomic_load(&crew.passes) < before + 100) {
        (void)sched_yield(); /* the one that is left goes on */
    }
    assert_int_equal(atomic_load(&crew.most), 1);
    turns_set(&crew.turns, 3);
    wait_for(&crew.turns.working, 3);
    /* whoever ends makes room for one who waits */
    atomic_store(&crew.stop, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&crew.turns.working), 0);
    turns_fini(&crew.turns);
}

static void test_turns_open_frees_who_waits(void **state)
{
    (void)state;
    struct crew crew = {.stop = true};
    pthread_t thread;
    assert_int_equal(turns_init(&crew.turns, 1), PX_OK);
    turns_take(&crew.turns);
    assert_int_equal(pthread_create(&thread, NULL, crew_work, &crew), 0);
    turns_open(&crew.turns);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&crew.turns.working), 1);
    turns_fini(&crew.turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_only_the_first_take_new_work),
        cmocka_unit_test(test_turns_worked_is_the_sum_of_all_turns),
        cmocka_unit_test(test_turns_limit_falls_while_all_work),
        cmocka_unit_test(test_turns_open_frees_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
