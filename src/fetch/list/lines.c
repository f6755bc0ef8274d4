/* SPDX-License-Identifier: MIT
 *
 * fetch/list/lines.c - the records of a file or pipe, never waiting for long.
 *
 * Between the bytes (feed.c) and the formats (list.c), on the owner's thread; no locks.
 */
#include "fetch/list/lines.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#define READ_BYTES ((size_t)65536) /* what a pipe holds; larger reads of a file gain nothing */

int lines_open(struct lines *lines, const struct px_io_ops *io, const char *path, char separator,
               struct feed_spool *spool)
{
    *lines = (struct lines){.separator = separator};
    return feed_open(&lines->feed, io, path, spool);
}

void lines_close(struct lines *lines)
{
    feed_close(&lines->feed);
    free(lines->buf);
    *lines = (struct lines){.feed.fd = -1};
}

/* Makes room for a read behind end. PX_ENOMEM. */
static int make_room(struct lines *lines)
{
    if (lines->begin > 0) {
        memmove(lines->buf, lines->buf + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->room - lines->end >= READ_BYTES) {
        return PX_OK;
    }
    size_t room = lines->room == 0 ? 2 * READ_BYTES : 2 * lines->room;
    char *buf = realloc(lines->buf, room);
    if (buf == NULL) {
        return PX_ENOMEM;
    }
    lines->buf = buf;
    lines->room = room;
    return PX_OK;
}

/* Inside a line beyond the limit: forgets all but its beginning, up to the separator if it is
 * there. */
static void shrink_long_line(struct lines *lines)
{
    char *from = lines->buf + lines->begin + LINES_SAMPLE_BYTES;
    size_t len = lines->end - lines->begin - LINES_SAMPLE_BYTES;
    char *separator = memchr(from, lines->separator, len);
    size_t gone = separator != NULL ? (size_t)(separator - from) : len;

    memmove(from, from + gone, len - gone);
    lines->end -= gone;
    lines->scanned = LINES_SAMPLE_BYTES;
}

/* Length of the record at begin, with `*after` where the next begins. PX_EAGAIN: its end has not
 * been read. */
static int find_end(struct lines *lines, size_t *len, size_t *after)
{
    size_t held = lines->end - lines->begin;
    const char *from = lines->buf + lines->begin;
    const char *separator = held > lines->scanned ? memchr(from + lines->scanned, lines->separator,
                                                           held - lines->scanned)
                                                  : NULL;

    if (separator != NULL) {
        *len = (size_t)(separator - from);
        *after = lines->begin + *len + 1;
        return PX_OK;
    }
    lines->scanned = held;
    if (lines->ended && held > 0) {
        *len = held;
        *after = lines->end;
        return PX_OK;
    }
    return lines->ended ? PX_EEND : PX_EAGAIN;
}

static void skip_bom(struct lines *lines)
{
    if (lines->begun || lines->number > 0 || lines->end - lines->begin < 3) {
        return;
    }
    lines->begun = true;
    if (memcmp(lines->buf + lines->begin, "\xef\xbb\xbf", 3) == 0) {
        lines->begin += 3;
        lines->scanned = 0;
    }
}

int lines_fill(struct lines *lines)
{
    size_t got = 0;

    if (make_room(lines) != PX_OK) {
        return PX_ENOMEM;
    }
    int rc = feed_read(&lines->feed, lines->buf + lines->end, lines->room - lines->end, &got);
    if (rc == PX_OK) {
        lines->ended = got == 0;
        lines->end += got;
        skip_bom(lines);
    }
    return rc;
}

int lines_peek(struct lines *lines, const char **text, size_t *len)
{
    size_t after = 0;
    int rc;

    *text = "";
    *len = 0;
    if (lines->room == 0 && make_room(lines) != PX_OK) {
        return PX_ENOMEM;
    }
    while ((rc = find_end(lines, len, &after)) == PX_EAGAIN) {
        if (lines->end - lines->begin > LINES_MAX_BYTES || lines->too_long) {
            lines->too_long = true;
            shrink_long_line(lines);
        }
        rc = lines_fill(lines);
        if (rc != PX_OK) {
            return rc;
        }
    }
    if (rc != PX_OK) {
        return rc;
    }
    if (lines->next == 0) {
        lines->number++;
    }
    lines->next = after;
    *text = lines->buf + lines->begin;
    if (lines->too_long || *len > LINES_MAX_BYTES) {
        *len = LINES_SAMPLE_BYTES;
        lines->too_long = true;
        return PX_EBADLINE;
    }
    if (lines->separator == '\n' && *len > 0 && (*text)[*len - 1] == '\r') {
        (*len)--;
    }
    return PX_OK;
}

void lines_take(struct lines *lines)
{
    if (lines->next != 0) {
        lines->begin = lines->next;
        lines->next = 0;
        lines->scanned = 0;
        lines->too_long = false;
    }
}

size_t lines_held(const struct lines *lines, const char **text, bool *ended)
{
    *text = lines->room > 0 ? lines->buf + lines->begin : "";
    *ended = lines->ended;
    return lines->end - lines->begin;
}

void lines_drop(struct lines *lines, size_t n)
{
    lines->begin += n;
    lines->scanned = 0;
}
