/* SPDX-License-Identifier: MIT
 *
 * fetch/name.h - from a URL, or from an out= option, to a file name that is safe to create. Pure:
 * nothing here looks at the file system.
 *
 * Safe means: one component of 1..255 bytes, without '/', '\', NUL, control bytes (C0, DEL, and C1
 * both as raw bytes and as UTF-8) and without a leading dot, so never "." or "..", and never the
 * name of one of our own part files.
 */
#ifndef FETCH_NAME_H
#define FETCH_NAME_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define NAME_BYTES 255 /* NAME_MAX of every common file system */
#define NAME_ROOM (NAME_BYTES + 1)
#define NAME_PATH_ROOM 4096 /* an out= path with its NUL */

/* The last component of the URL's path, percent-decoded once and made safe; "index.html" when it is
 * empty. Query and fragment do not count. Returns the length. */
size_t name_from_url(const char *url, size_t len, char out[NAME_ROOM]);

/* One component of a path, in the same way; an empty one becomes "_". Returns the length. */
size_t name_from_component(const char *raw, size_t len, char out[NAME_ROOM]);

/* NAME "-" and 16 hex digits of a hash of the URL: a name that no other URL's file has. Returns the
 * length. */
size_t name_for_url(const char *name, const char *url, size_t len, char out[NAME_ROOM]);

/* Makes one component safe. An empty one becomes "_". A long one is cut and ends in "-" and 16 hex
 * digits of its hash. Returns the length. */
size_t name_make_safe(const char *raw, size_t len, char out[NAME_ROOM]);

/* An out= value: a relative path, each of whose components is made safe. PX_EBADLINE: empty,
 * absolute, ends in a slash, has "..", or is longer than NAME_PATH_ROOM; `*why` is static text. */
PX_NODISCARD int name_from_out(const char *text, size_t len, char out[NAME_PATH_ROOM],
                               const char **why);

/* "." NAME SUFFIX: the name of a file that goes with NAME (".part", ".part.state"), cut to 255
 * bytes by a hash of NAME where it must be. Returns the length. */
size_t name_beside(const char *name, const char *suffix, char out[NAME_ROOM]);

/* A 64-bit hash that is good enough for tables; not for secrets. */
uint64_t name_hash(const void *bytes, size_t n, uint64_t seed);

#endif
