/* SPDX-License-Identifier: MIT
 *
 * The same Fibonacci number COUNT times, the slow way: a map over a pool of threads.
 *
 *     fib WORKERS COUNT N      0 WORKERS: no thread at all
 */
#include <pxfer/pxfer.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 1024

static long fib(long n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/* What a negative number is asked for is a failure of the task: the map hands it on. */
static int fib_task(void *arg, void *state, void **result)
{
    long *n = arg;
    (void)state;
    if (*n < 0) {
        return PX_EINVAL;
    }
    *n = fib(*n);
    *result = n;
    return PX_OK;
}

static int print_all(struct px_executor *executor, long *numbers, size_t n)
{
    const struct px_map_opts opts = {
        .run = fib_task, .items = numbers, .n = n, .size = sizeof *numbers};
    struct px_map *map;
    struct px_mapped mapped;
    int status = px_map_new(executor, &opts, &map);
    if (status != PX_OK) {
        return status;
    }
    while (px_map_next(map, PX_FOREVER, &mapped) == PX_OK) {
        if (mapped.status == PX_OK) {
            printf("%ld\n", *(long *)mapped.result);
        } else {
            fprintf(stderr, "fib: %s\n", px_status_text(mapped.status));
            status = mapped.status;
        }
    }
    px_map_free(map);
    return status;
}

int main(int argc, char **argv)
{
    const size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    const struct px_executor_opts opts = {
        .workers = argc == 4 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, .capacity = 4};
    long numbers[MOST];
    struct px_executor *executor;
    if (count == 0 || count > MOST || px_executor_new(&opts, &executor) != PX_OK) {
        fprintf(stderr, "usage: fib WORKERS COUNT N\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] = strtol(argv[3], NULL, 10);
    }
    const int64_t begin_ns = px_now_ns();
    const int status = print_all(executor, numbers, count);
    fprintf(stderr, "%.3f s\n", (double)(px_now_ns() - begin_ns) / 1e9);
    px_executor_free(executor);
    return status == PX_OK ? 0 : 1;
}
