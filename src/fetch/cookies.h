/* SPDX-License-Identifier: MIT
 *
 * fetch/cookies.h - which cookies a request takes along.
 *
 * The user's file (--load-cookies, Netscape's format) is read once. Each easy handle has a cookie
 * engine of its own, never one that threads share, and is given only the cookies of the hosts that
 * it talks to; libcurl then decides by domain, path, security and expiry (RFC 6265). What a server
 * sets on the way counts for the redirects of that URL, and is forgotten with it, so that a URL gets
 * the same cookies whichever worker fetches it.
 */
#ifndef FETCH_COOKIES_H
#define FETCH_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <pxfer/attr.h>

/* The cookies of a file; read-only after cookies_load(), any thread. */
struct cookies;

/* PX_OK; PX_EIO: it cannot be read (errno); PX_EUSAGE: not one line of it is a cookie, though it has
 * lines; PX_ENOMEM. */
PX_NODISCARD int cookies_load(const char *path, struct cookies **out);
void cookies_free(struct cookies *cookies);

#define JAR_HOSTS 12 /* a URL's own and one for each redirect */

/* What the cookie engine of one easy handle holds. {0} is a new handle's. */
struct jar {
    char *hosts[JAR_HOSTS]; /* owned; whose cookies it was given */
    unsigned n;
    bool learnt; /* a server has set some; the caller says so */
};

void jar_fini(struct jar *jar); /* as of a new handle */

/* A request to the first URL of a task (`begins`), or to a hop of its redirects: makes the engine hold
 * what it should. `cookies` may be NULL. PX_ENOMEM. */
PX_NODISCARD int jar_fill(struct jar *jar, const struct cookies *cookies, CURL *easy,
                          const char *url, bool begins);

/* Everything goes to the engine of a new handle. PX_ENOMEM. */
PX_NODISCARD int jar_move(CURL *from, CURL *to);

#endif
