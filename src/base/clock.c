/* SPDX-License-Identifier: MIT
 *
 * base/clock.c - CLOCK_MONOTONIC as nanoseconds, and a clock for tests that stands still. Entered by
 * every thread; owns no lock.
 */
#include "base/clock.h"

#include <time.h>

#include <pxfer/queue.h> /* PX_FOREVER */

int64_t px_now_ns(void)
{
    struct timespec now = {0};
    /* Cannot fail on Linux 2.6+ or any BSD: the clock exists and the pointer is good. */
    PX_IGNORE(clock_gettime(CLOCK_MONOTONIC, &now));
    const int64_t ns = (int64_t)now.tv_sec * PX_NS_PER_S + now.tv_nsec;
    return ns > 0 ? ns : 1;
}

int64_t px_deadline_in_ns(int64_t delta_ns)
{
    const int64_t now = px_now_ns();
    if (delta_ns <= 0) {
        return now;
    }
    return delta_ns > PX_FOREVER - now ? PX_FOREVER : now + delta_ns;
}

static int64_t clock_real_now(void *ctx)
{
    (void)ctx;
    return px_now_ns();
}

static int64_t clock_real_wall(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

const struct px_clock *px_clock_real(void)
{
    static const struct px_clock real = {clock_real_now, clock_real_wall, NULL};
    return &real;
}

static int64_t clock_fake_now(void *ctx)
{
    return ((const struct px_fake_clock *)ctx)->now;
}

static int64_t clock_fake_wall(void *ctx)
{
    return ((const struct px_fake_clock *)ctx)->wall;
}

void px_fake_clock_init(struct px_fake_clock *fake, int64_t now_ns, int64_t wall_s)
{
    fake->clock = (struct px_clock){clock_fake_now, clock_fake_wall, fake};
    fake->now = now_ns;
    fake->wall = wall_s;
}

void px_fake_clock_advance(struct px_fake_clock *fake, int64_t delta_ns)
{
    const int64_t seconds_before = fake->now / PX_NS_PER_S;
    fake->now += delta_ns;
    fake->wall += fake->now / PX_NS_PER_S - seconds_before;
}
