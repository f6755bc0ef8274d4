/* SPDX-License-Identifier: MIT
 *
 * fetch/origin.h - which servers asked to be left alone, and until when.
 *
 * Only servers that are paused now are remembered, at most ORIGINS_MAX of them; beyond that the
 * pause that ends first is forgotten. One thread (the source's).
 */
#ifndef FETCH_ORIGIN_H
#define FETCH_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define ORIGINS_MAX 1024

struct origins;

PX_NODISCARD int origins_new(struct origins **out); /* PX_ENOMEM */
void origins_free(struct origins *origins);

/* No request to `origin` (a hash of it) before `until_ns`; a pause is never made shorter.
 * PX_ENOMEM. */
PX_NODISCARD int origins_pause(struct origins *origins, uint64_t origin, int64_t until_ns,
                               int64_t now_ns);

/* When a request to it may be made: now_ns when it is not paused. Cheap when nobody is. */
int64_t origins_ready_ns(struct origins *origins, uint64_t origin, int64_t now_ns);

size_t origins_count(const struct origins *origins); /* for tests */

#endif
