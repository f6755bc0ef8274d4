/* SPDX-License-Identifier: MIT
 *
 * faults/library.c - a program on the library alone, for failing.c: executor, futures, map, pool and
 * queue. It exits with 0 when all of it was done and right, 3 when the library said that it could
 * not, 1 when a result is wrong.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/pxfer.h>

#define N 20

static void must_be(bool right, const char *what)
{
    if (!right) {
        fprintf(stderr, "wrong: %s\n", what);
        exit(1);
    }
}

/* The result is on the heap, so that one that nobody frees is a leak. */
static int square(void *arg, void *state, void **result)
{
    uint64_t *out = malloc(sizeof *out);
    (void)state;
    if (out == NULL) {
        return PX_ENOMEM;
    }
    *out = *(uint64_t *)arg * *(uint64_t *)arg;
    *result = out;
    return PX_OK;
}

static void count_done(void *ctx, struct px_future *future)
{
    (void)future;
    ++*(unsigned *)ctx;
}

static int gather(struct px_future **futures, size_t n, const uint64_t *numbers)
{
    struct px_as_completed *all = NULL;
    struct px_future *future = NULL;
    size_t index = 0, seen = 0, which = 0;
    int rc = px_as_completed_new(futures, n, &all);
    while (rc == PX_OK && (rc = px_as_completed_next(all, PX_FOREVER, &future, &index)) == PX_OK) {
        int status = PX_OK;
        void *result = NULL;
        rc = px_future_result(future, PX_FOREVER, &status, &result);
        rc = rc == PX_OK ? status : rc;
        must_be(rc != PX_OK || *(uint64_t *)result == numbers[index] * numbers[index], "square");
        seen++;
    }
    px_as_completed_free(all);
    must_be(rc != PX_EEND || seen == n, "as completed");
    return rc == PX_EEND ? px_futures_wait(futures, n, PX_WAIT_ALL, PX_FOREVER, &which) : rc;
}

static int with_futures(struct px_executor *executor, uint64_t *numbers)
{
    struct px_future *futures[N] = {NULL};
    unsigned done[N] = {0};
    size_t n = 0;
    int rc = PX_OK;
    for (; n < N && rc == PX_OK; n++) {
        const struct px_task task = {.run = square, .arg = &numbers[n], .free_result = free};
        rc = px_executor_submit_task(executor, &task, PX_FOREVER, &futures[n]);
        rc = rc == PX_OK ? px_future_on_done(futures[n], count_done, &done[n]) : rc;
    }
    rc = rc == PX_OK ? gather(futures, N, numbers) : rc;
    /* the callbacks write to this function's own memory */
    const int stopped = px_executor_shutdown(executor, PX_SHUTDOWN_DRAIN);
    for (size_t i = 0; i < N; i++) {
        must_be(rc != PX_OK || done[i] == 1, "callbacks");
        px_future_unref(futures[i]);
    }
    return rc == PX_OK ? stopped : rc;
}

static int with_map(struct px_executor *executor, uint64_t *numbers)
{
    const struct px_map_opts opts = {
        .run = square, .items = numbers, .n = N, .size = sizeof *numbers, .free_result = free};
    struct px_map *map = NULL;
    struct px_mapped mapped;
    size_t n = 0;
    int rc = px_map_new(executor, &opts, &map);
    while (rc == PX_OK && (rc = px_map_next(map, PX_FOREVER, &mapped)) == PX_OK) {
        rc = mapped.status;
        must_be(rc != PX_OK || *(uint64_t *)mapped.result == numbers[n] * numbers[n], "map");
        free(mapped.result);
        n++;
    }
    px_map_free(map);
    must_be(rc != PX_EEND || n == N, "map's end");
    return rc == PX_EEND ? PX_OK : rc;
}

static int with_executor(int (*use)(struct px_executor *, uint64_t *), unsigned workers)
{
    const struct px_executor_opts opts = {.workers = workers, .capacity = 2, .name = "library"};
    struct px_executor *executor = NULL;
    uint64_t numbers[N];
    for (uint64_t i = 0; i < N; i++) {
        numbers[i] = i + 1;
    }
    int rc = px_executor_new(&opts, &executor);
    rc = rc == PX_OK ? use(executor, numbers) : rc;
    px_executor_free(executor);
    return rc;
}

static void run(struct px_worker *worker, void *state)
{
    void *task;
    (void)state;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        px_worker_emit(worker, task);
    }
}

static void sink(void *ctx, void *result)
{
    (void)result;
    ++*(unsigned *)ctx;
}

static int with_pool(void)
{
    unsigned seen = 0, sent = 0;
    char tasks[N];
    const struct px_pool_opts opts = {
        .workers = 2, .capacity = 3, .body = {.run = run}, .sink = sink, .sink_ctx = &seen};
    struct px_pool *pool = NULL;
    int rc = px_pool_new(&opts, &pool);
    while (rc == PX_OK && sent < N) {
        rc = px_pool_submit(pool, &tasks[sent]);
        sent += rc == PX_OK;
        rc = rc == PX_EAGAIN ? px_pool_pump(pool, PX_FOREVER) : rc;
    }
    if (rc == PX_OK) {
        px_pool_drain(pool);
        must_be(seen == sent, "results of the pool");
    }
    px_pool_free(pool);
    return rc;
}

static int with_queue(void)
{
    struct px_queue *queue = NULL;
    void *item = NULL;
    int one = 1;
    int rc = px_queue_new(4, &queue);
    rc = rc == PX_OK ? px_queue_push(queue, &one, PX_FOREVER) : rc;
    rc = rc == PX_OK ? px_queue_pop(queue, PX_FOREVER, &item) : rc;
    must_be(rc != PX_OK || item == &one, "item of the queue");
    px_queue_free(queue);
    return rc;
}

int main(void)
{
    int rc = with_queue();
    rc = rc == PX_OK ? with_pool() : rc;
    rc = rc == PX_OK ? with_executor(with_futures, 3) : rc;
    rc = rc == PX_OK ? with_executor(with_map, 3) : rc;
    rc = rc == PX_OK ? with_executor(with_map, 0) : rc;
    if (rc != PX_OK) {
        fprintf(stderr, "%s\n", px_status_text(rc));
    }
    return rc == PX_OK ? 0 : 3;
}
