/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format_sums.c - lists in the shape of sha256sum's output, URLs in place of names:
 * "HASH  URL" on each line, mirrors behind TABs. Pure; no locks.
 */
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/list/format.h"
#include "fetch/list/sumline.h"

static int take_sum(struct draft *draft, const struct sumline *sum)
{
    char checksum[SUMLINE_HEX_MAX + 32];
    const char *url = sum->name;
    size_t len = sum->name_len;

    list_trim(&url, &len);
    int rc = draft_urls(draft, url, len);
    if (rc == PX_OK) {
        const int n = snprintf(checksum, sizeof checksum, "%s=%.*s", px_digest_name(sum->kind),
                               (int)sum->hex_len, sum->hex);
        rc = draft_option(draft, "checksum", checksum, (size_t)n);
    }
    return rc;
}

static int sums_line(struct draft *draft, const struct format_line *line, enum format_step *step)
{
    const char *text = line->text;
    size_t len = line->len;
    struct sumline sum;

    *step = FORMAT_MORE;
    if (format_is_nothing(line)) {
        return PX_OK;
    }
    *step = FORMAT_WHOLE;
    if (line->too_long) {
        return format_bad_line(draft, line, FORMAT_LONG_LINE);
    }
    list_trim(&text, &len);
    const char *fault = sumline_parse(text, len, &sum);
    if (fault != NULL) {
        return format_bad_line(draft, line,
                               "not HASH  URL with the digits of an MD5, SHA-1 or SHA-2 digest");
    }
    draft_begin(draft, line->number);
    return take_sum(draft, &sum);
}

const struct list_format format_sums = {.name = "sums", .line = sums_line};
