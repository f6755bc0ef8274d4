/* SPDX-License-Identifier: MIT
 *
 * fetch/authority.c - the server that a URL names.
 *
 * Used by the source and by workers. Pure functions; no locks.
 */
#define _GNU_SOURCE
#include "fetch/authority.h"

#include <string.h>
#include <strings.h>

#include "fetch/name.h"

/* The port is what follows the last colon, but not one inside the brackets of an IPv6 address. */
static size_t without_port(const char *host, size_t len)
{
    const char *colon = memrchr(host, ':', len);
    const char *bracket = memrchr(host, ']', len);

    return colon != NULL && (bracket == NULL || colon > bracket) ? (size_t)(colon - host) : len;
}

struct authority authority_of(const char *url, size_t len)
{
    struct authority out = {0};
    const char *end = url + len;
    const char *at = memmem(url, len, "://", 3);

    out.host = at != NULL ? at + 3 : url;
    for (at = out.host; at < end && *at != '/' && *at != '?' && *at != '#'; at++) {
        if (*at == '@') {
            out.has_userinfo = true;
            out.host = at + 1;
        }
    }
    out.path = at;
    out.len = (size_t)(at - out.host);
    out.host_len = without_port(out.host, out.len);
    return out;
}

/* ":", ":80" with http and ":443" with https say nothing (RFC 3986 section 6.2.3). */
static size_t without_default_port(const struct authority *authority, bool tls)
{
    const char *port = authority->host + authority->host_len;
    const char *usual = tls ? ":443" : ":80";
    size_t len = authority->len - authority->host_len;

    return len == 1 || (len == strlen(usual) && memcmp(port, usual, len) == 0) ? authority->host_len
                                                                               : authority->len;
}

uint64_t authority_origin(const char *url)
{
    struct authority authority = authority_of(url, strlen(url));
    bool tls = strncasecmp(url, "https:", 6) == 0;
    size_t len = without_default_port(&authority, tls);
    char text[300];
    size_t n = 0;

    text[n++] = tls ? 's' : 'p';
    for (size_t i = 0; i < len && n < sizeof text; i++) {
        char c = authority.host[i];

        text[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    uint64_t hash = name_hash(text, n, len);
    return hash + (hash == 0);
}

bool authority_is_below(const struct authority *authority, const char *domain, size_t len)
{
    if (len > 0 && domain[0] == '.') {
        domain++;
        len--;
    }
    if (len == 0 || len > authority->host_len) {
        return false;
    }
    const char *tail = authority->host + authority->host_len - len;
    return strncasecmp(tail, domain, len) == 0 && (tail == authority->host || tail[-1] == '.');
}
