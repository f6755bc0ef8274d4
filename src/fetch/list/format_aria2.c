/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format_aria2.c - plain lists, which are aria2's input format: a URL on each line, mirrors
 * behind TABs, options NAME=VALUE on the indented lines below it. And NUL-separated ones, which have
 * URLs and nothing else. Pure; no locks.
 */
#include <string.h>

#include <pxfer/status.h>

#include "fetch/list/format.h"

/* A line of which only the beginning is known. */
static int take_long_line(struct draft *draft, const struct format_line *line, bool is_option,
                          enum format_step *step)
{
    if (draft->begun && !is_option) {
        *step = FORMAT_NOT_MINE;
        return PX_OK;
    }
    *step = FORMAT_MORE;
    if (draft->begun) { /* the URL must not be fetched without it */
        draft_spoil(draft, "an option of more than 1 MiB");
        return PX_OK;
    }
    draft_begin(draft, line->number);
    draft_spoil(draft, "%s", FORMAT_LONG_LINE);
    return draft_sample(draft, line->text, line->len);
}

static int take_option(struct draft *draft, const struct format_line *line)
{
    if (draft->begun) {
        return draft_option_line(draft, line->text, line->len);
    }
    draft->saw_options = true;
    draft_begin(draft, line->number);
    draft_spoil(draft, "an option without a URL before it (or long after it)");
    return draft_sample(draft, line->text, line->len);
}

static int aria2_line(struct draft *draft, const struct format_line *line, enum format_step *step)
{
    const bool is_option = line->len > 0 && (line->text[0] == ' ' || line->text[0] == '\t');

    *step = FORMAT_MORE;
    if (line->too_long) {
        return take_long_line(draft, line, is_option, step);
    }
    if (format_is_nothing(line)) {
        return PX_OK;
    }
    if (is_option) {
        return take_option(draft, line);
    }
    if (draft->begun) {
        *step = FORMAT_NOT_MINE;
        return PX_OK;
    }
    draft_begin(draft, line->number);
    return draft_urls(draft, line->text, line->len);
}

const struct list_format format_aria2 = {.name = "aria2", .line = aria2_line};

static int nul_line(struct draft *draft, const struct format_line *line, enum format_step *step)
{
    *step = FORMAT_MORE;
    if (line->len == 0) {
        return PX_OK;
    }
    *step = FORMAT_WHOLE;
    draft_begin(draft, line->number);
    if (line->too_long) {
        draft_spoil(draft, "%s", FORMAT_LONG_LINE);
    }
    return draft_url(draft, line->text, line->len);
}

const struct list_format format_nul = {.name = "NUL-separated", .line = nul_line};
