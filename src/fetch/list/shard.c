/* SPDX-License-Identifier: MIT
 *
 * fetch/list/shard.c - which of K runs takes a host. Pure; no locks.
 */
#include "fetch/list/shard.h"

#include <string.h>

#include "base/share.h"

uint32_t shard_of_host(const char *url, uint32_t count)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme != NULL ? scheme + 3 : url;
    const char *end = host + strcspn(host, "/?#");
    uint64_t hash = px_share_begin();

    for (const char *p = host; p < end; p++) {
        host = *p == '@' ? p + 1 : host;
    }
    /* the colon of a port stands behind the brackets of an IPv6 address */
    const char *name_end =
        host < end && *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    name_end = name_end != NULL ? memchr(name_end, ':', (size_t)(end - name_end)) : NULL;
    end = name_end != NULL ? name_end : end;
    for (const char *p = host; p < end; p++) {
        const char lower = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
        hash = px_share_add(hash, &lower, 1);
    }
    return px_share_pick(hash, count);
}
