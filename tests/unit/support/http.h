/* SPDX-License-Identifier: MIT
 *
 * support/http.h - a small HTTP/1.1 server inside the test: one thread, one poll loop, replies made by
 * a function of the test. It sends exactly the bytes that it is told to, right or wrong. Header
 * only. The handler runs on the server's thread: it records and replies, the test asserts.
 */
#ifndef PX_TESTS_SUPPORT_HTTP_H
#define PX_TESTS_SUPPORT_HTTP_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_CONNECTIONS 64
#define HTTP_HEAD_ROOM 8192
#define HTTP_LOG_MAX 256

enum http_end { HTTP_KEEP, HTTP_CLOSE, HTTP_RESET, HTTP_HOLD };

struct http_request {
    const char *head; /* all of it */
    char path[512];
    unsigned number;  /* of all requests, from 1 */
    unsigned of_path; /* of those for this path, from 1 */
};

struct http_reply {
    char *bytes;
    size_t len;
    enum http_end end;
};

typedef void http_handler(void *ctx, const struct http_request *request, struct http_reply *reply);

struct http_server {
    int listener;
    int stop[2];
    uint16_t port;
    pthread_t thread;
    http_handler *handler;
    void *ctx;
    atomic_uint requests;
    atomic_uint connections;
    char *heads[HTTP_LOG_MAX]; /* what was asked, in order; read after http_stop() or at rest */
};

/* --- for handlers ----------------------------------------------------------------------------- */

static inline void http_add(struct http_reply *reply, const void *bytes, size_t n)
{
    char *grown = realloc(reply->bytes, reply->len + n + 1);
    if (grown != NULL) {
        memcpy(grown + reply->len, bytes, n);
        reply->bytes = grown;
        reply->len += n;
    }
}

static inline void http_text(struct http_reply *reply, const char *text)
{
    http_add(reply, text, strlen(text));
}

/* "HTTP/1.1 200 OK", headers (each with \r\n), Content-Length, the body. */
static inline void http_whole(struct http_reply *reply, const char *status, const char *headers,
                              const void *body, size_t n)
{
    char head[1024];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, n);
    http_text(reply, head);
    http_add(reply, body, n);
}

/* The value of a request header into out; false: it is not there. */
static inline bool http_header(const char *head, const char *name, char *out, size_t room)
{
    const size_t len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':') {
            const char *value = line + 2 + len + 1;
            value += strspn(value, " ");
            snprintf(out, room, "%.*s", (int)strcspn(value, "\r"), value);
            return true;
        }
    }
    return false;
}

/* The first byte of "Range: bytes=N-"; 0: there is none. */
static inline size_t http_range(const char *head)
{
    char value[64];
    return http_header(head, "Range", value, sizeof value) ? (size_t)atoll(value + 6) : 0;
}

/* --- the loop --------------------------------------------------------------------------------- */

struct http_connection {
    int fd;
    bool held;
    size_t len;
    char head[HTTP_HEAD_ROOM];
};

static inline void http_send(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

static inline void http_drop(struct http_connection *connection, bool reset)
{
    if (reset) {
        const struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(connection->fd);
    connection->fd = -1;
}

static inline unsigned http_count_path(const struct http_server *server, const char *path,
                                       unsigned n)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n && i < HTTP_LOG_MAX; i++) {
        const char *at = strchr(server->heads[i], ' ');
        const size_t len = strlen(path);
        count += at != NULL && strncmp(at + 1, path, len) == 0 && at[1 + len] == ' ';
    }
    return count;
}

static inline void http_answer(struct http_server *server, struct http_connection *connection)
{
    struct http_request request = {.head = connection->head};
    struct http_reply reply = {0};
    const unsigned n = atomic_load(&server->requests);

    if (sscanf(connection->head, "%*s %511s", request.path) != 1) {
        http_drop(connection, false);
        return;
    }
    if (n < HTTP_LOG_MAX) {
        server->heads[n] = strdup(connection->head);
    }
    request.number = n + 1;
    request.of_path = http_count_path(server, request.path, n + 1);
    atomic_store(&server->requests, n + 1);
    server->handler(server->ctx, &request, &reply);
    http_send(connection->fd, reply.bytes, reply.len);
    free(reply.bytes);
    connection->len = 0;
    connection->held = reply.end == HTTP_HOLD;
    if (reply.end == HTTP_CLOSE || reply.end == HTTP_RESET) {
        http_drop(connection, reply.end == HTTP_RESET);
    }
}

static inline void http_read(struct http_server *server, struct http_connection *connection)
{
    const ssize_t got = recv(connection->fd, connection->head + connection->len,
                             sizeof connection->head - connection->len - 1, 0);
    if (got <= 0) {
        http_drop(connection, false);
        return;
    }
    connection->len += (size_t)got;
    connection->head[connection->len] = '\0';
    if (!connection->held && strstr(connection->head, "\r\n\r\n") != NULL) {
        http_answer(server, connection);
    }
}

static inline void http_accept(struct http_server *server, struct http_connection *connections)
{
    const int fd = accept(server->listener, NULL, NULL);
    for (int i = 0; fd >= 0 && i < HTTP_CONNECTIONS; i++) {
        if (connections[i].fd < 0) {
            connections[i] = (struct http_connection){.fd = fd};
            atomic_fetch_add(&server->connections, 1);
            return;
        }
    }
    close(fd);
}

static inline void *http_run(void *ctx)
{
    struct http_server *server = ctx;
    struct http_connection *connections = calloc(HTTP_CONNECTIONS, sizeof *connections);
    struct pollfd fds[HTTP_CONNECTIONS + 2];

    for (int i = 0; i < HTTP_CONNECTIONS; i++) {
        connections[i].fd = -1;
    }
    for (;;) {
        fds[0] = (struct pollfd){.fd = server->stop[0], .events = POLLIN};
        fds[1] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        for (int i = 0; i < HTTP_CONNECTIONS; i++) {
            fds[i + 2] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
        }
        poll(fds, HTTP_CONNECTIONS + 2, -1);
        if (fds[0].revents != 0) {
            break;
        }
        for (int i = 0; i < HTTP_CONNECTIONS; i++) {
            if (fds[i + 2].revents != 0) {
                http_read(server, &connections[i]);
            }
        }
        if (fds[1].revents != 0) {
            http_accept(server, connections);
        }
    }
    for (int i = 0; i < HTTP_CONNECTIONS; i++) {
        if (connections[i].fd >= 0) {
            close(connections[i].fd);
        }
    }
    free(connections);
    return NULL;
}

/* --- for tests -------------------------------------------------------------------------------- */

static inline void http_start(struct http_server *server, http_handler *handler, void *ctx)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;

    memset(server, 0, sizeof *server);
    server->handler = handler;
    server->ctx = ctx;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 64), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, http_run, server), 0);
}

static inline const char *http_url(const struct http_server *server, const char *path)
{
    static char url[4][1024];
    static unsigned next;
    char *out = url[next++ % 4];
    snprintf(out, sizeof url[0], "http://127.0.0.1:%u%s", server->port, path);
    return out;
}

/* Joins the server's thread; heads[] may be read until http_fini(). */
static inline void http_stop(struct http_server *server)
{
    if (server->listener >= 0) {
        assert_int_equal(write(server->stop[1], "x", 1), 1);
        pthread_join(server->thread, NULL);
        close(server->listener);
        close(server->stop[0]);
        close(server->stop[1]);
        server->listener = -1;
    }
}

static inline void http_fini(struct http_server *server)
{
    http_stop(server);
    for (int i = 0; i < HTTP_LOG_MAX; i++) {
        free(server->heads[i]);
    }
}

#endif
