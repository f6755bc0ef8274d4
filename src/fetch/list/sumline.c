/* SPDX-License-Identifier: MIT
 *
 * fetch/list/sumline.c - one line of a file of checksums. Pure; any thread; no locks.
 */
#define _GNU_SOURCE
#include "fetch/list/sumline.h"

#include <string.h>

static const char no_sum[] = "not HASH  NAME with the digits of an MD5, SHA-1 or SHA-2 digest";

enum px_digest_kind sumline_kind_of_digits(size_t digits)
{
    for (int kind = PX_DIGEST_NONE + 1; kind <= PX_DIGEST_SHA512; kind++) {
        if (2 * px_digest_len((enum px_digest_kind)kind) == digits) {
            return (enum px_digest_kind)kind;
        }
    }
    return PX_DIGEST_NONE;
}

static size_t count_digits(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && memchr(SUMLINE_HEX, text[n], sizeof SUMLINE_HEX - 1) != NULL) {
        n++;
    }
    return n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* HEX, a blank, and a blank or '*' (text or binary, which is the same here) before the name. */
static const char *parse_gnu(const char *text, size_t len, struct sumline *out)
{
    const size_t digits = count_digits(text, len);
    size_t at = digits;

    out->kind = sumline_kind_of_digits(digits);
    if (out->kind == PX_DIGEST_NONE || at == len || !is_blank(text[at])) {
        return no_sum;
    }
    at++;
    at += at < len && (is_blank(text[at]) || text[at] == '*');
    if (at == len) {
        return "a checksum without a name";
    }
    out->hex = text;
    out->hex_len = digits;
    out->name = text + at;
    out->name_len = len - at;
    return NULL;
}

/* "SHA256", also "SHA2-256" as OpenSSL 3 calls it. */
static enum px_digest_kind kind_of_tag(const char *tag, size_t len)
{
    char name[8];

    if (len != sizeof name || memcmp(tag, "SHA2-", 5) != 0) {
        return px_digest_kind_of(tag, len);
    }
    memcpy(name, "SHA", 3);
    memcpy(name + 3, tag + 5, 3);
    return px_digest_kind_of(name, 6);
}

/* "SHA256 (NAME) = HEX", "SHA256(NAME)= HEX". */
static const char *parse_bsd(const char *text, size_t len, struct sumline *out)
{
    const char *open = memchr(text, '(', len);
    const char *end = text + len;
    size_t tag = open != NULL ? (size_t)(open - text) : 0;

    while (tag > 0 && is_blank(text[tag - 1])) {
        tag--;
    }
    out->kind = kind_of_tag(text, tag);
    if (out->kind == PX_DIGEST_NONE) {
        return no_sum;
    }
    out->hex_len = 2 * px_digest_len(out->kind);
    out->hex = end - out->hex_len;
    if (out->hex <= open || count_digits(out->hex, out->hex_len) != out->hex_len) {
        return no_sum;
    }
    const char *close = out->hex;
    while (close > open && is_blank(close[-1])) {
        close--;
    }
    if (close == open || *--close != '=') {
        return no_sum;
    }
    while (close > open && is_blank(close[-1])) {
        close--;
    }
    if (close - open < 3 || close[-1] != ')') {
        return no_sum;
    }
    out->name = open + 1;
    out->name_len = (size_t)(close - 1 - out->name);
    return NULL;
}

const char *sumline_parse(const char *text, size_t len, struct sumline *out)
{
    *out = (struct sumline){0};
    while (len > 0 && is_blank(text[len - 1])) {
        len--;
    }
    if (len > 0 && *text == '\\') {
        out->escaped = true;
        text++;
        len--;
    }
    const char *fault = parse_gnu(text, len, out);
    return fault == no_sum ? parse_bsd(text, len, out) : fault;
}

size_t sumline_name(const struct sumline *line, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < line->name_len; i++) {
        char c = line->name[i];

        if (line->escaped && c == '\\' && i + 1 < line->name_len) {
            c = line->name[++i];
            c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c);
        }
        out[n++] = c;
    }
    return n;
}
