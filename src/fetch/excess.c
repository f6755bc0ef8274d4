/* SPDX-License-Identifier: MIT
 *
 * fetch/excess.c - did a server send more than its Content-Length?
 *
 * Called by body.c from libcurl's callbacks and by transfer.c at the end of a request, on the worker's
 * thread. No locks.
 */
#define _GNU_SOURCE
#include "fetch/excess.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <pxfer/status.h>

#include "base/parse.h"
#include "fetch/transfer.h"

/* A server that ends its body with a line end that it does not count is sloppy, no liar. */
#define LINE_END_BYTES 2

/* HTTP/2 has frames, and libcurl (nghttp2) refuses a stream that contradicts its length. */
void excess_watch(struct transfer *transfer, const char *line, size_t n)
{
    bool ends = n <= 2 && (line[0] == '\r' || line[0] == '\n');

    if (n > 7 && memcmp(line, "HTTP/", 5) == 0) {
        transfer->plain_frames = line[5] == '1';
    }
    if (ends && transfer->plain_frames && transfer->head.n_lengths > 0) {
        PX_IGNORE((int)curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 1L)); /* then unseen */
    }
}

void excess_note(struct transfer *transfer, const char *text, size_t n)
{
    static const char word[] = "Excess ", count[] = "excess = ";
    char line[128];
    uint64_t bytes;

    if (n <= sizeof word || memcmp(text, word, sizeof word - 1) != 0) {
        return;
    }
    n = n < sizeof line ? n : sizeof line - 1;
    memcpy(line, text, n);
    line[n] = '\0';
    const char *at = strstr(line, count);
    at = at != NULL ? at + sizeof count - 1 : "";
    bool known = px_parse_u64_n(at, strspn(at, "0123456789"), 0, UINT64_MAX, &bytes) == PX_OK;
    transfer->excess |= !known || bytes > LINE_END_BYTES;
}

static bool is_line_end(const char *bytes, size_t n)
{
    return n <= LINE_END_BYTES && strspn(bytes, "\r\n") >= n;
}

bool excess_found(const struct transfer *transfer)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    char bytes[4] = "";
    char *scheme = NULL;

    if (transfer->excess) {
        return true;
    }
    if (!transfer->plain_frames || transfer->head.n_lengths == 0 ||
        curl_easy_getinfo(transfer->easy, CURLINFO_SCHEME, &scheme) != CURLE_OK || scheme == NULL ||
        strcasecmp(scheme, "http") != 0 ||
        curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD) {
        return false;
    }
    ssize_t n = recv(fd, bytes, sizeof bytes - 1, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 && !is_line_end(bytes, (size_t)n);
}
