/* SPDX-License-Identifier: MIT
 *
 * The pool over the matrix workers 0..4 x capacity 1..3. Bodies record, the test thread asserts.
 */
#include "support/scarce.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "support/gate.h"

/* --- a body that counts ------------------------------------------------------------------------ */

struct task {
    struct task *next; /* the worker's own stack */
    unsigned children; /* depth of the tree of tasks below this one */
    bool made_by_worker;
    bool canceled;
    unsigned worker;
    unsigned results; /* how often the sink saw it */
};

struct bench {
    atomic_uint inits, finis, canceled, unmasked;
    atomic_uint inside, most_inside; /* workers at a task */
    unsigned limit;                  /* of the pool */
    unsigned fail_init_of; /* worker index whose init fails; UINT32_MAX: none; UINT32_MAX-1: all */
    struct gate gate;      /* where each task waits */
    /* owner only */
    unsigned seen;
    unsigned seen_canceled;
    unsigned twice;
    struct px_pool *pool;
    struct task *follow_up; /* submitted from inside the sink */
};

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->fail_init_of = UINT32_MAX;
    bench->gate = (struct gate)GATE_CLOSED;
    gate_set(&bench->gate, true);
    return bench;
}

static int body_init(struct px_worker *worker, void *ctx, void **state)
{
    struct bench *bench = ctx;
    sigset_t mask;
    if (pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGINT) != 1) {
        atomic_fetch_add(&bench->unmasked, 1);
    }
    atomic_fetch_add(&bench->inits, 1);
    *state = bench;
    if (bench->fail_init_of == worker->index || bench->fail_init_of == UINT32_MAX - 1) {
        return PX_ENOMEM;
    }
    return PX_OK;
}

static void body_fini(struct px_worker *worker, void *state)
{
    (void)worker;
    atomic_fetch_add(&((struct bench *)state)->finis, 1);
}

/* Two children for each level: what the queue has no room for goes on this worker's own stack. */
static void make_children(struct px_worker *worker, const struct task *task, struct task **stack)
{
    for (int i = 0; i < 2 && task->children > 0; i++) {
        struct task *child = calloc(1, sizeof *child);
        child->children = task->children - 1;
        child->made_by_worker = true;
        if (px_worker_offer(worker, child) != PX_OK) {
            child->next = *stack;
            *stack = child;
        }
    }
}

static void run_one(struct px_worker *worker, struct task *task, struct bench *bench,
                    struct task **stack)
{
    px_worker_turn(worker);
    const unsigned now = atomic_fetch_add(&bench->inside, 1) + 1;
    unsigned most = atomic_load(&bench->most_inside);
    while (now > most && !atomic_compare_exchange_weak(&bench->most_inside, &most, now)) {
    }
    gate_pass(&bench->gate);
    task->worker = worker->index;
    task->canceled = px_worker_stopping(worker);
    if (!task->canceled) {
        make_children(worker, task, stack);
    }
    atomic_fetch_sub(&bench->inside, 1);
    px_worker_emit(worker, task);
}

static void body_run(struct px_worker *worker, void *state)
{
    struct bench *bench = state;
    struct task *stack = NULL;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        run_one(worker, task, bench, &stack);
        while (stack != NULL) {
            struct task *own = stack;
            stack = own->next;
            run_one(worker, own, bench, &stack);
        }
    }
}

static void sink(void *ctx, void *result)
{
    struct bench *bench = ctx;
    struct task *task = result;
    bench->seen++;
    bench->seen_canceled += task->canceled;
    bench->twice += task->results++ != 0;
    if (task->made_by_worker) {
        free(task);
    }
    if (bench->follow_up != NULL) {
        struct task *more = bench->follow_up;
        bench->follow_up = NULL;
        if (px_pool_submit(bench->pool, more) != PX_OK) {
            bench->twice += 1000; /* the ticket of the delivered result must be free */
        }
    }
}

static int pool_start(struct bench *bench, unsigned workers, size_t capacity)
{
    const struct px_pool_opts opts = {
        .workers = workers,
        .capacity = capacity,
        .limit = bench->limit,
        .body = {body_init, body_run, body_fini, bench},
        .sink = sink,
        .sink_ctx = bench,
        .name = "test",
    };
    return px_pool_new(&opts, &bench->pool);
}

/* Main's loop as the programs have it: push while there is a ticket, else pump. */
static void submit_all(struct px_pool *pool, struct task *tasks, size_t n)
{
    for (size_t i = 0; i < n;) {
        const int status = px_pool_submit(pool, &tasks[i]);
        if (status == PX_OK) {
            i++;
        } else {
            assert_int_equal(status, PX_EAGAIN);
            assert_int_equal(px_pool_pump(pool, PX_FOREVER), PX_OK);
        }
    }
}

typedef void case_fn(unsigned workers, size_t capacity);

static void over_matrix(case_fn *check)
{
    for (unsigned workers = 0; workers <= 4; workers++) {
        for (size_t capacity = 1; capacity <= 3; capacity++) {
            check(workers, capacity);
        }
    }
}

/* --- tests ------------------------------------------------------------------------------------- */

enum { TASKS = 300 };

static void check_one_result_each(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    assert_int_equal(px_pool_workers(bench->pool), workers);
    submit_all(bench->pool, tasks, TASKS);
    px_pool_drain(bench->pool);
    px_pool_drain(bench->pool); /* idempotent */
    assert_int_equal(bench->seen, TASKS);
    assert_int_equal(bench->twice, 0);
    assert_int_equal(bench->seen_canceled, 0);
    assert_int_equal(px_pool_unfinished(bench->pool), 0);
    assert_int_equal(px_pool_pump(bench->pool, PX_FOREVER), PX_EEND);
    assert_int_equal(px_pool_submit(bench->pool, &tasks[0]), PX_ECLOSED);
    px_pool_free(bench->pool);
    const unsigned expected = workers > 0 ? workers : 1;
    assert_int_equal(bench->inits, expected);
    assert_int_equal(bench->finis, expected);
    assert_int_equal(bench->unmasked, workers > 0 ? 0 : 1);
    free(tasks);
    free(bench);
}

static void test_pool_drain_each_task_gives_one_result(void **state)
{
    (void)state;
    over_matrix(check_one_result_each);
}

/* So many work at a time and no more; the others' threads are there, and end like any. */
static void check_limit(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    bench->limit = 2;
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    submit_all(bench->pool, tasks, TASKS / 3);
    assert_in_range(bench->most_inside, 1, 2);
    px_pool_limit(bench->pool, 1);
    submit_all(bench->pool, tasks + TASKS / 3, TASKS / 3);
    px_pool_limit(bench->pool, 4);
    submit_all(bench->pool, tasks + 2 * (TASKS / 3), TASKS / 3);
    px_pool_limit(bench->pool, 1);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, TASKS);
    assert_int_equal(bench->twice, 0);
    assert_true((px_pool_worked_ns(bench->pool) > 0) == (workers > 0));
    px_pool_free(bench->pool);
    assert_int_equal(bench->finis, workers > 0 ? workers : 1);
    free(tasks);
    free(bench);
}

static void test_pool_limit_holds_and_changes_on_the_way(void **state)
{
    (void)state;
    over_matrix(check_limit);
}

/* The only one that may work is worker 1: the first was never started. */
static void test_pool_limit_counts_workers_that_started(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[5] = {{0}};
    bench->limit = 1;
    bench->fail_init_of = 0;
    assert_int_equal(pool_start(bench, 2, 3), PX_OK);
    submit_all(bench->pool, tasks, 5);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 5);
    px_pool_free(bench->pool);
    free(bench);
}

static void test_pool_cancel_ends_the_limit(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[6] = {{0}};
    bench->limit = 1;
    gate_set(&bench->gate, false);
    assert_int_equal(pool_start(bench, 4, 6), PX_OK);
    submit_all(bench->pool, tasks, 6);
    px_pool_cancel(bench->pool);
    gate_set(&bench->gate, true);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 6);
    px_pool_free(bench->pool);
    free(bench);
}

static void check_offers(unsigned workers, size_t capacity)
{
    enum { ROOTS = 3, DEPTH = 7 };
    struct bench *bench = bench_new();
    struct task tasks[ROOTS] = {{0}};
    for (int i = 0; i < ROOTS; i++) {
        tasks[i].children = DEPTH;
    }
    bench->limit = capacity == 2 ? 4 : 0; /* stacks of workers that may not go on wait, too */
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    submit_all(bench->pool, tasks, ROOTS);
    px_pool_limit(bench->pool, 1);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, ROOTS * ((2U << DEPTH) - 1)); /* full binary trees */
    px_pool_free(bench->pool);
    free(bench);
}

static void test_pool_offered_tasks_all_give_results(void **state)
{
    (void)state;
    over_matrix(check_offers);
}

static void check_cancel(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    gate_set(&bench->gate, workers == 0); /* nothing finishes before the cancel */
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    unsigned submitted = 0;
    while (submitted < capacity && px_pool_submit(bench->pool, &tasks[submitted]) == PX_OK) {
        submitted++;
    }
    assert_true(submitted > 0);
    px_pool_cancel(bench->pool);
    assert_int_equal(px_pool_submit(bench->pool, &tasks[submitted]), PX_ECLOSED);
    gate_set(&bench->gate, true);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, submitted);
    assert_int_equal(bench->twice, 0);
    assert_int_equal(bench->seen_canceled, submitted);
    px_pool_free(bench->pool);
    free(tasks);
    free(bench);
}

static void test_pool_cancel_undone_tasks_give_canceled_results(void **state)
{
    (void)state;
    over_matrix(check_cancel);
}

static void check_free_without_drain(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task tasks[3] = {{0}};
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    unsigned submitted = 0;
    while (submitted < 3 && px_pool_submit(bench->pool, &tasks[submitted]) == PX_OK) {
        submitted++;
    }
    px_pool_free(bench->pool);
    assert_int_equal(bench->seen, submitted);
    free(bench);
}

static void test_pool_free_undrained_still_delivers(void **state)
{
    (void)state;
    over_matrix(check_free_without_drain);
    px_pool_free(NULL);
}

static void test_pool_no_ticket_left_says_again(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[8] = {{0}};
    gate_set(&bench->gate, false);
    assert_int_equal(pool_start(bench, 2, 3), PX_OK);
    unsigned submitted = 0;
    int status = PX_OK;
    /* The queue takes 3 at once; more as the two workers take theirs. */
    while (submitted < 5 && (status == PX_OK || status == PX_EAGAIN)) {
        status = px_pool_submit(bench->pool, &tasks[submitted]);
        submitted += status == PX_OK;
    }
    assert_int_equal(submitted, 5);
    assert_false(px_pool_has_room(bench->pool));
    assert_int_equal(px_pool_submit(bench->pool, &tasks[5]), PX_EAGAIN);
    assert_int_equal(px_pool_pump(bench->pool, PX_NOWAIT), PX_EAGAIN);
    assert_int_equal(px_pool_pump(bench->pool, px_now_ns()), PX_ETIMEDOUT);
    gate_set(&bench->gate, true);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 5);
    px_pool_free(bench->pool);
    free(bench);
}

/* Nobody pops while an inline pool is not pumped: the queue is full before the tickets are gone. */
static void test_pool_queue_full_has_no_room(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task tasks[4] = {{0}};
    assert_int_equal(pool_start(bench, 0, 3), PX_OK);
    for (unsigned i = 0; i < 4; i++) {
        const bool room = px_pool_has_room(bench->pool);
        assert_int_equal(px_pool_submit(bench->pool, &tasks[i]), room ? PX_OK : PX_EAGAIN);
    }
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 3);
    px_pool_free(bench->pool);
    free(bench);
}

static void check_sink_submits(unsigned workers, size_t capacity)
{
    struct bench *bench = bench_new();
    struct task first = {0};
    struct task second = {0};
    bench->follow_up = &second;
    assert_int_equal(pool_start(bench, workers, capacity), PX_OK);
    assert_int_equal(px_pool_submit(bench->pool, &first), PX_OK);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, 2);
    assert_int_equal(bench->twice, 0);
    px_pool_free(bench->pool);
    free(bench);
}

static void test_pool_sink_may_submit(void **state)
{
    (void)state;
    over_matrix(check_sink_submits);
}

struct account {
    struct px_pool *pool;
    unsigned seen, wrong;
};

enum { ACCOUNTED = 100 };

static void echo_run(struct px_worker *worker, void *state)
{
    void *task;
    (void)state;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        px_worker_emit(worker, task);
    }
}

static void account_sink(void *ctx, void *result)
{
    struct account *account = ctx;
    (void)result;
    account->seen++;
    account->wrong += px_pool_unfinished(account->pool) != ACCOUNTED - account->seen;
}

/* Results are taken from their queue many at a time, but count until the sink has seen them. */
static void test_pool_unfinished_counts_what_the_sink_has_not_seen(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 2; workers++) {
        struct account account = {0};
        const struct px_pool_opts opts = {.workers = workers,
                                          .capacity = ACCOUNTED,
                                          .body = {.run = echo_run},
                                          .sink = account_sink,
                                          .sink_ctx = &account};
        assert_int_equal(px_pool_new(&opts, &account.pool), PX_OK);
        for (unsigned i = 0; i < ACCOUNTED; i++) {
            assert_int_equal(px_pool_submit(account.pool, &account), PX_OK);
        }
        px_pool_drain(account.pool);
        assert_int_equal(account.seen, ACCOUNTED);
        assert_int_equal(account.wrong, 0);
        px_pool_free(account.pool);
    }
}

static void test_pool_one_init_fails_goes_on_with_the_others(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    bench->fail_init_of = 1;
    assert_int_equal(pool_start(bench, 3, 2), PX_OK);
    assert_int_equal(px_pool_workers(bench->pool), 2);
    submit_all(bench->pool, tasks, TASKS);
    px_pool_drain(bench->pool);
    assert_int_equal(bench->seen, TASKS);
    px_pool_free(bench->pool);
    assert_int_equal(bench->finis, 2);
    free(tasks);
    free(bench);
}

static void test_pool_every_init_fails_says_why(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 3; workers++) {
        struct bench *bench = bench_new();
        bench->fail_init_of = UINT32_MAX - 1;
        assert_int_equal(pool_start(bench, workers, 1), PX_ENOMEM);
        assert_null(bench->pool);
        assert_int_equal(bench->finis, 0);
        free(bench);
    }
}

static void test_pool_threads_refused_uses_those_that_start(void **state)
{
    (void)state;
    for (int allowed = 0; allowed <= 3; allowed++) {
        struct bench *bench = bench_new();
        struct task *tasks = calloc(TASKS, sizeof *tasks);
        atomic_store(&threads_allowed, allowed);
        const int status = pool_start(bench, 4, 2);
        atomic_store(&threads_allowed, INT32_MAX);
        assert_int_equal(status, allowed > 0 ? PX_OK : PX_ETHREAD);
        if (status == PX_OK) {
            assert_int_equal(px_pool_workers(bench->pool), allowed);
            submit_all(bench->pool, tasks, TASKS);
            px_pool_drain(bench->pool);
            assert_int_equal(bench->seen, TASKS);
            px_pool_free(bench->pool);
        }
        free(tasks);
        free(bench);
    }
}

static void test_pool_new_without_body_is_refused(void **state)
{
    (void)state;
    struct px_pool *pool = NULL;
    const struct px_pool_opts no_body = {.workers = 1, .sink = sink};
    assert_int_equal(px_pool_new(&no_body, &pool), PX_EINVAL);
    assert_null(pool);
}

/* --- the lock-up that the pool is built to avoid ------------------------------------------------ */

struct naive {
    struct px_queue *tasks;
    struct px_queue *results;
};

static void *naive_worker(void *arg)
{
    struct naive *naive = arg;
    void *item;
    while (px_queue_pop(naive->tasks, PX_FOREVER, &item) == PX_OK &&
           px_queue_push(naive->results, item, PX_FOREVER) == PX_OK) {
        /* on to the next */
    }
    return NULL;
}

/* One thread that pushes all tasks before it pops a result: the results fill up, the worker waits
 * for room there, the tasks fill up, and the push that came last would wait for ever. */
static void test_two_queues_fed_and_drained_by_one_thread_lock_up(void **state)
{
    (void)state;
    struct naive naive;
    assert_int_equal(px_queue_new(2, &naive.tasks), PX_OK);
    assert_int_equal(px_queue_new(2, &naive.results), PX_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, naive_worker, &naive), 0);
    int status = PX_OK;
    unsigned pushed = 0;
    while (status == PX_OK && pushed < TASKS) {
        status = px_queue_push(naive.tasks, &naive, px_deadline_in_ns(50 * PX_NS_PER_MS));
        pushed += status == PX_OK;
    }
    assert_int_equal(status, PX_ETIMEDOUT);
    assert_int_equal(pushed, 5); /* 2 results, 1 in the worker's hand, 2 tasks */
    px_queue_close(naive.results);
    px_queue_close(naive.tasks);
    assert_int_equal(pthread_join(thread, NULL), 0);
    px_queue_free(naive.tasks);
    px_queue_free(naive.results);

    check_one_result_each(1, 2); /* the same load through the pool */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_drain_each_task_gives_one_result),
        cmocka_unit_test(test_pool_limit_holds_and_changes_on_the_way),
        cmocka_unit_test(test_pool_limit_counts_workers_that_started),
        cmocka_unit_test(test_pool_cancel_ends_the_limit),
        cmocka_unit_test(test_pool_offered_tasks_all_give_results),
        cmocka_unit_test(test_pool_cancel_undone_tasks_give_canceled_results),
        cmocka_unit_test(test_pool_free_undrained_still_delivers),
        cmocka_unit_test(test_pool_no_ticket_left_says_again),
        cmocka_unit_test(test_pool_queue_full_has_no_room),
        cmocka_unit_test(test_pool_sink_may_submit),
        cmocka_unit_test(test_pool_unfinished_counts_what_the_sink_has_not_seen),
        cmocka_unit_test(test_pool_one_init_fails_goes_on_with_the_others),
        cmocka_unit_test(test_pool_every_init_fails_says_why),
        cmocka_unit_test(test_pool_threads_refused_uses_those_that_start),
        cmocka_unit_test(test_pool_new_without_body_is_refused),
        cmocka_unit_test(test_two_queues_fed_and_drained_by_one_thread_lock_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
