/* SPDX-License-Identifier: MIT
 *
 * fetch/redirect.h - where a redirect leads, and whether to go there. Pure (libcurl's URL parser
 * only).
 *
 * Redirects are followed by hand, one request for each hop, because libcurl's own following cannot
 * keep a secret: it withholds Authorization and Cookie headers from another host, but forwards
 * every other custom header (X-Api-Key ...), and whether to send them must be decided anew for each
 * hop. By hand there is one rule for all: what the user gave for an origin goes to that origin.
 */
#ifndef FETCH_REDIRECT_H
#define FETCH_REDIRECT_H

#include <stdbool.h>

#include <pxfer/attr.h>

#define REDIRECT_MAX 10 /* hops for one request */

struct redirect_step {
    char *url;        /* absolute, with the credentials of `given` when the origin is the same;
                         the caller frees */
    bool same_origin; /* as `given`: scheme, host and port are equal */
};

/* From `current` by `location`. `given` is the URL of the list. PX_EPROTO: not a URL, neither http
 * nor https, or https -> http without allow_downgrade; then `*why` is static text. PX_ENOMEM. */
PX_NODISCARD int redirect_resolve(const char *given, const char *current, const char *location,
                                  bool allow_downgrade, struct redirect_step *out,
                                  const char **why);

#endif
