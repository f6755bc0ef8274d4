/* SPDX-License-Identifier: MIT
 *
 * fetch/excess.h - did a server send more than its Content-Length? libcurl cuts such bytes off and
 * reports success; but a reply that contradicts itself proves nothing of the file (F3).
 *
 * There are two places where such bytes can be. In the same read as the end of the body: libcurl says
 * so in its verbose text ("Excess found in a read" up to 8.5, "Excess writing body" since) and nowhere
 * else, so from the end of the head on a request is verbose, which costs two lines of text. Or still
 * in the socket, where they can be seen with MSG_PEEK. What comes later than the end of the request
 * is left to libcurl, which closes a connection that has something to read before its next use.
 * Over TLS only the first place is looked at: what waits in the socket may be a session ticket.
 *
 * On the worker's thread.
 */
#ifndef FETCH_EXCESS_H
#define FETCH_EXCESS_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

struct transfer;

/* A line of the reply's head has come. */
void excess_watch(struct transfer *transfer, const char *line, size_t n);

/* A text of libcurl's. */
void excess_note(struct transfer *transfer, const char *text, size_t n);

/* The body has come, as far as was announced: was there more? */
bool excess_found(const struct transfer *transfer);

#endif
