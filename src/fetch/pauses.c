/* SPDX-License-Identifier: MIT
 *
 * fetch/pauses.c - the notice board of paused hosts. Entered by the workers and the source's thread;
 * atomics only, because a stale or lost notice is harmless (see the header).
 */
#include "fetch/pauses.h"

void pauses_post(struct pauses *pauses, uint64_t origin, int64_t until_ns)
{
    const uint64_t i = origin % PAUSES_PLACES;

    atomic_store_explicit(&pauses->place[i].until_ns, until_ns, memory_order_relaxed);
    atomic_store_explicit(&pauses->place[i].origin, origin, memory_order_relaxed);
}

int64_t pauses_until(struct pauses *pauses, uint64_t origin)
{
    const uint64_t i = origin % PAUSES_PLACES;

    if (atomic_load_explicit(&pauses->place[i].origin, memory_order_relaxed) != origin) {
        return 0;
    }
    return atomic_load_explicit(&pauses->place[i].until_ns, memory_order_relaxed);
}
