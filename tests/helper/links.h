/* SPDX-License-Identifier: MIT
 *
 * Connections, a detached thread for each: accepting them, and ending them all. Used by liar.c
 * alone. The acceptor runs on a thread of its own; the list is guarded by struct httpd's lock,
 * and a socket is closed under it, so that nobody shuts a descriptor that has been reused.
 */
#ifndef PX_TESTS_HELPER_LINKS_H
#define PX_TESTS_HELPER_LINKS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "httpd.h"
#include "wire.h"

/* One connection; owned by its thread, linked from struct links while its socket is open. */
struct link {
    struct link *next; /* protected by httpd->lock */
    struct links *links;
    int fd;
};

struct links {
    struct httpd *httpd;                                   /* fixed after start */
    SSL_CTX *tls;                                          /* fixed after start; NULL: none */
    void (*serve)(struct httpd *httpd, struct wire *wire); /* fixed after start */
    int listener;                                          /* fixed after start */
    pthread_t acceptor;                                    /* fixed after start */
    struct link *first;                                    /* protected by httpd->lock */
    pthread_cond_t no_one;                                 /* links became empty */
};

static void *link_run(void *arg)
{
    struct link *link = arg;
    struct links *links = link->links;
    struct wire wire;

    if (wire_init(&wire, links->tls, link->fd)) {
        links->serve(links->httpd, &wire);
    }
    wire_fini(&wire);
    pthread_mutex_lock(&links->httpd->lock);
    struct link **at = &links->first;
    while (*at != link) {
        at = &(*at)->next;
    }
    *at = link->next;
    close(link->fd);
    if (links->first == NULL) {
        pthread_cond_signal(&links->no_one);
    }
    pthread_mutex_unlock(&links->httpd->lock);
    free(link);
    return NULL;
}

/* Starts the thread of a new connection, which takes fd. */
static void link_start(struct links *links, int fd, const pthread_attr_t *detached)
{
    struct link *link = malloc(sizeof *link);
    pthread_t thread;
    int one = 1;

    if (link == NULL) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    pthread_mutex_lock(&links->httpd->lock);
    *link = (struct link){.next = links->first, .links = links, .fd = fd};
    if (!links->httpd->stopping && pthread_create(&thread, detached, link_run, link) == 0) {
        links->first = link;
        link = NULL;
    }
    pthread_mutex_unlock(&links->httpd->lock);
    if (link != NULL) {
        close(fd);
        free(link);
    }
}

static void *accept_run(void *arg)
{
    struct links *links = arg;
    pthread_attr_t detached;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int fd = accept4(links->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0) {
            link_start(links, fd, &detached);
        } else if (errno == EINVAL || errno == EBADF) {
            break; /* main has shut the listener */
        } else {
            (void)httpd_sleep_ms(links->httpd, 1);
        }
    }
    pthread_attr_destroy(&detached);
    return NULL;
}

/* Listens on a port of the kernel's choice and has `serve` answer, over TLS unless `tls` is NULL; it
 * is borrowed. Returns the port, or 0. */
static unsigned links_start(struct links *links, struct httpd *httpd, SSL_CTX *tls,
                            void (*serve)(struct httpd *httpd, struct wire *wire))
{
    struct sockaddr_in local = {.sin_family = AF_INET,
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof local;

    *links = (struct links){.httpd = httpd, .tls = tls, .serve = serve};
    pthread_cond_init(&links->no_one, NULL);
    links->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (links->listener < 0) {
        return 0;
    }
    if (bind(links->listener, (struct sockaddr *)&local, sizeof local) != 0 ||
        listen(links->listener, 1024) != 0 ||
        getsockname(links->listener, (struct sockaddr *)&local, &bytes) != 0 ||
        pthread_create(&links->acceptor, NULL, accept_run, links) != 0) {
        close(links->listener);
        return 0;
    }
    return ntohs(local.sin_port);
}

/* Ends every thread and waits for it. */
static void links_stop(struct links *links)
{
    httpd_stop(links->httpd);
    shutdown(links->listener, SHUT_RDWR);
    pthread_join(links->acceptor, NULL);
    close(links->listener);
    pthread_mutex_lock(&links->httpd->lock);
    for (struct link *link = links->first; link != NULL; link = link->next) {
        shutdown(link->fd, SHUT_RDWR);
    }
    while (links->first != NULL) {
        pthread_cond_wait(&links->no_one, &links->httpd->lock);
    }
    pthread_mutex_unlock(&links->httpd->lock);
    pthread_cond_destroy(&links->no_one);
}

#endif
