/* SPDX-License-Identifier: MIT
 *
 * What the lying server says: a function for each lie, and the table of them (docs:
 * tests/helper/README.md). Most are a true reply with a lie or two in struct reply, told over
 * HTTP/1.1 and HTTP/2 alike. Used by liar.c alone; each runs on its connection's thread.
 */
#ifndef PX_TESTS_HELPER_LIES_H
#define PX_TESTS_HELPER_LIES_H

#include <nghttp2/nghttp2.h>

#include "reply.h"

static void send_bad_path(const struct exchange *ex)
{
    send_nothing(ex, 400, "X-Reason: see tests/helper/README.md\r\n");
    end_exchange(ex, ENDING_CLOSE);
}

/* Reads `want` arguments from `first` on, which are numbers. False when one is none: then that was said,
 * and the exchange is over. */
static bool read_numbers(const struct exchange *ex, size_t first, size_t want, uint64_t *numbers)
{
    for (size_t i = 0; i < want; i++) {
        if (httpd_whole_number(ex->args[first + i], &numbers[i]) != 0) {
            send_bad_path(ex);
            return false;
        }
    }
    return true;
}

/* HAVE/N/COUNT: HAVE bytes of N for the first COUNT requests. */
static void send_cut(const struct exchange *ex, bool chunked, enum ending ending)
{
    uint64_t number[3];

    if (!read_numbers(ex, 0, 3, number)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, number[1], 0);
    reply.chunked = chunked;
    reply.code = NGHTTP2_INTERNAL_ERROR;
    if (ex->seen < number[2]) {
        reply.send_most = number[0];
        reply.ending = ending;
    }
    send_reply(ex, &reply);
}

/* /cut/HAVE/N/COUNT/NAME */
static void serve_cut(const struct exchange *ex)
{
    send_cut(ex, false, ENDING_CLOSE);
}

/* /tear/HAVE/N/COUNT/NAME */
static void serve_tear(const struct exchange *ex)
{
    send_cut(ex, false, ENDING_TORN);
}

/* /rst/HAVE/N/COUNT/NAME */
static void serve_rst(const struct exchange *ex)
{
    send_cut(ex, false, ENDING_RESET);
}

/* /chunkcut/HAVE/N/COUNT/NAME */
static void serve_chunkcut(const struct exchange *ex)
{
    send_cut(ex, true, ENDING_CLOSE);
}

/* /h2/HAVE/N/COUNT/CODE/END/NAME: over HTTP/2 HAVE bytes and END for the first COUNT requests. */
static void serve_h2(const struct exchange *ex)
{
    static const struct {
        const char *name;
        enum ending ending;
        bool no_length;
    } ends[] = {
        {"rst", ENDING_RESET, false},     {"rstnolength", ENDING_RESET, true},
        {"refuse", ENDING_REFUSE, false}, {"short", ENDING_SHORT, false},
        {"goaway", ENDING_GOAWAY, false}, {"close", ENDING_CLOSE, false},
        {"hold", ENDING_HOLD, false},
    };
    uint64_t number[4];
    size_t i = 0;

    while (i < sizeof ends / sizeof ends[0] && strcmp(ends[i].name, ex->args[4]) != 0) {
        i++;
    }
    if (i == sizeof ends / sizeof ends[0]) {
        send_bad_path(ex);
        return;
    }
    if (!read_numbers(ex, 0, 4, number)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, number[1], 0);
    if (ex->answer != NULL) {
        reply.chunked = ends[i].no_length;
    }
    if (ex->answer != NULL && ex->seen < number[2]) {
        reply.send_most = number[0];
        reply.ending = ends[i].ending;
        reply.code = (uint32_t)number[3];
    }
    send_reply(ex, &reply);
}

/* /long/N/EXTRA/NAME: EXTRA bytes more than promised. */
static void serve_long(const struct exchange *ex)
{
    uint64_t number[2];

    if (!read_numbers(ex, 0, 2, number)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, number[0], 0);
    reply.excess = number[1];
    send_reply(ex, &reply);
}

/* /clen/TEXT-ESCAPED/NAME: that text as the Content-Length of 1000 bytes. */
static void serve_clen(const struct exchange *ex)
{
    struct reply reply = reply_of_name(ex->name, 1000, 0);

    httpd_unescape(ex->args[0]);
    if (send_head(ex, 200, "%sContent-Length: %s\r\n", reply.validators, ex->args[0]) &&
        send_body(ex, &reply, 0, reply.size)) {
        end_exchange(ex, ENDING_CLOSE);
    }
}

/* /stall/HAVE/N/NAME: HAVE bytes, then silence until the reader has enough of it. */
static void serve_stall(const struct exchange *ex)
{
    uint64_t number[2];

    if (!read_numbers(ex, 0, 2, number)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, number[1], 0);
    reply.send_most = number[0];
    reply.ending = ENDING_HOLD;
    send_reply(ex, &reply);
}

/* /drip/N/MS/NAME: a byte, MS milliseconds, the next byte. */
static void serve_drip(const struct exchange *ex)
{
    uint64_t number[2];

    if (!read_numbers(ex, 0, 2, number)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, number[0], 0);
    reply.drip_ms = number[1];
    send_reply(ex, &reply);
}

/* /headers-forever/NAME: a head without an end, some 16 MB of it a second. */
static void serve_headers_forever(const struct exchange *ex)
{
    static const char start[] = "HTTP/1.1 200 Fixture\r\n";
    bool sent = send_bytes(ex, start, sizeof start - 1);

    log_exchange(ex, 200);
    for (uint64_t i = 0; sent; i++) {
        char line[128];
        int bytes = snprintf(line, sizeof line, "X-Endless-%" PRIu64 ": %080d\r\n", i, 0);

        sent = send_bytes(ex, line, (size_t)bytes);
        if (i % 160 == 159) {
            sent = sent && httpd_sleep_ms(ex->httpd, 1);
        }
    }
}

/* /body-forever/NAME: a body without a length and without an end, at most 64 MB a second. */
static void serve_body_forever(const struct exchange *ex)
{
    struct reply reply = reply_of_name(ex->name, 0, 0);
    bool sent = send_head(ex, 200, "Content-Type: application/octet-stream\r\n");

    for (uint64_t from = 0; sent; from += REPLY_BLOCK_BYTES) {
        sent = send_body(ex, &reply, from, REPLY_BLOCK_BYTES) && httpd_sleep_ms(ex->httpd, 1);
    }
}

/* What /badrange says to a request for [first, last]. False: no such kind. */
static bool send_bad_range(const struct exchange *ex, struct reply *reply, uint64_t first,
                           uint64_t last)
{
    const char *kind = ex->args[0];
    char lines[200];

    snprintf(lines, sizeof lines, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
             first, reply->size - 1, reply->size);
    if (strcmp(kind, "wrongstart") == 0) {
        first -= first < 10 ? first : 10;
        snprintf(lines, sizeof lines,
                 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", first,
                 reply->size - 1, reply->size);
    } else if (strcmp(kind, "nocr") == 0) {
        lines[0] = '\0';
    } else if (strcmp(kind, "othertotal") == 0) {
        snprintf(lines, sizeof lines,
                 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", first, last,
                 reply->size + 1000);
    } else if (strcmp(kind, "multipart") == 0) {
        snprintf(lines, sizeof lines, "Content-Type: multipart/byteranges; boundary=fixture\r\n");
    } else if (strcmp(kind, "gzip") == 0) {
        size_t used = strlen(lines);
        snprintf(lines + used, sizeof lines - used, "Content-Encoding: gzip\r\n");
    } else if (strcmp(kind, "ignore200") == 0) {
        reply->ignore_range = true;
        send_reply(ex, reply);
        return true;
    } else if (strcmp(kind, "416have") == 0 || strcmp(kind, "416other") == 0) {
        snprintf(lines, sizeof lines, "Content-Range: bytes */%" PRIu64 "\r\n",
                 reply->size + (kind[3] == 'o' ? 7 : 0));
        send_nothing(ex, 416, lines);
        end_exchange(ex, ENDING_CLOSE);
        return true;
    } else {
        return false;
    }
    send_part(ex, reply, 206, lines, first, reply->size - first);
    return true;
}

/* /badrange/KIND/N/NAME: half of N bytes at first; to a range, KIND; else the truth. */
static void serve_badrange(const struct exchange *ex)
{
    uint64_t size;
    uint64_t first;
    uint64_t last;

    if (!read_numbers(ex, 1, 1, &size)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, size, 0);
    if (httpd_range(ex->range, size, &first, &last) == HTTPD_RANGE_NONE) {
        if (ex->seen == 0) {
            reply.send_most = size / 2;
        }
        send_reply(ex, &reply);
    } else if (!send_bad_range(ex, &reply, first, last)) {
        send_bad_path(ex);
    }
}

/* /badpart/KIND/N/NAME: all of it, the second half when NAME has been opened; to a range, KIND. */
static void serve_badpart(const struct exchange *ex)
{
    uint64_t size;
    uint64_t first;
    uint64_t last;

    if (!read_numbers(ex, 1, 1, &size)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, size, 0);
    reply.gate = ex->name;
    if (httpd_range(ex->range, reply.size, &first, &last) == HTTPD_RANGE_NONE) {
        send_reply(ex, &reply);
    } else if (!send_bad_range(ex, &reply, first, last)) {
        send_bad_path(ex);
    }
}

/* N/COUNT: version 0 for COUNT requests, then the next one, for as many requests again or for ever.
 * The second half of the whole comes when NAME has been opened. */
static void send_versions(const struct exchange *ex, bool again)
{
    uint64_t number[2];

    if (!read_numbers(ex, 0, 2, number)) {
        return;
    }
    if (number[1] == 0) {
        send_bad_path(ex);
        return;
    }
    uint64_t version = ex->seen / number[1];
    struct reply reply = reply_of_name(ex->name, number[0], again || version == 0 ? version : 1);
    reply.gate = ex->name;
    send_reply(ex, &reply);
}

/* /switch/N/COUNT/NAME */
static void serve_switch(const struct exchange *ex)
{
    send_versions(ex, false);
}

/* /churn/N/COUNT/NAME */
static void serve_churn(const struct exchange *ex)
{
    send_versions(ex, true);
}

/* /etagflip/N/AT/NAME: version 0 up to byte AT, once; from then on version 1, ranges and all. */
static void serve_etagflip(const struct exchange *ex)
{
    uint64_t number[2];

    if (!read_numbers(ex, 0, 2, number)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, number[0], ex->seen == 0 ? 0 : 1);
    if (ex->seen == 0) {
        reply.send_most = number[1];
    }
    send_reply(ex, &reply);
}

/* /mutate/N/NAME: another version for each request, and half of what was asked for. */
static void serve_mutate(const struct exchange *ex)
{
    uint64_t size;

    if (!read_numbers(ex, 0, 1, &size)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, size, (unsigned)ex->seen);
    reply.send_most = size / 2;
    send_reply(ex, &reply);
}

/* Half of N bytes at first, then the truth; with those validators only. */
static void send_half(const struct exchange *ex, bool weak)
{
    uint64_t size;

    if (!read_numbers(ex, 0, 1, &size)) {
        return;
    }
    struct reply reply = reply_of_name(ex->name, size, 0);
    char etag[BODY_ETAG_BYTES];
    body_etag(reply.seed, size, etag);
    reply.validators[0] = '\0';
    if (weak) {
        snprintf(reply.validators, sizeof reply.validators, "ETag: W/%s\r\n", etag);
    }
    if (ex->seen == 0) {
        reply.send_most = size / 2;
    }
    send_reply(ex, &reply);
}

/* /weak/N/NAME: a weak ETag and no date. */
static void serve_weak(const struct exchange *ex)
{
    send_half(ex, true);
}

/* /novalidator/N/NAME */
static void serve_novalidator(const struct exchange *ex)
{
    send_half(ex, false);
}

static void send_raw(const struct exchange *ex, enum ending ending)
{
    httpd_unescape(ex->args[0]);
    log_exchange(ex, 0);
    if (send_bytes(ex, ex->args[0], strlen(ex->args[0]))) {
        end_exchange(ex, ending);
    }
}

/* /raw/TEXT-ESCAPED/NAME: that text and nothing else, not even a status line. */
static void serve_raw(const struct exchange *ex)
{
    send_raw(ex, ENDING_CLOSE);
}

/* /rawtear/TEXT-ESCAPED/NAME */
static void serve_rawtear(const struct exchange *ex)
{
    send_raw(ex, ENDING_TORN);
}

static void send_text(const struct exchange *ex, const char *text)
{
    if (send_head(ex, 200, "Content-Length: %zu\r\n", strlen(text)) &&
        send_bytes(ex, text, strlen(text))) {
        end_exchange(ex, ENDING_CLOSE);
    }
}

/* /count/PATH: how many requests /PATH has had. */
static void serve_count(const struct exchange *ex)
{
    char text[32];
    char *path = NULL;

    if (asprintf(&path, "/%s", ex->name) < 0) {
        return;
    }
    snprintf(text, sizeof text, "%" PRIu64 "\n", httpd_count(ex->httpd, path, 0));
    free(path);
    send_text(ex, text);
}

/* /open/NAME: opens that gate. */
static void serve_open(const struct exchange *ex)
{
    httpd_gate_open(ex->httpd, ex->name);
    send_text(ex, "open\n");
}

static const struct lie {
    const char *name;
    size_t args; /* parts between the lie and NAME */
    void (*serve)(const struct exchange *ex);
} lies[] = {
    {"cut", 3, serve_cut},
    {"tear", 3, serve_tear},
    {"rst", 3, serve_rst},
    {"chunkcut", 3, serve_chunkcut},
    {"h2", 5, serve_h2},
    {"long", 2, serve_long},
    {"clen", 1, serve_clen},
    {"stall", 2, serve_stall},
    {"drip", 2, serve_drip},
    {"headers-forever", 0, serve_headers_forever},
    {"body-forever", 0, serve_body_forever},
    {"badrange", 2, serve_badrange},
    {"badpart", 2, serve_badpart},
    {"switch", 2, serve_switch},
    {"churn", 2, serve_churn},
    {"etagflip", 2, serve_etagflip},
    {"mutate", 1, serve_mutate},
    {"weak", 1, serve_weak},
    {"novalidator", 1, serve_novalidator},
    {"raw", 1, serve_raw},
    {"rawtear", 1, serve_rawtear},
    {"count", 0, serve_count},
    {"open", 0, serve_open},
};

/* Cuts path in place into the exchange's arguments and name, and serves it. */
static void dispatch(struct exchange *ex, char *path)
{
    size_t bytes = path[0] == '/' ? strcspn(path + 1, "/") : 0;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        if (strlen(lies[i].name) != bytes || memcmp(lies[i].name, path + 1, bytes) != 0) {
            continue;
        }
        ex->name = httpd_split(path, lies[i].args, ex->args);
        if (ex->name != NULL) {
            lies[i].serve(ex);
        } else {
            send_bad_path(ex);
        }
        return;
    }
    send_nothing(ex, 404, "");
    end_exchange(ex, ENDING_CLOSE);
}

#endif
