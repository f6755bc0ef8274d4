/* SPDX-License-Identifier: MIT
 *
 * swap A B MS: makes A and B change places, again and again, for so many milliseconds, and leaves
 * them as they were. Prints how often. For races: whoever looks at A twice may see two things.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"

#define SWAP_PAUSE_NS 20000 /* between two: the other processes are to get on, too */

static int64_t now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    const struct timespec pause = {.tv_nsec = SWAP_PAUSE_NS};
    uint64_t ms = 0;
    uint64_t swaps = 0;

    if (argc != 4 || px_parse_u64(argv[3], 1, 3600000, &ms) != 0) {
        (void)fprintf(stderr, "usage: swap A B MS\n");
        return 2;
    }
    const int64_t end_ms = now_ms() + (int64_t)ms;
    while (now_ms() < end_ms || swaps % 2 != 0) {
        /* ENOENT: what is there is just being replaced by somebody else */
        if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0) {
            swaps++;
        } else if (errno != ENOENT) {
            (void)fprintf(stderr, "swap: %s\n", strerrorname_np(errno));
            return 1;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)printf("%" PRIu64 "\n", swaps);
    return 0;
}
