/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format_pairs.c - lists of pairs: "URL PATH" on each line, blanks between, the path as in
 * out=. A line without a path is a URL alone. Pure; no locks.
 */
#include <string.h>

#include <pxfer/status.h>

#include "fetch/list/format.h"

static int pairs_line(struct draft *draft, const struct format_line *line, enum format_step *step)
{
    const char *text = line->text;
    size_t len = line->len, n = 0;

    *step = FORMAT_MORE;
    if (format_is_nothing(line)) {
        return PX_OK;
    }
    *step = FORMAT_WHOLE;
    if (line->too_long) {
        return format_bad_line(draft, line, FORMAT_LONG_LINE);
    }
    list_trim(&text, &len);
    while (n < len && text[n] != ' ' && text[n] != '\t') {
        n++;
    }
    draft_begin(draft, line->number);
    int rc = draft_url(draft, text, n);
    text += n;
    len -= n;
    list_trim(&text, &len);
    return rc == PX_OK && len > 0 ? draft_option(draft, "out", text, len) : rc;
}

const struct list_format format_pairs = {.name = "pairs", .line = pairs_line};
