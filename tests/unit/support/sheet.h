/* SPDX-License-Identifier: MIT
 *
 * support/sheet.h - a print lock that writes to a nameless file, and what came of it as a string.
 * Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_SHEET_H
#define PX_TESTS_SHEET_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/outlock.h>
#include <pxfer/status.h>

struct sheet {
    int fd;
    struct px_outlock *lock;
    off_t seen; /* read by the last call */
    char *text;
};

static inline void sheet_open(struct sheet *sheet)
{
    char path[] = "/tmp/pxfer-sheet-XXXXXX";
    *sheet = (struct sheet){.fd = mkstemp(path)};
    assert_true(sheet->fd >= 0);
    assert_int_equal(fcntl(sheet->fd, F_SETFD, FD_CLOEXEC), 0);
    unlink(path);
    assert_int_equal(px_outlock_new(sheet->fd, &sheet->lock), PX_OK);
}

/* What was written since the last call; good until the next one. */
static inline const char *sheet_text(struct sheet *sheet)
{
    struct stat info;
    assert_int_equal(fstat(sheet->fd, &info), 0);
    const size_t n = (size_t)(info.st_size - sheet->seen);
    free(sheet->text);
    sheet->text = calloc(1, n + 1);
    assert_non_null(sheet->text);
    assert_int_equal(pread(sheet->fd, sheet->text, n, sheet->seen), n);
    sheet->seen = info.st_size;
    return sheet->text;
}

static inline void sheet_close(struct sheet *sheet)
{
    px_outlock_free(sheet->lock);
    free(sheet->text);
    close(sheet->fd);
}

#endif
