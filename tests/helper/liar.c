/* SPDX-License-Identifier: MIT
 *
 * The lying fixture server: HTTP/1.1 over bare sockets or TLS, for replies that no library would
 * send, and HTTP/2 (docs: tests/helper/README.md). The path of a request names the lie; a lie that
 * is told for the first COUNT requests of a path is followed by the truth. Every reply of HTTP/1.1
 * ends its connection.
 *
 * One detached thread for each connection; main waits for the end, shuts every socket, which
 * wakes whoever blocks on one, and waits until the last thread has left. The one lock is
 * struct httpd's.
 */
#define _GNU_SOURCE
#include "http2.h"
#include "lies.h"
#include "links.h"

#define LIAR_HEAD_BYTES 65536

/* Answers the request for `path`, which is cut up, and counts it. */
static void answer(struct exchange *ex, char *path)
{
    char *asked = strdup(path);

    if (asked != NULL) {
        ex->path = asked;
        ex->seen = httpd_count(ex->httpd, asked, 1);
        dispatch(ex, path);
    }
    free(asked);
}

/* Reads up to the empty line that ends a request's head. The number of bytes; 0: it never came. */
static size_t read_head(struct wire *wire, char head[LIAR_HEAD_BYTES])
{
    size_t used = 0;

    while (used < LIAR_HEAD_BYTES - 1) {
        size_t got = wire_receive(wire, head + used, LIAR_HEAD_BYTES - 1 - used);

        if (got == 0) {
            return 0;
        }
        used += got;
        head[used] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL) {
            return used;
        }
    }
    return 0;
}

/* The value of that header among the lines, on the heap; NULL: not there. */
static char *find_header(const char *lines, const char *name)
{
    size_t bytes = strlen(name);

    for (const char *line = lines; line != NULL; line = strstr(line, "\r\n")) {
        line += strspn(line, "\r\n");
        if (strncasecmp(line, name, bytes) == 0 && line[bytes] == ':') {
            line += bytes + 1;
            line += strspn(line, " \t");
            return strndup(line, strcspn(line, "\r\n"));
        }
    }
    return NULL;
}

/* Reads one request and answers it; or all of a connection that begins as HTTP/2 does. */
static void serve(struct httpd *httpd, struct wire *wire)
{
    char head[LIAR_HEAD_BYTES];
    size_t bytes = read_head(wire, head);

    if (bytes == 0) {
        return;
    }
    if (strncmp(head, "PRI ", 4) == 0) {
        http2_serve(httpd, wire, answer, head, bytes);
        return;
    }
    char *method_end = strchr(head, ' ');
    char *path = method_end != NULL ? method_end + 1 : head;
    char *path_end = path + strcspn(path, " ?\r\n");
    char *headers = strstr(path_end, "\r\n");
    if (method_end == NULL || headers == NULL) {
        return;
    }
    *method_end = '\0';
    *path_end = '\0';
    struct exchange ex = {.httpd = httpd,
                          .wire = wire,
                          .method = head,
                          .headers = headers,
                          .range = find_header(headers, "Range"),
                          .arrived_ms = httpd_elapsed_ms(httpd)};
    answer(&ex, path);
    free(ex.range);
}

int main(int argc, char **argv)
{
    struct httpd httpd;
    struct links links;
    SSL_CTX *tls = NULL;
    int status = 1;

    if (httpd_init(&httpd, argc, argv) != 0) {
        return 2;
    }
    if (httpd.options.root != NULL) {
        fprintf(stderr, "%s: --root is for server\n", argv[0]);
        return 2;
    }
    if (httpd.options.cert != NULL) {
        tls = wire_context_new(httpd.options.cert, httpd.options.key);
        if (tls == NULL) {
            fprintf(stderr, "%s: bad certificate or key\n", argv[0]);
            return 1;
        }
    }
    unsigned port = links_start(&links, &httpd, tls, serve);
    if (port == 0) {
        perror(argv[0]);
        return 1;
    }
    if (httpd_write_port(&httpd, port) == 0) {
        status = httpd_wait_end(&httpd) == 0 ? 0 : 1;
    }
    links_stop(&links);
    httpd_fini(&httpd);
    SSL_CTX_free(tls);
    return status;
}
