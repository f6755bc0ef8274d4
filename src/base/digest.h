/* SPDX-License-Identifier: MIT
 *
 * base/digest.h - message digests while bytes pass (OpenSSL's EVP, evp(7)), and the CRCs that
 * servers state in their place. One digest belongs to one thread at a time.
 */
#ifndef PX_BASE_DIGEST_H
#define PX_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

#define PX_DIGEST_MAX_BYTES 64

enum px_digest_kind {
    PX_DIGEST_NONE,
    PX_DIGEST_MD5,
    PX_DIGEST_SHA1,
    PX_DIGEST_SHA224,
    PX_DIGEST_SHA256,
    PX_DIGEST_SHA384,
    PX_DIGEST_SHA512,
    /* no digests: they find damage, but anybody can make a file to fit one */
    PX_DIGEST_CRC32,
    PX_DIGEST_CRC32C,
    PX_DIGEST_CRC64NVME,
};

/* An expected value: "sha-256=HEX" parsed. */
struct px_checksum {
    enum px_digest_kind kind; /* PX_DIGEST_NONE: nothing expected */
    size_t len;               /* bytes */
    unsigned char value[PX_DIGEST_MAX_BYTES];
};

struct px_digest;

/* "sha-256" and "sha256" in either case (aria2's and coreutils' spelling); what a user may ask for,
 * so no CRCs. */
enum px_digest_kind px_digest_kind_of(const char *name, size_t len);
/* The same and "crc32", "crc32c", "crc64nvme". */
enum px_digest_kind px_digest_kind_of_any(const char *name, size_t len);
const char *px_digest_name(enum px_digest_kind kind); /* "sha-256" */
size_t px_digest_len(enum px_digest_kind kind);       /* bytes */

/* "NAME=HEX" as in aria2's checksum= option. PX_EINVAL: unknown name or not exactly its digits. */
PX_NODISCARD int px_checksum_parse(const char *text, struct px_checksum *out);

/* PX_EINVAL: kind is NONE or the library was built without it; PX_ENOMEM. */
PX_NODISCARD int px_digest_new(enum px_digest_kind kind, struct px_digest **out);
void px_digest_free(struct px_digest *digest);
/* PX_EINTERNAL: OpenSSL failed. */
PX_NODISCARD int px_digest_update(struct px_digest *digest, const void *bytes, size_t n);
/* Writes px_digest_len() bytes and ends the digest (free it after). */
PX_NODISCARD int px_digest_final(struct px_digest *digest, unsigned char *out);
/* Starts over. */
PX_NODISCARD int px_digest_reset(struct px_digest *digest);

/* 2n digits and a NUL into dst. */
void px_hex(char *dst, const unsigned char *bytes, size_t n);

#endif
