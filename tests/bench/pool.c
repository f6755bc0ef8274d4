/* SPDX-License-Identifier: MIT
 *
 * What the pool itself costs: N tasks that spin for so many microseconds each.
 *
 *     build/release/bench/pool WORKERS CAPACITY TASKS MICROSECONDS
 *
 * Prints the time for a task, what it would be without any cost, and the context switches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pxfer/pool.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/parse.h"

static void spin_body(struct px_worker *worker, void *state)
{
    const uint64_t *spin_ns = state;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        const int64_t until = px_deadline_in_ns((int64_t)*spin_ns);
        while (px_now_ns() < until) {
            /* the task's work */
        }
        px_worker_emit(worker, task);
    }
}

static int spin_init(struct px_worker *worker, void *ctx, void **state)
{
    (void)worker;
    *state = ctx;
    return PX_OK;
}

static void count_result(void *ctx, void *result)
{
    (void)result;
    ++*(uint64_t *)ctx;
}

static void print_figures(int64_t wall_ns, uint64_t tasks, uint64_t spin_ns, uint64_t workers)
{
    struct rusage usage;
    PX_IGNORE(getrusage(RUSAGE_SELF, &usage)); /* cannot fail for SELF */
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const double lanes = workers < (uint64_t)cores ? (double)workers : (double)cores;
    printf("%.2f us a task, %.2f without cost; %ld voluntary, %ld other context switches\n",
           (double)wall_ns / 1e3 / (double)tasks, (double)spin_ns / 1e3 / lanes, usage.ru_nvcsw,
           usage.ru_nivcsw);
}

int main(int argc, char **argv)
{
    uint64_t workers, capacity, tasks, spin_us;
    if (argc != 5 || px_parse_u64(argv[1], 0, 1024, &workers) != PX_OK ||
        px_parse_u64(argv[2], 1, 1 << 20, &capacity) != PX_OK ||
        px_parse_u64(argv[3], 1, UINT32_MAX, &tasks) != PX_OK ||
        px_parse_u64(argv[4], 0, 1000000, &spin_us) != PX_OK) {
        fprintf(stderr, "usage: pool WORKERS CAPACITY TASKS MICROSECONDS\n");
        return 2;
    }
    uint64_t spin_ns = spin_us * 1000;
    uint64_t seen = 0;
    const struct px_pool_opts opts = {
        .workers = (unsigned)workers,
        .capacity = capacity,
        .body = {.init = spin_init, .run = spin_body, .ctx = &spin_ns},
        .sink = count_result,
        .sink_ctx = &seen,
    };
    struct px_pool *pool;
    if (px_pool_new(&opts, &pool) != PX_OK) {
        return 1;
    }
    const int64_t begin = px_now_ns();
    for (uint64_t i = 0; i < tasks;) {
        if (px_pool_submit(pool, &seen) == PX_OK) {
            i++;
        } else {
            PX_IGNORE(px_pool_pump(pool, PX_FOREVER)); /* a result came, or there is room again */
        }
    }
    px_pool_drain(pool);
    print_figures(px_now_ns() - begin, tasks, spin_ns, workers);
    px_pool_free(pool);
    return seen == tasks ? 0 : 1;
}
