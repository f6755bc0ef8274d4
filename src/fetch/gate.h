/* SPDX-License-Identifier: MIT
 *
 * fetch/gate.h - is this reply what was asked for? Decided from the head of the reply, before any
 * byte of its body is written. Pure: strings in, a verdict out.
 *
 * libcurl checks none of this for CURLOPT_RANGE: it hands over the body of whatever came. Rules:
 * RFC 9110 sections 8.6 (Content-Length), 8.8 (validators), 14.4 (Content-Range), 15.3.7 (206),
 * 15.5.17 (416).
 */
#ifndef FETCH_GATE_H
#define FETCH_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define GATE_UNKNOWN UINT64_MAX /* a size that nobody has told */

/* How the bytes of a range are known to belong to those that are held. */
enum gate_trust {
    GATE_STRICT,    /* by a validator, which must be the same */
    GATE_LENIENT,   /* by something else later (an overlap, a checksum): the validators must not
                       contradict each other */
    GATE_SIZE_ONLY, /* by a checksum, from another server: its validators say nothing */
};

/* What was asked, and what the bytes held came from. */
struct gate_ask {
    uint64_t from; /* first byte asked for; the whole, with no Range header, when it */
    uint64_t to;   /* is 0 and so is this: where the range ends, 0 = open */
    enum gate_trust trust;
    uint64_t size;             /* of the whole, or GATE_UNKNOWN */
    const char *etag;          /* as in the reply that the held bytes came with; NULL = none */
    const char *last_modified; /* likewise */
    bool conditional;          /* only when the file is another than the one that is there */
};

/* The head of the reply. Header values as sent, NULL = absent. */
struct gate_reply {
    long status;
    const char *const *content_length; /* every Content-Length header */
    size_t n_content_length;
    bool chunked; /* Transfer-Encoding: Content-Length does not count (RFC 9112 section 6.3) */
    const char *content_range;
    const char *content_type;
    const char *content_encoding;
    const char *etag;
    const char *last_modified;
    bool has_location;
};

enum gate_verdict {
    GATE_WHOLE,      /* the body is the whole, from byte 0: drop what is held */
    GATE_CONTINUE,   /* the body goes on where the held bytes end */
    GATE_COMPLETE,   /* no body is needed: all bytes are held */
    GATE_UNMODIFIED, /* no body: the file that is there is still the server's */
    GATE_REDIRECT,   /* look at Location */
    GATE_ANEW,       /* what is held is of no use: drop it and ask for the whole */
    GATE_CHANGED,    /* as GATE_ANEW, because the file on the server is another one now */
    GATE_REFUSE,     /* a failure: http status or a reply that contradicts itself */
};

struct gate_result {
    enum gate_verdict verdict;
    uint64_t body_bytes; /* of this reply, or GATE_UNKNOWN */
    uint64_t size;       /* of the whole, or GATE_UNKNOWN */
    const char *why;     /* GATE_ANEW, GATE_CHANGED, GATE_REFUSE: static text; NULL: the status says
                            it */
};

struct gate_result gate_judge(const struct gate_ask *ask, const struct gate_reply *reply);

/* True when bytes held with these validators can be told from those of another version: a strong
 * ETag, or a Last-Modified date. */
bool gate_has_validator(const char *etag, const char *last_modified);

/* "bytes 5-9/10" or "bytes 5-9/X" with X = '*' (size GATE_UNKNOWN). PX_EINVAL. */
PX_NODISCARD int gate_parse_range(const char *text, uint64_t *first, uint64_t *last,
                                  uint64_t *size);
/* The N of "bytes X/N" with X = '*', as a 416 reply has it. PX_EINVAL. */
PX_NODISCARD int gate_parse_unsatisfied(const char *text, uint64_t *size);

#endif
