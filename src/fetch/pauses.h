/* SPDX-License-Identifier: MIT
 *
 * fetch/pauses.h - a notice board: which hosts asked to be left alone, for the workers to look at
 * before they send a request. The source decides (origin.h) and keeps what is to wait; this only
 * stops the tasks that were handed out before the host said so.
 *
 * A board of atomics, not a lock: it may forget a pause (two hosts in one place: the later one
 * stays) or, for a moment, show one host's time beside another's name. Both cost a request or a
 * detour through the source, nothing else. Any thread.
 */
#ifndef FETCH_PAUSES_H
#define FETCH_PAUSES_H

#include <stdatomic.h>
#include <stdint.h>

#define PAUSES_PLACES 64

struct pauses {
    struct {
        atomic_uint_fast64_t origin; /* its hash, as in struct fetch_task; 0 = none */
        atomic_int_fast64_t until_ns;
    } place[PAUSES_PLACES];
};

/* No request to `origin` before `until_ns`. */
void pauses_post(struct pauses *pauses, uint64_t origin, int64_t until_ns);

/* Until when `origin` is to be left alone, 0 = no pause is known. */
int64_t pauses_until(struct pauses *pauses, uint64_t origin);

#endif
