/* SPDX-License-Identifier: MIT
 *
 * app/fetch_secrets.h - the secrets on pfetch's command line: passwords that are missing are asked
 * for, and what is there is hidden from other users' ps(1). Main's thread, before others start.
 */
#ifndef PX_APP_FETCH_SECRETS_H
#define PX_APP_FETCH_SECRETS_H

#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

/* Owns what opts points to after fetch_secrets_take(). */
struct fetch_secrets {
    char **copies;
    size_t n;
};

/* Of `opts`: -u, --proxy-user, --proxy, the lines of `headers` and the URLs of `inputs`, which are
 * the arrays that opts->headers and opts->inputs point to. PX_ENOMEM; PX_EUSAGE: a password is missing
 * and cannot be asked for, `*which` is the option. fetch_secrets_free() is due in any case. */
PX_NODISCARD int fetch_secrets_take(struct px_fetch_opts *opts, const char **headers,
                                    const char **inputs, struct fetch_secrets *out,
                                    const char **which);
void fetch_secrets_free(struct fetch_secrets *secrets);

#endif
