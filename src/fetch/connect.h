/* SPDX-License-Identifier: MIT
 *
 * fetch/connect.h - over what a server is reached, and as whom: address family, interface, names that
 * are resolved by hand, proxies, TLS; credentials and client certificates. The setopts of libcurl
 * for these, in one place.
 *
 * What goes to whom is decided by one rule: what the user gave for a URL goes to that URL's origin,
 * and to no other that a redirect leads to. What names its own host (a netrc entry, a cookie) goes to
 * that host; what is for the proxy goes to the proxy.
 */
#ifndef FETCH_CONNECT_H
#define FETCH_CONNECT_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include <pxfer/attr.h>

struct px_fetch;
struct px_fetch_opts;

/* Before anything is asked for: PX_EUSAGE: a value that cannot be used; PX_EIO: a file that cannot be
 * read; with a message in `error` (n bytes). */
PX_NODISCARD int connect_check(const struct px_fetch_opts *opts, char *error, size_t n);

/* What all handles share, in fetch->resolve, fetch->cookies and fetch->guarded. PX_ENOMEM; PX_EIO,
 * PX_EUSAGE with a message. */
PX_NODISCARD int connect_init(struct px_fetch *fetch, char *error, size_t n);
void connect_fini(struct px_fetch *fetch);

/* A new handle's own settings. */
CURLcode connect_set(const struct px_fetch *fetch, CURL *easy);

/* Those of one request; `login` is that of its list entry or NULL, `own` = to the origin that the user
 * gave. */
CURLcode connect_set_request(const struct px_fetch *fetch, CURL *easy, const char *url,
                             const char *login, bool own);

#endif
