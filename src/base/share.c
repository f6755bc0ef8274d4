/* SPDX-License-Identifier: MIT
 *
 * base/share.c - FNV-1a over bytes, then the finaliser of splitmix64, since FNV's low bits are weak.
 * Machines that share work must agree on it: never change it. Pure; no locks.
 */
#include "base/share.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t px_share_begin(void)
{
    return FNV_BASIS;
}

uint64_t px_share_add(uint64_t hash, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)text[i]) * FNV_PRIME;
    }
    return hash;
}

uint32_t px_share_pick(uint64_t hash, uint32_t count)
{
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return (uint32_t)(hash % count);
}

uint32_t px_share_of(const char *text, size_t len, uint32_t count)
{
    return px_share_pick(px_share_add(px_share_begin(), text, len), count);
}
