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
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/bigmap.h"
#include "base/fdio.h"
#include "base/parse.h"
#include "base/show.h"

#define READ_BYTES ((size_t)256 << 10)
#define ID_DIGITS 16

struct resume {
    const struct px_io_ops *io;
    int fd;                  /* -1: there is no journal */
    struct px_bigmap *lines; /* id -> where its line begins */

    /* of the last look-up */
    json_t *held; /* the record's strings are its */
    char *path;   /* one that is no UTF-8 */
    char text[RESUME_LINE_BYTES];
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

static bool resume_parse_mtime(const char *text, int64_t *ns)
{
    const bool is_negative = *text == '-';
    const char *digits = text + is_negative;
    const size_t n = strcspn(digits, ".");
    uint64_t seconds, rest;

    if (px_parse_u64_n(digits, n, 0, INT64_MAX / PX_NS_PER_S, &seconds) != PX_OK ||
        strlen(digits) != n + 10 ||
        px_parse_u64(digits + n + 1, 0, PX_NS_PER_S - 1, &rest) != PX_OK) {
        return false;
    }
    *ns = (is_negative ? -(int64_t)seconds : (int64_t)seconds) * PX_NS_PER_S + (int64_t)rest;
    return true;
}

static const char *resume_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* 16 digits and no more. */
static bool resume_parse_id(const char *text, uint64_t *id)
{
    unsigned char bytes[ID_DIGITS / 2];

    if (text == NULL || px_parse_hex(text, bytes, sizeof bytes) != PX_OK) {
        return false;
    }
    *id = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        *id = *id << 8 | bytes[i];
    }
    return true;
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
        !resume_parse_id(resume_text(object, "id"), id) || record->target == NULL ||
        !json_is_integer(json_object_get(object, "size")) || size < 0 || mtime == NULL ||
        !resume_parse_mtime(mtime, &record->mtime_ns)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* --- reading it all ---------------------------------------------------------------------------*/

struct scan {
    struct resume *resume;
    bool (*stop)(void);
    char *text;
    size_t len;
    off_t at;        /* of text[0] in the file */
    bool skips_line; /* the line is too long: its end is still to come */
};

static bool scan_has(const char *line, size_t len, const char *text)
{
    return memmem(line, len, text, strlen(text)) != NULL;
}

/* Where the line has "id":"..." and nothing that makes it worthless at a glance. In JSON a quote
 * inside of a text is escaped, so these bytes are members, whatever names and URLs hold. */
static bool scan_id(const char *line, size_t len, uint64_t *id)
{
    static const char key[] = "\"id\":\"";
    const size_t key_len = sizeof key - 1;
    const char *at = len > 0 && *line == '{' ? memmem(line, len, key, key_len) : NULL;
    char digits[ID_DIGITS + 1];

    if (at == NULL || (size_t)(line + len - at) <= key_len + ID_DIGITS ||
        at[key_len + ID_DIGITS] != '"' || scan_has(line, len, "\"status\":\"failed\"") ||
        scan_has(line, len, "\"reason\":\"exists\"")) {
        return false;
    }
    memcpy(digits, at + key_len, ID_DIGITS);
    digits[ID_DIGITS] = '\0';
    return resume_parse_id(digits, id);
}

static int scan_line(struct scan *scan, const char *line, size_t len)
{
    uint64_t id;

    if (len >= RESUME_LINE_BYTES || !scan_id(line, len, &id)) {
        return PX_OK;
    }
    return px_bigmap_set(scan->resume->lines, id, (uint64_t)(scan->at + (line - scan->text)));
}

/* All lines that end in the buffer; what is left of the next one moves to its front. */
static int scan_lines(struct scan *scan)
{
    char *line = scan->text;
    int rc = PX_OK;

    while (rc == PX_OK) {
        const size_t left = scan->len - (size_t)(line - scan->text);
        const char *end = memchr(line, '\n', left);

        if (end == NULL) {
            break;
        }
        if (!scan->skips_line) {
            rc = scan_line(scan, line, (size_t)(end - line));
        }
        scan->skips_line = false;
        line += end - line + 1;
    }
    const size_t taken = (size_t)(line - scan->text);
    memmove(scan->text, line, scan->len - taken);
    scan->len -= taken;
    scan->at += (off_t)taken;
    if (scan->len >= RESUME_LINE_BYTES) {
        scan->skips_line = true;
        scan->at += (off_t)scan->len;
        scan->len = 0;
    }
    return rc;
}

/* A last line without its end was torn, or another run is writing it now. */
static int scan_file(struct scan *scan)
{
    const struct resume *resume = scan->resume;

    for (;;) {
        const ssize_t n = resume->io->pread(resume->fd, scan->text + scan->len,
                                            READ_BYTES - scan->len, scan->at + (off_t)scan->len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || (scan->stop != NULL && scan->stop())) {
            return n < 0 ? PX_EIO : PX_OK;
        }
        scan->len += (size_t)n;
        const int rc = scan_lines(scan);
        if (rc != PX_OK) {
            return rc;
        }
    }
}

static int resume_open_file(struct resume *resume, const char *path)
{
    struct stat st;

    /* O_NONBLOCK: a FIFO must not wait for its other end */
    resume->fd =
        resume->io->openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (resume->fd < 0) {
        return errno == ENOENT ? PX_OK : px_status_from_errno(errno);
    }
    if (resume->io->fstat(resume->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        return PX_OK;
    }
    PX_IGNORE(resume->io->close(resume->fd)); /* was not even read from */
    resume->fd = -1;
    return PX_OK;
}

int resume_open(const char *path, const struct px_io_ops *io, bool (*stop)(void),
                struct resume **out)
{
    struct resume *resume = calloc(1, sizeof *resume);
    struct scan scan = {.resume = resume, .stop = stop};

    if (resume == NULL) {
        return PX_ENOMEM;
    }
    resume->io = io != NULL ? io : px_io_real();
    int rc = resume_open_file(resume, path);
    if (rc == PX_OK) {
        rc = px_bigmap_new(resume->io, 0, &resume->lines);
    }
    if (rc == PX_OK && resume->fd >= 0) {
        scan.text = malloc(READ_BYTES);
        rc = scan.text != NULL ? scan_file(&scan) : PX_ENOMEM;
    }
    const int err = errno;
    free(scan.text);
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
    if (resume->fd >= 0) {
        PX_IGNORE(resume->io->close(resume->fd)); /* was only read from */
    }
    px_bigmap_free(resume->lines);
    json_decref(resume->held);
    free(resume->path);
    free(resume);
}

/* --- looking up -------------------------------------------------------------------------------*/

static json_t *resume_read_at(struct resume *resume, off_t at, uint64_t *id,
                              struct px_fetch_record *record)
{
    size_t len = 0;

    for (;;) {
        const ssize_t n = resume->io->pread(resume->fd, resume->text + len,
                                            sizeof resume->text - len, at + (off_t)len);
        const char *end = n > 0 ? memchr(resume->text + len, '\n', (size_t)n) : NULL;

        if (end != NULL) {
            return resume_parse(resume->text, (size_t)(end - resume->text), id, record);
        }
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return NULL; /* it was cut off since, or it cannot be read: then it proves nothing */
        }
        len += n > 0 ? (size_t)n : 0;
    }
}

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
    uint64_t at, found_id;
    bool found;

    if (px_bigmap_find(resume->lines, id, &found, &at) != PX_OK || !found) {
        return false;
    }
    json_decref(resume->held);
    resume->held = resume_read_at(resume, (off_t)at, &found_id, out);
    return resume->held != NULL && found_id == id && resume_same_url(resume->held, url) &&
           resume_take_path(resume, out);
}
