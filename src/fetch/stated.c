/* SPDX-License-Identifier: MIT
 *
 * fetch/stated.c - the digests that a server states in the head of a reply.
 *
 * Called for each header line from libcurl's callback (body.c), on the worker's thread; what is none
 * of these headers costs a comparison of its first letter. No locks.
 */
#define _GNU_SOURCE
#include "fetch/stated.h"

#include <string.h>
#include <strings.h>

#include <pxfer/status.h>

#include "base/parse.h"

#define AMZ "x-amz-checksum-"

/* text[0..len), not NUL-terminated. */
struct span {
    const char *text;
    size_t len;
};

static bool span_is(struct span span, const char *word)
{
    return span.len == strlen(word) && strncasecmp(span.text, word, span.len) == 0;
}

static struct span trim(struct span span)
{
    while (span.len > 0 && strchr(" \t\r\n", span.text[0]) != NULL) {
        span.text++;
        span.len--;
    }
    while (span.len > 0 && strchr(" \t\r\n", span.text[span.len - 1]) != NULL) {
        span.len--;
    }
    return span;
}

/* What is before the first `c`, or all; `*rest` begins behind it. */
static struct span cut(struct span span, char c, struct span *rest)
{
    const char *at = memchr(span.text, c, span.len);
    size_t len = at != NULL ? (size_t)(at - span.text) : span.len;
    size_t taken = at != NULL ? len + 1 : len;

    *rest = (struct span){span.text + taken, span.len - taken};
    return trim((struct span){span.text, len});
}

/* How much a digest is worth. By kind, but that SHA-256 has instructions of its own in today's
 * processors and stands above the longer ones, which prove no more here. */
static int rank(enum px_digest_kind kind)
{
    switch (kind) {
    case PX_DIGEST_NONE: return 0;
    case PX_DIGEST_CRC32:
    case PX_DIGEST_CRC32C: return 1;
    case PX_DIGEST_CRC64NVME: return 2;
    case PX_DIGEST_SHA256: return 100;
    default: return 10 + (int)kind;
    }
}

static void offer(struct px_checksum *best, enum px_digest_kind kind, struct span base64)
{
    struct px_checksum sum = {.kind = kind};

    if (rank(kind) > rank(best->kind) &&
        px_parse_base64(base64.text, base64.len, sum.value, sizeof sum.value, &sum.len) == PX_OK &&
        sum.len == px_digest_len(kind)) {
        *best = sum;
    }
}

static enum px_digest_kind kind_of(struct span name)
{
    /* "SHA" is SHA-1 in the registries of both RFCs */
    return span_is(name, "sha") ? PX_DIGEST_SHA1 : px_digest_kind_of_any(name.text, name.len);
}

/* "NAME=BASE64,NAME=BASE64" as in Digest and x-goog-hash. */
static void read_list(struct px_checksum *best, struct span value)
{
    while (value.len > 0) {
        struct span base64, name = cut(cut(value, ',', &value), '=', &base64);

        offer(best, kind_of(name), trim(base64));
    }
}

/* A dictionary of byte sequences, "NAME=:BASE64:;PARAMETER" (RFC 8941 section 3.2). */
static void read_dictionary(struct px_checksum *best, struct span value)
{
    while (value.len > 0) {
        struct span bytes, rest, name = cut(cut(value, ',', &value), '=', &bytes);

        bytes = cut(bytes, ';', &rest);
        if (bytes.len > 2 && bytes.text[0] == ':' && bytes.text[bytes.len - 1] == ':') {
            offer(best, kind_of(name), (struct span){bytes.text + 1, bytes.len - 2});
        }
    }
}

static void read_amz(struct stated *stated, struct span algorithm, struct span value)
{
    if (span_is(algorithm, "type")) {
        stated->amz_composite = !span_is(value, "FULL_OBJECT");
    } else {
        offer(&stated->amz, kind_of(algorithm), value);
    }
}

void stated_line(struct stated *stated, const char *line, size_t n)
{
    struct span value, name;

    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        *stated = (struct stated){0};
        return;
    }
    if (n == 0 || strchr("RrDdCcXx", line[0]) == NULL) {
        return;
    }
    name = cut((struct span){line, n}, ':', &value);
    value = trim(value);
    if (span_is(name, "Repr-Digest")) {
        read_dictionary(&stated->whole, value);
    } else if (span_is(name, "Digest")) {
        read_list(&stated->whole, value);
    } else if (span_is(name, "Content-Digest")) {
        read_dictionary(&stated->content, value);
    } else if (span_is(name, "Content-MD5")) {
        offer(&stated->content, PX_DIGEST_MD5, value);
    } else if (span_is(name, "x-goog-hash")) {
        read_list(&stated->object, value);
    } else if (span_is(name, "x-goog-stored-content-encoding")) {
        stated->object_unpacked = !span_is(value, "identity");
    } else if (name.len > sizeof AMZ - 1 && strncasecmp(name.text, AMZ, sizeof AMZ - 1) == 0) {
        read_amz(stated, (struct span){name.text + sizeof AMZ - 1, name.len - (sizeof AMZ - 1)},
                 value);
    }
}

static void take_stronger(const struct px_checksum **best, const struct px_checksum *other)
{
    if (rank(other->kind) > (*best != NULL ? rank((*best)->kind) : 0)) {
        *best = other;
    }
}

const struct px_checksum *stated_of_whole(const struct stated *stated, long http_status,
                                          const char *content_encoding)
{
    bool encoded = content_encoding != NULL && strcasecmp(content_encoding, "identity") != 0;
    const struct px_checksum *best = NULL;

    if (http_status != 200 && http_status != 206) {
        return NULL;
    }
    take_stronger(&best, &stated->whole);
    if (!encoded && !stated->object_unpacked) {
        take_stronger(&best, &stated->object);
    }
    if (!encoded && http_status == 200) {
        take_stronger(&best, &stated->content);
    }
    if (!encoded && http_status == 200 && !stated->amz_composite) {
        take_stronger(&best, &stated->amz);
    }
    return best;
}
