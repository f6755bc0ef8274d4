/* SPDX-License-Identifier: MIT
 *
 * fetch/retry.h - what a failed try means and whether there is another. Pure policy: values in,
 * values out.
 */
#ifndef FETCH_RETRY_H
#define FETCH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

/* How one try ended. */
struct retry_facts {
    int status;             /* PX_OK or the class of the failure */
    bool transient;         /* the same request may well succeed later */
    bool busy;              /* the server asked for less: 429, or 503 with Retry-After */
    int64_t retry_after_ms; /* what it asked for; 0 = nothing */
};

struct retry_policy {
    int retries;                /* after the first try */
    int64_t base_ms;            /* first pause; doubled each time */
    int64_t cap_ms;             /* the longest pause of our own choice */
    int64_t max_retry_after_ms; /* the longest that a server may ask for */
};

struct retry_decision {
    bool again;
    bool counts;         /* this try used up one of the retries */
    int64_t wait_ms;     /* before the next */
    bool pause_host;     /* for so long, all of the host */
    bool asked_too_long; /* given up because Retry-After is beyond the limit */
};

/* A task gives up after so many pauses that the server asked for, however patient the policy: a
 * server that answers "later" for ever must not hold it for ever. */
#define RETRY_MAX_PAUSES 100

/* The class (PX_E*) of a libcurl failure, and whether it may pass. CURLE_OK is PX_OK. */
int retry_class_of_curl(CURLcode code, bool *transient);

/* Is libcurl's message about an alert of TLS that a client certificate is missing or refused? In TLS
 * 1.3 that comes when the handshake is over (RFC 8446 section 4.4.2.4), as a failed read. */
bool retry_is_certificate_alert(const char *message);

/* Did a SOCKS proxy refuse the user? `proxy_error` is CURLINFO_PROXY_ERROR's. */
bool retry_is_socks_auth(long proxy_error);

/* The class of an HTTP status that is not what was asked for (RFC 9110 section 15, RFC 6585), and
 * whether it may pass: 408 425 429 500 502 503 504 do. */
int retry_class_of_http(long http_status, bool *transient);

/* `tries`: those that counted so far, this one included. `pauses`: those that did not. `random`:
 * any 32 bits, for the jitter of +-25 %. */
struct retry_decision retry_decide(const struct retry_policy *policy,
                                   const struct retry_facts *facts, unsigned tries, unsigned pauses,
                                   uint32_t random);

#endif
