/* SPDX-License-Identifier: MIT
 *
 * copy/pace.h - between two pieces of data: they are counted, and paid for where a limit of rates
 * was asked for (core/meter.h).
 */
#ifndef PX_COPY_PACE_H
#define PX_COPY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "copy/copier.h"

/* How many bytes to move in one call: `most`, fewer under a limit. */
uint64_t px_pace_piece(const struct px_copier *copier, uint64_t most);

/* `bytes` were read and, as a rule, written: px_copier_moved(), and waits until they are paid for.
 * True: stop. A wait ends within a tenth of a second when the run is to stop. */
bool px_pace_moved(struct px_copier *copier, uint64_t bytes);

#endif
