/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format.c - which format is this, and what the formats of lines share. Pure; no locks.
 */
#define _GNU_SOURCE
#include "fetch/list/format.h"

#include <string.h>
#include <strings.h>

#include <pxfer/status.h>

#include "fetch/list/sumline.h"

const struct list_format *format_of(enum px_list_format kind)
{
    switch (kind) {
    case PX_LIST_PAIRS: return &format_pairs;
    case PX_LIST_SUMS: return &format_sums;
    case PX_LIST_JSONL: return &format_jsonl;
    case PX_LIST_METALINK: return &format_metalink;
    case PX_LIST_AUTO:
    case PX_LIST_ARIA2: break;
    }
    return &format_aria2;
}

/* --- what begins so? -------------------------------------------------------------------------*/

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Is it `word`, or may it become that? PX_OK, PX_EAGAIN, PX_EEND: no. */
static int starts_with(const char *text, size_t len, const char *word)
{
    const size_t n = strlen(word);

    if (memcmp(text, word, len < n ? len : n) != 0) {
        return PX_EEND;
    }
    return len >= n ? PX_OK : PX_EAGAIN;
}

/* An XML declaration, or the one element that a Metalink document can be. */
static int sniff_xml(const char *text, size_t len)
{
    const int declaration = starts_with(text, len, "<?xml");
    const int root = starts_with(text, len, "<metalink");

    if (declaration == PX_OK || root == PX_OK) {
        return PX_OK;
    }
    return declaration == PX_EAGAIN || root == PX_EAGAIN ? PX_EAGAIN : PX_EEND;
}

/* '{' and a member, or none. */
static int sniff_json(const char *text, size_t len)
{
    size_t i = 1;

    while (i < len && is_blank(text[i])) {
        i++;
    }
    if (i == len) {
        return PX_EAGAIN;
    }
    return text[i] == '"' || text[i] == '}' ? PX_OK : PX_EEND;
}

/* A digest, blanks or " *", and what is a URL or may be relative. */
static int sniff_sums(const char *text, size_t len, bool has_base)
{
    size_t i = 0;

    while (i < len && i <= SUMLINE_HEX_MAX &&
           memchr(SUMLINE_HEX, text[i], sizeof SUMLINE_HEX - 1) != NULL) {
        i++;
    }
    if (i == len) {
        return PX_EAGAIN;
    }
    if (sumline_kind_of_digits(i) == PX_DIGEST_NONE || (text[i] != ' ' && text[i] != '\t')) {
        return PX_EEND;
    }
    while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '*')) {
        i++;
    }
    if (i < len && has_base && text[i] != '\n' && text[i] != '\r') {
        return PX_OK;
    }
    return strncasecmp(text + i, "http", len - i < 4 ? len - i : 4) != 0 ? PX_EEND
           : len - i < 4                                                 ? PX_EAGAIN
                                                                         : PX_OK;
}

/* Behind blank lines, comments and blanks, as far as they are there. */
static size_t skip_nothing(const char *text, size_t len, bool *after_comment)
{
    size_t at = 0;

    *after_comment = false;
    for (;;) {
        size_t i = at;

        while (i < len && is_blank(text[i])) {
            i++;
        }
        if (i == len) {
            return len;
        }
        if (text[i] != '#' && text[i] != '\n') {
            return i;
        }
        *after_comment = *after_comment || text[i] == '#';
        const char *end = memchr(text + i, '\n', len - i);
        if (end == NULL) {
            return len;
        }
        at = (size_t)(end - text) + 1;
    }
}

int format_sniff(const char *text, size_t len, bool ended, bool has_base, enum px_list_format *out)
{
    bool after_comment;
    const size_t at = skip_nothing(text, len, &after_comment);
    int rc = PX_EEND;

    *out = PX_LIST_ARIA2;
    if (at == len) {
        return ended ? PX_OK : PX_EAGAIN;
    }
    text += at;
    len -= at;
    if (*text == '<' && !after_comment) {
        rc = sniff_xml(text, len);
        *out = rc == PX_OK ? PX_LIST_METALINK : PX_LIST_ARIA2;
    } else if (*text == '{') {
        rc = sniff_json(text, len);
        *out = rc == PX_OK ? PX_LIST_JSONL : PX_LIST_ARIA2;
    } else if (memchr(SUMLINE_HEX, *text, sizeof SUMLINE_HEX - 1) != NULL) {
        rc = sniff_sums(text, len, has_base);
        *out = rc == PX_OK ? PX_LIST_SUMS : PX_LIST_ARIA2;
    }
    return rc == PX_EAGAIN && !ended ? PX_EAGAIN : PX_OK;
}

/* --- what formats of lines share -------------------------------------------------------------*/

bool format_is_nothing(const struct format_line *line)
{
    size_t i = 0;

    while (i < line->len && is_blank(line->text[i])) {
        i++;
    }
    return i == line->len || line->text[i] == '#';
}

int format_bad_line(struct draft *draft, const struct format_line *line, const char *why)
{
    const char *end = line->text + line->len;
    const char *url = memmem(line->text, line->len, "http", 4);
    size_t n = 0;

    draft_begin(draft, line->number);
    draft_spoil(draft, "%s", why);
    url = url != NULL ? url : end;
    while (url + n < end && (unsigned char)url[n] > 0x20) {
        n++;
    }
    return draft_sample(draft, url, n);
}
