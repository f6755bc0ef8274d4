/* SPDX-License-Identifier: MIT
 *
 * core/meter.h - a limit of bytes per second that any number of transfers or files share: who has
 * received bytes draws them, and is told until when it is to receive no more. A token bucket in one number,
 * the time up to which everything is paid for (as GCRA, its "virtual scheduling").
 *
 * The times that are told follow each other without gaps, so the sum is the limit however many draw,
 * and those that draw at once get their turns one after the other. Any thread; one atomic,
 * relaxed, for it tells of nothing but itself.
 */
#ifndef CORE_METER_H
#define CORE_METER_H

#include <stdatomic.h>
#include <stdint.h>

/* What was not used for so long is lost: the longest burst, in time. It lets a worker that was woken
 * late catch up. */
#define METER_SLACK_NS INT64_C(100000000)

/* {0} with a rate is ready. */
struct meter {
    uint64_t bytes_per_s; /* fixed; 0 = no limit */
    atomic_int_fast64_t paid_ns;
};

/* `bytes` were received. Until when whoever received them is to wait; not after now_ns: go on. */
int64_t meter_draw(struct meter *meter, uint64_t bytes, int64_t now_ns);

/* How much to ask the system for at once under that limit: a hundredth of a second's bytes, so that
 * a pause is short and turns are quick; from `least` to `most`, `most` without a limit. */
uint64_t meter_block(uint64_t bytes_per_s, uint64_t least, uint64_t most);

#endif
