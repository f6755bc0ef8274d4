/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format_metalink.c - Metalink documents, version 4 (RFC 5854) and 3 (metalinker.org), by
 * expat: for each <file> its name, size, the strongest of its digests and its http and https URLs,
 * best first.
 *
 * The document is read as it comes: expat is stopped behind each </file> and resumed when the entry
 * was taken, so memory does not grow with the document. Nothing outside of it is read, and entities
 * cannot be declared: a DOCTYPE is refused. One thread; no locks.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include <pxfer/status.h>

#include "base/digest.h"
#include "base/grow.h"
#include "base/parse.h"
#include "fetch/list/format.h"

#define DEPTH_MAX 64                     /* of elements; six are needed */
#define FILE_BYTES_MAX ((size_t)1 << 20) /* of one <file>'s text, and of one tag */
#define SEPARATOR '|'                    /* between a namespace and a name */
#define PRIORITY_LAST 999999             /* RFC 5854 section 4.1.2.2: what a URL without one has */

enum element { OTHER, METALINK, FILES, FILE_, SIZE, HASH, VERIFICATION, RESOURCES, URL };

struct url {
    size_t at, len; /* in text */
    unsigned priority;
};

struct metalink {
    XML_Parser parser;
    uint64_t first_line;
    bool begun;     /* behind blanks before the document */
    bool resumable; /* stopped behind a </file> */
    bool ended;     /* told of it, or broken */
    bool no_memory;
    const char *fault; /* static: why we stopped it */
    uint64_t given;    /* bytes */

    unsigned depth;
    unsigned char path[DEPTH_MAX]; /* enum element */

    /* the <file> that is being read */
    uint64_t line;
    char *text; /* its name, then the texts of its elements */
    size_t room, len;
    size_t name_len;
    size_t begin; /* where the element's text that is being read begins */
    bool whole;   /* </file> was seen */
    bool too_large;
    unsigned priority;                   /* of the <url> */
    bool usable;                         /* the <url> is one of HTTP */
    enum px_digest_kind kind, best_kind; /* of the <hash>, and of the strongest so far */
    size_t best_at, best_len, size_at, size_len;
    struct url *urls;
    size_t n_urls, urls_room;
};

/* --- text ------------------------------------------------------------------------------------*/

static void stop(struct metalink *m, const char *fault)
{
    m->fault = m->fault == NULL ? fault : m->fault;
    (void)XML_StopParser(m->parser, XML_FALSE); /* fails only when it is stopped */
}

static void stop_for_memory(struct metalink *m)
{
    m->no_memory = true;
    (void)XML_StopParser(m->parser, XML_FALSE);
}

static void add_text(struct metalink *m, const char *text, size_t len)
{
    if (m->len + len > FILE_BYTES_MAX) {
        m->too_large = true;
        return;
    }
    if (len == 0) {
        return;
    }
    char *grown = px_grow(m->text, &m->room, m->len + len, 1);

    if (grown == NULL) {
        stop_for_memory(m);
        return;
    }
    m->text = grown;
    memcpy(m->text + m->len, text, len);
    m->len += len;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text of the element that ends, without white space around it. */
static void trimmed(const struct metalink *m, size_t *at, size_t *len)
{
    size_t from = m->begin, to = m->len;

    while (from < to && is_space(m->text[from])) {
        from++;
    }
    while (to > from && is_space(m->text[to - 1])) {
        to--;
    }
    *at = from;
    *len = to - from;
}

/* --- elements --------------------------------------------------------------------------------*/

static const char *attribute(const XML_Char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

/* The element's name in one of Metalink's namespaces or none; NULL: it is of another one. */
static const char *local_name(const char *name)
{
    static const char v4[] = "urn:ietf:params:xml:ns:metalink|";
    static const char v3[] = "http://www.metalinker.org/|";

    if (strncmp(name, v4, sizeof v4 - 1) == 0) {
        return name + sizeof v4 - 1;
    }
    if (strncmp(name, v3, sizeof v3 - 1) == 0) {
        return name + sizeof v3 - 1;
    }
    return strchr(name, SEPARATOR) == NULL ? name : NULL;
}

/* What may stand in what; anything else is OTHER, and so is all that is in it. */
static enum element element_in(enum element parent, const char *name)
{
    static const struct {
        enum element parent, element;
        const char *name;
    } rows[] = {
        {METALINK, FILES, "files"},            /* version 3 */
        {METALINK, FILE_, "file"},             /* version 4 */
        {FILES, FILE_, "file"},                /* 3 */
        {FILE_, SIZE, "size"},                 /* both */
        {FILE_, HASH, "hash"},                 /* 4 */
        {FILE_, URL, "url"},                   /* 4 */
        {FILE_, VERIFICATION, "verification"}, /* 3 */
        {FILE_, RESOURCES, "resources"},       /* 3 */
        {VERIFICATION, HASH, "hash"},          /* 3 */
        {RESOURCES, URL, "url"},               /* 3 */
    };

    for (size_t i = 0; name != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].parent == parent && strcmp(rows[i].name, name) == 0) {
            return rows[i].element;
        }
    }
    return OTHER;
}

static void begin_file(struct metalink *m, const XML_Char **attributes)
{
    const char *name = attribute(attributes, "name");

    m->line = m->first_line + XML_GetCurrentLineNumber(m->parser) - 1;
    m->len = 0;
    m->n_urls = 0;
    m->whole = m->too_large = false;
    m->best_kind = PX_DIGEST_NONE;
    m->best_len = m->size_len = 0;
    name = name != NULL ? name : "";
    add_text(m, name, strlen(name));
    m->name_len = m->len;
}

static unsigned number_of(const char *text, unsigned otherwise)
{
    uint64_t number = otherwise;

    if (text == NULL || px_parse_u64(text, 0, PRIORITY_LAST, &number) != PX_OK) {
        return otherwise;
    }
    return (unsigned)number;
}

/* Version 4 has priorities, of which 1 is the best; version 3 preferences, of which 100 is. */
static void begin_url(struct metalink *m, const XML_Char **attributes, bool version_3)
{
    const char *type = attribute(attributes, "type");

    if (version_3) {
        const unsigned preference = number_of(attribute(attributes, "preference"), 0);
        m->priority = preference <= 100 ? 101 - preference : 1;
    } else {
        m->priority = number_of(attribute(attributes, "priority"), PRIORITY_LAST);
    }
    /* in version 3 the URL of a torrent is one of HTTP with another type */
    m->usable = type == NULL || strcmp(type, "http") == 0 || strcmp(type, "https") == 0;
}

static void XMLCALL on_start(void *ctx, const XML_Char *full_name, const XML_Char **attributes)
{
    struct metalink *m = ctx;
    const char *name = local_name(full_name);

    if (m->depth == DEPTH_MAX) {
        stop(m, "elements nested too deep");
        return;
    }
    const enum element parent = m->depth > 0 ? m->path[m->depth - 1] : OTHER;
    enum element element = m->depth > 0 ? element_in(parent, name) : METALINK;
    if (m->depth == 0 && (name == NULL || strcmp(name, "metalink") != 0)) {
        stop(m, "not a Metalink document");
        return;
    }
    m->path[m->depth++] = (unsigned char)element;
    m->begin = m->len;
    if (element == FILE_) {
        begin_file(m, attributes);
    } else if (element == URL) {
        begin_url(m, attributes, parent == RESOURCES);
    } else if (element == HASH) {
        const char *type = attribute(attributes, "type");
        m->kind = type != NULL ? px_digest_kind_of(type, strlen(type)) : PX_DIGEST_NONE;
    }
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
    struct metalink *m = ctx;
    const enum element in = m->depth > 0 ? m->path[m->depth - 1] : OTHER;

    if (in == SIZE || in == HASH || in == URL) {
        add_text(m, text, (size_t)len);
    }
}

static void end_url(struct metalink *m)
{
    struct url url = {.priority = m->priority};

    trimmed(m, &url.at, &url.len);
    if (!m->usable || url.len == 0 || list_url_fault(m->text + url.at, url.len) != NULL) {
        m->len = m->begin; /* FTP and its like */
        return;
    }
    struct url *grown = px_grow(m->urls, &m->urls_room, m->n_urls + 1, sizeof *grown);
    if (grown == NULL) {
        stop_for_memory(m);
        return;
    }
    m->urls = grown;
    m->urls[m->n_urls++] = url;
}

static void XMLCALL on_end(void *ctx, const XML_Char *full_name)
{
    struct metalink *m = ctx;

    (void)full_name;
    /* the end of an empty element still comes after on_start() has stopped, XML_StopParser(3) */
    if (m->fault != NULL || m->no_memory) {
        return;
    }
    switch ((enum element)m->path[--m->depth]) {
    case URL: end_url(m); break;
    case SIZE: trimmed(m, &m->size_at, &m->size_len); break;
    case HASH:
        if (m->kind > m->best_kind) { /* in the order of their strength */
            m->best_kind = m->kind;
            trimmed(m, &m->best_at, &m->best_len);
        }
        break;
    case FILE_:
        m->whole = true;
        m->resumable = XML_StopParser(m->parser, XML_TRUE) == XML_STATUS_OK;
        break;
    default: break;
    }
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    stop(ctx, "a DOCTYPE, which no Metalink document has");
}

/* --- entries ---------------------------------------------------------------------------------*/

static int put_checksum(struct draft *draft, const struct metalink *m)
{
    char text[2 * PX_DIGEST_MAX_BYTES + 32];

    if (m->best_len > 2 * PX_DIGEST_MAX_BYTES) {
        draft_spoil(draft, "a digest with too many digits");
        return PX_OK;
    }
    const int n = snprintf(text, sizeof text, "%s=%.*s", px_digest_name(m->best_kind),
                           (int)m->best_len, m->text + m->best_at);
    return draft_option(draft, "checksum", text, (size_t)n);
}

/* The best first; of equal ones the one that came first. */
static int compare_urls(const void *a, const void *b)
{
    const struct url *left = a, *right = b;

    if (left->priority != right->priority) {
        return left->priority < right->priority ? -1 : 1;
    }
    return left->at < right->at ? -1 : left->at > right->at;
}

static int put_file(struct draft *draft, const struct metalink *m)
{
    int rc = PX_OK;

    if (m->n_urls > 1) {
        qsort(m->urls, m->n_urls, sizeof *m->urls, compare_urls);
    }

    draft_begin(draft, m->line);
    if (m->too_large) {
        draft_spoil(draft, "a <file> of more than 1 MiB");
        return PX_OK;
    }
    if (m->n_urls == 0) {
        draft_spoil(draft, "a <file> without an http or https URL");
    }
    for (size_t i = 0; i < m->n_urls && rc == PX_OK; i++) {
        rc = draft_url(draft, m->text + m->urls[i].at, m->urls[i].len);
    }
    if (rc == PX_OK) {
        rc = draft_option(draft, "out", m->text, m->name_len);
    }
    if (rc == PX_OK && m->size_len > 0) {
        rc = draft_option(draft, "size", m->text + m->size_at, m->size_len);
    }
    return rc == PX_OK && m->best_kind != PX_DIGEST_NONE ? put_checksum(draft, m) : rc;
}

/* The document cannot be read further: one bad entry says so. */
static int put_fault(struct draft *draft, struct metalink *m)
{
    const enum XML_Error error = XML_GetErrorCode(m->parser);

    m->ended = true;
    if (m->no_memory || error == XML_ERROR_NO_MEMORY) {
        return PX_ENOMEM;
    }
    draft_begin(draft, m->first_line + XML_GetCurrentLineNumber(m->parser) - 1);
    if (m->fault != NULL) {
        draft_spoil(draft, "%s", m->fault);
    } else {
        draft_spoil(draft, "not well-formed XML: %s", XML_ErrorString(error));
    }
    return draft_sample(draft, "", 0);
}

/* --- the interface ---------------------------------------------------------------------------*/

static void metalink_close(void *ctx)
{
    struct metalink *m = ctx;

    if (m != NULL) {
        XML_ParserFree(m->parser);
        free(m->text);
        free(m->urls);
        free(m);
    }
}

static int metalink_open(uint64_t first_line, void **ctx)
{
    struct metalink *m = calloc(1, sizeof *m);

    if (m == NULL) {
        return PX_ENOMEM;
    }
    m->first_line = first_line;
    m->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (m->parser == NULL) {
        free(m);
        return PX_ENOMEM;
    }
    XML_SetUserData(m->parser, m);
    XML_SetElementHandler(m->parser, on_start, on_end);
    XML_SetCharacterDataHandler(m->parser, on_text);
    XML_SetStartDoctypeDeclHandler(m->parser, on_doctype);
    *ctx = m;
    return PX_OK;
}

/* Blank lines before the document, which XML does not allow, are forgiven. */
static void skip_space(struct metalink *m, const char **bytes, size_t *n)
{
    for (; !m->begun && *n > 0 && is_space(**bytes); (*bytes)++, (*n)--) {
        m->first_line += **bytes == '\n';
    }
    m->begun = m->begun || *n > 0;
}

/* expat gets a buffer of its own, which outlives a stop. */
static enum XML_Status parse(struct metalink *m, const char *bytes, size_t n, bool ended)
{
    if (n == 0) {
        return ended ? XML_Parse(m->parser, "", 0, true) : XML_STATUS_OK;
    }
    void *buffer = XML_GetBuffer(m->parser, (int)n);
    if (buffer == NULL) {
        m->no_memory = true;
        return XML_STATUS_ERROR;
    }
    memcpy(buffer, bytes, n);
    m->given += n;
    return XML_ParseBuffer(m->parser, (int)n, ended);
}

/* A tag that does not end is held by expat as a whole. */
static bool holds_too_much(const struct metalink *m)
{
    const XML_Index at = XML_GetCurrentByteIndex(m->parser);

    return at >= 0 && m->given > (uint64_t)at && m->given - (uint64_t)at > 2 * FILE_BYTES_MAX;
}

static int metalink_bytes(void *ctx, struct draft *draft, const char *bytes, size_t n, bool ended,
                          enum format_step *step)
{
    struct metalink *m = ctx;
    enum XML_Status status = XML_STATUS_OK;

    *step = FORMAT_END;
    if (m->ended) {
        return PX_OK;
    }
    if (m->resumable) {
        m->resumable = false;
        status = XML_ResumeParser(m->parser);
    } else {
        skip_space(m, &bytes, &n);
        status = n > INT_MAX / 2 ? XML_STATUS_ERROR : parse(m, bytes, n, ended);
    }
    *step = FORMAT_WHOLE;
    if (status == XML_STATUS_OK && holds_too_much(m)) {
        m->fault = "a tag of more than 1 MiB";
        status = XML_STATUS_ERROR;
    }
    if (status == XML_STATUS_ERROR) {
        return put_fault(draft, m);
    }
    if (m->whole) {
        m->whole = false;
        return put_file(draft, m);
    }
    *step = FORMAT_MORE;
    return PX_OK;
}

const struct list_format format_metalink = {
    .name = "metalink",
    .open = metalink_open,
    .bytes = metalink_bytes,
    .close = metalink_close,
};
