/* SPDX-License-Identifier: MIT
 *
 * What each digest costs: bytes a second of one thread, in blocks as the download engine writes them.
 *
 *     build/release/bench/digest [MIB]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/digest.h"
#include "base/parse.h"

#define BLOCK_BYTES ((size_t)128 << 10)
#define ROUNDS 3

/* Seconds for `blocks` blocks; negative: it cannot be computed here. */
static double seconds_of(enum px_digest_kind kind, const void *block, uint64_t blocks)
{
    unsigned char value[PX_DIGEST_MAX_BYTES];
    struct px_digest *digest = NULL;
    const int64_t begin_ns = px_now_ns();
    int rc = px_digest_new(kind, &digest);

    for (uint64_t i = 0; i < blocks && rc == PX_OK; i++) {
        rc = px_digest_update(digest, block, BLOCK_BYTES);
    }
    rc = rc == PX_OK ? px_digest_final(digest, value) : rc;
    px_digest_free(digest);
    return rc == PX_OK ? (double)(px_now_ns() - begin_ns) / PX_NS_PER_S : -1;
}

int main(int argc, char **argv)
{
    uint64_t mib = 256;
    char *block = malloc(BLOCK_BYTES);

    if (block == NULL || (argc > 1 && px_parse_u64(argv[1], 1, 1 << 20, &mib) != PX_OK)) {
        fprintf(stderr, "usage: digest [MIB]\n");
        free(block);
        return 2;
    }
    memset(block, 'x', BLOCK_BYTES);
    for (int kind = PX_DIGEST_MD5; kind <= PX_DIGEST_CRC64NVME; kind++) {
        double best = -1;

        for (int round = 0; round < ROUNDS; round++) {
            const double s = seconds_of((enum px_digest_kind)kind, block, mib * 8);
            best = best < 0 || s < best ? s : best;
        }
        printf("%-10s %8.0f MB/s\n", px_digest_name((enum px_digest_kind)kind),
               (double)mib * 1.048576 / best);
    }
    free(block);
    return 0;
}
