/* SPDX-License-Identifier: MIT
 *
 * base/show.c - escapes what came from outside, and masks secrets in URLs and header lines. A text
 * goes piece by piece into a struct show_out, which escapes, counts or copies; the same walk over a
 * URL so serves a terminal and a file. Pure but for malloc; any thread.
 */
#include "base/show.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define SHOW_MASK "***"
#define SHOW_DOTS "..."

struct show_out {
    char *dst;   /* NULL: only count */
    size_t room; /* with the NUL */
    size_t len;  /* so far */
    size_t safe; /* where a cut leaves room for the dots, at the end of a character */
    bool cut;    /* full: everything more is dropped */
    bool raw;    /* do not escape */
};

/* ---- UTF-8 ------------------------------------------------------------------------------- */

/* Length of the character at s[0..n), n > 0, and which it is; 0 when it is not one of RFC 3629,
 * section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t show_decode(const unsigned char *s, size_t n, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = 1;
    uint32_t value = s[0];
    if (s[0] >= 0xf0) {
        len = 4;
        value = s[0] & 0x0fU;
    } else if (s[0] >= 0xe0) {
        len = 3;
        value = s[0] & 0x0fU;
    } else if (s[0] >= 0xc0) {
        len = 2;
        value = s[0] & 0x1fU;
    } else if (s[0] >= 0x80) {
        return 0;
    }
    if (len > n || s[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0U) != 0x80) {
            return 0;
        }
        value = value << 6 | (s[i] & 0x3fU);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *character = value;
    return len;
}

bool px_utf8_valid(const char *src, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t character;
        size_t len = show_decode((const unsigned char *)src + i, n - i, &character);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

/* ---- escaping ---------------------------------------------------------------------------- */

/* What a terminal may act on, or what turns the order or the lines of the text around it. */
static bool show_is_hostile(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

/* Writes the escape of one byte, at most 4, and its length. */
static size_t show_escape(char dst[4], unsigned char byte)
{
    static const char letters[] = "\nn\tt\rr\033e\\\\"; /* byte, letter */
    static const char hex[] = "0123456789abcdef";
    dst[0] = '\\';
    for (size_t i = 0; letters[i] != '\0'; i += 2) {
        if (byte == (unsigned char)letters[i]) {
            dst[1] = letters[i + 1];
            return 2;
        }
    }
    dst[1] = 'x';
    dst[2] = hex[byte >> 4];
    dst[3] = hex[byte & 15];
    return 4;
}

/* Appends what must stay together, or cuts. */
static void show_append(struct show_out *out, const char *bytes, size_t n)
{
    if (out->cut) {
        return;
    }
    if (n >= out->room - out->len) {
        out->cut = true;
        return;
    }
    if (out->dst != NULL) {
        memcpy(out->dst + out->len, bytes, n);
    }
    out->len += n;
    if (out->len + sizeof(SHOW_DOTS) <= out->room) {
        out->safe = out->len;
    }
}

static void show_put_escaped(struct show_out *out, const char *src, size_t n)
{
    for (size_t i = 0; i < n && !out->cut;) {
        uint32_t character;
        size_t len = show_decode((const unsigned char *)src + i, n - i, &character);
        if (len > 0 && !show_is_hostile(character) && character != '\\') {
            show_append(out, src + i, len);
            i += len;
            continue;
        }
        len = len > 0 ? len : 1; /* no character: this byte, then try again */
        char escaped[4 * 4];
        size_t escaped_len = 0;
        for (size_t k = 0; k < len; k++) {
            escaped_len += show_escape(escaped + escaped_len, (unsigned char)src[i + k]);
        }
        show_append(out, escaped, escaped_len);
        i += len;
    }
}

static void show_put(struct show_out *out, const char *src, size_t n)
{
    if (out->raw) {
        show_append(out, src, n);
    } else {
        show_put_escaped(out, src, n);
    }
}

static void show_put_str(struct show_out *out, const char *src)
{
    show_put(out, src, strlen(src));
}

static size_t show_finish(struct show_out *out)
{
    if (out->room == 0) {
        return 0;
    }
    if (out->cut) {
        size_t dots = sizeof(SHOW_DOTS) - 1;
        out->len = out->safe;
        if (dots >= out->room - out->len) {
            dots = out->room - out->len - 1; /* the caller broke "room >= 4" */
        }
        memcpy(out->dst + out->len, SHOW_DOTS, dots);
        out->len += dots;
    }
    out->dst[out->len] = '\0';
    return out->len;
}

/* ---- URLs -------------------------------------------------------------------------------- */

/* How many bytes of text[0..n) come before the first of `stops`. */
static size_t show_span(const char *text, size_t n, const char *stops)
{
    size_t len = 0;
    while (len < n && strchr(stops, text[len]) == NULL) {
        len++;
    }
    return len;
}

/* Where the next host stands in the path text[from..n), behind "://"; n when there is none. */
static size_t show_next_authority(const char *text, size_t n, size_t from)
{
    for (size_t i = from; i < n && text[i] != '?' && text[i] != '#'; i++) {
        if (n - i > 3 && memcmp(text + i, "://", 3) == 0) {
            return i + 3;
        }
    }
    return n;
}

/* Where the URL's own host would stand: behind "scheme:" or at the start, and as many slashes as
 * there are, for libcurl forgives one too few or too many; at the very start when there is no
 * scheme, which libcurl would add; what show_next_authority says when it can only be a path. */
static size_t show_authority(const char *url, size_t n)
{
    size_t at = show_span(url, n, "/?#");
    if (at == n || url[at] != '/' || (at > 0 && url[at - 1] != ':')) {
        return 0;
    }
    if (at == 0 && (n < 2 || url[1] != '/')) {
        return show_next_authority(url, n, 0);
    }
    while (at < n && url[at] == '/') {
        at++;
    }
    return at;
}

/* Bytes of url[0..n), beginning at a host, up to the last '@' of what stands before the path; 0
 * when there is none. Without a scheme it takes a colon and no blank to be userinfo. */
static size_t show_userinfo_len(const char *url, size_t n, bool has_scheme)
{
    size_t end = show_span(url, n, "/?#");
    size_t len = 0;
    for (size_t i = 0; i < end; i++) {
        len = url[i] == '@' ? i + 1 : len;
    }
    bool is_login = show_span(url, len, ":") < len && show_span(url, len, " \t") == len;
    return has_scheme || is_login ? len : 0;
}

/* The same for a login with a raw '/' in its password, "user:pa/ss@host": it ends the host early,
 * and what then stands for the port is no number, which no good URL has. So everything up to the
 * very last '@' counts. */
static size_t show_torn_userinfo_len(const char *url, size_t n)
{
    size_t end = show_span(url, n, "/?#");
    size_t port = show_span(url, end, ":") + 1;
    size_t len = 0;
    if (url[0] == '[' || port >= end || port + strspn(url + port, "0123456789") >= end) {
        return 0;
    }
    for (size_t i = end; i < n; i++) {
        len = url[i] == '@' ? i + 1 : len;
    }
    return len;
}

/* Hides the userinfo of the host at `at`, n for none, and of all later ones in the path, the URL of
 * a proxy's target for example. Returns how much of the text is done. */
static size_t show_put_hosts(struct show_out *out, const char *text, size_t n, size_t at)
{
    size_t done = 0;
    while (at < n) {
        size_t userinfo = show_userinfo_len(text + at, n - at, at > 0);
        if (userinfo == 0 && done == 0 && at > 0) { /* only once: it reads to the end */
            userinfo = show_torn_userinfo_len(text + at, n - at);
        }
        show_put(out, text + done, at - done);
        if (userinfo > 0) {
            show_put_str(out, SHOW_MASK "@");
        }
        done = at + userinfo;
        at = show_next_authority(text, n, done);
    }
    return done;
}

/* The "key=value" at the start of text[0..n), n > 0; how long it is. A secret value goes on to the
 * next '&' or '#', for a ';' or '?' may well be part of it. */
static size_t show_put_parameter(struct show_out *out, const char *text, size_t n)
{
    size_t len = show_span(text, n, "&;?#");
    size_t key_len = show_span(text, len, "=");
    if (key_len < len && px_secret_query_key(text, key_len)) {
        len = show_span(text, n, "&#");
        show_put(out, text, key_len + 1);
        if (key_len + 1 < len) {
            show_put_str(out, SHOW_MASK);
        }
        return len;
    }
    size_t done = show_put_hosts(out, text, len, show_next_authority(text, len, 0));
    show_put(out, text + done, len - done);
    return len;
}

/* url[0..n) with its secrets masked. */
static void show_put_url(struct show_out *out, const char *url, size_t n)
{
    size_t at = show_put_hosts(out, url, n, show_authority(url, n));
    size_t path_len = show_span(url + at, n - at, "?#");
    show_put(out, url + at, path_len);
    at += path_len;
    while (at < n) {
        show_put(out, url + at, 1); /* the separator */
        at++;
        at += show_put_parameter(out, url + at, n - at);
    }
}

/* Each word by itself: "GET /a?token=x HTTP/1.1", "<https://a/?token=x>; rel=next". */
static void show_put_words(struct show_out *out, const char *text, size_t n)
{
    while (n > 0) {
        size_t len = show_span(text, n, " \t");
        show_put_url(out, text, len);
        while (len < n && (text[len] == ' ' || text[len] == '\t')) {
            show_put(out, text + len, 1);
            len++;
        }
        text += len;
        n -= len;
    }
}

static void show_put_header(struct show_out *out, const char *line, size_t n)
{
    size_t name_len = show_span(line, n, ":");
    size_t value = name_len + 1;
    while (name_len > 0 && (line[name_len - 1] == ' ' || line[name_len - 1] == '\t')) {
        name_len--;
    }
    if (value >= n || show_span(line, name_len, " \t") < name_len ||
        !px_secret_header(line, name_len)) {
        show_put_words(out, line, n); /* also a request or status line */
        return;
    }
    while (value < n && (line[value] == ' ' || line[value] == '\t')) {
        value++;
    }
    show_put(out, line, value);
    if (value < n) {
        show_put_str(out, SHOW_MASK);
    }
}

/* ---- the doors --------------------------------------------------------------------------- */

typedef void show_putter(struct show_out *out, const char *src, size_t n);

static const char show_none[] = "(none)";

static size_t show_into(char *dst, size_t room, show_putter *put, const char *src, size_t n)
{
    struct show_out out = {.dst = dst, .room = room};
    if (room > 0) {
        put(&out, src, n);
    }
    return show_finish(&out);
}

/* Counts, then writes. */
static char *show_new(show_putter *put, bool raw, const char *src, size_t n)
{
    struct show_out count = {.room = SIZE_MAX, .raw = raw};
    put(&count, src, n);
    struct show_out out = {.dst = malloc(count.len + 1), .room = count.len + 1, .raw = raw};
    if (out.dst == NULL) {
        return NULL;
    }
    put(&out, src, n);
    (void)show_finish(&out);
    return out.dst;
}

size_t px_show(char *dst, size_t room, const char *src, size_t n)
{
    return show_into(dst, room, show_put, src, n);
}

const char *px_show_str(char *dst, size_t room, const char *src)
{
    src = src != NULL ? src : show_none;
    (void)show_into(dst, room, show_put, src, strlen(src));
    return dst;
}

const char *px_show_url(char *dst, size_t room, const char *url)
{
    url = url != NULL ? url : show_none;
    (void)show_into(dst, room, show_put_url, url, strlen(url));
    return dst;
}

const char *px_show_header(char *dst, size_t room, const char *line)
{
    line = line != NULL ? line : show_none;
    (void)show_into(dst, room, show_put_header, line, strlen(line));
    return dst;
}

char *px_show_dup(const char *src)
{
    src = src != NULL ? src : show_none;
    return show_new(show_put, false, src, strlen(src));
}

char *px_show_name_dup(const char *name)
{
    return px_show_dup(name != NULL && name[0] == '\0' ? "''" : name);
}

char *px_show_url_dup(const char *url)
{
    url = url != NULL ? url : show_none;
    return show_new(show_put_url, false, url, strlen(url));
}

char *px_mask_url_dup(const char *url)
{
    url = url != NULL ? url : show_none;
    return show_new(show_put_url, true, url, strlen(url));
}
