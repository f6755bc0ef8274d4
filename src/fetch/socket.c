/* SPDX-License-Identifier: MIT
 *
 * fetch/socket.c - sockets for libcurl. Called inside curl_multi_perform(3), on the worker's thread.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "fetch/socket.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/address.h"
#include "fetch/conns.h"
#include "fetch/engine.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

static void note_denied(struct transfer *transfer, const struct sockaddr *address, const char *what)
{
    const void *bytes = NULL;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof in);
        bytes = &in.sin_addr;
    } else if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        bytes = &in6.sin6_addr;
    }
    transfer->denied = what;
    if (bytes == NULL || inet_ntop(address->sa_family, bytes, transfer->denied_address,
                                   sizeof transfer->denied_address) == NULL) {
        snprintf(transfer->denied_address, sizeof transfer->denied_address, "?");
    }
}

curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = ctx;

    (void)purpose; /* there is one */
    if (transfer->fetch->opts.deny_private) {
        const char *what = address_special(&address->addr);

        if (what != NULL) {
            note_denied(transfer, &address->addr, what);
            return CURL_SOCKET_BAD;
        }
    }
    const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    transfer->opened++;
    if (transfer->fetch->conns != NULL && transfer->same_origin) {
        conns_add(transfer->fetch->conns, transfer->slot, transfer->task->origin, fd);
    }
    return fd;
}

int socket_close(void *ctx, curl_socket_t fd)
{
    conns_remove(ctx, fd);
    return close(fd);
}

bool socket_was_denied(const struct transfer *transfer, CURLcode code)
{
    return transfer->denied != NULL && transfer->opened == 0 && code != CURLE_OK;
}
