/* SPDX-License-Identifier: MIT
 *
 * copy/listfile.c - names from a file or a pipe. The owner's thread only, no locks.
 *
 * A batch is sorted as a whole, so a directory that has names in several batches is opened once for
 * each; its attributes are set again at the end of each.
 */
#include "copy/listfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/grow.h"

#define READ_BYTES ((size_t)64 * 1024)
#define BATCH_BYTES ((size_t)16 * 1024 * 1024)
#define LINE_MAX_BYTES ((size_t)1024 * 1024) /* a longer one is no path */

struct px_listfile {
    const struct px_io_ops *io;
    int fd;
    bool nul;
    bool at_end;
    size_t batch_bytes;

    char *read; /* what was read and not yet taken: read[taken..have) */
    size_t taken;
    size_t have;
    size_t room;

    char *text; /* the batch being gathered */
    size_t used;
    size_t text_room;

    char *bad;
    uint64_t line;
};

/* errno of what was opened, of a directory, too: that only reading would say. 0: none. */
static int listfile_error(const struct px_io_ops *io, int fd)
{
    struct stat st;
    if (fd < 0 || io->fstat(fd, &st) != 0) {
        return errno;
    }
    return S_ISDIR(st.st_mode) ? EISDIR : 0;
}

int px_listfile_open(const struct px_io_ops *io, const char *path, bool nul, size_t batch_bytes,
                     struct px_listfile **out)
{
    struct px_listfile *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return PX_ENOMEM;
    }
    file->io = io;
    file->nul = nul;
    file->batch_bytes = batch_bytes > 0 ? batch_bytes : BATCH_BYTES;
    file->fd = strcmp(path, "-") == 0
                   ? STDIN_FILENO
                   : io->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    const int err = listfile_error(io, file->fd);
    if (err != 0) {
        px_listfile_free(file);
        errno = err;
        return PX_EIO;
    }
    *out = file;
    return PX_OK;
}

void px_listfile_free(struct px_listfile *file)
{
    if (file == NULL) {
        return;
    }
    if (file->fd > STDIN_FILENO) {
        PX_IGNORE(file->io->close(file->fd)); /* was only read from */
    }
    free(file->read);
    free(file->text);
    free(file->bad);
    free(file);
}

const char *px_listfile_bad(const struct px_listfile *file, uint64_t *line)
{
    *line = file->line;
    return file->bad;
}

static int grow(char **bytes, size_t *room, size_t need)
{
    char *more = px_grow(*bytes, room, need, 1);
    if (more == NULL) {
        return PX_ENOMEM;
    }
    *bytes = more;
    return PX_OK;
}

/* PX_EAGAIN: a pipe or a terminal has nothing now. */
static int listfile_read(struct px_listfile *file)
{
    struct pollfd ready = {.fd = file->fd, .events = POLLIN};
    if (poll(&ready, 1, 0) == 0) {
        return PX_EAGAIN;
    }
    if (file->taken > 0) {
        memmove(file->read, file->read + file->taken, file->have - file->taken);
    }
    file->have -= file->taken;
    file->taken = 0;
    const int status = grow(&file->read, &file->room, file->have + READ_BYTES);
    if (status != PX_OK) {
        return status;
    }
    const ssize_t got = file->io->read(file->fd, file->read + file->have, READ_BYTES);
    if (got < 0) {
        return errno == EAGAIN ? PX_EAGAIN : PX_EIO;
    }
    file->at_end = got == 0;
    file->have += (size_t)got;
    return PX_OK;
}

/* One line of `len` bytes goes to the batch, as a string. */
static int listfile_take(struct px_listfile *file, const char *line, size_t len)
{
    file->line++;
    if (!file->nul && len > 0 && line[len - 1] == '\r') {
        len--;
    }
    if (len == 0 || (!file->nul && (line[0] == '#' || line[0] == ';'))) {
        return PX_OK;
    }
    int status = grow(&file->text, &file->text_room, file->used + len + 1);
    if (status != PX_OK) {
        return status;
    }
    char *path = file->text + file->used;
    memcpy(path, line, len);
    path[len] = '\0';
    if (strlen(path) < len || px_listed_clean(path, path) != PX_OK) {
        free(file->bad);
        file->bad = strndup(line, len);
        return file->bad != NULL ? PX_EBADLINE : PX_ENOMEM;
    }
    if (path[0] != '\0') {
        file->used += strlen(path) + 1;
    }
    return PX_OK;
}

/* PX_EAGAIN: no whole line is there. */
static int listfile_line(struct px_listfile *file)
{
    const size_t left = file->have - file->taken;
    const char *begin = left > 0 ? file->read + file->taken : NULL; /* nothing was read yet */
    const char *end = left > 0 ? memchr(begin, file->nul ? '\0' : '\n', left) : NULL;
    if (end == NULL && !(file->at_end && left > 0) && left < LINE_MAX_BYTES) {
        return PX_EAGAIN;
    }
    const size_t len = end != NULL ? (size_t)(end - begin) : left;
    file->taken += len + (end != NULL);
    return listfile_take(file, begin, len);
}

static int listfile_give(struct px_listfile *file, struct px_listed **out)
{
    const int status = px_listed_new(file->text, file->used, out);
    if (status == PX_OK) {
        file->text = NULL;
        file->text_room = 0;
        file->used = 0;
    }
    return status;
}

int px_listfile_next(struct px_listfile *file, struct px_listed **out)
{
    while (file->used < file->batch_bytes) {
        int status = listfile_line(file);
        if (status != PX_OK && status != PX_EAGAIN) {
            return status;
        }
        if (status == PX_OK) {
            continue;
        }
        if (file->at_end) {
            break;
        }
        status = listfile_read(file);
        if (status != PX_OK) {
            return status;
        }
    }
    return file->used > 0 ? listfile_give(file, out) : PX_EEND;
}
