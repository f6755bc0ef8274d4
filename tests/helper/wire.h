/* SPDX-License-Identifier: MIT
 *
 * One connection of the lying server: a bare socket, or TLS over it. Used by links.h, reply.h and
 * http2.h; each wire belongs to its connection's thread, and all of it blocks there. Another thread
 * may shut the socket, which wakes whoever waits.
 */
#ifndef PX_TESTS_HELPER_WIRE_H
#define PX_TESTS_HELPER_WIRE_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

struct wire {
    int fd;
    SSL *ssl; /* NULL: no TLS */
};

/* Takes HTTP/2 where it is offered, else HTTP/1.1 (RFC 7301). */
static inline int wire_pick_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                                     const unsigned char *in, unsigned in_bytes, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *picked = NULL;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&picked, out_bytes, ours, sizeof ours - 1, in, in_bytes) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = picked;
    return SSL_TLSEXT_ERR_OK;
}

/* What all connections of a server have in common; NULL: not with these two files. */
static inline SSL_CTX *wire_context_new(const char *cert, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL || SSL_CTX_use_certificate_chain_file(context, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_alpn_select_cb(context, wire_pick_protocol, NULL);
    return context;
}

/* Borrows fd. With a context the handshake is done here; false: it failed. wire_fini in any case. */
static inline bool wire_init(struct wire *wire, SSL_CTX *context, int fd)
{
    *wire = (struct wire){.fd = fd};
    if (context == NULL) {
        return true;
    }
    wire->ssl = SSL_new(context);
    return wire->ssl != NULL && SSL_set_fd(wire->ssl, fd) == 1 && SSL_accept(wire->ssl) == 1;
}

static inline void wire_fini(struct wire *wire)
{
    SSL_free(wire->ssl);
}

/* Returns the number of bytes, or 0: that was all, or the connection broke. */
static inline size_t wire_receive(struct wire *wire, void *data, size_t room)
{
    ssize_t got;

    if (wire->ssl != NULL) {
        got = SSL_read(wire->ssl, data, room < INT_MAX ? (int)room : INT_MAX);
    } else {
        got = recv(wire->fd, data, room, 0);
    }
    return got > 0 ? (size_t)got : 0;
}

static inline bool wire_send(struct wire *wire, const void *data, size_t bytes)
{
    const char *from = data;

    while (bytes > 0) {
        ssize_t sent;

        if (wire->ssl != NULL) {
            sent = SSL_write(wire->ssl, from, bytes < INT_MAX ? (int)bytes : INT_MAX);
        } else {
            sent = send(wire->fd, from, bytes, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) {
                continue;
            }
        }
        if (sent <= 0) {
            return false;
        }
        from += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

/* Nothing more will be sent. TLS says so itself, in its close_notify, unless `torn`. */
static inline void wire_end(struct wire *wire, bool torn)
{
    if (wire->ssl != NULL && !torn) {
        (void)SSL_shutdown(wire->ssl);
    }
    (void)shutdown(wire->fd, SHUT_WR);
}

#endif
