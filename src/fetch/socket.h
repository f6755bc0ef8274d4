/* SPDX-License-Identifier: MIT
 *
 * fetch/socket.h - the sockets that libcurl asks for: closed in programs that are started, and none
 * to an address that is not of the public internet, when that was asked for (--deny-private).
 *
 * The address is judged that the socket is about to be connected to, after names were looked up: so
 * neither a name, a redirect nor an answer that changes between two look-ups gets round it. A
 * connection that is used again was judged when it was made. With a proxy it is the proxy that is
 * connected to, and judged.
 *
 * They are also where connections are counted that are kept for reuse, for -x (conns.h).
 */
#ifndef FETCH_SOCKET_H
#define FETCH_SOCKET_H

#include <stdbool.h>

#include <curl/curl.h>

struct transfer;

/* CURLOPT_OPENSOCKETFUNCTION; ctx is the struct transfer. */
curl_socket_t socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address);

/* CURLOPT_CLOSESOCKETFUNCTION; ctx is the struct conns: a connection outlives the
 * transfer that opened it. */
int socket_close(void *ctx, curl_socket_t fd);

/* Did the request fail because none of its addresses may be connected to? */
bool socket_was_denied(const struct transfer *transfer, CURLcode code);

#endif
