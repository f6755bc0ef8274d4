/* SPDX-License-Identifier: MIT
 *
 * core/outlock.c - the print lock. Any thread enters; one lock for each stream, held over the
 * write(2) on purpose: a block that is written by two calls must not have a stranger in between.
 *
 * The overlay (live progress lines) is kept as text, so that a block from any thread can be put
 * above it: erase, write the block, draw the overlay again, all in one write.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/outlock.h>
#include <pxfer/status.h>

#include "base/mutex.h"

/* ECMA-48: CR, cursor up one line, erase from the cursor to the end of the screen. */
#define CURSOR_UP "\033[A"
#define ERASE_BELOW "\r\033[J"

struct px_outlock {
    int fd; /* fixed after new */

    struct px_mutex lock;

    /* protected by lock */
    char *overlay PX_GUARDED; /* on the screen now, owned; NULL = none */
    bool failed PX_GUARDED;
};

int px_outlock_new(int fd, struct px_outlock **out)
{
    struct px_outlock *lock = calloc(1, sizeof *lock);
    if (lock == NULL) {
        return PX_ENOMEM;
    }
    lock->fd = fd;
    if (px_mutex_init(&lock->lock) != PX_OK) {
        free(lock);
        return PX_ENOMEM;
    }
    *out = lock;
    return PX_OK;
}

void px_outlock_free(struct px_outlock *lock)
{
    if (lock == NULL) {
        return;
    }
    PX_IGNORE(px_outlock_overlay(lock, NULL)); /* the screen may be gone: nothing left to do */
    px_mutex_fini(&lock->lock);
    free(lock);
}

/* A descriptor that somebody else has set non-blocking (a shared terminal) says EAGAIN when it is full. */
static void outlock_await_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    PX_IGNORE(poll(&room, 1, -1) < 0); /* a signal: the write says again what there is */
}

static int outlock_write_locked(struct px_outlock *lock, const char *bytes, size_t len)
    PX_REQUIRES(lock->lock)
{
    while (len > 0) {
        const ssize_t n = write(lock->fd, bytes, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            outlock_await_room(lock->fd);
            continue;
        }
        if (n <= 0) {
            lock->failed = true;
            return PX_EIO;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return PX_OK;
}

static size_t outlock_count_lines(const char *text)
{
    size_t lines = 0;
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        lines += *p == '\n';
    }
    return lines;
}

static void outlock_put_erase(FILE *to, const char *overlay)
{
    for (size_t lines = outlock_count_lines(overlay); lines > 0; lines--) {
        fputs(CURSOR_UP, to);
    }
    fputs(ERASE_BELOW, to);
}

/* Old overlay away, block, new overlay: one buffer, so that a terminal never shows a half state. */
static int outlock_repaint_locked(struct px_outlock *lock, const char *block, size_t len,
                                  const char *overlay) PX_REQUIRES(lock->lock)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL) {
        return PX_ENOMEM;
    }
    if (lock->overlay != NULL) {
        outlock_put_erase(memory, lock->overlay);
    }
    fwrite(block, 1, len, memory);
    if (overlay != NULL) {
        fputs(overlay, memory);
    }
    const int status = fclose(memory) == 0 ? outlock_write_locked(lock, text, size) : PX_ENOMEM;
    free(text);
    return status;
}

int px_outlock_write(struct px_outlock *lock, const char *block, size_t len)
{
    px_mutex_lock(&lock->lock);
    int status;
    if (lock->overlay == NULL) {
        status = outlock_write_locked(lock, block, len);
    } else {
        status = outlock_repaint_locked(lock, block, len, lock->overlay);
    }
    px_mutex_unlock(&lock->lock);
    return status;
}

int px_outlock_printf(struct px_outlock *lock, const char *fmt, ...)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL) {
        return PX_ENOMEM;
    }
    va_list args;
    va_start(args, fmt);
    vfprintf(memory, fmt, args);
    va_end(args);
    const int status = fclose(memory) == 0 ? px_outlock_write(lock, text, size) : PX_ENOMEM;
    free(text);
    return status;
}

int px_outlock_overlay(struct px_outlock *lock, const char *text)
{
    const bool none = text == NULL || *text == '\0';
    char *copy = none ? NULL : strdup(text);
    if (copy == NULL && !none) {
        return PX_ENOMEM;
    }
    px_mutex_lock(&lock->lock);
    int status = PX_OK;
    if (copy != NULL || lock->overlay != NULL) {
        status = outlock_repaint_locked(lock, "", 0, copy);
    }
    free(lock->overlay);
    lock->overlay = copy;
    px_mutex_unlock(&lock->lock);
    return status;
}

bool px_outlock_failed(struct px_outlock *lock)
{
    px_mutex_lock(&lock->lock);
    const bool failed = lock->failed;
    px_mutex_unlock(&lock->lock);
    return failed;
}
