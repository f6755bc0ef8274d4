/* SPDX-License-Identifier: MIT
 *
 * fetch/sums.c - the digest of a file while its bytes pass.
 *
 * Between the body (body.c), which feeds it, and the end of a try (outcome.c), which asks for the
 * verdict; on the thread of the worker that has the task. No locks.
 */
#include "fetch/sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"

/* Read back at once. From the page cache 64 KiB are as fast as 1 MiB, and stay in the processor's. */
#define BLOCK_BYTES ((size_t)64 << 10)

const struct px_checksum *sums_expected(const struct sums *sums)
{
    if (sums->line.kind != PX_DIGEST_NONE) {
        return &sums->line;
    }
    return sums->stated.kind != PX_DIGEST_NONE ? &sums->stated : NULL;
}

void sums_fini(struct sums *sums)
{
    px_digest_free(sums->digest);
    sums->digest = NULL;
    sums->fed = 0;
}

void sums_restart(struct sums *sums)
{
    sums_fini(sums);
    sums->stated = (struct px_checksum){.kind = PX_DIGEST_NONE};
}

void sums_state(struct sums *sums, const struct px_checksum *stated)
{
    if (stated == NULL) {
        return;
    }
    if (sums->line.kind == PX_DIGEST_NONE && stated->kind != sums->stated.kind) {
        sums_fini(sums); /* another algorithm has to see all bytes from the first */
    }
    sums->stated = *stated;
}

/* An OpenSSL without the algorithm (MD5 in FIPS mode) cannot check what the server states; that is
 * no fault of the file's. Then nothing is expected of it, and sums->digest stays NULL. */
static int sums_begin(struct sums *sums)
{
    if (sums->digest != NULL) {
        return PX_OK;
    }
    int rc = px_digest_new(sums_expected(sums)->kind, &sums->digest);
    if (rc == PX_EINVAL && sums_expected(sums) == &sums->stated) {
        sums->stated = (struct px_checksum){.kind = PX_DIGEST_NONE};
        rc = PX_OK;
    }
    return rc;
}

static int sums_feed(struct sums *sums, const void *bytes, size_t n)
{
    int rc = sums->digest != NULL ? px_digest_update(sums->digest, bytes, n) : PX_OK;

    sums->fed += rc == PX_OK ? n : 0;
    return rc;
}

int sums_update(struct sums *sums, uint64_t at, const void *bytes, size_t n)
{
    if (sums_expected(sums) == NULL || at != sums->fed) {
        return PX_OK;
    }
    int rc = sums_begin(sums);

    return rc == PX_OK ? sums_feed(sums, bytes, n) : rc;
}

int sums_catch_up(struct sums *sums, const struct px_io_ops *io, int fd, uint64_t upto)
{
    if (sums_expected(sums) == NULL || sums->fed >= upto) {
        return PX_OK;
    }
    char *block = malloc(BLOCK_BYTES);
    if (block == NULL) {
        return PX_ENOMEM;
    }
    int rc = sums_begin(sums);
    int err = 0;
    while (rc == PX_OK && sums->fed < upto) {
        uint64_t left = upto - sums->fed;
        ssize_t got =
            io->pread(fd, block, left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES, (off_t)sums->fed);

        if (got > 0) {
            rc = sums_feed(sums, block, (size_t)got);
        } else if (got == 0 || errno != EINTR) {
            err = got < 0 ? errno : EIO; /* shorter than was written to it */
            rc = PX_EIO;
        }
    }
    free(block);
    errno = err;
    return rc;
}

int sums_finish(struct sums *sums, const struct px_io_ops *io, int fd, uint64_t size,
                struct sums_verdict *out)
{
    unsigned char got[PX_DIGEST_MAX_BYTES];
    if (sums->fed > size) {
        sums_fini(sums); /* bytes were taken back */
    }
    int rc = sums_expected(sums) != NULL ? sums_begin(sums) : PX_OK;
    const struct px_checksum *want = sums_expected(sums);

    *out = (struct sums_verdict){.expected = want != NULL};
    if (want == NULL) {
        return rc;
    }
    if (rc == PX_OK) {
        rc = sums_catch_up(sums, io, fd, size);
    }
    if (rc == PX_OK) {
        rc = px_digest_final(sums->digest, got);
    }
    if (rc == PX_OK) {
        out->fits = memcmp(got, want->value, want->len) == 0;
        out->by_server = want == &sums->stated;
        out->name = px_digest_name(want->kind);
        px_hex(out->got, got, want->len);
        px_hex(out->want, want->value, want->len);
    }
    int err = errno;
    sums_fini(sums);
    errno = err;
    return rc;
}
