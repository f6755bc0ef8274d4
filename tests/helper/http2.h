/* SPDX-License-Identifier: MIT
 *
 * The lying server's HTTP/2: the same lies on a connection that carries many requests, framed by
 * libnghttp2, and those that only HTTP/2 has. Used by liar.c alone. A connection has one thread,
 * which reads, answers and sends; streams send in turns, as far as the reader's windows let them.
 * Pauses and gates of a reply are not kept: they would stop the streams beside it.
 */
#ifndef PX_TESTS_HELPER_HTTP2_H
#define PX_TESTS_HELPER_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "reply.h"

#define HTTP2_MAX_FIELDS 16

/* One connection. */
struct http2 {
    struct httpd *httpd;
    struct wire *wire;
    nghttp2_session *session;
    struct http2_stream *first;                     /* those that are open */
    void (*serve)(struct exchange *ex, char *path); /* answers one request; may write in path */
    bool over;                                      /* once what is ready has been sent */
    enum ending ending;                             /* then, of the connection */
};

/* One request and its reply. */
struct http2_stream {
    struct http2_stream *next;
    int32_t id;
    bool answered;
    char method[8];
    char *path;
    char *range;
    struct reply reply;
    uint64_t at;   /* offset in the body of the next byte */
    uint64_t left; /* bytes up to the end of the lie, or of the truth */
    uint64_t rest; /* those behind the lie */
    bool lies;
};

/* GOAWAY: all streams so far are served, and this one goes on; or none is, and that is all. */
static void http2_go_away(struct http2 *http2, struct http2_stream *stream)
{
    bool graceful = stream->reply.code == NGHTTP2_NO_ERROR;

    (void)nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE, graceful ? stream->id : 0,
                                stream->reply.code, NULL, 0);
    if (graceful) {
        stream->lies = false;
        stream->left = stream->rest;
    } else {
        http2->over = true;
    }
}

/* The stream has come to where its reply begins to lie. What is left of it then is to be sent. */
static void http2_lie(struct http2 *http2, struct http2_stream *stream)
{
    switch (stream->reply.ending) {
    case ENDING_SHORT: stream->lies = false; break;
    case ENDING_GOAWAY: http2_go_away(http2, stream); break;
    case ENDING_RESET:
        (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                        stream->reply.code);
        break;
    case ENDING_CLOSE:
    case ENDING_TORN:
        http2->over = true;
        http2->ending = stream->reply.ending;
        break;
    case ENDING_HOLD:
    case ENDING_REFUSE: break;
    }
}

/* libnghttp2 asks for the next bytes of a body. */
static ssize_t http2_read(nghttp2_session *session, int32_t id, uint8_t *data, size_t room,
                          uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream = source->ptr;

    (void)session;
    (void)id;
    if (stream->lies && stream->left == 0) {
        http2_lie(http2, stream);
        if (stream->lies) {
            return NGHTTP2_ERR_DEFERRED; /* for good */
        }
    }
    size_t take = stream->left < room ? (size_t)stream->left : room;
    body_fill(stream->reply.seed, stream->at, data, take);
    stream->at += take;
    stream->left -= take;
    if (stream->left == 0 && !stream->lies) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)take;
}

/* Cuts header lines up, in place, into fields behind the n that are there. Returns their number. */
static size_t http2_fields(char *lines, nghttp2_nv fields[HTTP2_MAX_FIELDS], size_t n)
{
    while (*lines != '\0' && n < HTTP2_MAX_FIELDS) {
        char *end = lines + strcspn(lines, "\r\n");
        char *next = end + strspn(end, "\r\n");
        char *value = strstr(lines, ": ");

        *end = '\0';
        if (value != NULL && value < end) {
            *value = '\0';
            value += 2;
            fields[n++] = (nghttp2_nv){.name = (uint8_t *)lines,
                                       .namelen = strlen(lines),
                                       .value = (uint8_t *)value,
                                       .valuelen = strlen(value)};
        }
        lines = next;
    }
    return n;
}

/* The exchange's answer: its head is queued here, its body by and by. */
static void http2_answer(const struct exchange *ex, unsigned status, const char *lines,
                         const struct reply *reply, uint64_t first, uint64_t bytes)
{
    struct http2_stream *stream = ex->stream;
    struct http2 *http2 = ex->http2;
    nghttp2_data_provider body = {.source.ptr = stream, .read_callback = http2_read};
    char *own = strdup(lines);
    char code[12];

    log_exchange(ex, status);
    stream->answered = true;
    if (reply != NULL) {
        stream->reply = *reply;
        stream->at = first;
        stream->lies = reply->send_most < bytes;
        stream->left = stream->lies ? reply->send_most : bytes + reply->excess;
        stream->rest = bytes - (stream->lies ? reply->send_most : bytes);
    }
    if (stream->lies && reply->ending == ENDING_REFUSE) {
        (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id, reply->code);
    } else if (own != NULL) {
        snprintf(code, sizeof code, "%u", status);
        nghttp2_nv fields[HTTP2_MAX_FIELDS] = {{.name = (uint8_t *)":status",
                                                .namelen = 7,
                                                .value = (uint8_t *)code,
                                                .valuelen = strlen(code)}};
        size_t n = http2_fields(own, fields, 1);
        bool has_body = reply != NULL && strcmp(stream->method, "HEAD") != 0;
        (void)nghttp2_submit_response(http2->session, stream->id, fields, n,
                                      has_body ? &body : NULL);
    }
    free(own);
}

static int http2_on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    stream->id = frame->hd.stream_id;
    stream->next = http2->first;
    http2->first = stream;
    return nghttp2_session_set_stream_user_data(session, stream->id, stream);
}

static bool http2_is(const char *word, const uint8_t *name, size_t bytes)
{
    return strlen(word) == bytes && memcmp(word, name, bytes) == 0;
}

static int http2_on_header(nghttp2_session *session, const nghttp2_frame *frame,
                           const uint8_t *name, size_t name_bytes, const uint8_t *value,
                           size_t value_bytes, uint8_t flags, void *arg)
{
    struct http2_stream *stream =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)flags;
    (void)arg;
    if (stream == NULL) {
        return 0;
    }
    if (http2_is(":path", name, name_bytes) && stream->path == NULL) {
        stream->path = strndup((const char *)value, value_bytes);
    } else if (http2_is("range", name, name_bytes) && stream->range == NULL) {
        stream->range = strndup((const char *)value, value_bytes);
    } else if (http2_is(":method", name, name_bytes)) {
        snprintf(stream->method, sizeof stream->method, "%.*s", (int)value_bytes,
                 (const char *)value);
    }
    return 0;
}

/* A request is complete. */
static int http2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct http2 *http2 = arg;
    struct http2_stream *stream =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    char headers[128] = "";

    if (stream == NULL || stream->answered || stream->path == NULL ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        return 0;
    }
    if (stream->range != NULL) {
        snprintf(headers, sizeof headers, "Range: %s\r\n", stream->range);
    }
    stream->path[strcspn(stream->path, "?")] = '\0';
    struct exchange ex = {.httpd = http2->httpd,
                          .wire = http2->wire,
                          .answer = http2_answer,
                          .http2 = http2,
                          .stream = stream,
                          .method = stream->method,
                          .headers = headers,
                          .range = stream->range,
                          .arrived_ms = httpd_elapsed_ms(http2->httpd)};
    http2->serve(&ex, stream->path);
    if (!stream->answered) {
        send_nothing(&ex, 501, "X-Reason: not over HTTP/2\r\n");
    }
    return 0;
}

static void http2_free(struct http2 *http2, struct http2_stream *stream)
{
    struct http2_stream **at = &http2->first;

    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    free(stream->path);
    free(stream->range);
    free(stream);
}

static int http2_on_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(session, id);

    (void)code;
    if (stream != NULL) {
        http2_free(arg, stream);
    }
    return 0;
}

/* Sends what is ready. False: the connection broke. */
static bool http2_flush(struct http2 *http2)
{
    const uint8_t *data;
    ssize_t bytes;

    while ((bytes = nghttp2_session_mem_send(http2->session, &data)) > 0) {
        if (!wire_send(http2->wire, data, (size_t)bytes)) {
            return false;
        }
    }
    return bytes == 0;
}

static bool http2_start(struct http2 *http2)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100},
    };
    nghttp2_session_callbacks *callbacks = NULL;

    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return false;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, http2_on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, http2_on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, http2_on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, http2_on_close);
    int rc = nghttp2_session_server_new(&http2->session, callbacks, http2);
    nghttp2_session_callbacks_del(callbacks);
    return rc == 0 && nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings, 1) == 0;
}

/* Serves a connection of which `bytes` bytes have been read already. */
static void http2_serve(struct httpd *httpd, struct wire *wire,
                        void (*serve)(struct exchange *ex, char *path), const void *data,
                        size_t bytes)
{
    struct http2 http2 = {.httpd = httpd, .wire = wire, .serve = serve};
    char block[16384];

    bool going = http2_start(&http2);
    while (going && bytes > 0 && !http2.over) {
        going = nghttp2_session_mem_recv(http2.session, data, bytes) == (ssize_t)bytes &&
                http2_flush(&http2) && !http2.over;
        if (going) {
            bytes = wire_receive(wire, block, sizeof block);
            data = block;
        }
    }
    nghttp2_session_del(http2.session);
    while (http2.first != NULL) {
        http2_free(&http2, http2.first);
    }
    if (http2.over) {
        end_exchange(&(struct exchange){.httpd = httpd, .wire = wire}, http2.ending);
    }
}

#endif
