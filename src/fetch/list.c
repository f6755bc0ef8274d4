/* SPDX-License-Identifier: MIT
 *
 * fetch/list.c - the inputs of a run as entries: a URL with the options that belong to it.
 *
 * Between the reader (lines.c) and the source (source.c), on the owner's thread; no locks.
 */
#define _GNU_SOURCE
#include "fetch/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "base/show.h"
#include "fetch/lines.h"

/* The entry that is being put together: one buffer, URL line first, options behind it. */
struct draft {
    char *text;
    size_t room, len;
    size_t url_len, mirrors_at, mirrors_len, options_at;
    uint64_t line;
    const char *bad;
    bool begun;
};

struct list {
    struct list_opts opts;
    size_t at; /* input that is being read */
    bool checked;
    bool open;
    bool saw_options;
    int64_t quiet_since_ns; /* the pipe was found empty then; 0 = it was not */
    struct lines lines;
    struct draft draft;
    char *error;
};

int list_new(const struct list_opts *opts, struct list **out)
{
    struct list *list = calloc(1, sizeof *list);

    if (list == NULL) {
        return PX_ENOMEM;
    }
    list->opts = *opts;
    list->lines.fd = -1;
    *out = list;
    return PX_OK;
}

void list_free(struct list *list)
{
    if (list == NULL) {
        return;
    }
    if (list->open) {
        lines_close(&list->lines);
    }
    free(list->draft.text);
    free(list->error);
    free(list);
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

static int list_fail(struct list *list, size_t input, int err)
{
    char *name = px_show_dup(list_input_name(list, input));

    free(list->error);
    list->error = NULL;
    if (name == NULL || asprintf(&list->error, "%s: %s", name, px_errno_text(err)) < 0) {
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
            return list_fail(list, i, errno);
        }
        if (S_ISDIR(st.st_mode)) {
            return list_fail(list, i, EISDIR);
        }
    }
    return PX_OK;
}

/* --- what is a URL ---------------------------------------------------------------------------*/

static const char *byte_fault(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= 0x20 || c == 0x7f) {
            return c == ' ' ? "a space in the URL" : "a control byte in the URL";
        }
    }
    return NULL;
}

static bool ends_authority(char c)
{
    return c == '/' || c == '?' || c == '#';
}

/* Is there a host between "://" and the path, behind what may be USER:PASS@? */
static bool has_host(const char *authority, const char *end)
{
    const char *host = authority;

    for (const char *p = authority; p < end && !ends_authority(*p); p++) {
        if (*p == '@') {
            host = p + 1;
        }
    }
    return host < end && !ends_authority(*host) && *host != ':';
}

const char *list_url_fault(const char *url, size_t len)
{
    const char *fault = byte_fault(url, len);

    if (fault != NULL) {
        return fault;
    }
    const char *colon = memchr(url, ':', len);
    if (colon == NULL || len - (size_t)(colon - url) < 3 || colon[1] != '/' || colon[2] != '/') {
        return "no scheme: a URL begins with http:// or https://";
    }
    size_t scheme = (size_t)(colon - url);
    if (!(scheme == 4 && strncasecmp(url, "http", 4) == 0) &&
        !(scheme == 5 && strncasecmp(url, "https", 5) == 0)) {
        return "neither http nor https";
    }
    return has_host(url + scheme + 3, url + len) ? NULL : "no host in the URL";
}

/* The first fault of TAB-separated URLs; there may be nothing between two TABs. */
static const char *mirrors_fault(const char *mirrors, size_t len)
{
    const char *fault = NULL;

    while (len > 0 && fault == NULL) {
        const char *tab = memchr(mirrors, '\t', len);
        size_t n = tab != NULL ? (size_t)(tab - mirrors) : len;
        size_t taken = tab != NULL ? n + 1 : n;

        fault = n > 0 ? list_url_fault(mirrors, n) : NULL;
        mirrors += taken;
        len -= taken;
    }
    return fault;
}

static const char *option_fault(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return "a control byte in an option";
        }
    }
    return memchr(text, '=', len) == NULL ? "an option that is not NAME=VALUE" : NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1])) {
        (*len)--;
    }
}

bool list_option_next(const char **options, size_t *len, struct list_option *out)
{
    if (*len == 0) {
        return false;
    }
    const char *line = *options;
    const char *end = memchr(line, '\n', *len);
    size_t n = end != NULL ? (size_t)(end - line) : *len;
    const char *equals = memchr(line, '=', n);
    size_t taken = end != NULL ? n + 1 : n;

    *out = (struct list_option){.name = line, .name_len = n, .value = line + n};
    if (equals != NULL) {
        out->name_len = (size_t)(equals - line);
        out->value = equals + 1;
        out->value_len = n - out->name_len - 1;
    }
    trim(&out->name, &out->name_len);
    trim(&out->value, &out->value_len);
    *options += taken;
    *len -= taken;
    return true;
}

bool list_option_is(const struct list_option *option, const char *name)
{
    return strlen(name) == option->name_len && memcmp(option->name, name, option->name_len) == 0;
}

/* --- putting an entry together ---------------------------------------------------------------*/

static int draft_append(struct draft *draft, const char *text, size_t len)
{
    if (draft->room - draft->len < len + 1) {
        size_t room = 2 * draft->room + len + 256;
        char *grown = realloc(draft->text, room);

        if (grown == NULL) {
            return PX_ENOMEM;
        }
        draft->text = grown;
        draft->room = room;
    }
    memcpy(draft->text + draft->len, text, len);
    draft->len += len;
    return PX_OK;
}

static void draft_begin(struct draft *draft, uint64_t line, const char *bad)
{
    *draft = (struct draft){
        .text = draft->text, .room = draft->room, .begun = true, .line = line, .bad = bad};
}

static int draft_url_line(struct draft *draft, const char *text, size_t len, bool has_mirrors)
{
    while (len > 0 && has_mirrors && is_blank(text[len - 1])) {
        len--;
    }
    const char *tab = has_mirrors ? memchr(text, '\t', len) : NULL;
    draft->url_len = tab != NULL ? (size_t)(tab - text) : len;
    draft->mirrors_at = tab != NULL ? draft->url_len + 1 : len;
    draft->mirrors_len = len - draft->mirrors_at;
    draft->options_at = len;
    if (draft->bad == NULL) {
        draft->bad = list_url_fault(text, draft->url_len);
    }
    if (draft->bad == NULL) {
        draft->bad = mirrors_fault(text + draft->mirrors_at, draft->mirrors_len);
    }
    return draft_append(draft, text, len);
}

static int draft_option_line(struct draft *draft, const char *text, size_t len)
{
    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    if (draft->bad == NULL) {
        draft->bad = option_fault(text, len);
    }
    int rc = draft_append(draft, text, len);
    return rc == PX_OK ? draft_append(draft, "\n", 1) : rc;
}

static int draft_finish(struct list *list, struct list_entry *out)
{
    struct draft *draft = &list->draft;

    draft->begun = false;
    list->quiet_since_ns = 0;
    *out = (struct list_entry){
        .url = draft->text,
        .url_len = draft->url_len,
        .mirrors = draft->text + draft->mirrors_at,
        .mirrors_len = draft->mirrors_len,
        .options = draft->text + draft->options_at,
        .options_len = draft->len - draft->options_at,
        .line = draft->line,
        .input = list->at,
        .bad = draft->bad,
    };
    return PX_OK;
}

enum line_kind { LINE_SKIP, LINE_OPTION, LINE_URL };

static enum line_kind line_kind(const struct list *list, const char *text, size_t len)
{
    size_t i = 0;

    if (list->opts.nul_separated) {
        return len == 0 ? LINE_SKIP : LINE_URL;
    }
    while (i < len && is_blank(text[i])) {
        i++;
    }
    if (i == len || text[i] == '#') {
        return LINE_SKIP;
    }
    return i > 0 ? LINE_OPTION : LINE_URL;
}

/* One more line for the draft. PX_EEND: the draft is whole, the line is the next one's. */
static int take_line(struct list *list, const char *text, size_t len)
{
    struct draft *draft = &list->draft;
    enum line_kind kind = line_kind(list, text, len);
    int rc = PX_OK;

    if (kind == LINE_URL && draft->begun) {
        return PX_EEND;
    }
    if (kind == LINE_URL) {
        draft_begin(draft, list->lines.number, NULL);
        rc = draft_url_line(draft, text, len, !list->opts.nul_separated);
    } else if (kind == LINE_OPTION) {
        list->saw_options = true;
        if (!draft->begun) {
            draft_begin(draft, list->lines.number,
                        "an option without a URL before it (or long after it)");
            rc = draft_url_line(draft, text, len, false);
        } else {
            rc = draft_option_line(draft, text, len);
        }
    }
    lines_take(&list->lines);
    return rc;
}

/* Nothing more is there now. True: the URL in hand need not wait for it. */
static bool may_go_ahead(struct list *list, int64_t now_ns)
{
    if (!list->draft.begun || list->saw_options) {
        return false;
    }
    if (list->quiet_since_ns == 0) {
        list->quiet_since_ns = now_ns;
    }
    return now_ns - list->quiet_since_ns >= LIST_QUIET_MS * PX_NS_PER_MS;
}

/* A line of which only the beginning is known. PX_EEND: as take_line(). */
static int take_long_line(struct list *list, const char *text, size_t len)
{
    struct draft *draft = &list->draft;
    bool is_option = !list->opts.nul_separated && is_blank(*text);
    int rc = PX_OK;

    if (draft->begun && !is_option) {
        return PX_EEND;
    }
    if (draft->begun) { /* the URL must not be fetched without it */
        draft->bad = draft->bad != NULL ? draft->bad : "an option of more than 1 MiB";
    } else {
        draft_begin(draft, list->lines.number, "a line of more than 1 MiB");
        rc = draft_url_line(draft, text, len, false);
    }
    lines_take(&list->lines);
    return rc;
}

/* The next entry of the list that is open. */
static int next_of_lines(struct list *list, int64_t now_ns, struct list_entry *out)
{
    for (;;) {
        const char *text;
        size_t len;
        int rc = lines_peek(&list->lines, &text, &len);

        if (rc == PX_EAGAIN) {
            return may_go_ahead(list, now_ns) ? draft_finish(list, out) : PX_EAGAIN;
        }
        if (rc == PX_EIO) {
            return list_fail(list, list->at, errno);
        }
        if (rc == PX_EEND && list->draft.begun) {
            return draft_finish(list, out);
        }
        if (rc != PX_OK && rc != PX_EBADLINE) {
            return rc;
        }
        rc = rc == PX_OK ? take_line(list, text, len) : take_long_line(list, text, len);
        if (rc == PX_EEND) {
            return draft_finish(list, out);
        }
        if (rc != PX_OK) {
            return rc;
        }
        if (list->opts.nul_separated && list->draft.begun) {
            return draft_finish(list, out);
        }
        list->quiet_since_ns = 0;
    }
}

static int next_operand(struct list *list, struct list_entry *out)
{
    const char *url = list->opts.inputs[list->at];

    draft_begin(&list->draft, 0, NULL);
    int rc = draft_url_line(&list->draft, url, strlen(url), false);
    if (rc == PX_OK) {
        rc = draft_finish(list, out);
        list->at++;
    }
    return rc;
}

static int open_list(struct list *list)
{
    if (lines_open(&list->lines, list->opts.io, list->opts.inputs[list->at],
                   list->opts.nul_separated ? '\0' : '\n') != 0) {
        return list_fail(list, list->at, errno);
    }
    list->open = true;
    list->saw_options = false;
    return PX_OK;
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
            rc = open_list(list);
            if (rc != PX_OK) {
                break;
            }
        }
        rc = next_of_lines(list, now_ns, out);
        if (rc != PX_EEND) {
            return rc;
        }
        lines_close(&list->lines);
        list->open = false;
        list->at++;
        rc = PX_OK;
    }
    return rc == PX_OK ? PX_EEND : rc;
}
