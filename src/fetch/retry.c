/* SPDX-License-Identifier: MIT
 *
 * fetch/retry.c - what a failed try means and whether there is another.
 *
 * The workers use the classes, the source the decision. Pure functions; any thread; no locks.
 */
#include "fetch/retry.h"

#include <string.h>

#include <pxfer/status.h>

int retry_class_of_curl(CURLcode code, bool *transient)
{
    *transient = false;
    switch (code) {
    case CURLE_OK: return PX_OK;

    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:        /* GOAWAY, a broken frame: the next connection may do */
    case CURLE_HTTP2_STREAM: /* RST_STREAM */
    case CURLE_PROXY:        /* a SOCKS proxy could not reach the server */
    case CURLE_AGAIN: *transient = true; return PX_ENET;

    /* A handshake that breaks off is the network's doing as often as the server's. */
    case CURLE_SSL_CONNECT_ERROR: *transient = true; return PX_ETLS;

    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED: return PX_ETLS;

    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR: return PX_EAUTH;

    case CURLE_INTERFACE_FAILED: return PX_ENET;

    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_RANGE_ERROR:
    case CURLE_BAD_DOWNLOAD_RESUME:
    case CURLE_FILESIZE_EXCEEDED: return PX_EPROTO;

    case CURLE_OUT_OF_MEMORY: return PX_ENOMEM;
    case CURLE_ABORTED_BY_CALLBACK: return PX_ECANCELED;
    default: return PX_EINTERNAL;
    }
}

bool retry_is_certificate_alert(const char *message)
{
    return strstr(message, "SSL") != NULL && strstr(message, " alert ") != NULL &&
           strstr(message, "certificate") != NULL;
}

bool retry_is_socks_auth(long proxy_error)
{
    return proxy_error == CURLPX_NO_AUTH || proxy_error == CURLPX_USER_REJECTED;
}

int retry_class_of_http(long http_status, bool *transient)
{
    *transient = false;
    switch (http_status) {
    case 401:
    case 407: return PX_EAUTH;
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: *transient = true; return PX_EHTTP;
    default: break;
    }
    /* 1xx as a final status, 204 and 304 for a plain GET: not an answer to what was asked. */
    return http_status >= 400 && http_status < 600 ? PX_EHTTP : PX_EPROTO;
}

static int64_t backoff_ms(const struct retry_policy *policy, unsigned tries, uint32_t random)
{
    int64_t wait = policy->base_ms;

    for (unsigned i = 1; i < tries && wait < policy->cap_ms; i++) {
        wait *= 2;
    }
    wait = wait < policy->cap_ms ? wait : policy->cap_ms;
    /* 75 % .. 125 %: clients that failed together do not come back together */
    return wait - wait / 4 + (int64_t)((uint64_t)wait / 2 * random / UINT32_MAX);
}

/* The server names a time. Waiting for it is no failure of the URL's, so it uses up no try. */
static struct retry_decision decide_asked(const struct retry_policy *policy, int64_t asked_ms,
                                          unsigned pauses)
{
    struct retry_decision decision = {.pause_host = true, .wait_ms = asked_ms};

    if (asked_ms > policy->max_retry_after_ms) {
        decision.asked_too_long = true;
        decision.pause_host = false;
    } else {
        decision.again = policy->retries > 0 && pauses < RETRY_MAX_PAUSES;
    }
    return decision;
}

struct retry_decision retry_decide(const struct retry_policy *policy,
                                   const struct retry_facts *facts, unsigned tries, unsigned pauses,
                                   uint32_t random)
{
    if (facts->status == PX_OK || !facts->transient) {
        return (struct retry_decision){.counts = true};
    }
    /* "0 seconds" is no pause at all: then our own applies */
    if (facts->busy && facts->retry_after_ms > 0) {
        return decide_asked(policy, facts->retry_after_ms, pauses);
    }
    return (struct retry_decision){
        .again = tries <= (unsigned)policy->retries,
        .counts = true,
        .wait_ms = backoff_ms(policy, tries, random),
        .pause_host = facts->busy,
    };
}
