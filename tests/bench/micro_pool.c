/* SPDX-License-Identifier: MIT
 *
 * px_pool beside GLib's GThreadPool and beside plain threads between two rings: empty tasks, each of
 * which owes one result to the thread that submitted it.
 *
 *     build/release/bench/micro_pool WAY WORKERS TASKS
 *
 * WAY: px, glib (results through a GAsyncQueue; neither has a bound), glib-mute (no results), ring.
 * Prints how many million tasks a second.
 */
#include <pxfer/pool.h>

#include "base/parse.h"
#include "micro.h"

#define MAX_THREADS 64

/* --- px_pool --------------------------------------------------------------------------------*/

static void px_body(struct px_worker *worker, void *state)
{
    (void)state;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        px_worker_emit(worker, task);
    }
}

static void px_sink(void *ctx, void *result)
{
    (void)result;
    ++*(uint64_t *)ctx;
}

static uint64_t px_run(unsigned workers, uint64_t tasks)
{
    uint64_t seen = 0;
    const struct px_pool_opts opts = {
        .workers = workers,
        .capacity = MICRO_CAPACITY,
        .body = {.run = px_body},
        .sink = px_sink,
        .sink_ctx = &seen,
    };
    struct px_pool *pool = NULL;
    micro_check(px_pool_new(&opts, &pool) == PX_OK, "px_pool_new");
    for (uint64_t i = 0; i < tasks;) {
        if (px_pool_submit(pool, &seen) == PX_OK) {
            i++;
        } else {
            PX_IGNORE(px_pool_pump(pool, PX_FOREVER));
        }
    }
    px_pool_drain(pool);
    px_pool_free(pool);
    return seen;
}

/* --- GThreadPool ----------------------------------------------------------------------------*/

static void glib_task(void *task, void *results)
{
    g_async_queue_push(results, task);
}

static void glib_mute_task(void *task, void *ctx)
{
    (void)task;
    (void)ctx;
}

static uint64_t glib_run_with(GFunc task, unsigned workers, uint64_t tasks, uint64_t results)
{
    GAsyncQueue *queue = g_async_queue_new();
    GThreadPool *pool = g_thread_pool_new(task, queue, (gint)workers, TRUE, NULL);
    micro_check(pool != NULL, "g_thread_pool_new");
    for (uint64_t i = 0; i < tasks; i++) {
        micro_check(g_thread_pool_push(pool, queue, NULL), "g_thread_pool_push");
    }
    for (uint64_t i = 0; i < results; i++) {
        micro_check(g_async_queue_pop(queue) == queue, "g_async_queue_pop");
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    g_async_queue_unref(queue);
    return tasks;
}

static uint64_t glib_run(unsigned workers, uint64_t tasks)
{
    return glib_run_with(glib_task, workers, tasks, tasks);
}

static uint64_t glib_mute_run(unsigned workers, uint64_t tasks)
{
    return glib_run_with(glib_mute_task, workers, tasks, 0);
}

/* --- plain threads --------------------------------------------------------------------------*/

struct rings {
    const struct way *way;
    void *tasks, *results;
};

static void *ring_work(void *arg)
{
    const struct rings *rings = arg;
    for (void *task = NULL; task != &micro_pill;) {
        rings->way->pop(rings->tasks, &task, 1);
        if (task != &micro_pill) {
            rings->way->push(rings->results, &task, 1);
        }
    }
    return NULL;
}

/* As many in flight as the task ring has room for: then neither ring can be full for ever. */
static uint64_t ring_run(unsigned workers, uint64_t tasks)
{
    const struct way *way = micro_way("ring");
    struct rings rings = {way, way->make(), way->make()};
    pthread_t threads[MAX_THREADS];
    for (unsigned i = 0; i < workers; i++) {
        micro_start(&threads[i], ring_work, &rings);
    }
    uint64_t seen = 0;
    for (uint64_t sent = 0; seen < tasks;) {
        void *task = &rings;
        if (sent < tasks && sent - seen < MICRO_CAPACITY) {
            way->push(rings.tasks, &task, 1);
            sent++;
        } else {
            seen += way->pop(rings.results, &task, 1);
        }
    }
    for (unsigned i = 0; i < workers; i++) {
        void *pill = &micro_pill;
        way->push(rings.tasks, &pill, 1);
    }
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(threads[i], NULL);
    }
    way->drop(rings.tasks);
    way->drop(rings.results);
    return seen;
}

static const struct pool_way {
    const char *name;
    uint64_t (*run)(unsigned workers, uint64_t tasks);
} pool_ways[] = {
    {"px", px_run},
    {"glib", glib_run},
    {"glib-mute", glib_mute_run},
    {"ring", ring_run},
};

static const struct pool_way *pool_way(const char *name)
{
    for (size_t i = 0; i < sizeof pool_ways / sizeof pool_ways[0]; i++) {
        if (strcmp(pool_ways[i].name, name) == 0) {
            return &pool_ways[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t workers, tasks;
    const struct pool_way *way = argc == 4 ? pool_way(argv[1]) : NULL;
    if (way == NULL || px_parse_u64(argv[2], 1, MAX_THREADS, &workers) != PX_OK ||
        px_parse_u64(argv[3], 1, UINT32_MAX, &tasks) != PX_OK) {
        fprintf(stderr, "usage: micro_pool WAY WORKERS TASKS\n");
        return 2;
    }
    const int64_t begin_ns = px_now_ns();
    micro_check(way->run((unsigned)workers, tasks) == tasks, "counting the tasks");
    printf("%.3f\n", (double)tasks * 1e3 / (double)(px_now_ns() - begin_ns));
    return 0;
}
