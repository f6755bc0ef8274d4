/* SPDX-License-Identifier: MIT
 *
 * copy/proof.c - digests of what was read, and the second read. A proof belongs to one worker at a
 * time; no locks.
 *
 * The second read must not be answered by the pages that were just written: fsync(2) makes them
 * clean, then POSIX_FADV_DONTNEED drops them. A file system that lives in memory (tmpfs) has nothing
 * to drop, and what a disk keeps in memory of its own cannot be dropped.
 */
#include "copy/proof.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/digest.h"
#include "base/fdio.h"
#include "base/grow.h"
#include "copy/data.h"
#include "copy/direct.h"

#define ZEROS_BYTES 65536

static struct px_piece *proof_last(const struct px_proof *proof)
{
    return proof->n > 0 ? &proof->pieces[proof->n - 1] : NULL;
}

int px_proof_init(struct px_proof *proof, const struct px_copy_opts *opts)
{
    *proof = (struct px_proof){.verify = opts->verify, .hash = opts->hash};
    proof->active = opts->verify || opts->hash != PX_HASH_NONE;
    int status = PX_OK;
    if (opts->hash == PX_HASH_SHA256) {
        status = px_digest_new(PX_DIGEST_SHA256, &proof->sha256);
    } else if (opts->hash == PX_HASH_XXH3) {
        proof->xxh3 = XXH3_createState();
        status =
            proof->xxh3 != NULL && XXH3_128bits_reset(proof->xxh3) == XXH_OK ? PX_OK : PX_ENOMEM;
    }
    if (status != PX_OK) {
        px_proof_fini(proof);
    }
    return status;
}

void px_proof_fini(struct px_proof *proof)
{
    free(proof->pieces);
    px_digest_free(proof->sha256);
    (void)XXH3_freeState(proof->state);
    (void)XXH3_freeState(proof->xxh3);
    *proof = (struct px_proof){.active = false};
}

/* --- adding ----------------------------------------------------------------------------------- */

static int proof_room(struct px_proof *proof, size_t more)
{
    struct px_piece *pieces = px_grow(proof->pieces, &proof->room, proof->n + more, sizeof *pieces);
    if (pieces == NULL) {
        return PX_ENOMEM;
    }
    proof->pieces = pieces;
    return PX_OK;
}

void px_proof_close_piece(struct px_proof *proof)
{
    if (proof->state != NULL) {
        proof_last(proof)->hash = XXH3_64bits_digest(proof->state);
        (void)XXH3_freeState(proof->state);
        proof->state = NULL;
    }
}

static int proof_open_piece(struct px_proof *proof, uint64_t offset)
{
    const int status = proof_room(proof, 1);
    if (status != PX_OK) {
        return status;
    }
    proof->state = XXH3_createState();
    if (proof->state == NULL || XXH3_64bits_reset(proof->state) != XXH_OK) {
        return PX_ENOMEM;
    }
    proof->pieces[proof->n++] = (struct px_piece){.offset = offset};
    return PX_OK;
}

static int proof_add_piece(struct px_proof *proof, uint64_t offset, const void *bytes, size_t n)
{
    const struct px_piece *last = proof_last(proof);
    if (proof->state != NULL &&
        (last->offset + last->bytes != offset || last->bytes + n > PX_PROOF_PIECE_BYTES)) {
        px_proof_close_piece(proof);
    }
    if (proof->state == NULL) {
        const int status = proof_open_piece(proof, offset);
        if (status != PX_OK) {
            return status;
        }
    }
    proof_last(proof)->bytes += n;
    return XXH3_64bits_update(proof->state, bytes, n) == XXH_OK ? PX_OK : PX_EINTERNAL;
}

static int proof_feed(struct px_proof *proof, const void *bytes, size_t n)
{
    proof->fed += n;
    if (proof->hash == PX_HASH_SHA256) {
        return px_digest_update(proof->sha256, bytes, n);
    }
    return XXH3_128bits_update(proof->xxh3, bytes, n) == XXH_OK ? PX_OK : PX_EINTERNAL;
}

/* The hole before `offset` is zeros. */
static int proof_feed_hole(struct px_proof *proof, uint64_t offset)
{
    static const unsigned char zeros[ZEROS_BYTES];
    int status = PX_OK;
    while (status == PX_OK && proof->fed < offset) {
        const uint64_t left = offset - proof->fed;
        status = proof_feed(proof, zeros, left < ZEROS_BYTES ? (size_t)left : ZEROS_BYTES);
    }
    return status;
}

int px_proof_add(struct px_proof *proof, uint64_t offset, const void *bytes, size_t n)
{
    int status = PX_OK;
    if (proof->verify) {
        status = proof_add_piece(proof, offset, bytes, n);
    }
    if (status == PX_OK && proof->hash != PX_HASH_NONE) {
        status = proof_feed_hole(proof, offset);
        status = status == PX_OK ? proof_feed(proof, bytes, n) : status;
    }
    return status;
}

int px_proof_merge(struct px_proof *proof, const struct px_proof *from)
{
    if (from->n == 0) {
        return PX_OK;
    }
    const int status = proof_room(proof, from->n);
    if (status == PX_OK) {
        memcpy(proof->pieces + proof->n, from->pieces, from->n * sizeof *from->pieces);
        proof->n += from->n;
    }
    return status;
}

/* --- reading again ---------------------------------------------------------------------------- */

int px_proof_read(struct px_proof *proof, struct px_copier *copier, int fd, uint64_t from,
                  uint64_t bytes, struct px_fail *fail)
{
    for (uint64_t at = from; at < from + bytes;) {
        const uint64_t left = from + bytes - at;
        const size_t want = left < PX_DATA_BUF_BYTES ? (size_t)left : PX_DATA_BUF_BYTES;
        /* Whole blocks: O_DIRECT may be on. */
        const ssize_t came =
            copier->io->pread(fd, copier->buf, px_round_up(want, PX_DIRECT_ALIGN_MAX), (off_t)at);
        const ssize_t got = came > (ssize_t)want ? (ssize_t)want : came;
        if (got < 0) {
            return px_fail_set(fail, PX_ESRC, errno, "read at offset %" PRIu64, at);
        }
        if (got == 0) {
            return PX_ECHANGED; /* it is shorter now */
        }
        if (px_proof_add(proof, at, copier->buf, (size_t)got) != PX_OK) {
            return px_fail_set(fail, PX_ENOMEM, 0, "digest: out of memory");
        }
        at += (uint64_t)got;
        if (px_copier_stopping(copier)) {
            return PX_ECANCELED;
        }
    }
    return PX_OK;
}

/* XXH3 of one piece of the target. */
static int proof_read_back(struct px_copier *copier, int fd, const struct px_piece *piece,
                           XXH3_state_t *state, struct px_fail *fail)
{
    if (XXH3_64bits_reset(state) != XXH_OK) {
        return px_fail_set(fail, PX_EINTERNAL, 0, "verify");
    }
    for (uint64_t done = 0; done < piece->bytes;) {
        const uint64_t left = piece->bytes - done;
        const uint64_t at = piece->offset + done;
        const size_t ask = left < PX_DATA_BUF_BYTES ? (size_t)left : PX_DATA_BUF_BYTES;
        const ssize_t got = copier->io->pread(fd, copier->buf, ask, (off_t)at);
        if (got < 0) {
            return px_fail_set(fail, PX_EIO, errno, "verify: read at offset %" PRIu64, at);
        }
        if (got == 0) {
            return px_fail_set(fail, PX_EINTEGRITY, 0, "verify: the target ends at %" PRIu64, at);
        }
        (void)XXH3_64bits_update(state, copier->buf, (size_t)got);
        done += (uint64_t)got;
        if (px_copier_stopping(copier)) {
            return PX_ECANCELED;
        }
    }
    if (XXH3_64bits_digest(state) != piece->hash) {
        return px_fail_set(fail, PX_EINTEGRITY, 0,
                           "verify: the target differs in the %" PRIu64 " bytes from %" PRIu64,
                           piece->bytes, piece->offset);
    }
    return PX_OK;
}

/* Clean pages, where there are any to drop. */
static void proof_forget(const struct px_copier *copier, int fd)
{
    PX_IGNORE(copier->io->advise(fd, 0, 0, POSIX_FADV_DONTNEED));
}

static int proof_drop_cache(struct px_copier *copier, int fd, uint64_t size, struct px_fail *fail)
{
    struct stat st;
    if (copier->io->fsync(fd) != 0) {
        return px_fail_target(fail, errno, "verify: fsync", fd);
    }
    if (copier->io->fstat(fd, &st) != 0) {
        return px_fail_target(fail, errno, "verify: stat", fd);
    }
    if ((uint64_t)st.st_size != size) {
        return px_fail_set(fail, PX_EINTEGRITY, 0,
                           "verify: the target has %" PRIu64 " bytes, not %" PRIu64,
                           (uint64_t)st.st_size, size);
    }
    proof_forget(copier, fd);
    return PX_OK;
}

int px_proof_verify(struct px_proof *proof, struct px_copier *copier, int fd, uint64_t size,
                    struct px_fail *fail)
{
    px_proof_close_piece(proof);
    int status = proof_drop_cache(copier, fd, size, fail);
    if (status != PX_OK) {
        return status;
    }
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) {
        return px_fail_set(fail, PX_ENOMEM, 0, "verify: out of memory");
    }
    for (size_t i = 0; i < proof->n && status == PX_OK; i++) {
        status = proof_read_back(copier, fd, &proof->pieces[i], state, fail);
    }
    (void)XXH3_freeState(state);
    if (copier->copy->opts.drop_cache || copier->copy->opts.direct) {
        proof_forget(copier, fd);
    }
    return status;
}

int px_proof_digest(struct px_proof *proof, uint64_t size, char out[PX_COPY_DIGEST_ROOM])
{
    unsigned char sum[PX_DIGEST_MAX_BYTES];
    out[0] = '\0';
    if (!proof->active || proof->hash == PX_HASH_NONE) {
        return PX_OK;
    }
    if (proof_feed_hole(proof, size) != PX_OK) {
        return PX_EINTERNAL;
    }
    size_t len = px_digest_len(PX_DIGEST_SHA256);
    if (proof->hash == PX_HASH_XXH3) {
        XXH128_canonical_t canonical;
        XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(proof->xxh3));
        len = sizeof canonical.digest;
        memcpy(sum, canonical.digest, len);
    } else if (px_digest_final(proof->sha256, sum) != PX_OK) {
        return PX_EINTERNAL;
    }
    px_hex(out, sum, len);
    return PX_OK;
}
