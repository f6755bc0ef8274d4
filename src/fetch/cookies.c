/* SPDX-License-Identifier: MIT
 *
 * fetch/cookies.c - which cookies a request takes along.
 *
 * The file is read on the owner's thread before there are workers; a jar belongs to one worker. No
 * locks.
 *
 * Why not CURLOPT_COOKIEFILE: each handle would read the file for itself, at its first request, too
 * late to say that it cannot be read; and a browser's file of thousands of cookies would be in each
 * of a few hundred handles.
 */
#define _GNU_SOURCE
#include "fetch/cookies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pxfer/status.h>

#include "base/grow.h"
#include "fetch/authority.h"

#define HTTP_ONLY "#HttpOnly_"
#define FIELDS 7 /* domain, subdomains, path, secure, expiry, name, value */

struct cookie {
    char *line; /* as libcurl takes it */
    const char *domain;
    size_t domain_len;
};

struct cookies {
    struct cookie *items;
    size_t n, room;
};

/* --- the file --------------------------------------------------------------------------------*/

static size_t count_tabs(const char *line)
{
    size_t tabs = 0;

    for (const char *p = line; (p = strchr(p, '\t')) != NULL; p++) {
        tabs++;
    }
    return tabs;
}

/* An empty value may have lost its TAB in an editor. */
static bool is_cookie(const char *line)
{
    size_t tabs = count_tabs(line);

    return tabs == FIELDS - 1 || tabs == FIELDS - 2;
}

static int add(struct cookies *cookies, const char *line)
{
    struct cookie *items = px_grow(cookies->items, &cookies->room, cookies->n + 1, sizeof *items);

    if (items == NULL) {
        return PX_ENOMEM;
    }
    cookies->items = items;
    struct cookie *cookie = &cookies->items[cookies->n];
    cookie->line = strdup(line);
    if (cookie->line == NULL) {
        return PX_ENOMEM;
    }
    cookie->domain = cookie->line;
    if (strncmp(cookie->line, HTTP_ONLY, sizeof HTTP_ONLY - 1) == 0) {
        cookie->domain += sizeof HTTP_ONLY - 1;
    }
    cookie->domain_len = strcspn(cookie->domain, "\t");
    cookies->n++;
    return PX_OK;
}

/* Comments, blank lines, cookies, and lines of no use, which are counted. */
static int take_line(struct cookies *cookies, char *line, size_t *odd)
{
    line[strcspn(line, "\r\n")] = '\0';
    bool comment = line[0] == '#' && strncmp(line, HTTP_ONLY, sizeof HTTP_ONLY - 1) != 0;
    if (comment || line[strspn(line, " \t")] == '\0') {
        return PX_OK;
    }
    if (!is_cookie(line)) {
        ++*odd;
        return PX_OK;
    }
    return add(cookies, line);
}

int cookies_load(const char *path, struct cookies **out)
{
    struct cookies *cookies = calloc(1, sizeof *cookies);
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0, odd = 0;
    int rc = cookies == NULL ? PX_ENOMEM : file == NULL ? PX_EIO : PX_OK;
    int err = errno;

    while (rc == PX_OK && getline(&line, &room, file) >= 0) {
        rc = take_line(cookies, line, &odd);
    }
    if (rc == PX_OK && ferror(file)) {
        err = errno;
        rc = PX_EIO;
    }
    if (rc == PX_OK && odd > 0 && cookies->n == 0) {
        rc = PX_EUSAGE;
    }
    free(line);
    if (file != NULL) {
        PX_IGNORE(fclose(file)); /* was only read */
    }
    if (rc != PX_OK) {
        cookies_free(cookies);
        errno = err;
        return rc;
    }
    *out = cookies;
    return PX_OK;
}

void cookies_free(struct cookies *cookies)
{
    if (cookies == NULL) {
        return;
    }
    for (size_t i = 0; i < cookies->n; i++) {
        free(cookies->items[i].line);
    }
    free(cookies->items);
    free(cookies);
}

/* --- the engine of a handle ------------------------------------------------------------------*/

static int status_of(CURLcode rc)
{
    return rc == CURLE_OUT_OF_MEMORY ? PX_ENOMEM : PX_OK; /* a cookie that is refused is left out */
}

/* Was the cookie given for one of the hosts before? Then a server may have changed it since. */
static bool was_given(const struct jar *jar, const struct cookie *cookie)
{
    for (unsigned i = 0; i < jar->n; i++) {
        struct authority host = {.host = jar->hosts[i], .host_len = strlen(jar->hosts[i])};

        if (authority_is_below(&host, cookie->domain, cookie->domain_len)) {
            return true;
        }
    }
    return false;
}

static int give(const struct jar *jar, const struct cookies *cookies, CURL *easy,
                const struct authority *to)
{
    int rc = PX_OK;

    for (size_t i = 0; i < cookies->n && rc == PX_OK; i++) {
        const struct cookie *cookie = &cookies->items[i];

        if (authority_is_below(to, cookie->domain, cookie->domain_len) && !was_given(jar, cookie)) {
            rc = status_of(curl_easy_setopt(easy, CURLOPT_COOKIELIST, cookie->line));
        }
    }
    return rc;
}

void jar_fini(struct jar *jar)
{
    while (jar->n > 0) {
        free(jar->hosts[--jar->n]);
    }
    jar->learnt = false;
}

static bool holds_only(const struct jar *jar, const struct authority *host)
{
    return jar->n == 1 && !jar->learnt && strlen(jar->hosts[0]) == host->host_len &&
           strncasecmp(jar->hosts[0], host->host, host->host_len) == 0;
}

int jar_fill(struct jar *jar, const struct cookies *cookies, CURL *easy, const char *url,
             bool begins)
{
    int rc = PX_OK;

    if (cookies == NULL && !(begins && jar->learnt)) {
        return PX_OK; /* nearly every request */
    }
    struct authority to = authority_of(url, strlen(url));
    if (begins && !holds_only(jar, &to) && (jar->n > 0 || jar->learnt)) {
        rc = status_of(curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL"));
        jar_fini(jar);
    }
    if (rc != PX_OK || cookies == NULL || jar->n == JAR_HOSTS || (begins && jar->n > 0)) {
        return rc;
    }
    rc = give(jar, cookies, easy, &to);
    if (rc == PX_OK) {
        jar->hosts[jar->n] = strndup(to.host, to.host_len);
        rc = jar->hosts[jar->n] != NULL ? PX_OK : PX_ENOMEM;
        jar->n += rc == PX_OK;
    }
    return rc;
}

int jar_move(CURL *from, CURL *to)
{
    struct curl_slist *held = NULL;
    int rc = PX_OK;

    if (curl_easy_getinfo(from, CURLINFO_COOKIELIST, &held) != CURLE_OK) {
        return PX_ENOMEM;
    }
    for (const struct curl_slist *at = held; at != NULL && rc == PX_OK; at = at->next) {
        rc = status_of(curl_easy_setopt(to, CURLOPT_COOKIELIST, at->data));
    }
    curl_slist_free_all(held);
    return rc;
}
