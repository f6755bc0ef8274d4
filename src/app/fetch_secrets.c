/* SPDX-License-Identifier: MIT
 *
 * app/fetch_secrets.c - the secrets on pfetch's command line.
 *
 * Main's thread, before others start; no locks.
 */
#define _GNU_SOURCE
#include "app/fetch_secrets.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/askpass.h"

static int hide(struct fetch_secrets *secrets, enum askpass_secret kind, const char **argument)
{
    char *copy = NULL;
    int rc = askpass_hide(kind, argument, &copy);

    if (copy != NULL) {
        secrets->copies[secrets->n++] = copy;
    }
    return rc;
}

/* USER:PASS, the password asked for when it is missing. */
static int take_user(struct fetch_secrets *secrets, const char *what, const char **argument)
{
    char *whole = NULL;

    if (*argument == NULL) {
        return PX_OK;
    }
    int rc = askpass_complete(what, *argument, &whole);
    if (rc == PX_OK) {
        rc = hide(secrets, ASKPASS_ALL, argument);
        secrets->copies[secrets->n++] = whole;
        *argument = whole;
    }
    return rc;
}

static int take_all(struct fetch_secrets *secrets, enum askpass_secret kind, const char **arguments,
                    size_t n)
{
    int rc = PX_OK;

    for (size_t i = 0; i < n && rc == PX_OK; i++) {
        rc = hide(secrets, kind, &arguments[i]);
    }
    return rc;
}

int fetch_secrets_take(struct px_fetch_opts *opts, const char **headers, const char **inputs,
                       struct fetch_secrets *out, const char **which)
{
    struct px_fetch_access *access = &opts->access;

    out->n = 0;
    out->copies = calloc(opts->n_headers + opts->n_inputs + 5, sizeof *out->copies);
    if (out->copies == NULL) {
        return PX_ENOMEM;
    }
    *which = "-u";
    int rc = take_user(out, "server", &access->user);
    if (rc == PX_OK) {
        *which = "--proxy-user";
        rc = take_user(out, "proxy", &access->proxy_user);
    }
    if (rc == PX_OK) {
        rc = hide(out, ASKPASS_USERINFO, &access->proxy);
    }
    if (rc == PX_OK) {
        rc = take_all(out, ASKPASS_HEADER, headers, opts->n_headers);
    }
    return rc == PX_OK ? take_all(out, ASKPASS_USERINFO, inputs, opts->n_inputs) : rc;
}

void fetch_secrets_free(struct fetch_secrets *secrets)
{
    for (size_t i = 0; secrets->copies != NULL && i < secrets->n; i++) {
        explicit_bzero(secrets->copies[i], strlen(secrets->copies[i]));
        free(secrets->copies[i]);
    }
    free(secrets->copies);
}
