/* SPDX-License-Identifier: MIT
 *
 * base/show.h - the one door through which bytes from outside (names, URLs, reason phrases) reach a
 * terminal, a log or a report.
 *
 * C0, DEL, C1 (also as UTF-8 U+0080..U+009F) and bytes that are not valid UTF-8 become \n, \t, \e,
 * \xHH ...; a backslash becomes \\. Bidirectional controls (U+202A..E, U+2066..9) and the line
 * separators U+2028..9 are escaped too.
 */
#ifndef PX_BASE_SHOW_H
#define PX_BASE_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

/* Room that is enough for any input of n bytes, with the closing NUL. */
#define PX_SHOW_ROOM(n) (4 * (n) + 1)

/* Escapes src[0..n) into dst (room bytes, always NUL-terminated); what does not fit is cut at a
 * character and ends in "...". Returns strlen(dst). room >= 4. */
size_t px_show(char *dst, size_t room, const char *src, size_t n);

/* The same for a NUL-terminated string (NULL shows as "(none)"), returning dst for use in a printf
 * argument: px_show_str((char[PX_SHOW_ROOM(255)]){0}, PX_SHOW_ROOM(255), name). */
const char *px_show_str(char *dst, size_t room, const char *src);

/* A URL: secrets masked first, then as px_show_str. Userinfo becomes "***@"; the values of query keys
 * that look like key, token, secret, signature, password, auth, credential, X-Amz-*, sig
 * (base/secret.h) become "***", also in the fragment, which else stays. A text that is not a URL
 * passes through px_show. */
const char *px_show_url(char *dst, size_t room, const char *url);

/* A header line "Name: value": the value of Authorization, Proxy-Authorization, Cookie, Set-Cookie,
 * X-*-Token, X-*-Key and the like (base/secret.h) becomes "***"; of every other line, also a request
 * line, each word is treated as px_show_url does. */
const char *px_show_header(char *dst, size_t room, const char *line);

/* A newly allocated escaped copy (url: masked first); NULL when out of memory. Caller frees. */
PX_NODISCARD char *px_show_dup(const char *src);
/* The same of a name in a sentence: an empty one shows as ''. */
PX_NODISCARD char *px_show_name_dup(const char *name);
PX_NODISCARD char *px_show_url_dup(const char *url);

/* Masks secrets of a URL without escaping, for files (journal): newly allocated, caller frees;
 * NULL when out of memory. */
PX_NODISCARD char *px_mask_url_dup(const char *url);

/* True when all n bytes are valid UTF-8 (RFC 3629). */
bool px_utf8_valid(const char *src, size_t n);

#endif
