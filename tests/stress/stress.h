/* SPDX-License-Identifier: MIT
 *
 * What the stress programs share: a random generator of their own, a check that names the seed of
 * the round, an alarm that turns a hang into a failure, and the loop over rounds.
 *
 *     stress_NAME SECONDS [SEED]
 *
 * runs rounds until SECONDS are over, with parameters drawn from SEED (the clock, if not given). A
 * round that fails ends the program with status 1 and prints the command that repeats it. How the
 * threads were scheduled cannot be repeated, so try that command a few times.
 */
#ifndef PX_TESTS_STRESS_H
#define PX_TESTS_STRESS_H

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/queue.h>
#include <pxfer/timing.h>

/* A round takes milliseconds; one that takes this long hangs. */
#define STRESS_HANG_S 60

/* xorshift64star (Vigna, ACM TOMS 42(4), 2016); the state is never 0. One thread each. */
struct stress_random {
    uint64_t state;
};

static inline struct stress_random stress_random_from(uint64_t seed)
{
    /* Neighbouring seeds give unlike streams: splitmix64's finaliser. */
    seed = (seed + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    seed ^= seed >> 31;
    return (struct stress_random){seed != 0 ? seed : 1};
}

static inline uint64_t stress_random_next(struct stress_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 .. n-1 */
static inline unsigned stress_below(struct stress_random *random, unsigned n)
{
    return (unsigned)((stress_random_next(random) >> 32) % n);
}

static inline bool stress_one_in(struct stress_random *random, unsigned n)
{
    return stress_below(random, n) == 0;
}

/* Not at all, up to a fifth of a millisecond, or for ever. */
static inline int64_t stress_deadline(struct stress_random *random)
{
    switch (stress_below(random, 3)) {
    case 0: return PX_NOWAIT;
    case 1: return px_deadline_in_ns((int64_t)stress_below(random, 200000));
    default: return PX_FOREVER;
    }
}

/* Written by main between rounds; read by whoever fails. */
static struct {
    const char *program;
    uint64_t seed;
    char hang[512]; /* what the alarm says: a signal handler cannot build a text */
    size_t hang_len;
} stress_round;

static inline size_t stress_message(char *text, size_t room, const char *file, int line,
                                    const char *what)
{
    const int n = snprintf(text, room, "%s:%d: %s\nrepeat with: %s 1 %" PRIu64 "\n", file, line,
                           what, stress_round.program, stress_round.seed);
    return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

/* Ends the program, from any thread. */
static inline void stress_fail(const char *file, int line, const char *what)
{
    char text[512];
    const size_t len = stress_message(text, sizeof text, file, line, what);
    const ssize_t put = write(STDERR_FILENO, text, len);
    _exit(put > 0 ? 1 : 3);
}

#define STRESS_CHECK(condition) \
    ((condition) ? (void)0 : stress_fail(__FILE__, __LINE__, "not so: " #condition))

static inline void stress_on_alarm(int sig)
{
    (void)sig;
    const ssize_t put = write(STDERR_FILENO, stress_round.hang, stress_round.hang_len);
    _exit(put > 0 ? 1 : 3);
}

/* main() of a stress program; `round` gets a generator of its own each time. */
static inline int stress_main(int argc, char **argv, void (*round)(struct stress_random *random))
{
    char *end = NULL;
    const long seconds = argc > 1 ? strtol(argv[1], &end, 10) : 0;
    if (argc < 2 || argc > 3 || *end != '\0' || seconds < 0) {
        fprintf(stderr, "usage: %s SECONDS [SEED]\n", argv[0]);
        return 2;
    }
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)px_now_ns();
    const int64_t until_ns = px_deadline_in_ns(seconds * PX_NS_PER_S);
    uint64_t rounds = 0;
    stress_round.program = argv[0];
    signal(SIGALRM, stress_on_alarm);
    do {
        struct stress_random random = stress_random_from(seed);
        stress_round.seed = seed++;
        stress_round.hang_len = stress_message(stress_round.hang, sizeof stress_round.hang,
                                               __FILE__, __LINE__, "the round hangs");
        alarm(STRESS_HANG_S);
        round(&random);
        rounds++;
    } while (px_now_ns() < until_ns);
    alarm(0);
    printf("# %" PRIu64 " rounds\n", rounds);
    return 0;
}

#endif
