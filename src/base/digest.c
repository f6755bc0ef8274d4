/* SPDX-License-Identifier: MIT
 *
 * base/digest.c - message digests by OpenSSL's EVP, CRCs by crc.c, and the "NAME=HEX" form of an
 * expected one.
 * No locks; a digest belongs to the thread that holds it.
 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/crc.h"
#include "base/parse.h"

struct px_digest {
    struct px_crc *crc; /* else NULL, and: */
    const EVP_MD *md;   /* static, OpenSSL's */
    EVP_MD_CTX *ctx;
};

struct digest_row {
    const char *name;  /* as IANA's registry of hash names and aria2 write it */
    const char *alias; /* as coreutils' programs are called; NULL: the same */
    size_t len;
    const EVP_MD *(*md)(void); /* NULL: a CRC */
    uint64_t polynomial;
};

static const struct digest_row digest_rows[] = {
    [PX_DIGEST_NONE] = {"none", NULL, 0, NULL, 0},
    [PX_DIGEST_MD5] = {"md5", NULL, 16, EVP_md5, 0},
    [PX_DIGEST_SHA1] = {"sha-1", "sha1", 20, EVP_sha1, 0},
    [PX_DIGEST_SHA224] = {"sha-224", "sha224", 28, EVP_sha224, 0},
    [PX_DIGEST_SHA256] = {"sha-256", "sha256", 32, EVP_sha256, 0},
    [PX_DIGEST_SHA384] = {"sha-384", "sha384", 48, EVP_sha384, 0},
    [PX_DIGEST_SHA512] = {"sha-512", "sha512", 64, EVP_sha512, 0},
    [PX_DIGEST_CRC32] = {"crc32", NULL, 4, NULL, PX_CRC32_POLYNOMIAL},
    [PX_DIGEST_CRC32C] = {"crc32c", NULL, 4, NULL, PX_CRC32C_POLYNOMIAL},
    [PX_DIGEST_CRC64NVME] = {"crc64nvme", NULL, 8, NULL, PX_CRC64NVME_POLYNOMIAL},
};

#define DIGEST_KINDS (sizeof(digest_rows) / sizeof(digest_rows[0]))

/* What is no kind is as good as none. */
static const struct digest_row *digest_row(enum px_digest_kind kind)
{
    size_t i = (size_t)kind;
    return &digest_rows[i < DIGEST_KINDS ? i : PX_DIGEST_NONE];
}

/* Is text[0..n) the name, in either case? The names are in small letters. */
static bool digest_is_named(const char *name, const char *text, size_t n)
{
    if (name == NULL || strlen(name) != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != name[i]) {
            return false;
        }
    }
    return true;
}

enum px_digest_kind px_digest_kind_of(const char *name, size_t len)
{
    enum px_digest_kind kind = px_digest_kind_of_any(name, len);
    return digest_row(kind)->polynomial == 0 ? kind : PX_DIGEST_NONE;
}

enum px_digest_kind px_digest_kind_of_any(const char *name, size_t len)
{
    for (size_t i = PX_DIGEST_NONE + 1; i < DIGEST_KINDS; i++) {
        if (digest_is_named(digest_rows[i].name, name, len) ||
            digest_is_named(digest_rows[i].alias, name, len)) {
            return (enum px_digest_kind)i;
        }
    }
    return PX_DIGEST_NONE;
}

const char *px_digest_name(enum px_digest_kind kind)
{
    return digest_row(kind)->name;
}

size_t px_digest_len(enum px_digest_kind kind)
{
    return digest_row(kind)->len;
}

int px_checksum_parse(const char *text, struct px_checksum *out)
{
    size_t name_len = strcspn(text, "=");
    struct px_checksum sum = {.kind = px_digest_kind_of(text, name_len)};
    sum.len = px_digest_len(sum.kind);
    if (text[name_len] != '=' || sum.kind == PX_DIGEST_NONE ||
        px_parse_hex(text + name_len + 1, sum.value, sum.len) != PX_OK) {
        return PX_EINVAL;
    }
    *out = sum;
    return PX_OK;
}

static int digest_new_crc(const struct digest_row *row, struct px_digest *digest)
{
    digest->crc = malloc(sizeof *digest->crc);
    if (digest->crc == NULL) {
        return PX_ENOMEM;
    }
    px_crc_init(digest->crc, (unsigned)row->len * 8, row->polynomial);
    return PX_OK;
}

int px_digest_new(enum px_digest_kind kind, struct px_digest **out)
{
    const struct digest_row *row = digest_row(kind);
    if (row->len == 0) {
        return PX_EINVAL;
    }
    int status = PX_ENOMEM;
    struct px_digest *digest = calloc(1, sizeof(*digest));
    if (digest == NULL) {
        return PX_ENOMEM;
    }
    if (row->md == NULL) {
        status = digest_new_crc(row, digest);
        if (status != PX_OK) {
            goto fail;
        }
        *out = digest;
        return PX_OK;
    }
    digest->md = row->md();
    digest->ctx = EVP_MD_CTX_new();
    if (digest->ctx == NULL) {
        goto fail;
    }
    if (EVP_DigestInit_ex(digest->ctx, digest->md, NULL) != 1) {
        status = PX_EINVAL; /* an OpenSSL without it: FIPS mode has no MD5 */
        goto fail;
    }
    *out = digest;
    return PX_OK;
fail:
    px_digest_free(digest);
    return status;
}

void px_digest_free(struct px_digest *digest)
{
    if (digest == NULL) {
        return;
    }
    EVP_MD_CTX_free(digest->ctx);
    free(digest->crc);
    free(digest);
}

int px_digest_update(struct px_digest *digest, const void *bytes, size_t n)
{
    if (digest->crc != NULL) {
        px_crc_update(digest->crc, bytes, n);
        return PX_OK;
    }
    return EVP_DigestUpdate(digest->ctx, bytes, n) == 1 ? PX_OK : PX_EINTERNAL;
}

int px_digest_final(struct px_digest *digest, unsigned char *out)
{
    if (digest->crc != NULL) {
        px_crc_final(digest->crc, out);
        return PX_OK;
    }
    return EVP_DigestFinal_ex(digest->ctx, out, NULL) == 1 ? PX_OK : PX_EINTERNAL;
}

int px_digest_reset(struct px_digest *digest)
{
    if (digest->crc != NULL) {
        px_crc_reset(digest->crc);
        return PX_OK;
    }
    return EVP_DigestInit_ex(digest->ctx, digest->md, NULL) == 1 ? PX_OK : PX_EINTERNAL;
}

void px_hex(char *dst, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        dst[2 * i] = digits[bytes[i] >> 4];
        dst[2 * i + 1] = digits[bytes[i] & 15];
    }
    dst[2 * n] = '\0';
}
