/* SPDX-License-Identifier: MIT
 *
 * One request to the honest server and how it is answered: plain texts, and bodies with ranges
 * and validators as RFC 9110 wants them. Used by server.c alone, which decides what to say; all
 * of it runs on the connection's own thread.
 */
#ifndef PX_TESTS_HELPER_CONTENT_H
#define PX_TESTS_HELPER_CONTENT_H

#include <microhttpd.h>

#include "body.h"
#include "httpd.h"

#define CONTENT_MAX_ARGS 3
#define CONTENT_BLOCK_BYTES 65536
#define CONTENT_SMALL_BYTES (256 * 1024)
#define CONTENT_PACE_STEPS 20 /* a paced body moves this many times a second */

/* One request while it is answered; lives on its thread's stack. */
struct request {
    struct httpd *httpd;
    struct MHD_Connection *connection;
    const char *method;
    const char *url; /* as sent: still percent-encoded */
    char *args[CONTENT_MAX_ARGS];
    char *name;
    uint64_t seen; /* earlier requests of the same path */
    uint64_t arrived_ms;
};

/* A body that libmicrohttpd asks for piece by piece; owned by its response. */
struct stream {
    struct httpd *httpd;
    uint64_t seed;
    uint64_t start;
    uint64_t bytes_per_s;       /* 0: as fast as it goes */
    char group[32];             /* "" or the name of those that share this rate */
    uint64_t gate_at;           /* from this byte of the body on it waits for the gate */
    char gate[HTTPD_KEY_BYTES]; /* "": there is none */
};

/* A file or a body that may be asked for in part. */
struct content {
    uint64_t size;
    uint64_t seed;
    uint64_t bytes_per_s;
    const char *group; /* shares this rate; NULL: each has its own */
    const char *gate;  /* what waits for it begins at gate_at; NULL: nothing does */
    uint64_t gate_at;
    int fd; /* -1: the seed's bytes; else the file, taken by the response */
    time_t mtime;
    char etag[BODY_ETAG_BYTES];
};

static const char *request_header(const struct request *req, const char *name)
{
    return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result log_header(void *file, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    (void)kind;
    if (strcasecmp(key, "Accept") == 0 || strcasecmp(key, "Connection") == 0) {
        return MHD_YES;
    }
    fprintf(file, "\t%s: ", key);
    httpd_put_escaped(file, value != NULL ? value : "");
    return MHD_YES;
}

static void log_request(const struct request *req, unsigned status)
{
    char *line = NULL;
    size_t bytes = 0;

    if (req->httpd->log_fd < 0) {
        return;
    }
    FILE *file = open_memstream(&line, &bytes);
    if (file == NULL) {
        return;
    }
    fprintf(file, "%" PRIu64 "\t%s\t", req->arrived_ms, req->method);
    httpd_put_escaped(file, req->url);
    fprintf(file, "\t%u", status);
    MHD_get_connection_values(req->connection, MHD_HEADER_KIND, log_header, file);
    fputc('\n', file);
    if (fclose(file) == 0) {
        httpd_log_line(req->httpd, line, bytes);
    }
    free(line);
}

/* Logs, queues and lets go of the response; NULL (no memory) closes the connection. */
static enum MHD_Result finish(struct request *req, unsigned status, struct MHD_Response *response)
{
    log_request(req, status);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result queued = MHD_queue_response(req->connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* A response of that text, which is copied. */
static struct MHD_Response *text_response(const char *text)
{
    union {
        const char *text;
        void *buffer; /* libmicrohttpd copies and never writes to it */
    } body = {.text = text};

    return MHD_create_response_from_buffer(strlen(text), body.buffer, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result finish_text(struct request *req, unsigned status, const char *text)
{
    return finish(req, status, text_response(text));
}

static enum MHD_Result finish_with_header(struct request *req, unsigned status, const char *text,
                                          const char *name, const char *value)
{
    struct MHD_Response *response = text_response(text);

    if (response != NULL && MHD_add_response_header(response, name, value) != MHD_YES) {
        MHD_destroy_response(response);
        return finish_text(req, 400, "that header cannot be sent\n");
    }
    return finish(req, status, response);
}

static enum MHD_Result finish_bad_path(struct request *req)
{
    return finish_text(req, 400, "bad path: see tests/helper/README.md\n");
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    const struct stream *stream = cls;

    if (stream->bytes_per_s > 0) {
        uint64_t step = stream->bytes_per_s / CONTENT_PACE_STEPS + 1;

        if (max > step) {
            max = (size_t)step;
        }
        uint64_t wait_ms = max * 1000 / stream->bytes_per_s;
        if (stream->group[0] != '\0') {
            uint64_t turn_ms = httpd_turn(stream->httpd, stream->group, wait_ms);
            uint64_t now_ms = httpd_elapsed_ms(stream->httpd);
            wait_ms = turn_ms > now_ms ? turn_ms - now_ms : 0;
        }
        if (!httpd_sleep_ms(stream->httpd, wait_ms)) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    if (stream->gate[0] != '\0') {
        uint64_t at = stream->start + pos;

        if (at < stream->gate_at) {
            max = max < stream->gate_at - at ? max : (size_t)(stream->gate_at - at);
        } else if (pos == 0) {
            max = 1; /* libmicrohttpd keeps a head until some of the body is there */
        } else if (!httpd_gate_pass(stream->httpd, stream->gate)) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    body_fill(stream->seed, stream->start + pos, buf, max);
    return (ssize_t)max;
}

/* The bytes [first, first + bytes) of the content; takes content->fd. */
static struct MHD_Response *content_response(struct httpd *httpd, const struct content *content,
                                             uint64_t first, uint64_t bytes)
{
    if (content->fd >= 0) {
        return MHD_create_response_from_fd_at_offset64(bytes, content->fd, first);
    }
    if (bytes <= CONTENT_SMALL_BYTES && content->bytes_per_s == 0 && content->gate == NULL) {
        void *buf = malloc(bytes + 1);
        if (buf == NULL) {
            return NULL;
        }
        body_fill(content->seed, first, buf, (size_t)bytes);
        return MHD_create_response_from_buffer((size_t)bytes, buf, MHD_RESPMEM_MUST_FREE);
    }
    struct stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    *stream = (struct stream){.httpd = httpd,
                              .seed = content->seed,
                              .start = first,
                              .bytes_per_s = content->bytes_per_s,
                              .gate_at = content->gate_at};
    if (content->gate != NULL) {
        snprintf(stream->gate, sizeof stream->gate, "%.200s", content->gate);
    }
    if (content->group != NULL) {
        snprintf(stream->group, sizeof stream->group, "#turn/%s", content->group);
    }
    return MHD_create_response_from_callback(bytes, CONTENT_BLOCK_BYTES, stream_read, stream, free);
}

/* Is the reader's copy still good? (RFC 9110, section 13.2.2, for GET and HEAD.) */
static bool content_not_modified(const struct request *req, const struct content *content,
                                 const char *date)
{
    const char *none_match = request_header(req, "If-None-Match");
    const char *since = request_header(req, "If-Modified-Since");

    if (none_match != NULL) {
        return strcmp(none_match, "*") == 0 || strstr(none_match, content->etag) != NULL;
    }
    return since != NULL && strcmp(since, date) == 0;
}

/* The range that counts: none when If-Range names another version. */
static enum httpd_range content_range(const struct request *req, const struct content *content,
                                      const char *date, uint64_t *first, uint64_t *last)
{
    const char *range = request_header(req, "Range");
    const char *if_range = request_header(req, "If-Range");

    if (if_range != NULL && strcmp(if_range, content->etag) != 0 && strcmp(if_range, date) != 0) {
        range = NULL;
    }
    return httpd_range(range, content->size, first, last);
}

/* Answers with the content, whole or in part, with a strong ETag; takes content->fd. */
static enum MHD_Result finish_content(struct request *req, const struct content *content,
                                      const char *extra_name, const char *extra_value)
{
    char date[BODY_DATE_BYTES];
    char text[96];
    uint64_t first;
    uint64_t last;
    unsigned status = 200;
    struct MHD_Response *response;

    body_http_date(content->mtime, date);
    enum httpd_range part = content_range(req, content, date, &first, &last);
    if (content_not_modified(req, content, date) || part == HTTPD_RANGE_BAD) {
        status = part == HTTPD_RANGE_BAD ? 416 : 304;
        response = text_response("");
        if (content->fd >= 0) {
            close(content->fd);
        }
    } else {
        uint64_t bytes = part == HTTPD_RANGE_PART ? last - first + 1 : content->size;
        response = content_response(req->httpd, content, first, bytes);
        status = part == HTTPD_RANGE_PART ? 206 : 200;
    }
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, "ETag", content->etag);
    MHD_add_response_header(response, "Last-Modified", date);
    MHD_add_response_header(response, "Accept-Ranges", "bytes");
    if (status == 206) {
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last,
                 content->size);
    } else {
        snprintf(text, sizeof text, "bytes */%" PRIu64, content->size);
    }
    if (part != HTTPD_RANGE_NONE && status != 304) {
        MHD_add_response_header(response, "Content-Range", text);
    }
    if (extra_name != NULL &&
        MHD_add_response_header(response, extra_name, extra_value) != MHD_YES) {
        status = 400;
    }
    return finish(req, status, response);
}

static struct content content_of_name(const char *name, uint64_t size)
{
    struct content content = {.size = size, .seed = body_seed(name, 0), .fd = -1};

    content.mtime = body_mtime(content.seed);
    body_etag(content.seed, size, content.etag);
    return content;
}

#endif
