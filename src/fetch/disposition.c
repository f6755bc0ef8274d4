/* SPDX-License-Identifier: MIT
 *
 * fetch/disposition.c - the file name that a Content-Disposition header proposes.
 *
 * Called by a worker when a reply's head is there (latename.c). Pure functions; no locks.
 *
 * Strict where leniency would guess: a value that is not well formed proposes nothing, and the URL's
 * name is as good as it was. Lenient where all browsers are: blanks around '=', a token that holds
 * characters which should have been quoted, Latin-1 in a quoted string.
 */
#define _GNU_SOURCE
#include "fetch/disposition.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/parse.h"
#include "base/show.h"

#define BLANKS " \t"

/* One NAME=VALUE; the value as written, without its quotes. */
struct param {
    const char *name, *value;
    size_t name_len, len;
    bool quoted;
};

/* A name on its way out. */
struct buffer {
    char *text;
    size_t len;
    bool full;
};

static void put(struct buffer *buffer, char c)
{
    if (buffer->len < DISPOSITION_ROOM) {
        buffer->text[buffer->len++] = c;
    } else {
        buffer->full = true;
    }
}

static void put_latin1(struct buffer *buffer, unsigned char c)
{
    if (c < 0x80) {
        put(buffer, (char)c);
    } else {
        put(buffer, (char)(0xc0 | c >> 6));
        put(buffer, (char)(0x80 | (c & 0x3f)));
    }
}

/* --- parameters ------------------------------------------------------------------------------*/

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, BLANKS);
}

/* After the opening quote: where the closing one is; NULL: there is none. */
static const char *closing_quote(const char *at)
{
    for (; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        }
    }
    return *at == '"' ? at : NULL;
}

/* Reads the parameter behind a ';' at *at and moves on to the next ';' or the end. False: what comes
 * is no parameter, and nothing behind it can be trusted. */
static bool next_param(const char **at, struct param *out)
{
    const char *p = skip_blanks(*at);

    out->name = p;
    p += strcspn(p, "=;\"" BLANKS);
    out->name_len = (size_t)(p - out->name);
    p = skip_blanks(p);
    if (*p != '=') {
        *at = p;
        out->value = "";
        out->len = 0;
        return *p == ';' || *p == '\0';
    }
    p = skip_blanks(p + 1);
    out->quoted = *p == '"';
    out->value = out->quoted ? p + 1 : p;
    const char *end = out->quoted ? closing_quote(p + 1) : p + strcspn(p, ";\"");
    if (end == NULL) {
        return false;
    }
    out->len = (size_t)(end - out->value);
    p = skip_blanks(out->quoted ? end + 1 : end);
    while (!out->quoted && out->len > 0 && strchr(BLANKS, out->value[out->len - 1]) != NULL) {
        out->len--;
    }
    *at = p;
    return *p == ';' || *p == '\0';
}

static bool is_named(const struct param *param, const char *name)
{
    return param->name_len == strlen(name) && strncasecmp(param->name, name, param->name_len) == 0;
}

/* --- values ----------------------------------------------------------------------------------*/

/* filename=: a token or a quoted string; bytes that are no UTF-8 are Latin-1, as HTTP once had it. */
static bool decode_plain(const struct param *param, struct buffer *out)
{
    bool utf8 = px_utf8_valid(param->value, param->len);

    out->len = 0;
    for (size_t i = 0; i < param->len; i++) {
        if (param->quoted && param->value[i] == '\\' && i + 1 < param->len) {
            i++;
        }
        if (utf8) {
            put(out, param->value[i]);
        } else {
            put_latin1(out, (unsigned char)param->value[i]);
        }
    }
    return out->len > 0 && !out->full;
}

/* attr-char of RFC 8187 section 3.2.1 */
static bool is_attr_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$&+-.^_`|~", c) != NULL);
}

static bool put_percent(struct buffer *out, const char *text, size_t len, bool latin1)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '%') {
            const int decoded = px_parse_percent(text + i, len - i);

            if (decoded < 0) {
                return false;
            }
            c = (unsigned char)decoded;
            i += 2;
        } else if (!is_attr_char(text[i])) {
            return false;
        }
        if (latin1) {
            put_latin1(out, c);
        } else {
            put(out, (char)c);
        }
    }
    return true;
}

/* filename*: charset'language'percent-encoded */
static bool decode_extended(const struct param *param, struct buffer *out)
{
    const char *end = param->value + param->len;
    const char *quote = memchr(param->value, '\'', param->len);
    const char *text = quote != NULL ? memchr(quote + 1, '\'', (size_t)(end - quote - 1)) : NULL;

    if (text == NULL || param->quoted) {
        return false;
    }
    size_t n = (size_t)(quote - param->value);
    bool utf8 = n == 5 && strncasecmp(param->value, "UTF-8", n) == 0;
    bool latin1 = n == 10 && strncasecmp(param->value, "ISO-8859-1", n) == 0;
    text++;
    out->len = 0;
    return (utf8 || latin1) && put_percent(out, text, (size_t)(end - text), latin1) &&
           out->len > 0 && !out->full && px_utf8_valid(out->text, out->len);
}

/* Keeps what follows the last separator. */
static size_t last_component(char *name, size_t len)
{
    size_t at = len;

    while (at > 0 && name[at - 1] != '/' && name[at - 1] != '\\') {
        at--;
    }
    len -= at;
    memmove(name, name + at, len);
    return (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0) ? 0 : len;
}

size_t disposition_filename(const char *value, char out[DISPOSITION_ROOM])
{
    struct buffer found = {.text = out};
    bool plain = false;
    const char *at = value + strcspn(value, ";=\"");

    /* the type: "attachment", "inline" or another word; a parameter in its place is malformed */
    for (bool more = *at == ';' && at > value; more && *at == ';';) {
        struct param param = {0};

        at++;
        more = next_param(&at, &param);
        if (more && is_named(&param, "filename*")) {
            struct buffer extended = {.text = (char[DISPOSITION_ROOM]){0}};

            if (decode_extended(&param, &extended)) {
                memcpy(out, extended.text, extended.len);
                return last_component(out, extended.len);
            }
        } else if (more && is_named(&param, "filename") && !plain) {
            plain = decode_plain(&param, &found);
        }
    }
    return plain ? last_component(out, found.len) : 0;
}
