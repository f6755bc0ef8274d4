/* SPDX-License-Identifier: MIT
 *
 * base/secret.h - which names say that their value is a secret. Pure. In doubt the answer is yes:
 * a value that is hidden for nothing costs a look at the input, one that is shown is out for ever.
 */
#ifndef PX_BASE_SECRET_H
#define PX_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* A key of a URL's query, still percent-encoded, in any case: words that look like key, token,
 * secret, signature or sig, password or pass or pwd, auth, credential, jwt ("api_key", "accessToken",
 * "X-Goog-Signature", but not "keyword" or "author"), and all of X-Amz-*. */
bool px_secret_query_key(const char *name, size_t n);

/* The name of a header field: the same words (Authorization, X-Auth-Token, X-Api-Key), and
 * cookies. */
bool px_secret_header(const char *name, size_t n);

#endif
