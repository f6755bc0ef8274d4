/* SPDX-License-Identifier: MIT
 *
 * fetch/limits.h - what the user allows a file to be: --min-size, --max-size, --expect-type. Pure.
 *
 * A reply outside of them is not what was asked for: PX_EPROTO, no byte of it written where its head
 * gives it away. Nothing to do with checksums: the bytes may well be the server's.
 */
#ifndef FETCH_LIMITS_H
#define FETCH_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

#define LIMITS_WHY_ROOM 160

/* Why a reply with this Content-Type (NULL = none) to a file of `size` bytes (GATE_UNKNOWN) is
 * refused, as text in `why`; NULL: it is not. A reply without a type is application/octet-stream
 * (RFC 9110 section 8.3). */
PX_NODISCARD const char *limits_of_reply(const struct px_fetch_opts *opts, const char *content_type,
                                         uint64_t size, char why[LIMITS_WHY_ROOM]);

/* The same of a whole file. */
PX_NODISCARD const char *limits_of_file(const struct px_fetch_opts *opts, uint64_t bytes,
                                        char why[LIMITS_WHY_ROOM]);

/* Are so many bytes too many already? */
static inline bool limits_exceeded(const struct px_fetch_opts *opts, uint64_t bytes)
{
    return opts->max_bytes != 0 && bytes > opts->max_bytes;
}

#endif
