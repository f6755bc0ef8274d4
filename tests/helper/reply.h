/* SPDX-License-Identifier: MIT
 *
 * One exchange with the lying server: the request as it was read, and how a reply is sent that
 * is true but for what struct reply says. Used by liar.c alone, which decides what to say; all
 * of it runs on the connection's own thread and blocks there.
 */
#ifndef PX_TESTS_HELPER_REPLY_H
#define PX_TESTS_HELPER_REPLY_H

#include <linux/sockios.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "body.h"
#include "httpd.h"
#include "wire.h"

#define REPLY_MAX_ARGS 5
#define REPLY_LINES_BYTES 512
#define REPLY_BLOCK_BYTES 65536
#define REPLY_CHUNK_BYTES 4096
#define REPLY_WAIT_MS 2000 /* for a reader to take what was sent, before the end */
#define REPLY_ALL UINT64_MAX

struct reply;

/* One request while it is answered. */
struct exchange {
    struct httpd *httpd;
    struct wire *wire;
    /* Over HTTP/2: takes an answer of that status and with these header lines. With a reply it has
     * a body, whose promised part is [first, first + bytes). NULL: HTTP/1.1, nobody takes it. */
    void (*answer)(const struct exchange *ex, unsigned status, const char *lines,
                   const struct reply *reply, uint64_t first, uint64_t bytes);
    struct http2 *http2; /* the answer's own, as is the next */
    struct http2_stream *stream;
    const char *method;
    const char *path;    /* as sent */
    const char *headers; /* the request's header lines, each ended by CR LF */
    char *range;         /* value of the Range header, or NULL; freed by who made it */
    char *args[REPLY_MAX_ARGS];
    const char *name;
    uint64_t seen; /* earlier requests of the same path */
    uint64_t arrived_ms;
};

enum ending {
    ENDING_CLOSE, /* of the connection, as it should be */
    ENDING_TORN,  /* the same without TLS's word for it */
    ENDING_RESET, /* of the connection; over HTTP/2 of the stream */
    ENDING_HOLD,  /* none */
    /* of HTTP/2 only: */
    ENDING_REFUSE, /* the stream is reset before its head */
    ENDING_SHORT,  /* the stream ends as if that were all */
    ENDING_GOAWAY, /* code 0: and the streams so far go on; else the connection ends */
};

/* A reply that is true but for what the fields say. */
struct reply {
    uint64_t seed;
    uint64_t size;
    char validators[160]; /* header lines; "" for none */
    bool ignore_range;
    bool chunked;
    uint64_t send_most; /* bytes sent of those that were promised */
    uint64_t excess;    /* bytes sent behind the last one */
    uint64_t drip_ms;   /* pause after each byte */
    const char *gate;   /* the second half of the whole waits for it; NULL: nothing does */
    enum ending ending;
    uint32_t code; /* of HTTP/2, for the ending (RFC 9113, section 7) */
};

/* False: it could not be sent, or there is no such thing over HTTP/2. */
static bool send_bytes(const struct exchange *ex, const void *data, size_t bytes)
{
    return ex->answer == NULL && wire_send(ex->wire, data, bytes);
}

/* One line for the log: the request with its headers, and the status of the answer. */
static void log_exchange(const struct exchange *ex, unsigned status)
{
    char *line = NULL;
    size_t bytes = 0;

    if (ex->httpd->log_fd < 0) {
        return;
    }
    FILE *file = open_memstream(&line, &bytes);
    if (file == NULL) {
        return;
    }
    fprintf(file, "%" PRIu64 "\t%s\t", ex->arrived_ms, ex->method);
    httpd_put_escaped(file, ex->path);
    fprintf(file, "\t%u", status);
    for (const char *from = ex->headers; *from != '\0';) {
        size_t length = strcspn(from, "\r\n");

        if (length > 0 && strncasecmp(from, "Accept:", 7) != 0) {
            fprintf(file, "\t%.*s", (int)length, from);
        }
        from += length;
        from += strspn(from, "\r\n");
    }
    fputc('\n', file);
    if (fclose(file) == 0) {
        httpd_log_line(ex->httpd, line, bytes);
    }
    free(line);
}

/* Logs, and sends the status line, the header lines given and the empty line. */
__attribute__((format(printf, 3, 4))) static bool send_head(const struct exchange *ex,
                                                            unsigned status, const char *format,
                                                            ...)
{
    char *lines = NULL;
    char *head = NULL;
    va_list args;

    if (ex->answer != NULL) {
        return false;
    }
    log_exchange(ex, status);
    va_start(args, format);
    int made = vasprintf(&lines, format, args);
    va_end(args);
    if (made < 0) {
        return false;
    }
    made = asprintf(&head, "HTTP/1.1 %u Fixture\r\n%sConnection: close\r\n\r\n", status, lines);
    free(lines);
    if (made < 0) {
        return false;
    }
    bool sent = send_bytes(ex, head, (size_t)made);
    free(head);
    return sent;
}

static bool send_nothing(const struct exchange *ex, unsigned status, const char *lines)
{
    if (ex->answer != NULL) {
        ex->answer(ex, status, lines, NULL, 0, 0);
        return true;
    }
    return send_head(ex, status, "%sContent-Length: 0\r\n", lines);
}

static bool send_chunk(const struct exchange *ex, const void *data, size_t bytes)
{
    char size[24];

    int length = snprintf(size, sizeof size, "%zx\r\n", bytes);
    return send_bytes(ex, size, (size_t)length) && send_bytes(ex, data, bytes) &&
           send_bytes(ex, "\r\n", 2);
}

/* Sends the body's bytes [first, first + bytes), framed and paced as the reply says. */
static bool send_body(const struct exchange *ex, const struct reply *reply, uint64_t first,
                      uint64_t bytes)
{
    char block[REPLY_BLOCK_BYTES];
    size_t most = reply->drip_ms > 0 ? 1 : reply->chunked ? REPLY_CHUNK_BYTES : sizeof block;

    const bool gated = reply->gate != NULL && first == 0 && bytes == reply->size;
    while (bytes > 0) {
        size_t take = bytes < most ? (size_t)bytes : most;

        if (gated && first >= reply->size / 2 && !httpd_gate_pass(ex->httpd, reply->gate)) {
            return false;
        }
        body_fill(reply->seed, first, block, take);
        bool sent = reply->chunked ? send_chunk(ex, block, take) : send_bytes(ex, block, take);
        if (!sent || (reply->drip_ms > 0 && !httpd_sleep_ms(ex->httpd, reply->drip_ms))) {
            return false;
        }
        first += take;
        bytes -= take;
    }
    return true;
}

/* Waits until the reader's system has taken all that was sent, so that a reset loses nothing. */
static void await_sent(const struct exchange *ex)
{
    for (int waited = 0; waited < REPLY_WAIT_MS; waited++) {
        int unsent = 0;

        if (ioctl(ex->wire->fd, SIOCOUTQ, &unsent) != 0 || unsent == 0) {
            return;
        }
        if (!httpd_sleep_ms(ex->httpd, 1)) {
            return;
        }
    }
}

/* Leaves the connection in the state in which the owner's close ends it as asked. */
static void end_exchange(const struct exchange *ex, enum ending ending)
{
    struct timeval patience = {.tv_sec = REPLY_WAIT_MS / 1000};
    char skipped[4096];
    int fd = ex->wire->fd;

    if (ex->answer != NULL) {
        return; /* the others on that connection go on */
    }
    if (ending == ENDING_RESET) {
        struct linger reset = {.l_onoff = 1, .l_linger = 0};

        await_sent(ex);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        return;
    }
    if (ending == ENDING_CLOSE || ending == ENDING_TORN) {
        /* Unread bytes would turn the close into a reset. */
        wire_end(ex->wire, ending == ENDING_TORN);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    while (read(fd, skipped, sizeof skipped) > 0) {
        continue;
    }
}

static struct reply reply_of_name(const char *name, uint64_t size, uint64_t version)
{
    struct reply reply = {.seed = body_seed(name, version), .size = size, .send_most = REPLY_ALL};
    char etag[BODY_ETAG_BYTES];
    char date[BODY_DATE_BYTES];

    body_etag(reply.seed, size, etag);
    body_http_date(body_mtime(reply.seed), date);
    snprintf(reply.validators, sizeof reply.validators, "ETag: %s\r\nLast-Modified: %s\r\n", etag,
             date);
    return reply;
}

/* Sends the reply's head, with these header lines before its own, and its bytes
 * [first, first + bytes), with the lies that it names. */
static void send_part(const struct exchange *ex, const struct reply *reply, unsigned status,
                      const char *lines, uint64_t first, uint64_t bytes)
{
    char all[REPLY_LINES_BYTES];
    size_t used =
        (size_t)snprintf(all, sizeof all, "%s%sAccept-Ranges: bytes\r\n", lines, reply->validators);

    if (!reply->chunked) {
        snprintf(all + used, sizeof all - used, "Content-Length: %" PRIu64 "\r\n", bytes);
    } else if (ex->answer == NULL) {
        snprintf(all + used, sizeof all - used, "Transfer-Encoding: chunked\r\n");
    }
    if (ex->answer != NULL) {
        ex->answer(ex, status, all, reply, first, bytes);
        return;
    }
    if (!send_head(ex, status, "%s", all) || strcmp(ex->method, "HEAD") == 0) {
        return;
    }
    bool whole = bytes <= reply->send_most;
    bool sent = send_body(ex, reply, first, whole ? bytes + reply->excess : reply->send_most);
    if (sent && whole && reply->chunked) {
        sent = send_bytes(ex, "0\r\n\r\n", 5);
    }
    if (sent) {
        end_exchange(ex, reply->ending);
    }
}

/* Answers, ranges and all, with the lies that the reply names. */
static void send_reply(const struct exchange *ex, const struct reply *reply)
{
    uint64_t first;
    uint64_t last;
    char line[REPLY_LINES_BYTES] = "";
    enum httpd_range part =
        httpd_range(reply->ignore_range ? NULL : ex->range, reply->size, &first, &last);

    if (part == HTTPD_RANGE_BAD) {
        snprintf(line, sizeof line, "Content-Range: bytes */%" PRIu64 "\r\n", reply->size);
        send_nothing(ex, 416, line);
        end_exchange(ex, ENDING_CLOSE);
    } else if (part == HTTPD_RANGE_PART) {
        snprintf(line, sizeof line, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
                 first, last, reply->size);
        send_part(ex, reply, 206, line, first, last - first + 1);
    } else {
        send_part(ex, reply, 200, "", 0, reply->size);
    }
}

#endif
