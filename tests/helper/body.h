/* SPDX-License-Identifier: MIT
 *
 * What every fixture body is made of: bytes that are a function of a name, a version and the
 * offset alone, so that any part of any reply can be checked without keeping a copy of it.
 * Shared by the servers (server.c, liar.c) and by pattern.c, which writes the same bytes for
 * cmp. Header only: each helper is a program of one file.
 */
#ifndef PX_TESTS_HELPER_BODY_H
#define PX_TESTS_HELPER_BODY_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BODY_ETAG_BYTES 48
#define BODY_DATE_BYTES 32

/* The finaliser of splitmix64: every input bit reaches every output bit. */
static inline uint64_t body_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* FNV-1a of the name, then the version (0 for everything but a file that changes). */
static inline uint64_t body_seed(const char *name, uint64_t version)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name != '\0'; name++) {
        hash ^= (unsigned char)*name;
        hash *= UINT64_C(0x100000001b3);
    }
    return body_mix(hash + version * UINT64_C(0x9e3779b97f4a7c15));
}

/* Eight bytes of the body, the first of them at offset word * 8. */
static inline uint64_t body_word(uint64_t seed, uint64_t word)
{
    return body_mix(seed + (word + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* Fills buf with the body's bytes [offset, offset + len). */
static inline void body_fill(uint64_t seed, uint64_t offset, void *buf, size_t len)
{
    unsigned char *out = buf;

    while (len > 0) {
        uint64_t word = body_word(seed, offset / 8);
        size_t skip = (size_t)(offset % 8);
        size_t take = 8 - skip < len ? 8 - skip : len;

        memcpy(out, (unsigned char *)&word + skip, take);
        out += take;
        offset += take;
        len -= take;
    }
}

/* The strong ETag of a body of that many bytes, with its quotes. */
static inline void body_etag(uint64_t seed, uint64_t size, char out[BODY_ETAG_BYTES])
{
    snprintf(out, BODY_ETAG_BYTES, "\"%016" PRIx64 "-%" PRIx64 "\"", seed, size);
}

/* A modification time between 2020 and 2023: old enough for a date to be a strong validator. */
static inline time_t body_mtime(uint64_t seed)
{
    return (time_t)(1600000000 + seed % 100000000);
}

/* An HTTP date (RFC 9110, section 5.6.7). */
static inline void body_http_date(time_t when, char out[BODY_DATE_BYTES])
{
    struct tm tm;

    gmtime_r(&when, &tm);
    strftime(out, BODY_DATE_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

#endif
