/* SPDX-License-Identifier: MIT
 *
 * fetch/present.h - which names a directory had when the run began, so that what is surely not there
 * needs no look-up.
 *
 * A look-up of a missing name is dear: it takes the directory's lock, which every worker needs to
 * give a file its name. In a fresh or small directory one listing at the start replaces two of them
 * for each file. It is a hint, no more: what appears later is found when the name is given.
 *
 * Fixed after present_scan(); any thread may ask.
 */
#ifndef FETCH_PRESENT_H
#define FETCH_PRESENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct px_io_ops;

#define PRESENT_MAX 65536 /* names; a directory with more is not listed, and every name looked up */

/* {0} knows nothing: every name may be there. */
struct present {
    bool known;
    uint64_t *hashes; /* open addressing, 0 = free */
    size_t room;      /* a power of two */
    size_t used;
};

/* Lists the directory. Whatever goes wrong, the result is a set that knows nothing. */
void present_scan(struct present *present, const struct px_io_ops *io, int dirfd);
void present_fini(struct present *present);

/* False: there was no such name. */
bool present_may_have(const struct present *present, const char *name);

#endif
