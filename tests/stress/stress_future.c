/* SPDX-License-Identifier: MIT
 *
 * Executors over workers 0..8 x capacity 1..4: several threads submit, cancel, wait with random
 * deadlines, iterate as completed and run maps, and give references back at any moment; tasks submit
 * tasks and wait for them; one thread shuts down, draining or canceling, sooner or later. What must
 * hold:
 *
 *   every future that was given out is finished; it was run once, or canceled and never run
 *   each callback is called once; each result is freed once, or was taken
 *   a map hands out each argument once, in order; nobody hangs
 *
 * Run by tests/run; see stress.h for the arguments.
 */
#include <pthread.h>
#include <sched.h>

#include <pxfer/future.h>
#include <pxfer/status.h>

#include "stress.h"

#define MAX_WORKERS 8
#define MAX_CAPACITY 4
#define MAX_CLIENTS 3
#define MAX_JOBS 64
#define MAX_CHILDREN 3

struct round;

struct job {
    struct round *round;
    unsigned depth; /* of the tree of tasks below it */
    int status;
    atomic_uint runs, callbacks, frees;
    bool taken;
    bool is_child; /* made by a task */
};

struct client {
    struct round *round;
    struct stress_random random;
    struct job jobs[MAX_JOBS];
    struct px_future *futures[MAX_JOBS];
    unsigned n;
    pthread_t thread;
};

struct round {
    struct px_executor *executor;
    struct stress_random random; /* main's */
    unsigned clients;
    atomic_uint inits, finis;
    struct client client[MAX_CLIENTS];
};

/* --- tasks ------------------------------------------------------------------------------------ */

static void on_done(void *ctx, struct px_future *future)
{
    struct job *job = ctx;
    STRESS_CHECK(px_future_done(future));
    atomic_fetch_add(&job->callbacks, 1);
}

static void free_result(void *result)
{
    atomic_fetch_add(&((struct job *)result)->frees, 1);
}

static int job_run(void *arg, void *state, void **result);

/* PX_ECLOSED now and then: then nothing was given out. */
static int submit(struct job *job, int64_t deadline_ns, struct px_future **out)
{
    /* A child lies on its parent's stack, and what was canceled or helped stays in the queue for a
     * while: that keeps its reference, but must not look at it. */
    const struct px_task task = {
        .run = job_run, .arg = job, .free_result = job->is_child ? NULL : free_result};
    return px_executor_submit_task(job->round->executor, &task, deadline_ns, out);
}

/* Whether what is finished is as it should be. */
static void check_finished(struct px_future *future, const struct job *job)
{
    int status = 1;
    void *result = NULL;
    STRESS_CHECK(px_future_result(future, PX_NOWAIT, &status, &result) == PX_OK);
    const bool canceled = px_future_state(future) == PX_FUTURE_CANCELED;
    STRESS_CHECK(job->runs == !canceled);
    STRESS_CHECK(status == (canceled ? PX_ECANCELED : job->status));
    STRESS_CHECK(result == (canceled || job->taken ? NULL : (const void *)job));
}

static void run_children(const struct job *parent)
{
    struct job jobs[MAX_CHILDREN] = {{0}};
    struct px_future *futures[MAX_CHILDREN];
    unsigned n = 0;
    for (unsigned i = 0; i < MAX_CHILDREN; i++) {
        jobs[n].round = parent->round;
        jobs[n].depth = parent->depth - 1;
        jobs[n].is_child = true;
        n += submit(&jobs[n], PX_FOREVER, &futures[n]) == PX_OK;
    }
    for (unsigned i = 0; i < n; i++) {
        STRESS_CHECK(px_future_wait(futures[i], PX_FOREVER) == PX_OK);
        check_finished(futures[i], &jobs[i]);
        px_future_unref(futures[i]);
    }
}

static int job_run(void *arg, void *state, void **result)
{
    struct job *job = arg;
    STRESS_CHECK(state == job->round);
    STRESS_CHECK(atomic_fetch_add(&job->runs, 1) == 0);
    if (job->depth > 0) {
        run_children(job);
    }
    *result = job;
    return job->status;
}

static int worker_init(void *ctx, unsigned index, void **state)
{
    struct round *round = ctx;
    (void)index;
    atomic_fetch_add(&round->inits, 1);
    *state = round;
    return PX_OK;
}

static void worker_fini(void *ctx, void *state)
{
    struct round *round = ctx;
    STRESS_CHECK(state == round);
    atomic_fetch_add(&round->finis, 1);
}

/* --- clients ---------------------------------------------------------------------------------- */

/* False once the executor is shut down. */
static bool submit_one(struct client *client)
{
    struct job *job = &client->jobs[client->n];
    job->round = client->round;
    job->status = -(int)stress_below(&client->random, 3);
    job->depth = stress_one_in(&client->random, 8) ? 2 : 0;
    const int status = submit(job, stress_deadline(&client->random), &client->futures[client->n]);
    if (status == PX_ECLOSED) {
        return false;
    }
    if (status != PX_OK) {
        STRESS_CHECK(status == PX_EAGAIN || status == PX_ETIMEDOUT);
        return true;
    }
    struct px_future *future = client->futures[client->n++];
    STRESS_CHECK(px_future_on_done(future, on_done, job) == PX_OK);
    if (stress_one_in(&client->random, 4)) {
        const int canceled = px_future_cancel(future);
        STRESS_CHECK(canceled == PX_OK || canceled == PX_EREFUSED);
    }
    return true;
}

static void iterate(struct client *client)
{
    struct px_as_completed *iterator = NULL;
    STRESS_CHECK(px_as_completed_new(client->futures, client->n, &iterator) == PX_OK);
    bool seen[MAX_JOBS] = {false};
    unsigned n = 0;
    const unsigned wanted = stress_below(&client->random, client->n + 1);
    while (n < wanted) {
        struct px_future *future = NULL;
        size_t index = 0;
        const int status =
            px_as_completed_next(iterator, stress_deadline(&client->random), &future, &index);
        if (status == PX_OK) {
            STRESS_CHECK(!seen[index] && future == client->futures[index]);
            STRESS_CHECK(px_future_done(future));
            seen[index] = true;
            n++;
        } else {
            STRESS_CHECK(status == PX_EAGAIN || status == PX_ETIMEDOUT);
        }
    }
    px_as_completed_free(iterator);
}

static void finish(struct client *client, unsigned i)
{
    struct px_future *future = client->futures[i];
    struct job *job = &client->jobs[i];
    while (px_future_wait(future, stress_deadline(&client->random)) != PX_OK) {
        /* again, with another deadline */
    }
    if (stress_one_in(&client->random, 3)) {
        void *result = NULL;
        STRESS_CHECK(px_future_take(future, &result) == PX_OK);
        job->taken = true;
        STRESS_CHECK(result == (job->runs > 0 ? job : NULL));
    }
    check_finished(future, job);
    px_future_unref(future);
}

static int square(void *arg, void *state, void **result)
{
    (void)state;
    (void)result;
    unsigned *n = arg;
    *n *= *n;
    return PX_OK;
}

static void run_map(struct client *client)
{
    unsigned numbers[MAX_JOBS];
    for (unsigned i = 0; i < MAX_JOBS; i++) {
        numbers[i] = i;
    }
    const struct px_map_opts opts = {.run = square,
                                     .items = numbers,
                                     .n = MAX_JOBS,
                                     .size = sizeof numbers[0],
                                     .ahead = stress_below(&client->random, 6)};
    struct px_map *map = NULL;
    STRESS_CHECK(px_map_new(client->round->executor, &opts, &map) == PX_OK);
    const unsigned wanted = stress_below(&client->random, MAX_JOBS * 2);
    unsigned n = 0;
    while (n < wanted) {
        struct px_mapped mapped;
        const int status = px_map_next(map, stress_deadline(&client->random), &mapped);
        if (status == PX_EEND || status == PX_ECLOSED) {
            STRESS_CHECK(status == PX_ECLOSED || n == MAX_JOBS);
            break;
        }
        if (status == PX_OK) {
            STRESS_CHECK(mapped.arg == &numbers[n]);
            STRESS_CHECK(numbers[n] == (mapped.status == PX_OK ? n * n : n));
            n++;
        } else {
            STRESS_CHECK(status == PX_EAGAIN || status == PX_ETIMEDOUT);
        }
    }
    px_map_free(map);
}

static void *client_run(void *arg)
{
    struct client *client = arg;
    const unsigned wanted = stress_below(&client->random, MAX_JOBS);
    for (unsigned tries = 0; tries < wanted && submit_one(client); tries++) {
        if (stress_one_in(&client->random, 8)) {
            sched_yield();
        }
    }
    if (stress_one_in(&client->random, 2)) {
        iterate(client);
    }
    if (stress_one_in(&client->random, 2)) {
        run_map(client);
    }
    for (unsigned i = 0; i < client->n; i++) {
        finish(client, i);
    }
    return NULL;
}

/* --- a round ---------------------------------------------------------------------------------- */

static void shut_down(struct round *round)
{
    const enum px_shutdown how =
        stress_one_in(&round->random, 2) ? PX_SHUTDOWN_DRAIN : PX_SHUTDOWN_CANCEL;
    STRESS_CHECK(px_executor_shutdown(round->executor, how) == PX_OK);
    STRESS_CHECK(round->finis == round->inits);
}

static void run_clients(struct round *round, bool inline_mode)
{
    for (unsigned i = 0; i < round->clients && !inline_mode; i++) {
        STRESS_CHECK(
            pthread_create(&round->client[i].thread, NULL, client_run, &round->client[i]) == 0);
    }
    for (unsigned i = stress_below(&round->random, 200); i > 0 && !inline_mode; i--) {
        sched_yield();
    }
    if (!inline_mode && stress_one_in(&round->random, 2)) {
        shut_down(round);
    }
    for (unsigned i = 0; i < round->clients; i++) {
        if (inline_mode) {
            client_run(&round->client[i]); /* it belongs to one thread */
        } else {
            STRESS_CHECK(pthread_join(round->client[i].thread, NULL) == 0);
        }
    }
}

static void check_round(const struct round *round)
{
    for (unsigned c = 0; c < round->clients; c++) {
        const struct client *client = &round->client[c];
        for (unsigned i = 0; i < client->n; i++) {
            const struct job *job = &client->jobs[i];
            STRESS_CHECK(job->callbacks == 1);
            STRESS_CHECK(job->frees == (job->runs > 0 && !job->taken));
        }
    }
}

static void one_round(struct stress_random *random)
{
    struct round *round = calloc(1, sizeof *round);
    STRESS_CHECK(round != NULL);
    round->random = *random;
    const struct px_executor_opts opts = {
        .workers = stress_below(&round->random, MAX_WORKERS + 1),
        .capacity = 1 + stress_below(&round->random, MAX_CAPACITY),
        .init = worker_init,
        .fini = worker_fini,
        .ctx = round,
    };
    STRESS_CHECK(px_executor_new(&opts, &round->executor) == PX_OK);
    round->clients = 1 + stress_below(&round->random, MAX_CLIENTS);
    for (unsigned i = 0; i < round->clients; i++) {
        round->client[i].round = round;
        round->client[i].random = stress_random_from(stress_random_next(&round->random));
    }
    run_clients(round, opts.workers == 0);
    shut_down(round);
    px_executor_free(round->executor);
    check_round(round);
    free(round);
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, one_round);
}
