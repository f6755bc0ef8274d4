/* SPDX-License-Identifier: MIT
 *
 * fetch/list/gunzip.c - gzip data in pieces, by zlib. Below feed.c; one thread, no locks.
 */
#include "fetch/list/gunzip.h"

#include <stdlib.h>

#include <zlib.h>

#include <pxfer/status.h>

#define GZIP_WINDOW (15 + 16) /* the largest window; a gzip header and nothing else */

struct gunzip {
    z_stream z;
    bool whole; /* behind the end of a member */
    bool padded;
};

int gunzip_new(struct gunzip **out)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);

    if (gunzip == NULL) {
        return PX_ENOMEM;
    }
    if (inflateInit2(&gunzip->z, GZIP_WINDOW) != Z_OK) {
        free(gunzip);
        return PX_ENOMEM;
    }
    *out = gunzip;
    return PX_OK;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip != NULL) {
        (void)inflateEnd(&gunzip->z);
        free(gunzip);
    }
}

bool gunzip_is_whole(const struct gunzip *gunzip)
{
    return gunzip->whole;
}

/* After a member: zeros up to the end (tapes leave them), or another member. */
static int begin_member(struct gunzip *gunzip)
{
    while (gunzip->z.avail_in > 0 && *gunzip->z.next_in == 0) {
        gunzip->z.next_in++;
        gunzip->z.avail_in--;
        gunzip->padded = true;
    }
    if (gunzip->z.avail_in == 0) {
        return PX_OK;
    }
    if (gunzip->padded || inflateReset(&gunzip->z) != Z_OK) {
        return PX_EINTEGRITY;
    }
    gunzip->whole = false;
    return PX_OK;
}

static int inflate_once(struct gunzip *gunzip)
{
    if (gunzip->whole) {
        int rc = begin_member(gunzip);
        if (rc != PX_OK || gunzip->whole) {
            return rc;
        }
    }
    const int code = inflate(&gunzip->z, Z_NO_FLUSH);
    gunzip->whole = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR) {
        return PX_ENOMEM;
    }
    /* Z_BUF_ERROR: it could do nothing for want of input */
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR ? PX_OK : PX_EINTEGRITY;
}

#define PIECE_BYTES ((size_t)1 << 30) /* zlib counts in unsigned int */

int gunzip_run(struct gunzip *gunzip, const unsigned char **in, size_t *in_len, char *out,
               size_t room, size_t *n)
{
    const size_t give = *in_len < PIECE_BYTES ? *in_len : PIECE_BYTES;
    const size_t take = room < PIECE_BYTES ? room : PIECE_BYTES;
    int rc = PX_OK;

    gunzip->z.next_in = (unsigned char *)*in; /* zlib only reads it */
    gunzip->z.avail_in = (unsigned)give;
    gunzip->z.next_out = (unsigned char *)out;
    gunzip->z.avail_out = (unsigned)take;
    do {
        rc = inflate_once(gunzip);
    } while (rc == PX_OK && gunzip->z.avail_out == take && gunzip->z.avail_in > 0);
    *n = take - gunzip->z.avail_out;
    *in += give - gunzip->z.avail_in;
    *in_len -= give - gunzip->z.avail_in;
    return rc;
}
