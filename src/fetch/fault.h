/* SPDX-License-Identifier: MIT
 *
 * fetch/fault.h - why a request is given up that goes on: it stands still, is slow, or late. On the
 * worker's thread.
 */
#ifndef FETCH_FAULT_H
#define FETCH_FAULT_H

#include <stdint.h>

#include <pxfer/attr.h>

struct transfer;

enum fault {
    FAULT_NONE,
    FAULT_STALLED, /* no byte for so long */
    FAULT_SLOW,    /* too few */
    FAULT_LATE,    /* --max-time is over */
    FAULT_OVER,    /* no fault: nobody needs more of its piece */
};

/* Every 100 ms or so: is there one? */
PX_NODISCARD enum fault fault_find(struct transfer *transfer, int64_t now_ns);

/* The task has failed for it: not FAULT_NONE, not FAULT_OVER. */
void fault_set(struct transfer *transfer, enum fault fault);

#endif
