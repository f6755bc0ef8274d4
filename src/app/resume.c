/* SPDX-License-Identifier: MIT
 *
 * app/resume.c - a journal read back. Main's thread only; owns no lock.
 *
 * Reading it all only looks for ids. What a line proves is seen when it is looked up: then jansson
 * parses it, which takes 10 us a line and would be minutes for ten million of them.
 */
#define _GNU_SOURCE
#include "app/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "app/journal_index.h"
#include "base/parse.h"
#include "base/show.h"

struct resume {
    struct journal_index *index;

    /* of the last look-up */
    json_t *held; /* the record's strings are its */
    char *path;   /* one that is no UTF-8 */
};

/* --- one line ---------------------------------------------------------------------------------*/

void resume_format_mtime(int64_t ns, char out[RESUME_MTIME_ROOM])
{
    int64_t seconds = ns / PX_NS_PER_S, rest = ns % PX_NS_PER_S;

    if (rest < 0) {
        rest += PX_NS_PER_S;
        seconds--;
    }
    snprintf(out, RESUME_MTIME_ROOM, "%" PRId64 ".%09" PRId64, seconds, rest);
}

bool resume_parse_mtime(const char *text, int64_t *ns)
{
    const bool is_negative = *text == '-';
    const char *digits = text + is_negative;
    const size_t n = strcspn(digits, ".");
    uint64_t seconds, rest;

    if (px_parse_u64_n(digits, n, 0, INT64_MAX / PX_NS_PER_S + is_negative, &seconds) != PX_OK ||
        strlen(digits) != n + 10 ||
        px_parse_u64(digits + n + 1, 0, PX_NS_PER_S - 1, &rest) != PX_OK) {
        return false;
    }
    /* of a time before 1970 the seconds are rounded down: -1.25 is "-2.750000000" */
    const int64_t base = (is_negative ? 1 - (int64_t)seconds : (int64_t)seconds) * PX_NS_PER_S;
    const int64_t part = is_negative ? (int64_t)rest - PX_NS_PER_S : (int64_t)rest;
    if (is_negative ? base < INT64_MIN - part : base > INT64_MAX - part) {
        return false;
    }
    *ns = base + part;
    return true;
}

static const char *resume_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* That a file was there already ("exists") proves nothing of where it came from. */
static bool resume_is_proof(const json_t *object)
{
    const char *status = resume_text(object, "status");
    const char *reason = resume_text(object, "reason");

    if (status == NULL) {
        return false;
    }
    if (strcmp(status, "skipped") == 0) {
        return reason != NULL &&
               (strcmp(reason, "done") == 0 || strcmp(reason, "not modified") == 0);
    }
    return strcmp(status, "ok") == 0;
}

/* What the line proves, or NULL: nothing. The caller has a reference. */
static json_t *resume_parse(const char *line, size_t len, uint64_t *id,
                            struct px_fetch_record *record)
{
    json_t *object = len > 0 && *line == '{' ? json_loadb(line, len, 0, NULL) : NULL;
    const json_int_t size = json_integer_value(json_object_get(object, "size"));
    const char *mtime = resume_text(object, "mtime");

    *record = (struct px_fetch_record){.target = resume_text(object, "path"),
                                       .bytes = (uint64_t)size,
                                       .etag = resume_text(object, "etag"),
                                       .last_modified = resume_text(object, "last_modified")};
    if (object == NULL || !resume_is_proof(object) ||
        !journal_parse_id(resume_text(object, "id"), id) || record->target == NULL ||
        !json_is_integer(json_object_get(object, "size")) || size < 0 || mtime == NULL ||
        !resume_parse_mtime(mtime, &record->mtime_ns)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* --- reading it all ---------------------------------------------------------------------------*/

static bool resume_glance(void *ctx, const char *line, size_t len)
{
    (void)ctx;
    return !journal_line_has(line, len, "\"status\":\"failed\"") &&
           !journal_line_has(line, len, "\"reason\":\"exists\"");
}

int resume_open(const char *path, const struct px_io_ops *io, bool (*stop)(void),
                struct resume **out)
{
    struct resume *resume = calloc(1, sizeof *resume);

    if (resume == NULL) {
        return PX_ENOMEM;
    }
    const int rc = journal_index_open(path, io, stop, resume_glance, NULL, &resume->index);
    const int err = errno;
    if (rc != PX_OK) {
        resume_free(resume);
        errno = err;
        return rc;
    }
    *out = resume;
    return PX_OK;
}

void resume_free(struct resume *resume)
{
    if (resume == NULL) {
        return;
    }
    journal_index_free(resume->index);
    json_decref(resume->held);
    free(resume->path);
    free(resume);
}

/* --- looking up -------------------------------------------------------------------------------*/

/* A hash is no proof that it is the same URL; its text is, as far as it is shown. */
static bool resume_same_url(const json_t *object, const char *url)
{
    const char *shown = resume_text(object, "url");
    char *masked = px_mask_url_dup(url);
    const bool same = shown != NULL && masked != NULL &&
                      (strcmp(shown, masked) == 0 || resume_text(object, "url_b64") != NULL);

    free(masked);
    return same;
}

/* The path's exact bytes where it is no UTF-8. */
static bool resume_take_path(struct resume *resume, struct px_fetch_record *record)
{
    const char *base64 = resume_text(resume->held, "path_b64");
    const size_t n = base64 != NULL ? strlen(base64) : 0;
    size_t len;

    free(resume->path);
    resume->path = NULL;
    if (base64 == NULL) {
        return true;
    }
    resume->path = malloc(n + 1);
    if (resume->path == NULL ||
        px_parse_base64(base64, n, (unsigned char *)resume->path, n, &len) != PX_OK ||
        memchr(resume->path, '\0', len) != NULL) {
        return false;
    }
    resume->path[len] = '\0';
    record->target = resume->path;
    return true;
}

bool resume_find(void *ctx, uint64_t id, const char *url, struct px_fetch_record *out)
{
    struct resume *resume = ctx;
    uint64_t found_id;
    size_t len;

    json_decref(resume->held);
    resume->held = NULL;
    const char *line = journal_index_line(resume->index, id, &len);
    if (line == NULL) {
        return false;
    }
    resume->held = resume_parse(line, len, &found_id, out);
    return resume->held != NULL && found_id == id && resume_same_url(resume->held, url) &&
           resume_take_path(resume, out);
}
