/* SPDX-License-Identifier: MIT
 *
 * fetch/head.h - the few headers of a reply that the engine looks at, picked out of the lines as
 * they come. Pure.
 *
 * By hand, because curl_easy_header(3) walks all headers for every name asked (twice, to count them):
 * for eight names that was 3 % of the processor time of a small file.
 */
#ifndef FETCH_HEAD_H
#define FETCH_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

#define HEAD_LENGTHS_MAX 8 /* Content-Length headers that are kept; more are no better than these */
#define HEAD_ROOM 4096     /* for all values together; what does not fit is taken for absent */

enum head_name {
    HEAD_CONTENT_RANGE,
    HEAD_CONTENT_TYPE,
    HEAD_CONTENT_ENCODING,
    HEAD_TRANSFER_ENCODING,
    HEAD_ETAG,
    HEAD_LAST_MODIFIED,
    HEAD_LOCATION,
    HEAD_ACCEPT_RANGES,
    HEAD_CONTENT_DISPOSITION,
    HEAD_SET_COOKIE, /* "" when there is one: its value is not kept */
    HEAD_NAMES_
};

struct head {
    const char *value[HEAD_NAMES_]; /* of the first header of that name, trimmed; NULL = absent */
    const char *length[HEAD_LENGTHS_MAX];
    size_t n_lengths;
    size_t used;
    char text[HEAD_ROOM];
};

/* Before a request. */
void head_reset(struct head *head);

/* One line as CURLOPT_HEADERFUNCTION gets it. A status line begins a new head: what a 1xx reply said
 * is forgotten. */
void head_line(struct head *head, const char *line, size_t n);

#endif
