/* SPDX-License-Identifier: MIT
 *
 * A few pages on a server inside the test, for the examples that fetch. Header only. Include after
 * <cmocka.h>.
 */
#ifndef PX_TESTS_EXAMPLES_PAGES_H
#define PX_TESTS_EXAMPLES_PAGES_H

#include "support/http.h"

struct pages {
    struct http_server server;
    int nobody;          /* a port that is taken, and on which nobody listens */
    char nobody_url[64]; /* no reply */
    char urls[8][64];    /* in the order of the table */
};

enum page_kind { PAGE_TITLED, PAGE_UNTITLED, PAGE_UNCLOSED, PAGE_EMPTY, PAGE_MISSING, PAGE_BROKEN };

static const struct {
    const char *path, *status, *body;
} pages_table[] = {
    [PAGE_TITLED] = {"/titled", "200 OK", "<html><title>A title</title><title>not this</title>"},
    [PAGE_UNTITLED] = {"/untitled", "200 OK", "text"},
    [PAGE_UNCLOSED] = {"/unclosed", "200 OK", "</title><title>for ever"},
    [PAGE_EMPTY] = {"/empty", "200 OK", ""},
    [PAGE_MISSING] = {"/missing", "404 Not Found", "<title>Sorry</title>"},
    [PAGE_BROKEN] = {"/broken", "503 Service Unavailable", ""},
};

static inline void pages_serve(void *ctx, const struct http_request *request,
                               struct http_reply *reply)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof pages_table / sizeof pages_table[0]; i++) {
        if (strcmp(request->path, pages_table[i].path) == 0) {
            http_whole(reply, pages_table[i].status, "", pages_table[i].body,
                       strlen(pages_table[i].body));
        }
    }
}

static struct pages site;

/* For cmocka_run_group_tests(). */
static inline int pages_set_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    (void)state;
    http_start(&site.server, pages_serve, NULL);
    for (size_t i = 0; i < sizeof pages_table / sizeof pages_table[0]; i++) {
        snprintf(site.urls[i], sizeof site.urls[i], "%s",
                 http_url(&site.server, pages_table[i].path));
    }
    site.nobody = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(site.nobody, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(site.nobody, (struct sockaddr *)&address, &len), 0);
    snprintf(site.nobody_url, sizeof site.nobody_url, "http://127.0.0.1:%u/",
             ntohs(address.sin_port));
    return 0;
}

static inline int pages_tear_down(void **state)
{
    (void)state;
    close(site.nobody);
    http_fini(&site.server);
    return 0;
}

#endif
