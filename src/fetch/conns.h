/* SPDX-License-Identifier: MIT
 *
 * fetch/conns.h - connections that are kept for reuse, under -x. A worker keeps its own, so after a
 * while each worker would have one to a host that is to have two: when a connection is opened and
 * there are as many as the limit allows, one that another worker keeps idle is shut down first.
 *
 * Any thread; each call takes the table's lock for a walk over the open connections. No table, no
 * limit: NULL is legal everywhere.
 */
#ifndef FETCH_CONNS_H
#define FETCH_CONNS_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct conns;

/* `most` connections to an origin; `places` transfers at a time, `streams` of them in each worker.
 * PX_ENOMEM. */
PX_NODISCARD int conns_new(unsigned most, size_t places, unsigned streams, struct conns **out);
void conns_free(struct conns *conns);

/* A place has a transfer with that origin from now on; 0: none. What its worker keeps for that origin
 * is not idle then. */
void conns_use(struct conns *conns, size_t place, uint64_t origin);

/* A socket that is about to be connected to that origin, by that place. */
void conns_add(struct conns *conns, size_t place, uint64_t origin, int fd);
/* It is about to be closed. */
void conns_remove(struct conns *conns, int fd);

#endif
