/* SPDX-License-Identifier: MIT
 *
 * fetch/slow.c - stretches of time in which a transfer received too little. On a worker's thread, for
 * a transfer of its own.
 */
#include "fetch/slow.h"

#include <pxfer/timing.h>

bool slow_judge(struct slow *slow, const struct slow_rule *rule, uint64_t bytes, bool held,
                int64_t now_ns)
{
    if (rule->bytes_per_s == 0 || bytes == 0) {
        return false;
    }
    if (slow->last_ns == 0) {
        slow->bytes = bytes;
    } else if (!held) {
        slow->active_ns += now_ns - slow->last_ns;
    }
    slow->last_ns = now_ns;
    if (slow->active_ns < rule->for_ns) {
        return false;
    }
    const double seconds = (double)slow->active_ns / (double)PX_NS_PER_S;
    const bool slower = (double)(bytes - slow->bytes) < (double)rule->bytes_per_s * seconds;
    slow->active_ns = 0;
    slow->bytes = bytes;
    return slower;
}
