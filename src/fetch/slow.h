/* SPDX-License-Identifier: MIT
 *
 * fetch/slow.h - is a transfer too slow to go on with? (--speed-limit, --speed-time). Pure but for
 * what it remembers of one request.
 */
#ifndef FETCH_SLOW_H
#define FETCH_SLOW_H

#include <stdbool.h>
#include <stdint.h>

struct slow_rule {
    uint64_t bytes_per_s; /* 0 = never too slow */
    int64_t for_ns;       /* of receiving, pauses of our own left out */
};

/* {0} when a request begins. */
struct slow {
    int64_t last_ns;   /* of the call before; 0 = no byte yet */
    int64_t active_ns; /* of this stretch */
    uint64_t bytes;    /* when it began */
};

/* `bytes`: received so far, head and body: judging begins with the first. `held`: it is the limit of
 * rates that keeps it from receiving. True: a whole stretch of rule->for_ns was too slow. */
bool slow_judge(struct slow *slow, const struct slow_rule *rule, uint64_t bytes, bool held,
                int64_t now_ns);

#endif
