/* SPDX-License-Identifier: MIT
 *
 * base/parse.h - numbers from text, all or nothing: the whole string must be the number, no sign
 * where none is named, no overflow. PX_OK or PX_EINVAL; *out is untouched on failure.
 */
#ifndef PX_BASE_PARSE_H
#define PX_BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

/* Decimal digits, min <= value <= max. */
PX_NODISCARD int px_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* The same over text[0..n), for pieces of headers. */
PX_NODISCARD int px_parse_u64_n(const char *text, size_t n, uint64_t min, uint64_t max,
                                uint64_t *out);

/* A size in bytes: digits, optionally a fraction (".5M", too), then nothing, K M G T (powers of 1024, also
 * written k, KiB) or KB MB GB TB (powers of 1000), as dd and aria2 read them. Rounded down to whole
 * bytes; a fraction of a byte ("1.5") is PX_EINVAL. */
PX_NODISCARD int px_parse_size(const char *text, uint64_t *out);

/* Seconds with an optional fraction ("0.5", ".5", "60"), also 10ms, 5s, 2m, 1.5h, 1d, to nanoseconds,
 * rounded down. */
PX_NODISCARD int px_parse_duration(const char *text, int64_t *out_ns);

/* Comma-separated decimal numbers, at most `room`, each min..max: "1,2,5". */
PX_NODISCARD int px_parse_list(const char *text, uint64_t min, uint64_t max, uint64_t *out,
                               size_t room, size_t *count);

/* 2n hex digits, either case, to n bytes. */
PX_NODISCARD int px_parse_hex(const char *text, unsigned char *out, size_t n);

/* The byte that "%HH" at the start of text[0..n) stands for (RFC 3986 section 2.1), or -1. */
int px_parse_percent(const char *text, size_t n);

/* Base64 (RFC 4648 section 4) with its padding, text[0..n), to at most `room` bytes. PX_EINVAL: not
 * that, or more; then `out` holds anything. */
PX_NODISCARD int px_parse_base64(const char *text, size_t n, unsigned char *out, size_t room,
                                 size_t *len);

#endif
