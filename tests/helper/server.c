/*
 * The honest fixture server: HTTP/1.1 on loopback by libmicrohttpd, with replies scripted by
 * the path of the request (docs: tests/helper/README.md). A helper process of its own, never
 * linked into a test.
 *
 * One thread for each connection, so that a reply that takes its time simply sleeps. Handlers
 * run on those threads; main only waits for the end. The one lock is struct httpd's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "body.h"
#include "httpd.h"

#define SERVER_MAX_ARGS 3
#define SERVER_BLOCK_BYTES 65536
#define SERVER_SMALL_BYTES (256 * 1024)
#define SERVER_MAX_CONNECTIONS 4000
#define SERVER_PACE_STEPS 20 /* a paced body moves this many times a second */

/* One request while it is answered; lives on its thread's stack. */
struct request {
    struct httpd *httpd;
    struct MHD_Connection *connection;
    const char *method;
    const char *url; /* as sent: still percent-encoded */
    char *args[SERVER_MAX_ARGS];
    char *name;
    uint64_t seen; /* earlier requests of the same path */
    uint64_t arrived_ms;
};

/* A body that libmicrohttpd asks for piece by piece; owned by its response. */
struct stream {
    struct httpd *httpd;
    uint64_t seed;
    uint64_t start;
    uint64_t bytes_per_s; /* 0: as fast as it goes */
};

/* A file or a body that may be asked for in part. */
struct content {
    uint64_t size;
    uint64_t seed;
    uint64_t bytes_per_s;
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
    if (strcasecmp(key, "Accept") == 0 || strcasecmp(key, "Connection") == 0)
        return MHD_YES;
    fprintf(file, "\t%s: ", key);
    httpd_put_escaped(file, value != NULL ? value : "");
    return MHD_YES;
}

static void log_request(const struct request *req, unsigned status)
{
    char *line = NULL;
    size_t bytes = 0;

    if (req->httpd->log_fd < 0)
        return;
    FILE *file = open_memstream(&line, &bytes);
    if (file == NULL)
        return;
    fprintf(file, "%" PRIu64 "\t%s\t", req->arrived_ms, req->method);
    httpd_put_escaped(file, req->url);
    fprintf(file, "\t%u", status);
    MHD_get_connection_values(req->connection, MHD_HEADER_KIND, log_header, file);
    fputc('\n', file);
    if (fclose(file) == 0)
        httpd_log_line(req->httpd, line, bytes);
    free(line);
}

/* Logs, queues and lets go of the response; NULL (no memory) closes the connection. */
static enum MHD_Result finish(struct request *req, unsigned status, struct MHD_Response *response)
{
    log_request(req, status);
    if (response == NULL)
        return MHD_NO;
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
        uint64_t step = stream->bytes_per_s / SERVER_PACE_STEPS + 1;

        if (max > step)
            max = (size_t)step;
        if (!httpd_sleep_ms(stream->httpd, max * 1000 / stream->bytes_per_s))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    body_fill(stream->seed, stream->start + pos, buf, max);
    return (ssize_t)max;
}

/* The bytes [first, first + bytes) of the content; takes content->fd. */
static struct MHD_Response *content_response(struct httpd *httpd, const struct content *content,
                                             uint64_t first, uint64_t bytes)
{
    if (content->fd >= 0)
        return MHD_create_response_from_fd_at_offset64(bytes, content->fd, first);
    if (bytes <= SERVER_SMALL_BYTES && content->bytes_per_s == 0) {
        void *buf = malloc(bytes + 1);
        if (buf == NULL)
            return NULL;
        body_fill(content->seed, first, buf, (size_t)bytes);
        return MHD_create_response_from_buffer((size_t)bytes, buf, MHD_RESPMEM_MUST_FREE);
    }
    struct stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct stream){
        .httpd = httpd, .seed = content->seed, .start = first, .bytes_per_s = content->bytes_per_s};
    return MHD_create_response_from_callback(bytes, SERVER_BLOCK_BYTES, stream_read, stream, free);
}

/* Is the reader's copy still good? (RFC 9110, section 13.2.2, for GET and HEAD.) */
static bool content_not_modified(const struct request *req, const struct content *content,
                                 const char *date)
{
    const char *none_match = request_header(req, "If-None-Match");
    const char *since = request_header(req, "If-Modified-Since");

    if (none_match != NULL)
        return strcmp(none_match, "*") == 0 || strstr(none_match, content->etag) != NULL;
    return since != NULL && strcmp(since, date) == 0;
}

/* The range that counts: none when If-Range names another version. */
static enum httpd_range content_range(const struct request *req, const struct content *content,
                                      const char *date, uint64_t *first, uint64_t *last)
{
    const char *range = request_header(req, "Range");
    const char *if_range = request_header(req, "If-Range");

    if (if_range != NULL && strcmp(if_range, content->etag) != 0 && strcmp(if_range, date) != 0)
        range = NULL;
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
        if (content->fd >= 0)
            close(content->fd);
    } else {
        uint64_t bytes = part == HTTPD_RANGE_PART ? last - first + 1 : content->size;
        response = content_response(req->httpd, content, first, bytes);
        status = part == HTTPD_RANGE_PART ? 206 : 200;
    }
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "ETag", content->etag);
    MHD_add_response_header(response, "Last-Modified", date);
    MHD_add_response_header(response, "Accept-Ranges", "bytes");
    if (status == 206)
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last,
                 content->size);
    else
        snprintf(text, sizeof text, "bytes */%" PRIu64, content->size);
    if (part != HTTPD_RANGE_NONE && status != 304)
        MHD_add_response_header(response, "Content-Range", text);
    if (extra_name != NULL && MHD_add_response_header(response, extra_name, extra_value) != MHD_YES)
        status = 400;
    return finish(req, status, response);
}

static struct content content_of_name(const char *name, uint64_t size)
{
    struct content content = {.size = size, .seed = body_seed(name, 0), .fd = -1};

    content.mtime = body_mtime(content.seed);
    body_etag(content.seed, size, content.etag);
    return content;
}

/* /delay/MS/NAME: a small page after MS milliseconds. */
static enum MHD_Result serve_delay(struct request *req)
{
    uint64_t ms;
    char *page = NULL;

    if (httpd_whole_number(req->args[0], &ms) != 0)
        return finish_bad_path(req);
    (void)httpd_sleep_ms(req->httpd, ms);
    if (asprintf(&page, "<!doctype html><title>%s</title>\n<p>%s ms</p>\n", req->name,
                 req->args[0]) < 0)
        return MHD_NO;
    enum MHD_Result result = finish_with_header(req, 200, page, "Content-Type", "text/html");
    free(page);
    return result;
}

/* /bytes/N/NAME: the first N bytes of NAME's body. */
static enum MHD_Result serve_bytes(struct request *req)
{
    uint64_t size;

    if (httpd_whole_number(req->args[0], &size) != 0)
        return finish_bad_path(req);
    struct content content = content_of_name(req->name, size);
    return finish_content(req, &content, NULL, NULL);
}

/* /pace/BYTES_PER_S/N/NAME: the same, slowly. */
static enum MHD_Result serve_pace(struct request *req)
{
    uint64_t size;
    uint64_t bytes_per_s;

    if (httpd_whole_number(req->args[0], &bytes_per_s) != 0 ||
        httpd_whole_number(req->args[1], &size) != 0)
        return finish_bad_path(req);
    struct content content = content_of_name(req->name, size);
    content.bytes_per_s = bytes_per_s;
    return finish_content(req, &content, NULL, NULL);
}

/* /header/NAME-ESCAPED/VALUE-ESCAPED/N/NAME: /bytes with one more header. */
static enum MHD_Result serve_header(struct request *req)
{
    uint64_t size;

    httpd_unescape(req->args[0]);
    httpd_unescape(req->args[1]);
    if (httpd_whole_number(req->args[2], &size) != 0)
        return finish_bad_path(req);
    struct content content = content_of_name(req->name, size);
    return finish_content(req, &content, req->args[0], req->args[1]);
}

/* /status/CODE/NAME: that status with a short body. */
static enum MHD_Result serve_status(struct request *req)
{
    uint64_t code;
    char text[64];

    if (httpd_whole_number(req->args[0], &code) != 0 || code < 200 || code > 599)
        return finish_bad_path(req);
    snprintf(text, sizeof text, "status %" PRIu64 "\n", code);
    return finish_text(req, (unsigned)code, code == 204 || code == 304 ? "" : text);
}

static enum MHD_Result finish_redirect(struct request *req, const char *target)
{
    uint64_t code;

    if (httpd_whole_number(req->args[0], &code) != 0 || code < 300 || code > 399)
        return finish_bad_path(req);
    return finish_with_header(req, (unsigned)code, "elsewhere\n", "Location", target);
}

/* /redirect/CODE/TARGET-ESCAPED */
static enum MHD_Result serve_redirect(struct request *req)
{
    httpd_unescape(req->name);
    return finish_redirect(req, req->name);
}

/* /loop/CODE/NAME: to itself, for ever. */
static enum MHD_Result serve_loop(struct request *req)
{
    return finish_redirect(req, req->url);
}

/* /retry-after/SECONDS/COUNT/NAME: 429 for the first COUNT requests, then 1000 bytes. */
static enum MHD_Result serve_retry_after(struct request *req)
{
    uint64_t count;

    if (httpd_whole_number(req->args[1], &count) != 0)
        return finish_bad_path(req);
    httpd_unescape(req->args[0]);
    if (req->seen < count)
        return finish_with_header(req, 429, "later\n", "Retry-After", req->args[0]);
    struct content content = content_of_name(req->name, 1000);
    return finish_content(req, &content, NULL, NULL);
}

/* /flaky/CODE/COUNT/NAME: CODE for the first COUNT requests, then 1000 bytes. */
static enum MHD_Result serve_flaky(struct request *req)
{
    uint64_t count;

    if (httpd_whole_number(req->args[1], &count) != 0)
        return finish_bad_path(req);
    if (req->seen < count)
        return serve_status(req);
    struct content content = content_of_name(req->name, 1000);
    return finish_content(req, &content, NULL, NULL);
}

static enum MHD_Result echo_header(void *file, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    (void)kind;
    fprintf(file, "%s: %s\n", key, value != NULL ? value : "");
    return MHD_YES;
}

/* /echo-headers/NAME: the request's headers as the body. */
static enum MHD_Result serve_echo_headers(struct request *req)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);

    if (file == NULL)
        return MHD_NO;
    MHD_get_connection_values(req->connection, MHD_HEADER_KIND, echo_header, file);
    enum MHD_Result result = MHD_NO;
    if (fclose(file) == 0)
        result = finish_text(req, 200, text);
    free(text);
    return result;
}

/* /auth/USER/PASS/NAME: 1000 bytes for who knows, else 401. */
static enum MHD_Result serve_auth(struct request *req)
{
    char *password = NULL;
    char *user = MHD_basic_auth_get_username_password(req->connection, &password);

    httpd_unescape(req->args[0]);
    httpd_unescape(req->args[1]);
    bool known = user != NULL && password != NULL && strcmp(user, req->args[0]) == 0 &&
                 strcmp(password, req->args[1]) == 0;
    MHD_free(user);
    MHD_free(password);
    if (!known)
        return finish_with_header(req, 401, "who?\n", "WWW-Authenticate",
                                  "Basic realm=\"fixtures\"");
    struct content content = content_of_name(req->name, 1000);
    return finish_content(req, &content, NULL, NULL);
}

/* /type/MIME-ESCAPED/NAME: 1000 bytes of that type. */
static enum MHD_Result serve_type(struct request *req)
{
    struct content content = content_of_name(req->name, 1000);

    httpd_unescape(req->args[0]);
    return finish_content(req, &content, "Content-Type", req->args[0]);
}

/* /count/PATH: how many requests /PATH has had. */
static enum MHD_Result serve_count(struct request *req)
{
    char text[32];

    req->name[-1] = '/';
    snprintf(text, sizeof text, "%" PRIu64 "\n", httpd_count(req->httpd, req->name - 1, 0));
    return finish_text(req, 200, text);
}

/* /root/...: a file of --root. */
static enum MHD_Result serve_root(struct request *req)
{
    char *path = NULL;
    struct stat st;

    httpd_unescape(req->name);
    if (req->httpd->options.root == NULL || strstr(req->name, "..") != NULL)
        return finish_text(req, 404, "no such file\n");
    if (asprintf(&path, "%s/%s", req->httpd->options.root, req->name) < 0)
        return MHD_NO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(path);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return finish_text(req, 404, "no such file\n");
    }
    struct content content = {.size = (uint64_t)st.st_size, .fd = fd, .mtime = st.st_mtime};
    snprintf(content.etag, sizeof content.etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"",
             (uint64_t)st.st_ino, content.size,
             (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec);
    return finish_content(req, &content, NULL, NULL);
}

static const struct route {
    const char *name;
    size_t args; /* parts between the route and NAME */
    enum MHD_Result (*serve)(struct request *req);
} routes[] = {
    {"delay", 1, serve_delay},   {"bytes", 1, serve_bytes},
    {"pace", 2, serve_pace},     {"header", 3, serve_header},
    {"status", 1, serve_status}, {"redirect", 1, serve_redirect},
    {"loop", 1, serve_loop},     {"retry-after", 2, serve_retry_after},
    {"flaky", 2, serve_flaky},   {"echo-headers", 0, serve_echo_headers},
    {"auth", 2, serve_auth},     {"type", 1, serve_type},
    {"count", 0, serve_count},   {"root", 0, serve_root},
};

/* Cuts path in place into the request's route, arguments and name. */
static enum MHD_Result dispatch(struct request *req, char *path)
{
    char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;

    if (slash == NULL)
        return finish_text(req, 404, "no such route\n");
    size_t bytes = (size_t)(slash - path) - 1;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];

        if (strlen(route->name) != bytes || memcmp(route->name, path + 1, bytes) != 0)
            continue;
        req->name = httpd_split(path, route->args, req->args);
        return req->name != NULL ? route->serve(req) : finish_bad_path(req);
    }
    return finish_text(req, 404, "no such route\n");
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **state)
{
    static const char headers_seen = 0;
    struct request req = {.httpd = cls, .connection = connection, .method = method, .url = url};

    (void)version;
    (void)upload;
    /* libmicrohttpd calls once for the headers; an answer at that point ends the connection. */
    if (*state == NULL) {
        union {
            const char *mark;
            void *state;
        } seen = {.mark = &headers_seen};
        *state = seen.state;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    req.arrived_ms = httpd_elapsed_ms(req.httpd);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return finish_text(&req, 405, "GET and HEAD only\n");
    req.seen = httpd_count(req.httpd, url, 1);
    char *path = strdup(url);
    if (path == NULL)
        return MHD_NO;
    enum MHD_Result result = dispatch(&req, path);
    free(path);
    return result;
}

/* Keeps the path as it was sent: hostile names are part of what is tested. */
static size_t keep_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static char *read_whole(const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = path != NULL ? fopen(path, "r") : NULL;

    if (file == NULL)
        return NULL;
    if (getdelim(&text, &bytes, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static struct MHD_Daemon *start(struct httpd *httpd, char *cert, char *key)
{
    struct sockaddr_in local = {.sin_family = AF_INET,
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | (cert != NULL ? (unsigned)MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
        {MHD_OPTION_END, 0, NULL},
    };

    return MHD_start_daemon(flags, 0, NULL, NULL, handle, httpd, MHD_OPTION_SOCK_ADDR, &local,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, SERVER_MAX_CONNECTIONS,
                            MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(128 * 1024),
                            MHD_OPTION_ARRAY, cert != NULL ? tls : tls + 2, MHD_OPTION_END);
}

int main(int argc, char **argv)
{
    struct httpd httpd;
    int status = 1;

    if (httpd_init(&httpd, argc, argv) != 0)
        return 2;
    char *cert = read_whole(httpd.options.cert);
    char *key = read_whole(httpd.options.key);
    struct MHD_Daemon *daemon = NULL;
    if (httpd.options.cert == NULL || (cert != NULL && key != NULL))
        daemon = start(&httpd, cert, key);
    if (daemon == NULL) {
        fprintf(stderr, "%s: cannot start\n", argv[0]);
    } else {
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
        if (info != NULL && httpd_write_port(&httpd, info->port) == 0)
            status = httpd_wait_end(&httpd) == 0 ? 0 : 1;
        httpd_stop(&httpd);
        MHD_stop_daemon(daemon);
    }
    free(cert);
    free(key);
    httpd_fini(&httpd);
    return status;
}
