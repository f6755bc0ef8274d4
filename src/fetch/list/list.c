/* SPDX-License-Identifier: MIT
 *
 * fetch/list/list.c - the inputs of a run as entries: opens them one after the other and asks the format
 * of each what its bytes mean.
 *
 * Between the reader (lines.c), the formats (format_*.c) and the source (intake.c), on the owner's
 * thread; no locks.
 */
#define _GNU_SOURCE
#include "fetch/list/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/list/draft.h"
#include "fetch/list/format.h"
#include "fetch/list/lines.h"

/* So much of a list is looked at before it is taken for a plain one: comments may come first. */
#define SNIFF_BYTES ((size_t)1 << 18)

struct list {
    struct list_opts opts;
    size_t at; /* input that is being read */
    bool checked;
    bool open;
    int64_t quiet_since_ns;           /* the pipe was found empty then; 0 = it was not */
    struct lines lines;               /* these three while an input is open */
    const struct list_format *format; /* NULL: not known yet */
    void *ctx;                        /* the format's own */
    bool hungry;                      /* a format of bytes has taken all that it got */
    bool told_end;                    /* ... and knows that nothing follows */
    struct draft draft;
    struct feed_spool *spools; /* one for each input; NULL: they are read once */
    char *error;
};

int list_new(const struct list_opts *opts, struct list **out)
{
    struct list *list = calloc(1, sizeof *list);

    if (list == NULL) {
        return PX_ENOMEM;
    }
    list->opts = *opts;
    list->lines.feed.fd = -1;
    list->draft.base_url = opts->base_url;
    if (opts->twice && opts->n_inputs > 0) {
        list->spools = calloc(opts->n_inputs, sizeof *list->spools);
        if (list->spools == NULL) {
            free(list);
            return PX_ENOMEM;
        }
        for (size_t i = 0; i < opts->n_inputs; i++) {
            list->spools[i].fd = -1;
        }
    }
    *out = list;
    return PX_OK;
}

static void close_input(struct list *list)
{
    if (list->open) {
        lines_close(&list->lines);
        if (list->format != NULL && list->format->close != NULL) {
            list->format->close(list->ctx);
        }
    }
    list->ctx = NULL;
    list->format = NULL;
    list->open = false;
}

void list_free(struct list *list)
{
    if (list == NULL) {
        return;
    }
    close_input(list);
    for (size_t i = 0; list->spools != NULL && i < list->opts.n_inputs; i++) {
        feed_spool_fini(&list->spools[i], list->opts.io);
    }
    free(list->spools);
    draft_fini(&list->draft);
    free(list->error);
    free(list);
}

void list_rewind(struct list *list)
{
    close_input(list);
    list->draft.begun = false;
    list->quiet_since_ns = 0;
    list->at = 0;
}

const char *list_error(const struct list *list)
{
    return list->error;
}

const char *list_input_name(const struct list *list, size_t input)
{
    const char *name = list->opts.inputs[input];

    return strcmp(name, "-") == 0 ? "standard input" : name;
}

static int list_fail(struct list *list, size_t input, const char *reason)
{
    char *name = px_show_dup(list_input_name(list, input));

    free(list->error);
    list->error = NULL;
    if (name == NULL || asprintf(&list->error, "%s: %s", name, reason) < 0) {
        free(name);
        list->error = NULL;
        return PX_ENOMEM;
    }
    free(name);
    return PX_EIO;
}

static bool is_url_operand(const struct list *list, size_t input)
{
    return !list->opts.all_are_lists && strstr(list->opts.inputs[input], "://") != NULL;
}

/* "example.org/x" is a URL to curl and wget. */
static const char *missing_text(const struct list *list, const char *name, int err)
{
    bool path = *name == '/' || *name == '.';

    return list->opts.all_are_lists || path || err != ENOENT
               ? px_errno_text(err)
               : "No such file or directory (a URL begins with http:// or https://)";
}

/* A misspelt second list is found before the first is fetched. */
static int check_inputs(struct list *list)
{
    struct stat st;

    for (size_t i = 0; i < list->opts.n_inputs; i++) {
        const char *name = list->opts.inputs[i];

        if (is_url_operand(list, i) || strcmp(name, "-") == 0) {
            continue;
        }
        if (list->opts.io->fstatat(AT_FDCWD, name, &st, 0) != 0) {
            return list_fail(list, i, missing_text(list, name, errno));
        }
        if (S_ISDIR(st.st_mode)) {
            return list_fail(list, i, px_errno_text(EISDIR));
        }
    }
    return PX_OK;
}

/* What lines_peek() or lines_fill() said, as list_next() says it. */
static int reading_failed(struct list *list, int rc)
{
    if (rc == PX_EIO) {
        return list_fail(list, list->at, px_errno_text(errno));
    }
    return rc == PX_EINTEGRITY ? list_fail(list, list->at, "damaged gzip data") : rc;
}

static int finish_entry(struct list *list, struct list_entry *out)
{
    list->quiet_since_ns = 0;
    draft_finish(&list->draft, list->at, out);
    return PX_OK;
}

/* --- formats of lines ------------------------------------------------------------------------*/

/* Nothing more is there now. True: the URL in hand need not wait for it. */
static bool may_go_ahead(struct list *list, int64_t now_ns)
{
    if (!list->draft.begun || list->draft.saw_options) {
        return false;
    }
    if (list->quiet_since_ns == 0) {
        list->quiet_since_ns = now_ns;
    }
    return now_ns - list->quiet_since_ns >= LIST_QUIET_MS * PX_NS_PER_MS;
}

static int next_of_lines(struct list *list, int64_t now_ns, struct list_entry *out)
{
    for (;;) {
        struct format_line line;
        enum format_step step;
        int rc = lines_peek(&list->lines, &line.text, &line.len);

        if (rc == PX_EAGAIN) {
            return may_go_ahead(list, now_ns) ? finish_entry(list, out) : PX_EAGAIN;
        }
        if (rc == PX_EEND && list->draft.begun) {
            return finish_entry(list, out);
        }
        if (rc != PX_OK && rc != PX_EBADLINE) {
            return reading_failed(list, rc);
        }
        line.number = list->lines.number;
        line.too_long = rc == PX_EBADLINE;
        rc = list->format->line(&list->draft, &line, &step);
        if (rc != PX_OK) {
            return rc;
        }
        if (step != FORMAT_NOT_MINE) {
            lines_take(&list->lines);
        }
        if (step != FORMAT_MORE) {
            return finish_entry(list, out);
        }
        list->quiet_since_ns = 0;
    }
}

/* --- formats of bytes ------------------------------------------------------------------------*/

/* Gives the format what is there, or asks it to go on with what it has. */
static int feed_format(struct list *list, enum format_step *step)
{
    const char *text = "";
    size_t n = 0;
    bool ended = false;

    while (list->hungry) {
        n = lines_held(&list->lines, &text, &ended);
        if (n > 0 || ended) {
            break;
        }
        int rc = lines_fill(&list->lines);
        if (rc != PX_OK) {
            return rc == PX_EAGAIN ? rc : reading_failed(list, rc);
        }
    }
    list->told_end = list->told_end || ended;
    list->hungry = false;
    int rc = list->format->bytes(list->ctx, &list->draft, text, n, ended, step);
    lines_drop(&list->lines, n);
    return rc;
}

static int next_of_bytes(struct list *list, struct list_entry *out)
{
    for (;;) {
        enum format_step step = FORMAT_END;
        int rc = feed_format(list, &step);

        if (rc != PX_OK) {
            return rc;
        }
        if (step == FORMAT_WHOLE) {
            return finish_entry(list, out);
        }
        if (step == FORMAT_END || list->told_end) {
            return PX_EEND;
        }
        list->hungry = true;
    }
}

/* --- inputs ----------------------------------------------------------------------------------*/

static int next_operand(struct list *list, struct list_entry *out)
{
    const char *url = list->opts.inputs[list->at];

    draft_begin(&list->draft, 0);
    int rc = draft_url(&list->draft, url, strlen(url));
    if (rc == PX_OK) {
        rc = finish_entry(list, out);
        list->at++;
    }
    return rc;
}

static int open_input(struct list *list)
{
    struct feed_spool *spool = list->spools != NULL ? &list->spools[list->at] : NULL;

    if (lines_open(&list->lines, list->opts.io, list->opts.inputs[list->at],
                   list->opts.nul_separated ? '\0' : '\n', spool) != 0) {
        return list_fail(list, list->at, px_errno_text(errno));
    }
    list->open = true;
    list->draft.saw_options = false;
    return PX_OK;
}

/* Which format is it? PX_EAGAIN: that cannot be said yet. */
static int choose_format(struct list *list)
{
    enum px_list_format kind = list->opts.format;
    int rc = kind == PX_LIST_AUTO && !list->opts.nul_separated ? PX_EAGAIN : PX_OK;

    while (rc == PX_EAGAIN) {
        const char *text;
        bool ended;
        const size_t n = lines_held(&list->lines, &text, &ended);

        rc = format_sniff(text, n, ended || n >= SNIFF_BYTES, list->opts.base_url != NULL, &kind);
        if (rc == PX_EAGAIN) {
            const int filled = lines_fill(&list->lines);
            if (filled != PX_OK) {
                return filled == PX_EAGAIN ? filled : reading_failed(list, filled);
            }
        }
    }
    const struct list_format *format = list->opts.nul_separated ? &format_nul : format_of(kind);
    rc = format->open != NULL ? format->open(1, &list->ctx) : PX_OK;
    list->format = rc == PX_OK ? format : NULL;
    list->hungry = true;
    list->told_end = false;
    return rc;
}

static int next_of_input(struct list *list, int64_t now_ns, struct list_entry *out)
{
    int rc = list->format == NULL ? choose_format(list) : PX_OK;

    if (rc != PX_OK) {
        return rc;
    }
    return list->format->line != NULL ? next_of_lines(list, now_ns, out) : next_of_bytes(list, out);
}

int list_next(struct list *list, int64_t now_ns, struct list_entry *out)
{
    int rc = list->checked ? PX_OK : check_inputs(list);

    while (rc == PX_OK && list->at < list->opts.n_inputs) {
        list->checked = true;
        if (is_url_operand(list, list->at)) {
            return next_operand(list, out);
        }
        if (!list->open) {
            rc = open_input(list);
            if (rc != PX_OK) {
                break;
            }
        }
        rc = next_of_input(list, now_ns, out);
        if (rc != PX_EEND) {
            return rc;
        }
        close_input(list);
        list->at++;
        rc = PX_OK;
    }
    return rc == PX_OK ? PX_EEND : rc;
}
