/* SPDX-License-Identifier: MIT
 *
 * fetch/list/resolve.c - relative references of a list, by libcurl's URL parser. Pure; any thread.
 */
#include "fetch/list/resolve.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <pxfer/status.h>

static int status_of(CURLUcode code)
{
    return code == CURLUE_OK ? PX_OK : code == CURLUE_OUT_OF_MEMORY ? PX_ENOMEM : PX_EBADLINE;
}

/* libcurl's own strings are not for free(3) everywhere. */
static int get_url(CURLU *url, char **out)
{
    char *text = NULL;
    int rc = status_of(curl_url_get(url, CURLUPART_URL, &text, 0));

    if (rc == PX_OK) {
        *out = strdup(text);
        rc = *out != NULL ? PX_OK : PX_ENOMEM;
    }
    curl_free(text);
    return rc;
}

int resolve_url(const char *base, const char *ref, size_t len, char **out)
{
    /* A fragment is never sent, and of a reference that is nothing else libcurl before 8.8 makes
     * the directory of the base: so fragments are cut off. */
    const char *hash = memchr(ref, '#', len);
    char *text = strndup(ref, hash != NULL ? (size_t)(hash - ref) : len);
    CURLU *url = curl_url();
    int rc = text != NULL && url != NULL ? PX_OK : PX_ENOMEM;

    if (rc == PX_OK) {
        rc = status_of(curl_url_set(url, CURLUPART_URL, base, 0));
    }
    if (rc == PX_OK) {
        rc = status_of(curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0));
    }
    if (rc == PX_OK && *text != '\0') {
        rc = status_of(curl_url_set(url, CURLUPART_URL, text, 0));
    }
    if (rc == PX_OK) {
        rc = get_url(url, out);
    }
    curl_url_cleanup(url);
    free(text);
    return rc;
}
