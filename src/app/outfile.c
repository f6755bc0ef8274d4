/* SPDX-License-Identifier: MIT
 *
 * app/outfile.c - small output files, whole or absent: NAME.part is made afresh (O_EXCL: nobody's
 * link is followed), written through stdio, renamed over NAME. Main's thread; owns no lock.
 */
#include "app/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"

#define PART_SUFFIX ".part"

struct outfile {
    FILE *stream;
    char *path; /* after symbolic links, owned */
    char *part; /* owned; NULL: written directly */
};

/* Frees, leaving errno alone. */
static void outfile_free(struct outfile *file)
{
    const int saved = errno;
    if (file->stream != NULL) {
        PX_IGNORE(fclose(file->stream)); /* given up already */
    }
    if (file->part != NULL) {
        PX_IGNORE(unlink(file->part)); /* gone by now when all was well */
    }
    free(file->part);
    free(file->path);
    free(file);
    errno = saved;
}

/* The class of the last failed call. */
static int outfile_status(void)
{
    return px_status_from_errno(errno);
}

/* Decides what is written: `part`, or the thing itself when it is no regular file. */
static int outfile_resolve(struct outfile *file, const char *path)
{
    struct stat st;
    const bool exists = stat(path, &st) == 0;
    const bool direct = exists && !S_ISREG(st.st_mode);
    file->path = exists && !direct ? realpath(path, NULL) : strdup(path);
    if (file->path == NULL) {
        return outfile_status();
    }
    if (direct) {
        return PX_OK;
    }
    const size_t len = strlen(file->path);
    file->part = malloc(len + sizeof PART_SUFFIX);
    if (file->part == NULL) {
        return PX_ENOMEM;
    }
    memcpy(file->part, file->path, len);
    memcpy(file->part + len, PART_SUFFIX, sizeof PART_SUFFIX);
    return PX_OK;
}

static int outfile_open_stream(struct outfile *file, mode_t mode)
{
    int fd;
    if (file->part == NULL) {
        fd = open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    } else {
        PX_IGNORE(unlink(file->part)); /* left by a killed run, or not there */
        fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    }
    if (fd < 0) {
        const int status = outfile_status();
        free(file->part); /* not ours to remove */
        file->part = NULL;
        return status;
    }
    file->stream = fdopen(fd, "w");
    if (file->stream == NULL) {
        close(fd);
        return PX_ENOMEM;
    }
    return PX_OK;
}

int outfile_open(const char *path, mode_t mode, struct outfile **out)
{
    struct outfile *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return PX_ENOMEM;
    }
    int status = outfile_resolve(file, path);
    if (status == PX_OK) {
        status = outfile_open_stream(file, mode);
    }
    if (status != PX_OK) {
        outfile_free(file);
        return status;
    }
    *out = file;
    return PX_OK;
}

FILE *outfile_stream(struct outfile *file)
{
    return file->stream;
}

int outfile_flush(struct outfile *file)
{
    if (fflush(file->stream) != 0) {
        return outfile_status();
    }
    return ferror(file->stream) ? PX_EIO : PX_OK;
}

int outfile_commit(struct outfile *file)
{
    if (file == NULL) {
        return PX_OK;
    }
    int status = outfile_flush(file);
    FILE *stream = file->stream;
    file->stream = NULL;
    if (fclose(stream) != 0 && status == PX_OK) {
        status = outfile_status();
    }
    if (status == PX_OK && file->part != NULL) {
        if (rename(file->part, file->path) == 0) {
            free(file->part);
            file->part = NULL;
        } else {
            status = outfile_status();
        }
    }
    outfile_free(file);
    return status;
}

void outfile_discard(struct outfile *file)
{
    if (file != NULL) {
        outfile_free(file);
    }
}
