/* SPDX-License-Identifier: MIT
 *
 * fetch/head.c - the few headers of a reply that the engine looks at.
 *
 * Called for each line from libcurl's header callback (body.c), on the worker's thread. No locks.
 */
#define _GNU_SOURCE
#include "fetch/head.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    size_t len;
} names[HEAD_NAMES_] = {
    [HEAD_CONTENT_RANGE] = {"Content-Range", 13},
    [HEAD_CONTENT_TYPE] = {"Content-Type", 12},
    [HEAD_CONTENT_ENCODING] = {"Content-Encoding", 16},
    [HEAD_TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
    [HEAD_ETAG] = {"ETag", 4},
    [HEAD_LAST_MODIFIED] = {"Last-Modified", 13},
    [HEAD_LOCATION] = {"Location", 8},
    [HEAD_ACCEPT_RANGES] = {"Accept-Ranges", 13},
    [HEAD_CONTENT_DISPOSITION] = {"Content-Disposition", 19},
    [HEAD_SET_COOKIE] = {"Set-Cookie", 10},
};

void head_reset(struct head *head)
{
    memset(head->value, 0, sizeof head->value);
    head->n_lengths = 0;
    head->used = 0;
}

/* A trimmed copy; NULL: no room. */
static const char *keep(struct head *head, const char *value, size_t n)
{
    while (n > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        n--;
    }
    while (n > 0 && strchr(" \t\r\n", value[n - 1]) != NULL) {
        n--;
    }
    if (n >= sizeof head->text - head->used || memchr(value, '\0', n) != NULL) {
        return NULL;
    }
    char *kept = head->text + head->used;
    memcpy(kept, value, n);
    kept[n] = '\0';
    head->used += n + 1;
    return kept;
}

static bool is(const char *line, size_t n, const char *name, size_t len)
{
    return n == len && strncasecmp(line, name, len) == 0;
}

void head_line(struct head *head, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);

    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        head_reset(head);
        return;
    }
    if (colon == NULL) {
        return;
    }
    size_t len = (size_t)(colon - line);
    const char *value = colon + 1;
    n -= len + 1;
    if (is(line, len, "Content-Length", 14)) {
        if (head->n_lengths < HEAD_LENGTHS_MAX) {
            const char *kept = keep(head, value, n);
            head->length[head->n_lengths++] = kept != NULL ? kept : "";
        }
        return;
    }
    for (int i = 0; i < HEAD_NAMES_; i++) {
        if (is(line, len, names[i].name, names[i].len)) {
            if (i == HEAD_SET_COOKIE) {
                head->value[i] = ""; /* a secret, and of any length: that there is one is enough */
            } else if (head->value[i] == NULL) {
                head->value[i] = keep(head, value, n);
            }
            return;
        }
    }
}
