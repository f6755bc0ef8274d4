/* SPDX-License-Identifier: MIT
 *
 * fetch/syntax.c - headers and URLs, looked at before anything is sent. Pure; any thread.
 */
#include "fetch/syntax.h"

#include <string.h>

#include <curl/curl.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool syntax_is_header_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static size_t token_len(const char *text, size_t n)
{
    size_t len = 0;

    while (len < n && text[len] != '\0' && strchr(ALNUM "!#$%&'*+-.^_`|~", text[len]) != NULL) {
        len++;
    }
    return len;
}

bool syntax_is_header(const char *line, size_t n)
{
    const size_t name = token_len(line, n);

    if (name == 0 || name == n) {
        return false;
    }
    if (line[name] == ';') {
        return name + 1 == n;
    }
    return line[name] == ':' && syntax_is_header_value(line + name + 1, n - name - 1);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* A host name, perhaps a port, then the path or the end. */
static bool has_plain_authority(const char *host)
{
    const char *p = host;

    while (is_plain(*p)) {
        p++;
    }
    if (p > host && *p == ':') {
        const char *port = ++p;

        while (*p >= '0' && *p <= '9') {
            p++;
        }
        if (p == port || p - port > 5 || (p - port == 5 && memcmp(port, "65535", 5) > 0)) {
            return false;
        }
    }
    return p > host && (*p == '\0' || *p == '/');
}

bool syntax_is_url(const char *url)
{
    const char *host = strstr(url, "://");

    if (host == NULL) {
        return false;
    }
    host += 3;
    if (*host == '/') {
        return false; /* libcurl would take "http:///x" for "http://x" */
    }
    if (has_plain_authority(host)) {
        return true; /* the common case, without the cost of a parse */
    }
    CURLU *parsed = curl_url();
    const bool ok = parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK;

    curl_url_cleanup(parsed);
    return ok;
}
