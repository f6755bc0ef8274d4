/* SPDX-License-Identifier: MIT
 *
 * clocked FILE COMMAND [ARG]...: runs COMMAND and writes one line of five numbers to FILE: wall
 * time, user time and system time in microseconds, peak resident set in KiB, and the exit status
 * (128 + N after signal N). Times and memory count the children that COMMAND waited for.
 *
 * A small program starts the command because the peak that the kernel reports begins with what
 * the process had before exec: measured from a big shell, a small program looks big.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now_us(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t to_us(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static int wait_for(pid_t pid, int *status, struct rusage *used)
{
    pid_t got;

    do
        got = wait4(pid, status, 0, used);
    while (got < 0 && errno == EINTR);
    return got == pid ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct rusage used;
    pid_t pid;
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage: %s FILE COMMAND [ARG]...\n", argv[0]);
        return 2;
    }
    int64_t began = now_us();
    int error = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
    if (error != 0) {
        errno = error;
        perror(argv[2]);
        return 127;
    }
    if (wait_for(pid, &status, &used) != 0) {
        perror("wait4");
        return 1;
    }
    int64_t wall_us = now_us() - began;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    FILE *out = fopen(argv[1], "w");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(out, "%" PRId64 " %" PRId64 " %" PRId64 " %ld %d\n", wall_us, to_us(used.ru_utime),
            to_us(used.ru_stime), used.ru_maxrss, code);
    if (fclose(out) != 0) {
        perror(argv[1]);
        return 1;
    }
    return code;
}
