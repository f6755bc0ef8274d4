/* SPDX-License-Identifier: MIT
 *
 * fetch/list/sumline.h - one line of a file of checksums, as sha256sum(1), shasum(1), BSD's md5(1) and
 * openssl-dgst(1) write them. Pure; any thread.
 */
#ifndef FETCH_LIST_SUMLINE_H
#define FETCH_LIST_SUMLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"

#define SUMLINE_HEX "0123456789abcdefABCDEF"
#define SUMLINE_HEX_MAX ((size_t)2 * PX_DIGEST_MAX_BYTES)

struct sumline {
    enum px_digest_kind kind;
    const char *hex; /* inside the line: as many digits as the kind has */
    size_t hex_len;
    const char *name; /* inside the line, as written */
    size_t name_len;
    bool escaped; /* the name has \\, \n and \r for what they mean (GNU's backslash in front) */
};

/* "HEX  NAME", "HEX *NAME" and "TYPE (NAME) = HEX". NULL, or why it is neither: static text. */
const char *sumline_parse(const char *text, size_t len, struct sumline *out);

/* The digest that has so many hexadecimal digits, PX_DIGEST_NONE: none. */
enum px_digest_kind sumline_kind_of_digits(size_t digits);

/* The name as it is meant, into out (room for name_len bytes). Returns the length. */
size_t sumline_name(const struct sumline *line, char *out);

#endif
