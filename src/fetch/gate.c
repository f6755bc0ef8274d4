/* SPDX-License-Identifier: MIT
 *
 * fetch/gate.c - is this reply what was asked for? Before any byte of its body is written.
 *
 * Every worker asks it at the first byte of a body, or at the end of a reply without one. Pure
 * functions; no locks.
 */
#include "fetch/gate.h"

#include <string.h>
#include <strings.h>

#include <pxfer/status.h>

#include "base/parse.h"

/* A size beyond this cannot be a file offset. */
#define SIZE_LIMIT ((uint64_t)INT64_MAX)

static struct gate_result refuse(const char *why)
{
    return (struct gate_result){.verdict = GATE_REFUSE, .why = why};
}

static struct gate_result anew(const char *why)
{
    return (struct gate_result){.verdict = GATE_ANEW, .why = why};
}

static bool is_strong(const char *etag)
{
    return etag != NULL && etag[0] == '"';
}

bool gate_has_validator(const char *etag, const char *last_modified)
{
    return is_strong(etag) || (etag == NULL && last_modified != NULL);
}

/* Both are there and differ. A weak ETag differs from a strong one of the same text in form only. */
static bool differ(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return false;
    }
    a += strncmp(a, "W/", 2) == 0 ? 2 : 0;
    b += strncmp(b, "W/", 2) == 0 ? 2 : 0;
    return strcmp(a, b) != 0;
}

/* Do the reply's validators contradict those of the bytes held? A strong ETag decides alone; without
 * one on both sides the date does. */
static bool has_changed(const struct gate_ask *ask, const struct gate_reply *reply)
{
    if (ask->trust == GATE_SIZE_ONLY) {
        return false;
    }
    if (ask->trust == GATE_LENIENT) {
        return differ(ask->etag, reply->etag) || differ(ask->last_modified, reply->last_modified);
    }
    if (is_strong(ask->etag)) {
        return !is_strong(reply->etag) || strcmp(ask->etag, reply->etag) != 0;
    }
    return ask->last_modified == NULL || reply->last_modified == NULL ||
           strcmp(ask->last_modified, reply->last_modified) != 0;
}

static bool asked_for_all(const struct gate_ask *ask)
{
    return ask->from == 0 && ask->to == 0;
}

int gate_parse_range(const char *text, uint64_t *first, uint64_t *last, uint64_t *size)
{
    if (strncasecmp(text, "bytes ", 6) != 0) {
        return PX_EINVAL;
    }
    text += 6;
    const char *dash = strchr(text, '-');
    const char *slash = dash != NULL ? strchr(dash, '/') : NULL;
    if (slash == NULL || px_parse_u64_n(text, (size_t)(dash - text), 0, SIZE_LIMIT, first) != 0 ||
        px_parse_u64_n(dash + 1, (size_t)(slash - dash - 1), 0, SIZE_LIMIT, last) != 0) {
        return PX_EINVAL;
    }
    if (strcmp(slash + 1, "*") == 0) {
        *size = GATE_UNKNOWN;
        return PX_OK;
    }
    return px_parse_u64(slash + 1, 0, SIZE_LIMIT, size);
}

int gate_parse_unsatisfied(const char *text, uint64_t *size)
{
    if (strncasecmp(text, "bytes */", 8) != 0) {
        return PX_EINVAL;
    }
    return px_parse_u64(text + 8, 0, SIZE_LIMIT, size);
}

/* One number, however often it is said; else the reply cannot be trusted (F29). */
static int parse_length(const struct gate_reply *reply, uint64_t *out)
{
    *out = GATE_UNKNOWN;
    for (size_t i = 0; i < reply->n_content_length && !reply->chunked; i++) {
        uint64_t value;

        if (px_parse_u64(reply->content_length[i], 0, SIZE_LIMIT, &value) != PX_OK ||
            (*out != GATE_UNKNOWN && *out != value)) {
            return PX_EPROTO;
        }
        *out = value;
    }
    return PX_OK;
}

static struct gate_result judge_partial(const struct gate_ask *ask, const struct gate_reply *reply,
                                        uint64_t length)
{
    uint64_t first, last, size;

    if (asked_for_all(ask)) {
        return refuse("a part of the file where all of it was asked for");
    }
    if (reply->content_type != NULL && strncasecmp(reply->content_type, "multipart/", 10) == 0) {
        return anew("a multipart reply to a single range");
    }
    if (reply->content_encoding != NULL && strcasecmp(reply->content_encoding, "identity") != 0) {
        return anew("a range of encoded bytes");
    }
    if (reply->content_range == NULL ||
        gate_parse_range(reply->content_range, &first, &last, &size) != PX_OK) {
        return anew("a range without a proper Content-Range");
    }
    if (ask->to > 0 && ask->trust == GATE_STRICT && !has_changed(ask, reply) &&
        size != GATE_UNKNOWN && ask->size != GATE_UNKNOWN && size != ask->size) {
        return anew("the same version with another size");
    }
    if (has_changed(ask, reply) ||
        (ask->size != GATE_UNKNOWN && size != GATE_UNKNOWN && size != ask->size)) {
        return (struct gate_result){.verdict = GATE_CHANGED, .why = "changed on the server"};
    }
    if (size == GATE_UNKNOWN) { /* whether it reaches the end of the file, nobody can tell */
        return anew("a range of a file whose size is not told");
    }
    if (first != ask->from || last < first || last >= size ||
        last != (ask->to > 0 ? ask->to : size) - 1 ||
        (length != GATE_UNKNOWN && length != last - first + 1)) {
        return anew("another range than the one asked for");
    }
    return (struct gate_result){
        .verdict = GATE_CONTINUE, .body_bytes = last - first + 1, .size = size};
}

static struct gate_result judge_unsatisfied(const struct gate_ask *ask,
                                            const struct gate_reply *reply)
{
    uint64_t size;

    if (asked_for_all(ask)) {
        return refuse(NULL);
    }
    if (ask->to > 0) {
        return anew("a range inside the file was refused");
    }
    if (reply->content_range != NULL && ask->size == ask->from &&
        gate_parse_unsatisfied(reply->content_range, &size) == PX_OK && size == ask->size) {
        return (struct gate_result){.verdict = GATE_COMPLETE, .size = size};
    }
    return (struct gate_result){.verdict = GATE_CHANGED, .why = "changed on the server"};
}

static bool is_redirect(const struct gate_reply *reply)
{
    return reply->status >= 300 && reply->status < 400 && reply->status != 304 &&
           reply->has_location;
}

struct gate_result gate_judge(const struct gate_ask *ask, const struct gate_reply *reply)
{
    uint64_t length;

    if (parse_length(reply, &length) != PX_OK) {
        return refuse("a Content-Length that is not one number");
    }
    if (is_redirect(reply)) {
        return (struct gate_result){.verdict = GATE_REDIRECT, .body_bytes = length};
    }
    switch (reply->status) {
    case 200:
    case 203: /* a proxy that changed the reply says so; it is still an answer to GET */
        return (struct gate_result){.verdict = GATE_WHOLE, .body_bytes = length, .size = length};
    case 206: return judge_partial(ask, reply, length);
    case 304:
        return ask->conditional ? (struct gate_result){.verdict = GATE_UNMODIFIED,
                                                       .body_bytes = GATE_UNKNOWN,
                                                       .size = GATE_UNKNOWN}
                                : refuse(NULL);
    case 416: return judge_unsatisfied(ask, reply);
    default: return refuse(NULL);
    }
}
