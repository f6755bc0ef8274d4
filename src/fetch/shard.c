/* SPDX-License-Identifier: MIT
 *
 * fetch/shard.c - which of K runs takes an item. Pure; no locks.
 */
#include "fetch/shard.h"

#include <string.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* FNV-1a over bytes, then the finaliser of splitmix64, since FNV's low bits are weak. Machines that
 * share a list must agree on it: never change it. */
static uint64_t hash_byte(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)c) * FNV_PRIME;
}

static uint32_t share_of(uint64_t hash, uint32_t count)
{
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return (uint32_t)(hash % count);
}

uint32_t shard_of_text(const char *text, size_t len, uint32_t count)
{
    uint64_t hash = FNV_BASIS;

    for (size_t i = 0; i < len; i++) {
        hash = hash_byte(hash, text[i]);
    }
    return share_of(hash, count);
}

uint32_t shard_of_host(const char *url, uint32_t count)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme != NULL ? scheme + 3 : url;
    const char *end = host + strcspn(host, "/?#");
    uint64_t hash = FNV_BASIS;

    for (const char *p = host; p < end; p++) {
        host = *p == '@' ? p + 1 : host;
    }
    /* the colon of a port stands behind the brackets of an IPv6 address */
    const char *name_end =
        host < end && *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    name_end = name_end != NULL ? memchr(name_end, ':', (size_t)(end - name_end)) : NULL;
    end = name_end != NULL ? name_end : end;
    for (const char *p = host; p < end; p++) {
        hash = hash_byte(hash, *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p);
    }
    return share_of(hash, count);
}
