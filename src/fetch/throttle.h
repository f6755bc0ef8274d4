/* SPDX-License-Identifier: MIT
 *
 * fetch/throttle.h - a transfer under the limits of rates: what it received is drawn from the meters
 * (meter.h), and it pauses until that is paid for.
 *
 * On the worker's thread. Nothing here costs anything without a limit.
 */
#ifndef FETCH_THROTTLE_H
#define FETCH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transfer;

/* `n` bytes of a body have come: called in the write callback. The transfer pauses until they are
 * paid for. */
void throttle_count(struct transfer *transfer, size_t n);

/* Lets it go on when its time has come; its handle is in the multi. Until when it pauses, PX_FOREVER:
 * it does not. */
int64_t throttle_resume(struct transfer *transfer, int64_t now_ns);

/* May the place begin a task? What its last one received in one go may not be paid for yet. */
bool throttle_is_free(const struct transfer *transfer, int64_t now_ns);

#endif
