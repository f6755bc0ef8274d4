/* SPDX-License-Identifier: MIT
 *
 * copy/proof.h - what was read of a file, kept as digests: to be compared with what the target gives
 * when it is read again (--verify), and as one digest of the whole (--manifest, --hash).
 *
 * For the comparison the file is held in pieces, XXH3 of each, so that several workers can add theirs
 * and holes cost nothing. The digest of the whole wants all bytes in their order: one thread.
 */
#ifndef PX_COPY_PROOF_H
#define PX_COPY_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "copy/copier.h"
#include "copy/fail.h"

/* 24 bytes are held for each piece: 400 KiB for a file of 1 TiB. */
#define PX_PROOF_PIECE_BYTES ((uint64_t)64 * 1024 * 1024)

struct px_piece {
    uint64_t offset;
    uint64_t bytes;
    uint64_t hash;
};

struct px_proof {
    bool active; /* somebody wants it; else nothing below is used */
    bool verify;
    struct px_piece *pieces; /* owned */
    size_t n;
    size_t room;
    void *state; /* XXH3 of the last piece, NULL: none is open */
    enum px_copy_hash hash;
    struct px_digest *sha256; /* of the whole, when that is wanted */
    void *xxh3;
    uint64_t fed; /* bytes of the whole, in order */
};

/* What `opts` ask for; nothing: not active. PX_ENOMEM. */
PX_NODISCARD int px_proof_init(struct px_proof *proof, const struct px_copy_opts *opts);
void px_proof_fini(struct px_proof *proof);

/* n bytes that were read at `offset`. Not active: nothing. PX_ENOMEM, PX_EINTERNAL. */
PX_NODISCARD int px_proof_add(struct px_proof *proof, uint64_t offset, const void *bytes, size_t n);

/* Ends the open piece: nothing is added to it any more. */
void px_proof_close_piece(struct px_proof *proof);

/* Moves the pieces of `from`, closed, to `proof`. PX_ENOMEM. */
PX_NODISCARD int px_proof_merge(struct px_proof *proof, const struct px_proof *from);

/* Reads `bytes` bytes of `fd` from `from` on (the source, where they went another way than through
 * us). PX_ESRC, PX_ENOMEM, PX_ECANCELED; PX_ECHANGED, without a text: it ends earlier. */
PX_NODISCARD int px_proof_read(struct px_proof *proof, struct px_copier *copier, int fd,
                               uint64_t from, uint64_t bytes, struct px_fail *fail);

/* Puts the target on its disk, drops it from the cache, reads the pieces again. PX_EINTEGRITY: they
 * differ, or the size does. PX_EIO, PX_EFULL, PX_ECANCELED. */
PX_NODISCARD int px_proof_verify(struct px_proof *proof, struct px_copier *copier, int fd,
                                 uint64_t size, struct px_fail *fail);

/* The digest of the whole file of `size` bytes as hex; "" when none is wanted. What was never added
 * is a hole. Ends it. PX_EINTERNAL. */
PX_NODISCARD int px_proof_digest(struct px_proof *proof, uint64_t size,
                                 char out[PX_COPY_DIGEST_ROOM]);

#endif
