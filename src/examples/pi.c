/* SPDX-License-Identifier: MIT
 *
 * Pi by Monte Carlo: of random points in a square, how many lie in the circle? Each piece of the work
 * has random numbers of its own, so the answer does not depend on the number of threads.
 *
 *     pi WORKERS POINTS
 */
#include <pxfer/pxfer.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014), as a number from 0 to 1. */
static double next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

static int count_inside(void *ctx, size_t begin, size_t end, void *partial)
{
    uint64_t state = 2 * UINT64_C(0x9e3779b97f4a7c15) * begin; /* two numbers for each point */
    size_t inside = 0;
    (void)ctx;
    for (size_t i = begin; i < end; i++) {
        const double x = next_random(&state);
        const double y = next_random(&state);
        inside += x * x + y * y <= 1;
    }
    *(size_t *)partial += inside;
    return PX_OK;
}

static void add(void *into, const void *from)
{
    *(size_t *)into += *(const size_t *)from;
}

int main(int argc, char **argv)
{
    const size_t points = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (points == 0) {
        fprintf(stderr, "usage: pi WORKERS POINTS\n");
        return 2;
    }
    const struct px_reduction reduction = {
        .n = points,
        .jobs = (unsigned)strtoul(argv[1], NULL, 10),
        .body = count_inside,
        .join = add,
        .size = sizeof(size_t),
    };
    size_t inside = 0;
    const int64_t begin_ns = px_now_ns();
    const int status = px_parallel_reduce(&reduction, &inside);
    if (status != PX_OK) {
        fprintf(stderr, "pi: %s\n", px_status_text(status));
        return 1;
    }
    printf("%.7f\n", 4 * (double)inside / (double)points);
    fprintf(stderr, "%.3f s\n", (double)(px_now_ns() - begin_ns) / 1e9);
    return 0;
}
