/* SPDX-License-Identifier: MIT
 *
 * fetch/stated.h - the digests that a server states in the head of a reply. Pure: header lines in,
 * at most one expected digest out.
 *
 * What each header is about decides whether it may be used:
 *
 *   Repr-Digest (RFC 9530 section 3), Digest (RFC 3230 section 4.3.2)
 *                    the whole representation, also in a 206 reply; with its Content-Encoding, so
 *                    the bytes as pfetch stores them
 *   x-goog-hash      the stored object, also in a 206 reply. Not what is sent when the server
 *                    unpacks it on the way (x-goog-stored-content-encoding: gzip)
 *   Content-Digest (RFC 9530 section 2), Content-MD5 (RFC 1864), x-amz-checksum-*
 *                    this reply's own body; RFC 7231 appendix B says why Content-MD5 of a 206 means
 *                    nothing, S3 states there what belongs to a part. So only of a 200.
 *
 * No digests of a body, and passed over: ETags of whatever kind (S3's is the MD5 only of some
 * objects), x-amz-checksum-* with a "-N" behind it or of type COMPOSITE (digests of digests), values
 * that are not the base64 of as many bytes as the algorithm has, unknown algorithms. A 203 (a proxy
 * changed the reply) has none. Where a body is encoded only the first two are believed: the others
 * are known to be left over from before a proxy packed it.
 *
 * Of several the strongest counts. A weak one (MD5, a CRC) still finds damage.
 */
#ifndef FETCH_STATED_H
#define FETCH_STATED_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

#include "base/digest.h"

/* {0} states nothing. */
struct stated {
    struct px_checksum whole;   /* Repr-Digest, Digest */
    struct px_checksum object;  /* x-goog-hash */
    struct px_checksum content; /* Content-Digest, Content-MD5 */
    struct px_checksum amz;     /* x-amz-checksum-* */
    bool object_unpacked;       /* x-goog-stored-content-encoding */
    bool amz_composite;         /* x-amz-checksum-type */
};

/* One line as CURLOPT_HEADERFUNCTION gets it. A status line begins anew. */
void stated_line(struct stated *stated, const char *line, size_t n);

/* What the whole file must have by a reply with this status and Content-Encoding (NULL = none). NULL:
 * nothing is stated. */
const struct px_checksum *stated_of_whole(const struct stated *stated, long http_status,
                                          const char *content_encoding);

#endif
