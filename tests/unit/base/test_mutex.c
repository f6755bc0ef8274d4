/* SPDX-License-Identifier: MIT
 *
 * The wrapper's own promises: deadlines are absolute and monotonic, a wake-up ends a wait.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "base/clock.h"
#include "base/mutex.h"

struct gate {
    struct px_mutex lock;
    struct px_cond cond;
    bool open;
    int waiters;
};

static void gate_init(struct gate *gate)
{
    *gate = (struct gate){.open = false};
    assert_int_equal(px_mutex_init(&gate->lock), PX_OK);
    assert_int_equal(px_cond_init(&gate->cond), PX_OK);
}

static void gate_fini(struct gate *gate)
{
    px_cond_fini(&gate->cond);
    px_mutex_fini(&gate->lock);
}

static void *wait_for_gate(void *arg)
{
    struct gate *gate = arg;
    px_mutex_lock(&gate->lock);
    gate->waiters++;
    while (!gate->open) {
        PX_IGNORE(px_cond_wait_until(&gate->cond, &gate->lock, PX_FOREVER));
    }
    gate->waiters--;
    px_mutex_unlock(&gate->lock);
    return NULL;
}

struct attempt {
    struct px_mutex *lock;
    bool got;
};

static void *try_lock(void *arg)
{
    struct attempt *attempt = arg;
    if (px_mutex_trylock(attempt->lock)) {
        attempt->got = true;
        px_mutex_unlock(attempt->lock);
    }
    return NULL;
}

static bool another_thread_gets(struct px_mutex *lock)
{
    struct attempt attempt = {.lock = lock};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, try_lock, &attempt), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return attempt.got;
}

static void test_mutex_trylock_gets_only_what_nobody_has(void **state)
{
    (void)state;
    struct px_mutex lock;
    assert_int_equal(px_mutex_init(&lock), PX_OK);
    assert_true(another_thread_gets(&lock));
    px_mutex_lock(&lock);
    assert_false(another_thread_gets(&lock));
    px_mutex_unlock(&lock);
    assert_true(another_thread_gets(&lock)); /* who tried in vain has not changed it */
    px_mutex_fini(&lock);
}

static void test_cond_wait_deadline_passed_times_out_at_once(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    px_mutex_lock(&gate.lock);
    assert_int_equal(px_cond_wait_until(&gate.cond, &gate.lock, 1), PX_ETIMEDOUT);
    assert_int_equal(px_cond_wait_until(&gate.cond, &gate.lock, -5), PX_ETIMEDOUT);
    px_mutex_unlock(&gate.lock);
    gate_fini(&gate);
}

static void test_cond_wait_by_nowait_does_not_wait(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    px_mutex_lock(&gate.lock);
    assert_int_equal(px_cond_wait_by(&gate.cond, &gate.lock, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_cond_wait_by(&gate.cond, &gate.lock, 1), PX_ETIMEDOUT);
    px_mutex_unlock(&gate.lock);
    gate_fini(&gate);
}

static void test_cond_wait_near_deadline_lasts_until_it(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    const int64_t deadline = px_deadline_in_ns(5 * PX_NS_PER_MS);
    px_mutex_lock(&gate.lock);
    int status = PX_OK;
    while (status == PX_OK) { /* spurious wake-ups are allowed */
        status = px_cond_wait_until(&gate.cond, &gate.lock, deadline);
    }
    px_mutex_unlock(&gate.lock);
    assert_int_equal(status, PX_ETIMEDOUT);
    assert_true(px_now_ns() >= deadline);
    gate_fini(&gate);
}

static void test_cond_broadcast_two_waiters_both_go_on(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_gate, &gate), 0);
    }
    px_mutex_lock(&gate.lock);
    gate.open = true;
    px_cond_broadcast(&gate.cond);
    px_mutex_unlock(&gate.lock);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(gate.waiters, 0);
    gate_fini(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutex_trylock_gets_only_what_nobody_has),
        cmocka_unit_test(test_cond_wait_deadline_passed_times_out_at_once),
        cmocka_unit_test(test_cond_wait_by_nowait_does_not_wait),
        cmocka_unit_test(test_cond_wait_near_deadline_lasts_until_it),
        cmocka_unit_test(test_cond_broadcast_two_waiters_both_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
