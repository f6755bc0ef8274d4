/* SPDX-License-Identifier: MIT
 *
 * Threads that are started and joined together. They record, the test thread asserts.
 */
#include "support/scarce.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "core/threads.h"

enum { N = 5 };

struct record {
    unsigned runs;
    bool sigint_blocked;
};

static void *run(void *arg)
{
    struct record *record = arg;
    sigset_t mask;
    record->runs++;
    record->sigint_blocked =
        pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGINT) == 1;
    return NULL;
}

static void test_threads_start_each_gets_its_argument_and_no_signals(void **state)
{
    (void)state;
    struct record records[N] = {{0}};
    struct threads threads;
    sigset_t mask;
    assert_int_equal(threads_start(&threads, N, "test", run, records, sizeof records[0]), PX_OK);
    assert_int_equal(threads.n, N);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGINT), 0); /* this thread's are as before */
    threads_join(&threads);
    for (int i = 0; i < N; i++) {
        assert_int_equal(records[i].runs, 1);
        assert_true(records[i].sigint_blocked);
    }
    threads_join(&threads);
    assert_int_equal(threads.n, 0);
}

static void test_threads_start_some_refused_says_how_many(void **state)
{
    (void)state;
    for (int allowed = 0; allowed < N; allowed++) {
        struct record records[N] = {{0}};
        struct threads threads;
        threads_allowed = allowed;
        assert_int_equal(threads_start(&threads, N, "test", run, records, sizeof records[0]),
                         PX_OK);
        threads_allowed = INT32_MAX;
        assert_int_equal(threads.n, allowed);
        threads_join(&threads);
        for (int i = 0; i < N; i++) {
            assert_int_equal(records[i].runs, i < allowed);
        }
    }
}

#ifdef __linux__
static void *wait_at(void *arg)
{
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return NULL;
}

static void test_threads_start_names_are_cut_to_what_fits(void **state)
{
    (void)state;
    pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
    struct threads threads;
    char name[16];
    pthread_mutex_lock(&busy);
    assert_int_equal(threads_start(&threads, 2, "a-very-long-name", wait_at, &busy, 0), PX_OK);
    assert_int_equal(threads.n, 2);
    assert_int_equal(pthread_getname_np(threads.ids[1], name, sizeof name), 0);
    assert_string_equal(name, "a-very-lon-1");
    pthread_mutex_unlock(&busy);
    threads_join(&threads);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_start_each_gets_its_argument_and_no_signals),
        cmocka_unit_test(test_threads_start_some_refused_says_how_many),
#ifdef __linux__
        cmocka_unit_test(test_threads_start_names_are_cut_to_what_fits),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
