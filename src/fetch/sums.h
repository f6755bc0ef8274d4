/* SPDX-License-Identifier: MIT
 *
 * fetch/sums.h - what the bytes of one file are checked against, and the digest of them so far.
 *
 * Two may say what is expected: the list line (checksum=) and the server (stated.h). The line's word
 * counts alone where there is one; then what the server says is not computed. So at most one digest
 * runs, and none where nothing is expected.
 *
 * The digest is of the bytes [0, fed) of the file. Bytes that pass in order are fed as they pass;
 * all others (an earlier run's, another segment's) are read back from the file, before those behind
 * them pass (sums_catch_up) or at the end (sums_finish). So there is nothing to keep in step: bytes
 * that come out of order are simply not taken.
 *
 * Belongs to a task: one thread at a time.
 */
#ifndef FETCH_SUMS_H
#define FETCH_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "base/digest.h"

struct px_io_ops;

/* {0} expects nothing. */
struct sums {
    struct px_checksum line;   /* kind PX_DIGEST_NONE: none */
    struct px_checksum stated; /* by the server, of the version that is being fetched; or none */
    struct px_digest *digest;  /* owned; NULL: fed is 0 */
    uint64_t fed;
};

/* How a file compares. */
struct sums_verdict {
    bool expected; /* there was something to compare with; else the rest is nothing */
    bool fits;
    bool by_server;   /* the server had stated it */
    const char *name; /* "sha-256" */
    char got[2 * PX_DIGEST_MAX_BYTES + 1];
    char want[2 * PX_DIGEST_MAX_BYTES + 1];
};

/* Frees what it holds; what it expects stays. */
void sums_fini(struct sums *sums);

/* What is expected of the file; NULL: nothing, and all other calls are free of cost. */
const struct px_checksum *sums_expected(const struct sums *sums);

/* The bytes from 0 on are dropped, and with them what was stated of them: another version may come. */
void sums_restart(struct sums *sums);

/* A reply to this file's version was accepted: what it states (NULL = nothing: then what an earlier
 * reply said of the same version stays). */
void sums_state(struct sums *sums, const struct px_checksum *stated);

/* n bytes that are at `at` in the file now. Taken when they are the next ones, else left alone.
 * PX_ENOMEM; PX_EINVAL: this OpenSSL does not have the algorithm; PX_EINTERNAL. */
PX_NODISCARD int sums_update(struct sums *sums, uint64_t at, const void *bytes, size_t n);

/* Reads [fed, upto) from fd. As sums_update(); PX_EIO with errno. */
PX_NODISCARD int sums_catch_up(struct sums *sums, const struct px_io_ops *io, int fd,
                               uint64_t upto);

/* All `size` bytes are in the file: reads what was not fed, compares. The digest is used up: a next
 * one begins at 0. Errors as sums_catch_up(). `fd` may be -1 when size is 0. */
PX_NODISCARD int sums_finish(struct sums *sums, const struct px_io_ops *io, int fd, uint64_t size,
                             struct sums_verdict *out);

#endif
