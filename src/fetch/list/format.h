/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format.h - the formats of lists: each one a front end that turns bytes into entries and
 * knows nothing of files. list.c opens the inputs and asks the format.
 *
 * A format of lines gets a line at a time. Metalink, which has none, gets bytes as they come. Either
 * puts an entry together in the draft, and says when it is whole. One thread.
 */
#ifndef FETCH_LIST_FORMAT_H
#define FETCH_LIST_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

#include "fetch/list/draft.h"

enum format_step {
    FORMAT_MORE,     /* taken; the entry in the draft, if one is begun, may go on */
    FORMAT_WHOLE,    /* taken; the draft holds a whole entry. A format of bytes wants to be asked
                        again, with none, before it gets more */
    FORMAT_NOT_MINE, /* lines: not taken: the entry in the draft was whole before it */
    FORMAT_END,      /* bytes: there will be no more entries */
};

struct format_line {
    const char *text; /* without its end; any bytes */
    size_t len;
    uint64_t number;
    bool too_long; /* text is only its beginning */
};

struct list_format {
    const char *name;

    /* Of lines: takes one. PX_ENOMEM. */
    int (*line)(struct draft *draft, const struct format_line *line, enum format_step *step);

    /* Of bytes (`line` is NULL): begins, with the number of the first line. PX_ENOMEM. */
    int (*open)(uint64_t first_line, void **ctx);
    /* Takes all n bytes. `ended`: nothing comes after them. PX_ENOMEM. */
    int (*bytes)(void *ctx, struct draft *draft, const char *bytes, size_t n, bool ended,
                 enum format_step *step);
    void (*close)(void *ctx); /* NULL is legal */
};

/* Not PX_LIST_AUTO. */
const struct list_format *format_of(enum px_list_format kind);

/* One URL each, without comments and options: for NUL-separated lists. */
extern const struct list_format format_nul;

/* What begins with text[0..len)? PX_OK with `*out`, never PX_LIST_AUTO; PX_EAGAIN: more bytes would
 * tell (never when `ended`). What could be a plain list is one: a list is only taken for another
 * format when its first line (comments and blank lines aside) could be no line of a plain one.
 * `has_base`: lines may be relative. */
PX_NODISCARD int format_sniff(const char *text, size_t len, bool ended, bool has_base,
                              enum px_list_format *out);

/* For lines that are no entries in any format: blank ones and comments. */
bool format_is_nothing(const struct format_line *line);

/* Begins an entry that is spoilt by its line, which is shown as far as it looks like a URL. */
PX_NODISCARD int format_bad_line(struct draft *draft, const struct format_line *line,
                                 const char *why);

#define FORMAT_LONG_LINE "a line of more than 1 MiB"

/* The formats, each in a file of its own. */
extern const struct list_format format_aria2;
extern const struct list_format format_pairs;
extern const struct list_format format_sums;
extern const struct list_format format_jsonl;
extern const struct list_format format_metalink;

#endif
