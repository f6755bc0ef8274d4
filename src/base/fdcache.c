/* SPDX-License-Identifier: MIT
 *
 * base/fdcache.c - calls about the page cache, most of which only Linux has. No state, no locks; any
 * thread.
 */
#define _GNU_SOURCE /* preadv2, sync_file_range, statx, O_DIRECT */

#include "base/fdcache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

/* As in linux/fs.h and linux/mman.h, which are older than the kernel on many systems. */
#define FDCACHE_RWF_DONTCACHE 0x80
#define FDCACHE_SYS_CACHESTAT 451

#define FDCACHE_RETRY(result, call) \
    do {                            \
        (result) = (call);          \
    } while ((result) < 0 && errno == EINTR)

#if defined(__linux__) && defined(RWF_NOWAIT)

ssize_t px_fd_pread_once(int fd, void *buf, size_t n, off_t offset)
{
    const struct iovec iov = {.iov_base = buf, .iov_len = n};
    ssize_t got;
    FDCACHE_RETRY(got, preadv2(fd, &iov, 1, offset, FDCACHE_RWF_DONTCACHE));
    return got;
}

ssize_t px_fd_pwrite_once(int fd, const void *buf, size_t n, off_t offset)
{
    const struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = n};
    ssize_t put;
    FDCACHE_RETRY(put, pwritev2(fd, &iov, 1, offset, FDCACHE_RWF_DONTCACHE));
    return put;
}

#else

ssize_t px_fd_pread_once(int fd, void *buf, size_t n, off_t offset)
{
    (void)fd, (void)buf, (void)n, (void)offset;
    errno = EOPNOTSUPP;
    return -1;
}

ssize_t px_fd_pwrite_once(int fd, const void *buf, size_t n, off_t offset)
{
    (void)fd, (void)buf, (void)n, (void)offset;
    errno = EOPNOTSUPP;
    return -1;
}

#endif

int px_fd_advise(int fd, off_t offset, off_t bytes, int advice)
{
    errno = posix_fadvise(fd, offset, bytes, advice);
    return errno == 0 ? 0 : -1;
}

int px_fd_sync_range(int fd, off_t offset, off_t bytes, bool wait)
{
    int rc = 0;
#if defined(SYNC_FILE_RANGE_WRITE)
    const unsigned begin = SYNC_FILE_RANGE_WRITE;
    const unsigned end = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
    FDCACHE_RETRY(rc, sync_file_range(fd, offset, bytes, wait ? begin | end : begin));
#else
    (void)offset, (void)bytes;
    if (wait) {
        FDCACHE_RETRY(rc, fdatasync(fd));
    }
#endif
    return rc;
}

/* struct cachestat_range and struct cachestat of linux/mman.h. */
int px_fd_cached(int fd, off_t offset, off_t bytes, uint64_t *pages)
{
#if defined(__linux__)
    const uint64_t range[2] = {(uint64_t)offset, (uint64_t)bytes};
    struct {
        uint64_t cached;
        uint64_t others[4];
    } stat = {0};
    if (syscall(FDCACHE_SYS_CACHESTAT, fd, range, &stat, 0) != 0) {
        return -1;
    }
    *pages = stat.cached;
    return 0;
#else
    (void)fd, (void)offset, (void)bytes, (void)pages;
    errno = ENOSYS;
    return -1;
#endif
}

int px_fd_set_direct(int fd, bool on)
{
#if defined(O_DIRECT)
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0) {
        return -1;
    }
    return fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT);
#else
    (void)fd, (void)on;
    errno = EINVAL;
    return -1;
#endif
}

int px_fd_direct_align(int fd, size_t *align)
{
#if defined(STATX_DIOALIGN)
    struct statx st = {0};
    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) != 0) {
        return -1;
    }
    if ((st.stx_mask & STATX_DIOALIGN) != 0) {
        const size_t mem = st.stx_dio_mem_align;
        const size_t offset = st.stx_dio_offset_align;
        *align = mem > offset ? mem : offset;
        errno = EINVAL;
        return offset > 0 ? 0 : -1;
    }
#else
    (void)fd, (void)align;
#endif
    errno = EOPNOTSUPP;
    return -1;
}
