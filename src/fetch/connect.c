/* SPDX-License-Identifier: MIT
 *
 * fetch/connect.c - over what a server is reached, and as whom.
 *
 * Checked and prepared on the owner's thread; the setopts are called by each worker for its own
 * handles. No locks. Facts are of libcurl 7.88.1 where no version is named.
 */
#define _GNU_SOURCE
#include "fetch/connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/parse.h"
#include "base/show.h"
#include "fetch/authority.h"
#include "fetch/cookies.h"
#include "fetch/engine.h"
#include "fetch/setopt.h"
#include "fetch/syntax.h"

#define SHOW_ROOM 256
#define PORT_MAX 65535

/* --- checks ----------------------------------------------------------------------------------*/

/* libcurl would tell of a file that is not there at the first request, for each URL again. */
static int check_file(const char *what, const char *path, char *error, size_t n)
{
    char shown[SHOW_ROOM];

    if (path == NULL || access(path, R_OK) == 0) {
        return PX_OK;
    }
    snprintf(error, n, "%s %s: %s", what, px_show_str(shown, sizeof shown, path),
             px_errno_text(errno));
    return PX_EIO;
}

static bool is_proxy_scheme(const char *proxy, size_t len)
{
    static const char *const known[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == len && strncasecmp(proxy, known[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* "" = no proxy at all. */
static int check_proxy(const char *proxy, char *error, size_t n)
{
    char shown[SHOW_ROOM];

    if (proxy == NULL || *proxy == '\0') {
        return PX_OK;
    }
    const char *scheme_end = strstr(proxy, "://");
    bool known = scheme_end == NULL || is_proxy_scheme(proxy, (size_t)(scheme_end - proxy));
    CURLU *url = curl_url();
    if (url == NULL) {
        return PX_ENOMEM;
    }
    known = known && curl_url_set(url, CURLUPART_URL, proxy,
                                  CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) == CURLUE_OK;
    curl_url_cleanup(url);
    if (known) {
        return PX_OK;
    }
    snprintf(error, n, "--proxy %s: not [http|https|socks4|socks4a|socks5|socks5h://]HOST[:PORT]",
             px_show_url(shown, sizeof shown, proxy));
    return PX_EUSAGE;
}

/* [+]HOST:PORT:ADDRESS[,ADDRESS...], as curl has it. */
static bool is_resolve(const char *text)
{
    char port[8];
    uint64_t number;
    const char *host = text + (*text == '+');
    const char *colon = strchr(host, ':');
    const char *second = colon != NULL ? strchr(colon + 1, ':') : NULL;

    if (second == NULL || colon == host || second[1] == '\0' ||
        (size_t)(second - colon) > sizeof port) {
        return false;
    }
    size_t len = (size_t)(second - colon) - 1;
    memcpy(port, colon + 1, len);
    port[len] = '\0';
    return px_parse_u64(port, 1, PORT_MAX, &number) == PX_OK;
}

static int check_resolve(const struct px_fetch_opts *opts, char *error, size_t n)
{
    char shown[SHOW_ROOM];

    for (size_t i = 0; i < opts->access.n_resolve; i++) {
        if (!is_resolve(opts->access.resolve[i])) {
            snprintf(error, n, "--resolve %s: not HOST:PORT:ADDRESS",
                     px_show_str(shown, sizeof shown, opts->access.resolve[i]));
            return PX_EUSAGE;
        }
    }
    return PX_OK;
}

static int check_referer(const char *referer, char *error, size_t n)
{
    if (referer != NULL && !syntax_is_header_value(referer, strlen(referer))) {
        snprintf(error, n, "a control byte in the referer");
        return PX_EUSAGE;
    }
    return PX_OK;
}

int connect_check(const struct px_fetch_opts *opts, char *error, size_t n)
{
    const struct px_fetch_access *access = &opts->access;
    const struct {
        const char *what, *path;
    } files[] = {
        {"--cacert", opts->cacert},
        {"--proxy-cacert", access->proxy_cacert},
        {"--cert", access->cert},
        {"--key", access->key},
        {"--netrc-file", access->netrc_file},
    };
    int rc = PX_OK;

    for (size_t i = 0; i < sizeof files / sizeof files[0] && rc == PX_OK; i++) {
        rc = check_file(files[i].what, files[i].path, error, n);
    }
    if (rc == PX_OK && access->key != NULL && access->cert == NULL) {
        snprintf(error, n, "--key belongs to a certificate (--cert)");
        rc = PX_EUSAGE;
    }
    if (rc == PX_OK) {
        rc = check_proxy(access->proxy, error, n);
    }
    if (rc == PX_OK) {
        rc = check_resolve(opts, error, n);
    }
    return rc == PX_OK ? check_referer(access->referer, error, n) : rc;
}

/* --- what all handles share ------------------------------------------------------------------*/

static int load_cookies(struct px_fetch *fetch, char *error, size_t n)
{
    const char *path = fetch->opts.access.cookies;
    char shown[SHOW_ROOM];
    int rc = path != NULL ? cookies_load(path, &fetch->cookies) : PX_OK;

    if (rc == PX_EIO || rc == PX_EUSAGE) {
        snprintf(error, n, "--load-cookies %s: %s", px_show_str(shown, sizeof shown, path),
                 rc == PX_EIO ? px_errno_text(errno) : "no cookies in Netscape's format");
    }
    return rc;
}

static int make_resolve(struct px_fetch *fetch)
{
    for (size_t i = 0; i < fetch->opts.access.n_resolve; i++) {
        struct curl_slist *longer =
            curl_slist_append(fetch->resolve, fetch->opts.access.resolve[i]);

        if (longer == NULL) {
            return PX_ENOMEM;
        }
        fetch->resolve = longer;
    }
    return PX_OK;
}

/* The variables that libcurl looks at for http and https. */
static bool environment_has_proxy(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && *value != '\0') {
            return true;
        }
    }
    return false;
}

static bool needs_guard(const struct px_fetch_opts *opts)
{
    const struct px_fetch_access *access = &opts->access;
    bool has_proxy = access->proxy != NULL ? *access->proxy != '\0' : environment_has_proxy();

    return has_proxy || access->user != NULL || access->netrc || access->netrc_file != NULL ||
           access->cert != NULL;
}

int connect_init(struct px_fetch *fetch, char *error, size_t n)
{
    int rc = load_cookies(fetch, error, n);

    fetch->guarded = needs_guard(&fetch->opts);
    return rc == PX_OK ? make_resolve(fetch) : rc;
}

void connect_fini(struct px_fetch *fetch)
{
    cookies_free(fetch->cookies);
    curl_slist_free_all(fetch->resolve);
}

/* --- a handle --------------------------------------------------------------------------------*/

static CURLcode set_tls(const struct px_fetch *fetch, CURL *easy)
{
    const struct px_fetch_opts *opts = &fetch->opts;
    bool tls13 = opts->access.tls_min == PX_TLS_1_3;
    CURLcode rc = CURLE_OK;

    /* With a CApath (Debian builds one in) libcurl parses the whole CA bundle again for every
     * connection; its cache of parsed bundles (7.87) works with a CAfile alone. */
    SET(rc, easy, CURLOPT_CAPATH, NULL);
    SET(rc, easy, CURLOPT_PROXY_CAPATH, NULL);
    if (opts->cacert != NULL) {
        SET(rc, easy, CURLOPT_CAINFO, opts->cacert);
    }
    if (opts->access.proxy_cacert != NULL) {
        SET(rc, easy, CURLOPT_PROXY_CAINFO, opts->access.proxy_cacert);
    }
    if (opts->insecure) {
        SET(rc, easy, CURLOPT_SSL_VERIFYPEER, 0L);
        SET(rc, easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    const long version = tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
    SET(rc, easy, CURLOPT_SSLVERSION, version);
    SET(rc, easy, CURLOPT_PROXY_SSLVERSION, version);
    return rc;
}

/* user:password with both percent-encoded: libcurl decodes them. NULL: no memory. */
static char *encode_userpwd(const char *text)
{
    const char *colon = strchr(text, ':');
    size_t user_len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    char *user = user_len > 0 ? curl_easy_escape(NULL, text, (int)user_len) : NULL;
    char *password =
        colon != NULL && colon[1] != '\0' ? curl_easy_escape(NULL, colon + 1, 0) : NULL;
    char *out = NULL;

    if ((user == NULL && user_len > 0) || (password == NULL && colon != NULL && colon[1] != '\0') ||
        asprintf(&out, "%s:%s", user != NULL ? user : "", password != NULL ? password : "") < 0) {
        out = NULL;
    }
    curl_free(user);
    curl_free(password);
    return out;
}

static CURLcode set_proxy(const struct px_fetch *fetch, CURL *easy)
{
    const struct px_fetch_access *access = &fetch->opts.access;
    CURLcode rc = CURLE_OK;

    if (access->proxy != NULL) {
        SET(rc, easy, CURLOPT_PROXY, access->proxy);
    }
    if (access->no_proxy != NULL) {
        SET(rc, easy, CURLOPT_NOPROXY, access->no_proxy);
    }
    if (access->proxy_user != NULL) {
        char *encoded = encode_userpwd(access->proxy_user);

        if (encoded == NULL) {
            return CURLE_OUT_OF_MEMORY;
        }
        SET(rc, easy, CURLOPT_PROXYUSERPWD, encoded); /* copied */
        free(encoded);
    }
    /* a CONNECT is for the proxy: it does not get the headers that are for the server */
    SET(rc, easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(rc, easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return rc;
}

static CURLcode set_route(const struct px_fetch *fetch, CURL *easy)
{
    const struct px_fetch_access *access = &fetch->opts.access;
    CURLcode rc = CURLE_OK;

    if (access->ip != PX_IP_ANY) {
        SET(rc, easy, CURLOPT_IPRESOLVE,
            (long)(access->ip == PX_IP_4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6));
    }
    if (access->interface != NULL) {
        SET(rc, easy, CURLOPT_INTERFACE, access->interface);
    }
    if (fetch->resolve != NULL) {
        SET(rc, easy, CURLOPT_RESOLVE, fetch->resolve);
    }
    return rc;
}

CURLcode connect_set(const struct px_fetch *fetch, CURL *easy)
{
    const struct px_fetch_access *access = &fetch->opts.access;
    CURLcode rc = set_tls(fetch, easy);

    if (rc == CURLE_OK) {
        rc = set_proxy(fetch, easy);
    }
    if (rc == CURLE_OK) {
        rc = set_route(fetch, easy);
    }
    if (access->netrc || access->netrc_file != NULL) {
        /* OPTIONAL: what a URL or -u says comes first */
        SET(rc, easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
        SET(rc, easy, CURLOPT_NETRC_FILE, access->netrc_file);
    }
    /* The cookie engine, without a file of its own; a libcurl without one goes on without. */
    PX_IGNORE((int)curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""));
    return rc;
}

static bool is_pkcs12(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && (strcasecmp(dot, ".p12") == 0 || strcasecmp(dot, ".pfx") == 0);
}

/* A certificate tells a server who the user is, so no other server is told. */
static CURLcode set_certificate(const struct px_fetch_access *access, CURL *easy, bool own)
{
    CURLcode rc = CURLE_OK;

    if (access->cert == NULL) {
        return rc;
    }
    SET(rc, easy, CURLOPT_SSLCERT, own ? access->cert : NULL);
    SET(rc, easy, CURLOPT_SSLCERTTYPE, is_pkcs12(access->cert) ? "P12" : "PEM");
    SET(rc, easy, CURLOPT_SSLKEY, own ? access->key : NULL);
    /* Without one OpenSSL would ask on the terminal, in the middle of the run, for each connection. */
    SET(rc, easy, CURLOPT_KEYPASSWD, "");
    return rc;
}

CURLcode connect_set_request(const struct px_fetch *fetch, CURL *easy, const char *url,
                             const char *login, bool own)
{
    const struct px_fetch_access *access = &fetch->opts.access;
    const char *user = login != NULL ? login : access->user;
    CURLcode rc = CURLE_OK;

    if (user != NULL) {
        /* libcurl would prefer the option to what stands in the URL */
        bool wanted = own && !authority_of(url, strlen(url)).has_userinfo;

        SET(rc, easy, CURLOPT_USERPWD, wanted ? user : NULL); /* copied */
    }
    if (rc == CURLE_OK) {
        rc = set_certificate(access, easy, own);
    }
    return rc;
}
