/* SPDX-License-Identifier: MIT
 *
 * app/journal_index.c - the ids of a journal's lines. One thread at a time; owns no lock.
 *
 * Ten million lines: 16 bytes each, of which 4 MiB are in memory. They are only looked at here; who
 * asks for one parses it.
 */
#define _GNU_SOURCE /* memmem */

#include "app/journal_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pxfer/status.h>

#include "base/bigmap.h"
#include "base/fdio.h"
#include "base/parse.h"

#define READ_BYTES ((size_t)256 << 10)
#define ID_DIGITS 16

struct journal_index {
    const struct px_io_ops *io;
    int fd;                  /* -1: there is no journal */
    struct px_bigmap *lines; /* id -> where its line begins */
    char text[JOURNAL_LINE_BYTES];
};

bool journal_parse_id(const char *text, uint64_t *id)
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

bool journal_line_has(const char *line, size_t len, const char *text)
{
    return memmem(line, len, text, strlen(text)) != NULL;
}

/* --- reading it all ---------------------------------------------------------------------------*/

struct scan {
    struct journal_index *index;
    journal_glance_fn *glance;
    void *ctx;
    bool (*stop)(void);
    char *text;
    size_t len;
    off_t at;        /* of text[0] in the file */
    bool skips_line; /* the line is too long: its end is still to come */
};

/* Where the line has "id":"..." */
static bool scan_id(const char *line, size_t len, uint64_t *id)
{
    static const char key[] = "\"id\":\"";
    const size_t key_len = sizeof key - 1;
    const char *at = len > 0 && *line == '{' ? memmem(line, len, key, key_len) : NULL;
    char digits[ID_DIGITS + 1];

    if (at == NULL || (size_t)(line + len - at) <= key_len + ID_DIGITS ||
        at[key_len + ID_DIGITS] != '"') {
        return false;
    }
    memcpy(digits, at + key_len, ID_DIGITS);
    digits[ID_DIGITS] = '\0';
    return journal_parse_id(digits, id);
}

static int scan_line(struct scan *scan, const char *line, size_t len)
{
    uint64_t id;

    if (len >= JOURNAL_LINE_BYTES || !scan->glance(scan->ctx, line, len) ||
        !scan_id(line, len, &id)) {
        return PX_OK;
    }
    return px_bigmap_set(scan->index->lines, id, (uint64_t)(scan->at + (line - scan->text)));
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
    if (scan->len >= JOURNAL_LINE_BYTES) {
        scan->skips_line = true;
        scan->at += (off_t)scan->len;
        scan->len = 0;
    }
    return rc;
}

/* A last line without its end was torn, or another run is writing it now. */
static int scan_file(struct scan *scan)
{
    const struct journal_index *index = scan->index;

    for (;;) {
        const ssize_t n = index->io->pread(index->fd, scan->text + scan->len,
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

static int index_open_file(struct journal_index *index, const char *path)
{
    struct stat st;

    /* O_NONBLOCK: a FIFO must not wait for its other end */
    index->fd = index->io->openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (index->fd < 0) {
        return errno == ENOENT ? PX_OK : px_status_from_errno(errno);
    }
    if (index->io->fstat(index->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        return PX_OK;
    }
    PX_IGNORE(index->io->close(index->fd)); /* was not even read from */
    index->fd = -1;
    return PX_OK;
}

int journal_index_open(const char *path, const struct px_io_ops *io, bool (*stop)(void),
                       journal_glance_fn *glance, void *ctx, struct journal_index **out)
{
    struct journal_index *index = calloc(1, sizeof *index);
    struct scan scan = {.index = index, .glance = glance, .ctx = ctx, .stop = stop};

    if (index == NULL) {
        return PX_ENOMEM;
    }
    index->io = io != NULL ? io : px_io_real();
    int rc = index_open_file(index, path);
    if (rc == PX_OK) {
        rc = px_bigmap_new(index->io, 0, &index->lines);
    }
    if (rc == PX_OK && index->fd >= 0) {
        scan.text = malloc(READ_BYTES);
        rc = scan.text != NULL ? scan_file(&scan) : PX_ENOMEM;
    }
    const int err = errno;
    free(scan.text);
    if (rc != PX_OK) {
        journal_index_free(index);
        errno = err;
        return rc;
    }
    *out = index;
    return PX_OK;
}

void journal_index_free(struct journal_index *index)
{
    if (index == NULL) {
        return;
    }
    if (index->fd >= 0) {
        PX_IGNORE(index->io->close(index->fd)); /* was only read from */
    }
    px_bigmap_free(index->lines);
    free(index);
}

/* --- looking up -------------------------------------------------------------------------------*/

const char *journal_index_line(struct journal_index *index, uint64_t id, size_t *len)
{
    size_t have = 0;
    uint64_t at;
    bool found;

    if (px_bigmap_find(index->lines, id, &found, &at) != PX_OK || !found) {
        return NULL;
    }
    for (;;) {
        const ssize_t n = index->io->pread(index->fd, index->text + have, sizeof index->text - have,
                                           (off_t)(at + have));
        const char *end = n > 0 ? memchr(index->text + have, '\n', (size_t)n) : NULL;

        if (end != NULL) {
            *len = (size_t)(end - index->text);
            return index->text;
        }
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return NULL; /* it was cut off since, or it cannot be read: then it proves nothing */
        }
        have += n > 0 ? (size_t)n : 0;
    }
}
