/* SPDX-License-Identifier: MIT
 *
 * fetch/redirect.c - where a redirect leads, and whether to go there.
 *
 * Called by workers between two hops of a transfer. No state, no locks.
 */
#define _GNU_SOURCE
#include "fetch/redirect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include <pxfer/status.h>

/* What makes an origin (RFC 6454 section 4), and the credentials that may come with it. */
struct parts {
    char *scheme, *host, *port, *user, *password;
};

static void parts_fini(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->user);
    curl_free(parts->password);
}

/* user and password may be absent, everything else may not. */
static int parts_get(CURLU *url, struct parts *out)
{
    *out = (struct parts){0};
    if (curl_url_get(url, CURLUPART_SCHEME, &out->scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &out->host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        return PX_EPROTO;
    }
    CURLUcode user = curl_url_get(url, CURLUPART_USER, &out->user, 0);
    CURLUcode password = curl_url_get(url, CURLUPART_PASSWORD, &out->password, 0);
    return user == CURLUE_OUT_OF_MEMORY || password == CURLUE_OUT_OF_MEMORY ? PX_ENOMEM : PX_OK;
}

static bool is_same_origin(const struct parts *a, const struct parts *b)
{
    return strcasecmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}

static const char *scheme_fault(const struct parts *from, const struct parts *to,
                                bool allow_downgrade)
{
    bool https = strcasecmp(to->scheme, "https") == 0;

    if (!https && strcasecmp(to->scheme, "http") != 0) {
        return "redirect to something that is neither http nor https";
    }
    if (!https && strcasecmp(from->scheme, "https") == 0 && !allow_downgrade) {
        return "redirect from https to http (--allow-downgrade would follow it)";
    }
    return NULL;
}

/* Credentials of the list's URL go with every request to its origin, and with none to another. What
 * the server itself writes into Location stays as it is. */
static int carry_credentials(CURLU *url, const struct parts *given, const struct parts *now)
{
    if (now->user != NULL || given->user == NULL) {
        return PX_OK;
    }
    if (curl_url_set(url, CURLUPART_USER, given->user, 0) != CURLUE_OK ||
        (given->password != NULL &&
         curl_url_set(url, CURLUPART_PASSWORD, given->password, 0) != CURLUE_OK)) {
        return PX_ENOMEM;
    }
    return PX_OK;
}

/* Sets `url` to location as seen from current, without the credentials of current: a relative
 * Location would inherit them. */
static int set_location(CURLU *url, const char *current, const char *location)
{
    CURLUcode rc = curl_url_set(url, CURLUPART_URL, current, 0);

    if (rc == CURLUE_OK) {
        rc = curl_url_set(url, CURLUPART_USER, NULL, 0);
    }
    if (rc == CURLUE_OK) {
        rc = curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    }
    if (rc == CURLUE_OK) {
        /* spaces and bytes above 0x7f happen in the wild; NON_SUPPORT: we judge schemes ourselves */
        rc = curl_url_set(url, CURLUPART_URL, location, CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
    }
    if (rc == CURLUE_OUT_OF_MEMORY) {
        return PX_ENOMEM;
    }
    return rc == CURLUE_OK ? PX_OK : PX_EPROTO;
}

/* `urls`: given, current, and an empty one for the result. */
static int resolve(CURLU *const urls[3], const char *const texts[3], bool allow_downgrade,
                   struct redirect_step *out, const char **why)
{
    struct parts given = {0}, current = {0}, next = {0};
    char *text = NULL;
    int rc = PX_EPROTO;

    *why = "redirect to something that is not a URL";
    if (curl_url_set(urls[0], CURLUPART_URL, texts[0], 0) != CURLUE_OK ||
        curl_url_set(urls[1], CURLUPART_URL, texts[1], 0) != CURLUE_OK ||
        (rc = set_location(urls[2], texts[1], texts[2])) != PX_OK ||
        (rc = parts_get(urls[0], &given)) != PX_OK ||
        (rc = parts_get(urls[1], &current)) != PX_OK) {
        goto out;
    }
    rc = parts_get(urls[2], &next);
    const char *fault = next.scheme != NULL ? scheme_fault(&current, &next, allow_downgrade) : NULL;
    if (fault != NULL) {
        *why = fault;
    }
    if (fault != NULL || (rc == PX_OK && next.scheme == NULL)) {
        rc = PX_EPROTO;
    }
    if (rc != PX_OK) {
        goto out;
    }
    out->same_origin = is_same_origin(&given, &next);
    if (out->same_origin && (rc = carry_credentials(urls[2], &given, &next)) != PX_OK) {
        goto out;
    }
    if (curl_url_get(urls[2], CURLUPART_URL, &text, 0) != CURLUE_OK) {
        rc = PX_ENOMEM;
        goto out;
    }
    out->url = strdup(text);
    rc = out->url != NULL ? PX_OK : PX_ENOMEM;
out:
    curl_free(text);
    parts_fini(&given);
    parts_fini(&current);
    parts_fini(&next);
    return rc;
}

int redirect_resolve(const char *given, const char *current, const char *location,
                     bool allow_downgrade, struct redirect_step *out, const char **why)
{
    CURLU *urls[3] = {curl_url(), curl_url(), curl_url()};
    const char *const texts[3] = {given, current, location};
    int rc = PX_ENOMEM;

    *out = (struct redirect_step){0};
    *why = NULL;
    if (urls[0] != NULL && urls[1] != NULL && urls[2] != NULL) {
        rc = resolve(urls, texts, allow_downgrade, out, why);
    }
    for (int i = 0; i < 3; i++) {
        curl_url_cleanup(urls[i]);
    }
    return rc;
}
