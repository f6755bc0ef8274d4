/* SPDX-License-Identifier: MIT
 *
 * fetch/list/draft.c - an entry that is being put together. Filled by the formats (format_*.c), emptied
 * by list.c, on the owner's thread; no locks.
 */
#include "fetch/list/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/grow.h"
#include "fetch/list/resolve.h"

void draft_fini(struct draft *draft)
{
    free(draft->text);
    *draft = (struct draft){0};
}

void draft_begin(struct draft *draft, uint64_t line)
{
    draft->len = draft->url_len = draft->urls_len = 0;
    draft->n_urls = 0;
    draft->line = line;
    draft->bad = NULL;
    draft->begun = true;
}

static int draft_append(struct draft *draft, const char *text, size_t len)
{
    char *grown = px_grow(draft->text, &draft->room, draft->len + len + 1, 1);

    if (grown == NULL) {
        return PX_ENOMEM;
    }
    draft->text = grown;
    if (len > 0) {
        memcpy(draft->text + draft->len, text, len);
    }
    draft->len += len;
    return PX_OK;
}

/* --- URLs ------------------------------------------------------------------------------------*/

int draft_sample(struct draft *draft, const char *text, size_t len)
{
    const bool is_first = draft->len == 0;
    int rc = is_first ? PX_OK : draft_append(draft, "\t", 1);

    if (rc == PX_OK) {
        rc = draft_append(draft, text, len);
    }
    draft->urls_len = draft->len;
    draft->url_len = is_first ? draft->len : draft->url_len;
    draft->n_urls++;
    return rc;
}

/* Of the URL that comes next. Messages show the first one: which mirror is at fault is told by its
 * number, for a bad URL that is cut to a message's length cannot be masked with certainty. */
static void spoil_by_url(struct draft *draft, const char *fault)
{
    if (fault != NULL && draft->n_urls > 0) {
        draft_spoil(draft, "URL %u of it: %s", draft->n_urls + 1, fault);
    } else if (fault != NULL && draft->bad == NULL) {
        draft->bad = fault;
    }
}

static int add_relative(struct draft *draft, const char *text, size_t len)
{
    const char *fault = list_url_byte_fault(text, len);
    char *url = NULL;
    int rc = fault == NULL ? resolve_url(draft->base_url, text, len, &url) : PX_EBADLINE;

    if (rc == PX_OK) {
        spoil_by_url(draft, list_url_fault(url, strlen(url)));
        rc = draft_sample(draft, url, strlen(url));
    } else if (rc == PX_EBADLINE) {
        spoil_by_url(draft, fault != NULL ? fault : "no URL as seen from --base-url");
        rc = draft_sample(draft, text, len);
    }
    free(url);
    return rc;
}

int draft_url(struct draft *draft, const char *text, size_t len)
{
    if (draft->base_url != NULL && !list_url_has_scheme(text, len)) {
        return add_relative(draft, text, len);
    }
    spoil_by_url(draft, list_url_fault(text, len));
    return draft_sample(draft, text, len);
}

int draft_urls(struct draft *draft, const char *text, size_t len)
{
    int rc = PX_OK;
    bool is_first = true;

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    do {
        const char *tab = memchr(text, '\t', len);
        size_t n = tab != NULL ? (size_t)(tab - text) : len;
        size_t taken = tab != NULL ? n + 1 : n;

        if (is_first || n > 0) { /* there may be nothing between two TABs */
            rc = draft_url(draft, text, n);
        }
        is_first = false;
        text += taken;
        len -= taken;
    } while (len > 0 && rc == PX_OK);
    return rc;
}

/* --- options ---------------------------------------------------------------------------------*/

int draft_option(struct draft *draft, const char *name, const char *value, size_t len)
{
    if (draft->bad == NULL) {
        draft->bad = list_option_fault(value, len);
    }
    int rc = draft_append(draft, name, strlen(name));
    if (rc == PX_OK) {
        rc = draft_append(draft, "=", 1);
    }
    if (rc == PX_OK) {
        rc = draft_append(draft, value, len);
    }
    return rc == PX_OK ? draft_append(draft, "\n", 1) : rc;
}

int draft_option_line(struct draft *draft, const char *text, size_t len)
{
    draft->saw_options = true;
    while (len > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        len--;
    }
    if (draft->bad == NULL) {
        draft->bad = list_option_fault(text, len);
    }
    if (draft->bad == NULL && memchr(text, '=', len) == NULL) {
        draft->bad = "an option that is not NAME=VALUE";
    }
    int rc = draft_append(draft, text, len);
    return rc == PX_OK ? draft_append(draft, "\n", 1) : rc;
}

/* --- the end ---------------------------------------------------------------------------------*/

void draft_spoil(struct draft *draft, const char *fmt, ...)
{
    va_list args;

    if (draft->bad != NULL) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(draft->why, sizeof draft->why, fmt, args);
    va_end(args);
    draft->bad = draft->why;
}

void draft_finish(struct draft *draft, size_t input, struct list_entry *out)
{
    const char *text = draft->text != NULL ? draft->text : "";
    const size_t mirrors_at =
        draft->urls_len > draft->url_len ? draft->url_len + 1 : draft->url_len;

    draft->begun = false;
    *out = (struct list_entry){
        .url = text,
        .url_len = draft->url_len,
        .mirrors = text + mirrors_at,
        .mirrors_len = draft->urls_len - mirrors_at,
        .options = text + draft->urls_len,
        .options_len = draft->len - draft->urls_len,
        .line = draft->line,
        .input = input,
        .bad = draft->bad,
    };
}
