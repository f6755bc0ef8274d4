/* SPDX-License-Identifier: MIT
 *
 * fetch/name.c - from a URL, or from an out= option, to a file name that is safe to create.
 *
 * The name comes from the URL that the user gave, never from a redirect's target, so a server cannot
 * choose it. Pure functions over bytes; any thread; no locks.
 */
#include "fetch/name.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/parse.h"
#include "base/show.h"

#define HASH_TAIL_BYTES 17 /* "-" and 16 hex digits */

uint64_t name_hash(const void *bytes, size_t n, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t hash = seed ^ (n * UINT64_C(0x9e3779b97f4a7c15));

    while (n > 0) {
        uint64_t word = 0;
        size_t take = n < sizeof word ? n : sizeof word;

        memcpy(&word, p, take);
        /* one round of splitmix64's finaliser for each 8 bytes */
        hash = (hash ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
        hash *= UINT64_C(0x94d049bb133111eb);
        hash ^= hash >> 32;
        p += take;
        n -= take;
    }
    return hash;
}

/* How many bytes from p on are one valid UTF-8 character of two bytes or more; 0: none. */
static size_t utf8_sequence(const char *p, size_t left)
{
    unsigned char lead = (unsigned char)*p;
    size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;

    return n > 0 && n <= left && px_utf8_valid(p, n) ? n : 0;
}

static bool is_c1_character(const char *p, size_t n)
{
    return n == 2 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0;
}

static bool is_unsafe_byte(unsigned char c)
{
    return c < 0x20 || c == 0x7f || c == '/' || c == '\\' || (c >= 0x80 && c < 0xa0);
}

/* Where to cut text[0..len) so that at most `most` bytes are left and no character is halved. */
static size_t cut_at_character(const char *text, size_t len, size_t most)
{
    size_t at = most;

    if (len <= most) {
        return len;
    }
    while (at > most - 4 && at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) {
        at--;
    }
    return at;
}

static size_t append_hash(char *out, size_t at, const char *raw, size_t len)
{
    int n = snprintf(out + at, HASH_TAIL_BYTES + 1, "-%016" PRIx64, name_hash(raw, len, 0));

    return at + (size_t)n;
}

size_t name_make_safe(const char *raw, size_t len, char out[NAME_ROOM])
{
    bool cut = len > NAME_BYTES;
    size_t most = cut ? cut_at_character(raw, len, NAME_BYTES - HASH_TAIL_BYTES) : len;
    size_t at = 0;

    for (size_t i = 0; i < most;) {
        size_t n = utf8_sequence(raw + i, most - i);

        if (is_c1_character(raw + i, n)) {
            out[at++] = '_';
        } else if (n > 0) {
            memcpy(out + at, raw + i, n);
            at += n;
        } else {
            out[at++] = is_unsafe_byte((unsigned char)raw[i]) ? '_' : raw[i];
            n = 1;
        }
        i += n;
    }
    if (cut) {
        at = append_hash(out, at, raw, len);
    }
    if (at == 0) {
        out[at++] = '_';
    }
    if (out[0] == '.') {
        out[0] = '_';
    }
    out[at] = '\0';
    return at;
}

/* The last component of a URL's path as written: inside `url`, may be empty. */
static const char *url_last_component(const char *url, size_t len, size_t *out_len)
{
    const char *end = url + len;
    const char *path = memchr(url, ':', len);

    path = path != NULL && end - path >= 3 && path[1] == '/' && path[2] == '/' ? path + 3 : url;
    for (const char *p = path; p < end; p++) {
        if (*p == '?' || *p == '#') {
            end = p;
        }
    }
    /* what stands before the path's first slash is the host */
    const char *name = memchr(path, '/', (size_t)(end - path));
    if (name == NULL) {
        *out_len = 0;
        return end;
    }
    for (const char *p = name; p < end; p++) {
        if (*p == '/') {
            name = p;
        }
    }
    name++;
    *out_len = (size_t)(end - name);
    return name;
}

/* Percent-decodes text[0..len) once into out, at most `room` bytes. A '%' without two hex digits
 * stays. */
static size_t percent_decode(const char *text, size_t len, char *out, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < len && at < room; i++, at++) {
        const int decoded = px_parse_percent(text + i, len - i);

        out[at] = decoded >= 0 ? (char)decoded : text[i];
        i += decoded >= 0 ? 2 : 0;
    }
    return at;
}

size_t name_from_component(const char *raw, size_t len, char out[NAME_ROOM])
{
    char decoded[2 * NAME_ROOM];
    size_t n = percent_decode(raw, len, decoded, sizeof decoded);

    if (len <= sizeof decoded) {
        return name_make_safe(decoded, n, out);
    }
    /* Longer than any name can be: cut, and tell it from its like by a hash of all of it. */
    n = cut_at_character(decoded, n, NAME_BYTES - HASH_TAIL_BYTES);
    n = name_make_safe(decoded, n, out);
    n = append_hash(out, n, raw, len);
    return n;
}

size_t name_from_url(const char *url, size_t len, char out[NAME_ROOM])
{
    size_t raw_len;
    const char *raw = url_last_component(url, len, &raw_len);

    if (raw_len == 0) {
        memcpy(out, "index.html", sizeof "index.html");
        return sizeof "index.html" - 1;
    }
    return name_from_component(raw, raw_len, out);
}

size_t name_for_url(const char *name, const char *url, size_t len, char out[NAME_ROOM])
{
    size_t n = strlen(name);
    size_t cut = n > NAME_BYTES - HASH_TAIL_BYTES
                     ? cut_at_character(name, n, NAME_BYTES - HASH_TAIL_BYTES)
                     : n;

    memcpy(out, name, cut);
    return append_hash(out, cut, url, len);
}

static const char *out_fault(const char *text, size_t len)
{
    if (len == 0) {
        return "out= is empty";
    }
    if (text[0] == '/') {
        return "out= is an absolute path";
    }
    if (text[len - 1] == '/') {
        return "out= ends in a slash";
    }
    /* every component may grow by nothing: safe names are never longer than raw ones, except an
     * empty one, and those are dropped */
    return len >= NAME_PATH_ROOM ? "out= is too long" : NULL;
}

int name_from_out(const char *text, size_t len, char out[NAME_PATH_ROOM], const char **why)
{
    size_t at = 0;

    *why = out_fault(text, len);
    if (*why != NULL) {
        return PX_EBADLINE;
    }
    for (size_t i = 0; i < len;) {
        const char *slash = memchr(text + i, '/', len - i);
        size_t n = slash != NULL ? (size_t)(slash - (text + i)) : len - i;
        char safe[NAME_ROOM];

        if (n == 2 && text[i] == '.' && text[i + 1] == '.') {
            *why = "out= leaves the directory";
            return PX_EBADLINE;
        }
        if (n > 0 && !(n == 1 && text[i] == '.')) {
            size_t safe_len = name_make_safe(text + i, n, safe);

            if (at > 0) {
                out[at++] = '/';
            }
            memcpy(out + at, safe, safe_len);
            at += safe_len;
        }
        i += n + 1;
    }
    out[at] = '\0';
    if (at == 0) {
        *why = "out= names no file";
        return PX_EBADLINE;
    }
    return PX_OK;
}

size_t name_beside(const char *name, const char *suffix, char out[NAME_ROOM])
{
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    size_t at = 1;

    out[0] = '.';
    if (1 + len + suffix_len <= NAME_BYTES) {
        memcpy(out + at, name, len);
        at += len;
    } else {
        size_t cut = cut_at_character(name, len, NAME_BYTES - 1 - suffix_len - HASH_TAIL_BYTES);

        memcpy(out + at, name, cut);
        at = append_hash(out, at + cut, name, len);
    }
    memcpy(out + at, suffix, suffix_len + 1);
    return at + suffix_len;
}
