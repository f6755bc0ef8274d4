/* SPDX-License-Identifier: MIT
 *
 * The honest fixture server: HTTP/1.1 on loopback by libmicrohttpd, with replies scripted by
 * the path of the request (docs: tests/helper/README.md). A helper process of its own, never
 * linked into a test.
 *
 * One thread for each connection, so that a reply that takes its time simply sleeps. Handlers
 * run on those threads; main only waits for the end. The one lock is struct httpd's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "content.h"

#define SERVER_MAX_CONNECTIONS 4000

/* /delay/MS/NAME: a small page after MS milliseconds. */
static enum MHD_Result serve_delay(struct request *req)
{
    uint64_t ms;
    char *page = NULL;

    if (httpd_whole_number(req->args[0], &ms) != 0) {
        return finish_bad_path(req);
    }
    (void)httpd_sleep_ms(req->httpd, ms);
    if (asprintf(&page, "<!doctype html><title>%s</title>\n<p>%s ms</p>\n", req->name,
                 req->args[0]) < 0) {
        return MHD_NO;
    }
    enum MHD_Result result = finish_with_header(req, 200, page, "Content-Type", "text/html");
    free(page);
    return result;
}

/* /bytes/N/NAME: the first N bytes of NAME's body. */
static enum MHD_Result serve_bytes(struct request *req)
{
    uint64_t size;

    if (httpd_whole_number(req->args[0], &size) != 0) {
        return finish_bad_path(req);
    }
    struct content content = content_of_name(req->name, size);
    return finish_content(req, &content, NULL, NULL);
}

/* /pace/BYTES_PER_S/N/NAME: the same, slowly. */
static enum MHD_Result serve_pace(struct request *req)
{
    uint64_t size;
    uint64_t bytes_per_s;

    if (httpd_whole_number(req->args[0], &bytes_per_s) != 0 ||
        httpd_whole_number(req->args[1], &size) != 0) {
        return finish_bad_path(req);
    }
    struct content content = content_of_name(req->name, size);
    content.bytes_per_s = bytes_per_s;
    return finish_content(req, &content, NULL, NULL);
}

/* /shared/GROUP/BYTES_PER_S/N/NAME: the same, but all of GROUP together have that rate. */
static enum MHD_Result serve_shared(struct request *req)
{
    uint64_t size;
    uint64_t bytes_per_s;

    if (httpd_whole_number(req->args[1], &bytes_per_s) != 0 ||
        httpd_whole_number(req->args[2], &size) != 0) {
        return finish_bad_path(req);
    }
    struct content content = content_of_name(req->name, size);
    content.bytes_per_s = bytes_per_s;
    content.group = req->args[0];
    return finish_content(req, &content, NULL, NULL);
}

/* /header/NAME-ESCAPED/VALUE-ESCAPED/N/NAME: /bytes with one more header. */
static enum MHD_Result serve_header(struct request *req)
{
    uint64_t size;

    httpd_unescape(req->args[0]);
    httpd_unescape(req->args[1]);
    if (httpd_whole_number(req->args[2], &size) != 0) {
        return finish_bad_path(req);
    }
    struct content content = content_of_name(req->name, size);
    return finish_content(req, &content, req->args[0], req->args[1]);
}

/* /status/CODE/NAME: that status with a short body. */
static enum MHD_Result serve_status(struct request *req)
{
    uint64_t code;
    char text[64];

    if (httpd_whole_number(req->args[0], &code) != 0 || code < 200 || code > 599) {
        return finish_bad_path(req);
    }
    snprintf(text, sizeof text, "status %" PRIu64 "\n", code);
    return finish_text(req, (unsigned)code, code == 204 || code == 304 ? "" : text);
}

static enum MHD_Result finish_redirect(struct request *req, const char *target)
{
    uint64_t code;

    if (httpd_whole_number(req->args[0], &code) != 0 || code < 300 || code > 399) {
        return finish_bad_path(req);
    }
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

    if (httpd_whole_number(req->args[1], &count) != 0) {
        return finish_bad_path(req);
    }
    httpd_unescape(req->args[0]);
    if (req->seen < count) {
        return finish_with_header(req, 429, "later\n", "Retry-After", req->args[0]);
    }
    struct content content = content_of_name(req->name, 1000);
    return finish_content(req, &content, NULL, NULL);
}

/* /flaky/CODE/COUNT/NAME: CODE for the first COUNT requests, then 1000 bytes. */
static enum MHD_Result serve_flaky(struct request *req)
{
    uint64_t count;

    if (httpd_whole_number(req->args[1], &count) != 0) {
        return finish_bad_path(req);
    }
    if (req->seen < count) {
        return serve_status(req);
    }
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

    if (file == NULL) {
        return MHD_NO;
    }
    MHD_get_connection_values(req->connection, MHD_HEADER_KIND, echo_header, file);
    enum MHD_Result result = MHD_NO;
    if (fclose(file) == 0) {
        result = finish_text(req, 200, text);
    }
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
    if (!known) {
        return finish_with_header(req, 401, "who?\n", "WWW-Authenticate",
                                  "Basic realm=\"fixtures\"");
    }
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

/* /gate/HAVE/N/NAME: N bytes, those from HAVE on (but for the first of a reply) when NAME has been
 * opened. */
static enum MHD_Result serve_gate(struct request *req)
{
    uint64_t have;
    uint64_t size;

    if (httpd_whole_number(req->args[0], &have) != 0 ||
        httpd_whole_number(req->args[1], &size) != 0) {
        return finish_bad_path(req);
    }
    struct content content = content_of_name(req->name, size);
    content.gate = req->name;
    content.gate_at = have;
    return finish_content(req, &content, NULL, NULL);
}

/* /open/NAME: opens that gate. */
static enum MHD_Result serve_open(struct request *req)
{
    httpd_gate_open(req->httpd, req->name);
    return finish_text(req, 200, "open\n");
}

/* /meet/COUNT/GROUP/NAME: 1000 bytes when COUNT requests of GROUP are there at the same time. */
static enum MHD_Result serve_meet(struct request *req)
{
    char met[HTTPD_KEY_BYTES];
    char now[HTTPD_KEY_BYTES];
    char most[HTTPD_KEY_BYTES];
    uint64_t count;

    if (httpd_whole_number(req->args[0], &count) != 0 || count == 0) {
        return finish_bad_path(req);
    }
    snprintf(met, sizeof met, "#met/%.200s", req->args[1]);
    snprintf(now, sizeof now, "#now/%.200s", req->args[1]);
    snprintf(most, sizeof most, "#most/%.200s", req->args[1]);
    (void)httpd_count_change(req->httpd, most, 0, httpd_count(req->httpd, now, 1) + 1);
    uint64_t before = httpd_count(req->httpd, met, 1);
    if (!httpd_await_count(req->httpd, met, before - before % count + count)) {
        return MHD_NO;
    }
    (void)httpd_count(req->httpd, now, (uint64_t)-1);
    struct content content = content_of_name(req->name, 1000);
    return finish_content(req, &content, NULL, NULL);
}

/* /most/GROUP: how many requests of a group there were at the same time, at most. */
static enum MHD_Result serve_most(struct request *req)
{
    char most[HTTPD_KEY_BYTES];
    char text[32];

    snprintf(most, sizeof most, "#most/%.200s", req->name);
    snprintf(text, sizeof text, "%" PRIu64 "\n", httpd_count(req->httpd, most, 0));
    return finish_text(req, 200, text);
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
    if (req->httpd->options.root == NULL || strstr(req->name, "..") != NULL) {
        return finish_text(req, 404, "no such file\n");
    }
    if (asprintf(&path, "%s/%s", req->httpd->options.root, req->name) < 0) {
        return MHD_NO;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(path);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0) {
            close(fd);
        }
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
    {"most", 0, serve_most},     {"meet", 2, serve_meet},
    {"gate", 2, serve_gate},     {"open", 0, serve_open},
    {"shared", 3, serve_shared},
};

/* Cuts path in place into the request's route, arguments and name. */
static enum MHD_Result dispatch(struct request *req, char *path)
{
    char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;

    if (slash == NULL) {
        return finish_text(req, 404, "no such route\n");
    }
    size_t bytes = (size_t)(slash - path) - 1;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];

        if (strlen(route->name) != bytes || memcmp(route->name, path + 1, bytes) != 0) {
            continue;
        }
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
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return finish_text(&req, 405, "GET and HEAD only\n");
    }
    req.seen = httpd_count(req.httpd, url, 1);
    char *path = strdup(url);
    if (path == NULL) {
        return MHD_NO;
    }
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

    if (file == NULL) {
        return NULL;
    }
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

    if (httpd_init(&httpd, argc, argv) != 0) {
        return 2;
    }
    char *cert = read_whole(httpd.options.cert);
    char *key = read_whole(httpd.options.key);
    struct MHD_Daemon *daemon = NULL;
    if (httpd.options.cert == NULL || (cert != NULL && key != NULL)) {
        daemon = start(&httpd, cert, key);
    }
    if (daemon == NULL) {
        fprintf(stderr, "%s: cannot start\n", argv[0]);
    } else {
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
        if (info != NULL && httpd_write_port(&httpd, info->port) == 0) {
            status = httpd_wait_end(&httpd) == 0 ? 0 : 1;
        }
        httpd_stop(&httpd);
        MHD_stop_daemon(daemon);
    }
    free(cert);
    free(key);
    httpd_fini(&httpd);
    return status;
}
