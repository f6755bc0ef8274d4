/* SPDX-License-Identifier: MIT
 *
 * fetch/torn.h - did a body end because TLS said so, or because the connection broke? One that has
 * neither length nor chunks ends with its connection, and over TLS that is its end only after
 * close_notify (RFC 9112, section 9.8): anybody on the way can cut a connection (F2).
 *
 * OpenSSL tells since 3.2. Before, libcurl 7.87 and later reports success, because OpenSSL does not ask
 * its BIO for the end; then the state of the TLS session is the only witness, and is gone when
 * libcurl reports the end. So it is looked at from the progress callback, which comes between the
 * two, and only for such bodies. Other TLS libraries than OpenSSL are left to themselves.
 *
 * On the worker's thread.
 */
#ifndef FETCH_TORN_H
#define FETCH_TORN_H

#include <stdbool.h>
#include <stddef.h>

struct transfer;

/* A line of the reply's head has come; after excess_watch. */
void torn_watch(struct transfer *transfer, const char *line, size_t n);

/* A body without a length has come to its end. True: it may be cut short, and transfer->error says so. */
bool torn_found(struct transfer *transfer);

#endif
