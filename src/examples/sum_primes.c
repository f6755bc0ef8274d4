/* SPDX-License-Identifier: MIT
 *
 * The sum of the primes up to N, for each N. Each sum is cut into pieces, so that all threads are busy
 * also when one N is much larger than the others.
 *
 *     sum_primes WORKERS N...
 */
#include <pxfer/pxfer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Every prime above 3 is one less or one more than a multiple of 6. */
static bool is_prime(size_t n)
{
    if (n < 4) {
        return n >= 2;
    }
    bool prime = n % 2 != 0 && n % 3 != 0;
    for (size_t i = 5; prime && i * i <= n; i += 6) {
        prime = n % i != 0 && n % (i + 2) != 0;
    }
    return prime;
}

static int sum_primes(void *ctx, size_t begin, size_t end, void *partial)
{
    unsigned long *sum = partial;
    (void)ctx;
    for (size_t n = begin; n < end; n++) {
        if (is_prime(n)) {
            *sum += n;
        }
    }
    return PX_OK;
}

static void add(void *into, const void *from)
{
    *(unsigned long *)into += *(const unsigned long *)from;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: sum_primes WORKERS N...\n");
        return 2;
    }
    const int64_t begin_ns = px_now_ns();
    for (int i = 2; i < argc; i++) {
        const struct px_reduction reduction = {
            .n = strtoul(argv[i], NULL, 10) + 1,
            .jobs = (unsigned)strtoul(argv[1], NULL, 10),
            .body = sum_primes,
            .join = add,
            .size = sizeof(unsigned long),
        };
        unsigned long sum = 0;
        const int status = px_parallel_reduce(&reduction, &sum);
        if (status != PX_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], px_status_text(status));
            return 1;
        }
        printf("%s: %lu\n", argv[i], sum);
    }
    fprintf(stderr, "%.3f s\n", (double)(px_now_ns() - begin_ns) / 1e9);
    return 0;
}
