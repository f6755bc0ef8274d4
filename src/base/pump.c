/* SPDX-License-Identifier: MIT
 *
 * base/pump.c - bytes onto a descriptor that may not want them now. No locks; one thread at a time
 * uses a pump. The ways that only Linux has end in the portable one, pread(2) and write(2).
 */
#ifdef __linux__
#define _GNU_SOURCE /* splice, F_SETPIPE_SZ */
#endif
#include "base/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif

#include <pxfer/status.h>

#include "base/fdio.h"

#define WAIT_MS 100
#define STEP_BYTES ((size_t)1 << 20)
#define BLOCK_BYTES ((size_t)128 << 10)
/* What poll(2) promises room for: a pipe that is writable takes PIPE_BUF bytes (POSIX), and Linux's
 * is 4096. */
#define ATOM_BYTES ((size_t)4096)

void pump_init(struct pump *pump, int out, bool (*stopped)(void *ctx), void *ctx)
{
    struct stat st;
    const bool known = fstat(out, &st) == 0;

    *pump = (struct pump){.out = out, .stopped = stopped, .ctx = ctx, .way = PUMP_WRITE};
    pump->is_file = known && S_ISREG(st.st_mode);
#ifdef __linux__
    if (known && S_ISFIFO(st.st_mode)) {
        /* a larger pipe means fewer switches between the two ends; 64 KiB do, too */
        PX_IGNORE(fcntl(out, F_SETPIPE_SZ, (int)STEP_BYTES));
        pump->way = PUMP_SPLICE;
    } else if (pump->is_file) {
        pump->way = PUMP_SENDFILE;
    }
#endif
}

void pump_fini(struct pump *pump)
{
    free(pump->block);
    pump->block = NULL;
}

static bool is_stopped(const struct pump *pump)
{
    return pump->stopped != NULL && pump->stopped(pump->ctx);
}

/* Until `out` can take something, or has an error to tell. */
static int wait_for_room(const struct pump *pump)
{
    struct pollfd fd = {.fd = pump->out, .events = POLLOUT};

    for (;;) {
        if (is_stopped(pump)) {
            return PX_ECANCELED;
        }
        /* a file has room always; what cannot be polled says so when it is written to */
        if (pump->is_file || poll(&fd, 1, WAIT_MS) != 0) {
            return PX_OK;
        }
    }
}

static bool is_for_later(int err)
{
    return err == EAGAIN || err == EINTR;
}

int pump_bytes(struct pump *pump, const char *bytes, size_t size)
{
    while (size > 0) {
        const size_t limit = pump->is_file ? STEP_BYTES : ATOM_BYTES;
        const int rc = wait_for_room(pump);

        if (rc != PX_OK) {
            return rc;
        }
        const ssize_t n = write(pump->out, bytes, size < limit ? size : limit);
        if (n < 0 && is_for_later(errno)) {
            continue;
        }
        if (n <= 0) {
            errno = n < 0 ? errno : ENOSPC;
            return px_status_from_errno(errno);
        }
        bytes += n;
        size -= (size_t)n;
    }
    return PX_OK;
}

/* One step of a file from `at` by way of a block of our own. The bytes moved, or a status. */
static int64_t step_by_block(struct pump *pump, int in, uint64_t at, size_t want)
{
    if (pump->block == NULL && (pump->block = malloc(BLOCK_BYTES)) == NULL) {
        return PX_ENOMEM;
    }
    const ssize_t n = pread(in, pump->block, want < BLOCK_BYTES ? want : BLOCK_BYTES, (off_t)at);
    if (n <= 0) {
        errno = n < 0 ? errno : EIO; /* shorter than it was */
        return n < 0 && errno == EINTR ? 0 : px_status_from_errno(errno);
    }
    const int rc = pump_bytes(pump, pump->block, (size_t)n);
    return rc == PX_OK ? n : rc;
}

/* One step within the kernel. The bytes moved (0: try again), or a status; PX_EINVAL: this pair of
 * descriptors needs the other way. */
static int64_t step_in_kernel(struct pump *pump, int in, uint64_t at, size_t want)
{
#ifdef __linux__
    loff_t from = (loff_t)at;
    off_t offset = (off_t)at;
    const ssize_t n = pump->way == PUMP_SPLICE
                          ? splice(in, &from, pump->out, NULL, want,
                                   SPLICE_F_NONBLOCK | SPLICE_F_MOVE | SPLICE_F_MORE)
                          : sendfile(pump->out, in, &offset, want);
    if (n > 0) {
        return n;
    }
    if (n < 0 && is_for_later(errno)) {
        return 0;
    }
    /* EINVAL: O_APPEND, a file system without splice; ENOSYS: a filter */
    if (n < 0 && (errno == EINVAL || errno == ENOSYS)) {
        return PX_EINVAL;
    }
    errno = n < 0 ? errno : EIO;
    return px_status_from_errno(errno);
#else
    (void)pump, (void)in, (void)at, (void)want;
    return PX_EINVAL;
#endif
}

int pump_file(struct pump *pump, int in, uint64_t size)
{
    uint64_t at = 0;

    while (at < size) {
        const uint64_t left = size - at;
        const size_t want = left < STEP_BYTES ? (size_t)left : STEP_BYTES;
        const int rc = wait_for_room(pump);

        if (rc != PX_OK) {
            return rc;
        }
        const int64_t n = pump->way == PUMP_WRITE ? step_by_block(pump, in, at, want)
                                                  : step_in_kernel(pump, in, at, want);
        if (n == PX_EINVAL && pump->way != PUMP_WRITE) {
            pump->way = PUMP_WRITE;
        } else if (n < 0) {
            return (int)n;
        } else {
            at += (uint64_t)n;
        }
    }
    return PX_OK;
}
