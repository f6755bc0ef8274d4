/* SPDX-License-Identifier: MIT
 *
 * fetch/authority.h - the server that a URL names, found without taking the URL apart further. Pure;
 * for URLs that passed list_url_fault() or came from libcurl's parser.
 */
#ifndef FETCH_AUTHORITY_H
#define FETCH_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

/* Points into the URL. */
struct authority {
    const char *host; /* as written, with its port, without userinfo */
    size_t len;
    size_t host_len;  /* without the port */
    const char *path; /* '/', '?' or '#' behind it, or the URL's end */
    bool has_userinfo;
};

struct authority authority_of(const char *url, size_t len);

/* A hash of scheme, host and port; never 0. Case and a default port that is written out make no
 * other. */
uint64_t authority_origin(const char *url);

/* Is the host `domain`, or below it? `domain` may begin with a dot. Case does not count. */
bool authority_is_below(const struct authority *authority, const char *domain, size_t len);

#endif
