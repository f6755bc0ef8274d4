/* SPDX-License-Identifier: MIT
 *
 * base/clock.h - where the time comes from, so that a test can bring its own.
 *
 * Everything whose behaviour depends on the time (retry pauses, progress throttle, ETA) takes a
 * struct px_clock; px_clock_real() is the machine's. Blocking waits (condition variables, poll) use
 * the machine's clock always.
 */
#ifndef PX_BASE_CLOCK_H
#define PX_BASE_CLOCK_H

#include <stdint.h>

#include <pxfer/timing.h> /* px_now_ns, PX_NS_PER_* */

struct px_clock {
    int64_t (*now_ns)(void *ctx); /* monotonic */
    int64_t (*wall_s)(void *ctx); /* seconds since 1970, for HTTP dates */
    void *ctx;
};

/* CLOCK_MONOTONIC and CLOCK_REALTIME. Static. */
const struct px_clock *px_clock_real(void);

static inline int64_t px_clock_now_ns(const struct px_clock *clock)
{
    return clock->now_ns(clock->ctx);
}

static inline int64_t px_clock_wall_s(const struct px_clock *clock)
{
    return clock->wall_s(clock->ctx);
}

/* A clock that stands still until the test moves it: give `&fake->clock` to the code under test. */
struct px_fake_clock {
    struct px_clock clock;
    int64_t now;
    int64_t wall;
};

void px_fake_clock_init(struct px_fake_clock *fake, int64_t now_ns, int64_t wall_s);
void px_fake_clock_advance(struct px_fake_clock *fake, int64_t delta_ns);

#endif
