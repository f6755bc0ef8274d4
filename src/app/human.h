/* SPDX-License-Identifier: MIT
 *
 * app/human.h - numbers as a person reads them, and text as a terminal shows it. Pure.
 *
 * The human_*() functions return a struct by value: human_bytes(n).text is good until the end of
 * the full expression, as a printf argument, say.
 */
#ifndef PX_APP_HUMAN_H
#define PX_APP_HUMAN_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define HUMAN_ROOM 40

struct human {
    char text[HUMAN_ROOM];
};

/* Three digits that matter: "0 B", "512 B", "1.50 KiB", "12.3 MiB", "1.50 GiB". */
struct human human_bytes(uint64_t bytes);
/* The same with "/s". */
struct human human_rate(double bytes_per_s);
/* "0 s", "0.12 ms", "25.0 ms", "0.25 s", "12.3 s", "1m02s", "2h05m", "3d04h". */
struct human human_duration(int64_t ns);
/* Whole seconds, for what changes all the time: "5s", "1m02s", "2h05m", "3d04h". */
struct human human_eta(int64_t ns);
/* "10,000" */
struct human human_count(uint64_t n);

/* "10,000 files", and "1 file" of the noun "files" (at most 8 bytes). */
struct human human_things(uint64_t n, const char *noun);

/* Columns that valid UTF-8 takes on a terminal: 2 for wide East Asian characters and emoji, 1 for
 * everything else (a combining character too, which errs to the safe side). */
size_t human_columns(const char *text);

/* The longest prefix of `text` that takes at most `columns`: its length in bytes, its own columns
 * to `*used` (may be NULL). */
size_t human_prefix(const char *text, size_t columns, size_t *used);

/* The start of the longest suffix of `text` that takes at most `columns`. */
const char *human_suffix(const char *text, size_t columns);

#endif
