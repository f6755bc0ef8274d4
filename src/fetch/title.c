/* SPDX-License-Identifier: MIT
 *
 * fetch/title.c - the title of a page. On the worker's thread; libxml2's global state is made by
 * title_prepare() before there is a second thread, and only read afterwards.
 *
 * The parser's events are used, not its tree: a page costs a few KiB however large it is, and the
 * parser stops at the end of the title. It loads nothing (a page's entities and DTDs are ignored by
 * the HTML parser) and prints nothing.
 */
#include "fetch/title.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/HTMLparser.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/show.h"

#define CHUNK_BYTES 4096 /* so much is parsed beyond the title at most */

struct title {
    htmlParserCtxtPtr parser;
    uint64_t seen;
    bool inside; /* <title> */
    bool done;
    bool space; /* white space came, and something before it */
    size_t len;
    char text[TITLE_MAX_BYTES + 1];
};

void title_prepare(void)
{
    xmlInitParser();
}

bool title_is_likely(const char *content_type)
{
    /* text/html, application/xhtml+xml */
    for (; content_type != NULL && *content_type != '\0' && *content_type != ';'; content_type++) {
        if (strncasecmp(content_type, "html", 4) == 0) {
            return true;
        }
    }
    return content_type == NULL;
}

/* --- events ----------------------------------------------------------------------------------*/

static void on_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    struct title *title = ctx;

    (void)attributes;
    if (!title->done && strcasecmp((const char *)name, "title") == 0) {
        title->inside = true;
    }
}

static void on_end(void *ctx, const xmlChar *name)
{
    struct title *title = ctx;

    if (title->inside && strcasecmp((const char *)name, "title") == 0) {
        title->inside = false;
        title->done = true;
    }
}

static void put(struct title *title, char byte)
{
    if (title->len < TITLE_MAX_BYTES) {
        title->text[title->len++] = byte;
    } else {
        title->done = true;
        title->inside = false;
    }
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct title *title = ctx;

    for (int i = 0; i < len && title->inside; i++) {
        const char byte = (char)text[i];

        if (byte == ' ' || (byte >= '\t' && byte <= '\r')) {
            title->space = title->len > 0;
            continue;
        }
        if (title->space) {
            put(title, ' ');
            title->space = false;
        }
        put(title, byte);
    }
}

/* --- the page --------------------------------------------------------------------------------*/

/* The charset that the server names; NONE: the page's own word counts. */
static xmlCharEncoding charset_of(const char *content_type)
{
    const char *at = content_type != NULL ? strchr(content_type, ';') : NULL;
    char name[32];

    while (at != NULL) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "charset=", 8) == 0) {
            at += 8;
            at += *at == '"';
            const size_t n = strcspn(at, "\"; \t");
            if (n == 0 || n >= sizeof name) {
                break;
            }
            memcpy(name, at, n);
            name[n] = '\0';
            const xmlCharEncoding charset = xmlParseCharEncoding(name);
            return charset == XML_CHAR_ENCODING_ERROR ? XML_CHAR_ENCODING_NONE : charset;
        }
        at = strchr(at, ';');
    }
    return XML_CHAR_ENCODING_NONE;
}

int title_new(const char *content_type, struct title **out)
{
    htmlSAXHandler events = {.startElement = on_start,
                             .endElement = on_end,
                             .characters = on_text,
                             .cdataBlock = on_text,
                             .ignorableWhitespace = on_text};
    struct title *title = calloc(1, sizeof *title);

    if (title == NULL) {
        return PX_ENOMEM;
    }
    title->parser =
        htmlCreatePushParserCtxt(&events, title, NULL, 0, NULL, charset_of(content_type));
    if (title->parser == NULL) {
        free(title);
        return PX_ENOMEM;
    }
    (void)htmlCtxtUseOptions(title->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                                HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    *out = title;
    return PX_OK;
}

void title_free(struct title *title)
{
    if (title == NULL) {
        return;
    }
    if (title->parser->myDoc != NULL) {
        xmlFreeDoc(title->parser->myDoc);
    }
    htmlFreeParserCtxt(title->parser);
    free(title);
}

bool title_feed(struct title *title, const char *bytes, size_t n)
{
    while (n > 0 && !title->done) {
        const size_t take = n < CHUNK_BYTES ? n : CHUNK_BYTES;

        (void)htmlParseChunk(title->parser, bytes, (int)take, 0); /* what is wrong with a page is
                                                                     no failure of ours */
        bytes += take;
        n -= take;
        title->seen += take;
        title->done = title->done || title->seen >= TITLE_PAGE_BYTES;
    }
    return title->done;
}

/* Is the last character of text[0..len) cut? Then without it. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t at = len;

    while (at > 0 && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80) {
        at--;
    }
    if (at == 0) {
        return len;
    }
    const unsigned char lead = (unsigned char)text[at - 1];
    const size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return need > len - at + 1 ? at - 1 : len;
}

/* libxml2 (2.9.14) hands bytes that are no UTF-8 on as they are where it has not looked at enough of the
 * page to know its charset. */
static void replace_odd_bytes(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = 1;
        while (n <= 4 && n <= len - i && !px_utf8_valid(text + i, n)) {
            n++;
        }
        if (n > 4 || n > len - i) {
            text[i] = '?';
            n = 1;
        }
        i += n;
    }
}

const char *title_text(struct title *title)
{
    if (!title->done) {
        (void)htmlParseChunk(title->parser, "", 0,
                             1); /* the page is over: what is held back comes */
        title->done = true;
    }
    title->len = whole_characters(title->text, title->len);
    replace_odd_bytes(title->text, title->len);
    title->text[title->len] = '\0';
    return title->len > 0 ? title->text : NULL;
}

char *title_of_file(const struct px_io_ops *io, int fd, const char *content_type)
{
    struct title *title = NULL;
    char block[16384];
    ssize_t n;
    uint64_t at = 0;

    if (!title_is_likely(content_type) || title_new(content_type, &title) != PX_OK) {
        return NULL;
    }
    while ((n = io->pread(fd, block, sizeof block, (off_t)at)) > 0 &&
           !title_feed(title, block, (size_t)n)) {
        at += (uint64_t)n;
    }
    const char *text = title_text(title);
    char *copy = text != NULL ? strdup(text) : NULL;
    title_free(title);
    return copy;
}
