/* SPDX-License-Identifier: MIT
 *
 * base/fdio.c - the real table of system calls, and the loops around read and write. A port begins
 * here: each call that only Linux has stands beside the answer ENOSYS or EOPNOTSUPP, with which the
 * engines take their POSIX way. Each thread counts its calls; no other state, no locks; any thread.
 */
#define _GNU_SOURCE
#include "base/fdio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/fdattr.h"
#include "base/fdcache.h"

#if defined(__linux__)
/* As in linux/fs.h, which not every C library's build environment has. */
#define FDIO_FICLONE _IOW(0x94, 9, int)
#endif

/* Calls of this thread through the table; px_io_calls(). */
static _Thread_local uint64_t fdio_calls;

/* Runs `call` into `result` until no signal came in between. close() is never called so: on Linux
 * the descriptor is gone after EINTR, and a second close would hit another thread's new file. */
#define FDIO_RETRY(result, call) \
    do {                         \
        fdio_calls++;            \
        (result) = (call);       \
    } while ((result) < 0 && errno == EINTR)

static int fdio_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    int fd;
    FDIO_RETRY(fd, openat(dirfd, path, flags, mode));
    return fd;
}

static int fdio_close(int fd)
{
    fdio_calls++;
    return close(fd) < 0 && errno != EINTR ? -1 : 0;
}

static ssize_t fdio_read(int fd, void *buf, size_t n)
{
    ssize_t got;
    FDIO_RETRY(got, read(fd, buf, n));
    return got;
}

static ssize_t fdio_pread(int fd, void *buf, size_t n, off_t offset)
{
    ssize_t got;
    FDIO_RETRY(got, pread(fd, buf, n, offset));
    return got;
}

static ssize_t fdio_write(int fd, const void *buf, size_t n)
{
    ssize_t put;
    FDIO_RETRY(put, write(fd, buf, n));
    return put;
}

static ssize_t fdio_pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    ssize_t put;
    FDIO_RETRY(put, pwrite(fd, buf, n, offset));
    return put;
}

/* Linux 4.5 and FreeBSD 13. */
static ssize_t fdio_copy_file_range(int in, off_t *in_off, int out, off_t *out_off, size_t n)
{
#if defined(__linux__) || defined(__FreeBSD__)
    ssize_t moved;
    FDIO_RETRY(moved, copy_file_range(in, in_off, out, out_off, n, 0));
    return moved;
#else
    (void)in, (void)in_off, (void)out, (void)out_off, (void)n;
    errno = ENOSYS;
    return -1;
#endif
}

static int fdio_ficlone(int out, int in)
{
#if defined(__linux__)
    int rc;
    FDIO_RETRY(rc, ioctl(out, FDIO_FICLONE, in));
    return rc;
#else
    (void)out, (void)in;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

static ssize_t fdio_getdents(int fd, void *buf, size_t n)
{
#if defined(__linux__)
    fdio_calls++;
    return getdents64(fd, buf, n);
#else
    (void)fd, (void)buf, (void)n;
    errno = ENOSYS;
    return -1;
#endif
}

static int fdio_ftruncate(int fd, off_t length)
{
    int rc;
    FDIO_RETRY(rc, ftruncate(fd, length));
    return rc;
}

/* Elsewhere only the plain reservation (mode 0) exists; posix_fallocate gives the error itself. */
static int fdio_fallocate(int fd, int mode, off_t offset, off_t length)
{
    int rc;
#if defined(__linux__)
    FDIO_RETRY(rc, fallocate(fd, mode, offset, length));
#else
    rc = EOPNOTSUPP;
#if defined(_POSIX_ADVISORY_INFO) && _POSIX_ADVISORY_INFO > 0
    if (mode == 0) {
        do {
            rc = posix_fallocate(fd, offset, length);
        } while (rc == EINTR);
    }
#else
    (void)fd, (void)mode, (void)offset, (void)length;
#endif
    if (rc != 0) {
        errno = rc;
        rc = -1;
    }
#endif
    return rc;
}

static int fdio_fsync(int fd)
{
    int rc;
    FDIO_RETRY(rc, fsync(fd));
    return rc;
}

static int fdio_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
    int rc;
    FDIO_RETRY(rc, fchownat(dirfd, path, uid, gid, flags));
    return rc;
}

/* These are never interrupted by a signal: their pages of the manual know no EINTR. */
#define FDIO_COUNTED(type, name, call, params, ...) \
    static type fdio_##name params                  \
    {                                               \
        fdio_calls++;                               \
        return call(__VA_ARGS__);                   \
    }
FDIO_COUNTED(int, fstat, fstat, (int fd, struct stat *st), fd, st)
FDIO_COUNTED(int, fstatat, fstatat, (int dirfd, const char *path, struct stat *st, int flags),
             dirfd, path, st, flags)
FDIO_COUNTED(off_t, lseek, lseek, (int fd, off_t offset, int whence), fd, offset, whence)
FDIO_COUNTED(int, linkat, linkat,
             (int olddir, const char *oldpath, int newdir, const char *newpath, int flags), olddir,
             oldpath, newdir, newpath, flags)
FDIO_COUNTED(int, renameat, renameat,
             (int olddir, const char *oldpath, int newdir, const char *newpath), olddir, oldpath,
             newdir, newpath)
FDIO_COUNTED(int, unlinkat, unlinkat, (int dirfd, const char *path, int flags), dirfd, path, flags)
FDIO_COUNTED(int, mkdirat, mkdirat, (int dirfd, const char *path, mode_t mode), dirfd, path, mode)
FDIO_COUNTED(int, symlinkat, symlinkat, (const char *target, int dirfd, const char *path), target,
             dirfd, path)
FDIO_COUNTED(ssize_t, readlinkat, readlinkat, (int dirfd, const char *path, char *buf, size_t n),
             dirfd, path, buf, n)
FDIO_COUNTED(int, fchmod, px_fd_chmod, (int fd, mode_t mode), fd, mode)
FDIO_COUNTED(int, fchown, px_fd_chown, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
FDIO_COUNTED(int, futimens, px_fd_utimens, (int fd, const struct timespec *times), fd, times)
FDIO_COUNTED(int, utimensat, utimensat,
             (int dirfd, const char *path, const struct timespec *times, int flags), dirfd, path,
             times, flags)
FDIO_COUNTED(int, mknodat, mknodat, (int dirfd, const char *path, mode_t mode, dev_t dev), dirfd,
             path, mode, dev)
FDIO_COUNTED(ssize_t, flistxattr, px_fd_listxattr, (int fd, char *list, size_t n), fd, list, n)
FDIO_COUNTED(ssize_t, fgetxattr, px_fd_getxattr, (int fd, const char *name, void *value, size_t n),
             fd, name, value, n)
FDIO_COUNTED(int, fsetxattr, px_fd_setxattr,
             (int fd, const char *name, const void *value, size_t n), fd, name, value, n)
FDIO_COUNTED(int, fremovexattr, px_fd_removexattr, (int fd, const char *name), fd, name)
/* These look after EINTR themselves. */
FDIO_COUNTED(ssize_t, pread_once, px_fd_pread_once, (int fd, void *buf, size_t n, off_t offset), fd,
             buf, n, offset)
FDIO_COUNTED(ssize_t, pwrite_once, px_fd_pwrite_once,
             (int fd, const void *buf, size_t n, off_t offset), fd, buf, n, offset)
FDIO_COUNTED(int, advise, px_fd_advise, (int fd, off_t offset, off_t bytes, int advice), fd, offset,
             bytes, advice)
FDIO_COUNTED(int, sync_range, px_fd_sync_range, (int fd, off_t offset, off_t bytes, bool wait), fd,
             offset, bytes, wait)
FDIO_COUNTED(int, cached, px_fd_cached, (int fd, off_t offset, off_t bytes, uint64_t *pages), fd,
             offset, bytes, pages)
FDIO_COUNTED(int, set_direct, px_fd_set_direct, (int fd, bool on), fd, on)
FDIO_COUNTED(int, direct_align, px_fd_direct_align, (int fd, size_t *align), fd, align)

uint64_t px_io_calls(void)
{
    return fdio_calls;
}

const struct px_io_ops *px_io_real(void)
{
    static const struct px_io_ops real = {
        .openat = fdio_openat,
        .close = fdio_close,
        .read = fdio_read,
        .pread = fdio_pread,
        .write = fdio_write,
        .pwrite = fdio_pwrite,
        .copy_file_range = fdio_copy_file_range,
        .ficlone = fdio_ficlone,
        .fstat = fdio_fstat,
        .fstatat = fdio_fstatat,
        .getdents = fdio_getdents,
        .lseek = fdio_lseek,
        .ftruncate = fdio_ftruncate,
        .fallocate = fdio_fallocate,
        .fsync = fdio_fsync,
        .linkat = fdio_linkat,
        .renameat = fdio_renameat,
        .unlinkat = fdio_unlinkat,
        .mkdirat = fdio_mkdirat,
        .symlinkat = fdio_symlinkat,
        .readlinkat = fdio_readlinkat,
        .fchmod = fdio_fchmod,
        .fchown = fdio_fchown,
        .futimens = fdio_futimens,
        .utimensat = fdio_utimensat,
        .fchownat = fdio_fchownat,
        .mknodat = fdio_mknodat,
        .flistxattr = fdio_flistxattr,
        .fgetxattr = fdio_fgetxattr,
        .fsetxattr = fdio_fsetxattr,
        .fremovexattr = fdio_fremovexattr,
        .pread_once = fdio_pread_once,
        .pwrite_once = fdio_pwrite_once,
        .advise = fdio_advise,
        .sync_range = fdio_sync_range,
        .cached = fdio_cached,
        .set_direct = fdio_set_direct,
        .direct_align = fdio_direct_align,
    };
    return &real;
}

/* At `from`, or where the file stands (NULL). */
static int fdio_put_all(const struct px_io_ops *io, int fd, const char *bytes, size_t n,
                        const off_t *from)
{
    size_t done = 0;
    while (done < n) {
        const size_t left = n - done;
        const ssize_t put = from == NULL ? io->write(fd, bytes + done, left)
                                         : io->pwrite(fd, bytes + done, left, *from + (off_t)done);
        if (put < 0) {
            return -1;
        }
        if (put == 0) {
            errno = ENOSPC;
            return -1;
        }
        done += (size_t)put;
    }
    return 0;
}

int px_write_all(const struct px_io_ops *io, int fd, const void *buf, size_t n)
{
    return fdio_put_all(io, fd, buf, n, NULL);
}

int px_pwrite_all(const struct px_io_ops *io, int fd, const void *buf, size_t n, off_t offset)
{
    return fdio_put_all(io, fd, buf, n, &offset);
}

ssize_t px_read_full(const struct px_io_ops *io, int fd, void *buf, size_t n)
{
    char *bytes = buf;
    size_t have = 0;
    while (have < n) {
        ssize_t got = io->read(fd, bytes + have, n - have);
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

int px_status_from_errno(int err)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
    case EROFS: return PX_EFULL;
    case ENOMEM: return PX_ENOMEM;
    default: return PX_EIO;
    }
}

/* strerror is not thread-safe, and strerror_l is undefined for the global locale, the one that is in
 * force here. glibc since 2.32 has the plain table; elsewhere each thread gets a buffer. */
const char *px_errno_text(int err)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
    const char *text = strerrordesc_np(err);
    return text != NULL ? text : "Unknown error";
#elif defined(__GLIBC__)
    static _Thread_local char text[128];
    return strerror_r(err, text, sizeof(text)); /* glibc's own form of it, for _GNU_SOURCE */
#else
    static _Thread_local char text[128];
    return strerror_r(err, text, sizeof(text)) == 0 ? text : "Unknown error";
#endif
}

int px_open_nameless(const struct px_io_ops *io, int dirfd, mode_t mode)
{
#if defined(O_TMPFILE)
    int fd = io->openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    /* open(2): what a file system or kernel says that does not know the flag */
    if (fd < 0 && errno == EISDIR) {
        errno = EOPNOTSUPP;
    }
    return fd;
#else
    (void)io, (void)dirfd, (void)mode;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int px_open_unlinked(const struct px_io_ops *io)
{
    const char *dir = getenv("TMPDIR");
    char path[] = "/tmp/.pxfer-XXXXXX";

    if (dir != NULL && dir[0] != '\0') {
        int dirfd = io->openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        if (dirfd >= 0) {
            int fd = px_open_nameless(io, dirfd, 0600);

            PX_IGNORE(io->close(dirfd)); /* was only read from */
            if (fd >= 0) {
                return fd;
            }
        }
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        PX_IGNORE(unlink(path)); /* a name that stays is litter, not an error */
    }
    return fd;
}

/* Before Linux 6.10 AT_EMPTY_PATH wants CAP_DAC_READ_SEARCH, and says ENOENT to whoever has not got
 * it; seccomp filters and emulations say EPERM, EINVAL or ENOSYS. */
int px_link_fd(const struct px_io_ops *io, int fd, int dirfd, const char *name)
{
#if defined(AT_EMPTY_PATH)
    if (io->linkat(fd, "", dirfd, name, AT_EMPTY_PATH) == 0) {
        return 0;
    }
    if (errno != ENOENT && errno != EPERM && errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
#endif
    char proc[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
    (void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
    return io->linkat(AT_FDCWD, proc, dirfd, name, AT_SYMLINK_FOLLOW);
}

size_t px_raise_nofile(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        long open_max = sysconf(_SC_OPEN_MAX);
        return open_max > 0 ? (size_t)open_max : _POSIX_OPEN_MAX;
    }
    struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (limit.rlim_cur != limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        limit = raised;
    }
    return limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

int64_t px_mtime_ns(const struct stat *st)
{
    return (int64_t)((uint64_t)st->st_mtim.tv_sec * PX_NS_PER_S + (uint64_t)st->st_mtim.tv_nsec);
}

/* The wrong direction on purpose, as gnulib's stdopen does: who writes a report to an output that
 * the caller closed must get EBADF, not a silent success. */
int px_reserve_stdio(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            continue;
        }
        if (errno != EBADF) {
            return -1;
        }
        const int wrong[] = {O_WRONLY, O_RDONLY, O_WRONLY}; /* but for the last */
        /* open() takes the lowest free number, and that is fd */
        if (open("/dev/null", wrong[fd]) < 0) {
            return -1;
        }
    }
    return 0;
}
