/* SPDX-License-Identifier: MIT
 *
 * base/fdio.h - file descriptors: the seam through which the engines make every system call that a
 * test wants to see fail, and the few loops that everybody needs around them.
 *
 * Each member of px_io_ops behaves exactly as the call of its name (section 2 of the manual): -1 and
 * errno on failure. Those that read or change attributes (fchmod, fchown, futimens, f*xattr) also
 * take descriptors opened with O_PATH, of links and special files, where the kernel's own call
 * refuses them. The engines call io->..., never the raw call, for everything that touches data
 * or names. A test wraps the real table and fails the Nth call (tests/unit/support/io_fault.h).
 */
#ifndef PX_BASE_FDIO_H
#define PX_BASE_FDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <pxfer/attr.h>

struct timespec;

struct px_io_ops {
    int (*openat)(int dirfd, const char *path, int flags, mode_t mode);
    int (*close)(int fd);
    ssize_t (*read)(int fd, void *buf, size_t n);
    ssize_t (*pread)(int fd, void *buf, size_t n, off_t offset);
    ssize_t (*write)(int fd, const void *buf, size_t n);
    ssize_t (*pwrite)(int fd, const void *buf, size_t n, off_t offset);
    ssize_t (*copy_file_range)(int in, off_t *in_off, int out, off_t *out_off, size_t n);
    int (*ficlone)(int out, int in); /* ioctl(out, FICLONE, in) */
    int (*fstat)(int fd, struct stat *st);
    int (*fstatat)(int dirfd, const char *path, struct stat *st, int flags);
    ssize_t (*getdents)(int fd, void *buf, size_t n); /* getdents64(2): struct dirent64 */
    off_t (*lseek)(int fd, off_t offset, int whence);
    int (*ftruncate)(int fd, off_t length);
    int (*fallocate)(int fd, int mode, off_t offset, off_t length);
    int (*fsync)(int fd);
    int (*linkat)(int olddir, const char *oldpath, int newdir, const char *newpath, int flags);
    int (*renameat)(int olddir, const char *oldpath, int newdir, const char *newpath);
    int (*unlinkat)(int dirfd, const char *path, int flags);
    int (*mkdirat)(int dirfd, const char *path, mode_t mode);
    int (*symlinkat)(const char *target, int dirfd, const char *path);
    ssize_t (*readlinkat)(int dirfd, const char *path, char *buf, size_t n);
    int (*fchmod)(int fd, mode_t mode);
    int (*fchown)(int fd, uid_t uid, gid_t gid);
    int (*futimens)(int fd, const struct timespec *times); /* times: two, as in utimensat(2) */
    int (*utimensat)(int dirfd, const char *path, const struct timespec *times, int flags);
    int (*fchownat)(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
    int (*mknodat)(int dirfd, const char *path, mode_t mode, dev_t dev);
    ssize_t (*flistxattr)(int fd, char *list, size_t n); /* names, each with a NUL after it */
    ssize_t (*fgetxattr)(int fd, const char *name, void *value, size_t n);
    int (*fsetxattr)(int fd, const char *name, const void *value, size_t n);
    int (*fremovexattr)(int fd, const char *name);
    /* of the page cache, as base/fdcache.h tells */
    ssize_t (*pread_once)(int fd, void *buf, size_t n, off_t offset);
    ssize_t (*pwrite_once)(int fd, const void *buf, size_t n, off_t offset);
    int (*advise)(int fd, off_t offset, off_t bytes, int advice);
    int (*sync_range)(int fd, off_t offset, off_t bytes, bool wait);
    int (*cached)(int fd, off_t offset, off_t bytes, uint64_t *pages);
    int (*set_direct)(int fd, bool on);
    int (*direct_align)(int fd, size_t *align);
};

/* The kernel's own calls. EINTR is retried inside where the manual allows it (never for close). */
const struct px_io_ops *px_io_real(void);

/* How many system calls the calling thread has made through the table so far; what the few loops of
 * other files make on their own is not counted. */
uint64_t px_io_calls(void);

/* All n bytes or -1 with errno; a write that returns 0 is ENOSPC. */
PX_NODISCARD int px_write_all(const struct px_io_ops *io, int fd, const void *buf, size_t n);
PX_NODISCARD int px_pwrite_all(const struct px_io_ops *io, int fd, const void *buf, size_t n,
                               off_t offset);
/* Reads until n bytes or the end of the file; the count, or -1 with errno. */
PX_NODISCARD ssize_t px_read_full(const struct px_io_ops *io, int fd, void *buf, size_t n);

/* The class of a failed local call (pxfer/status.h): ENOSPC EDQUOT EROFS -> PX_EFULL, ENOMEM
 * -> PX_ENOMEM, everything else PX_EIO. */
int px_status_from_errno(int err);

/* The C library's text for `err` ("No such file or directory"), thread-safe. Static storage; outside
 * glibc it is the calling thread's until its next call. */
const char *px_errno_text(int err);

/* Opens a new file without a name in the directory for reading and writing (O_TMPFILE, O_CLOEXEC):
 * gone with its last descriptor unless px_link_fd() names it. -1 with errno; EOPNOTSUPP: the system
 * or the file system has no such thing. */
PX_NODISCARD int px_open_nameless(const struct px_io_ops *io, int dirfd, mode_t mode);

/* Opens a new file for reading and writing that nobody else can name and that is gone with its last
 * descriptor, in $TMPDIR or /tmp. -1 with errno. */
PX_NODISCARD int px_open_unlinked(const struct px_io_ops *io);

/* Gives a name to a nameless file (O_TMPFILE): linkat(AT_EMPTY_PATH), or through /proc/self/fd
 * where that wants a capability. -1 with errno (EEXIST: the name is taken). */
PX_NODISCARD int px_link_fd(const struct px_io_ops *io, int fd, int dirfd, const char *name);

/* st_mtim in nanoseconds since 1970. Beyond the years 1677 to 2262 it wraps around: still the same for
 * the same time. */
int64_t px_mtime_ns(const struct stat *st);

/* Raises RLIMIT_NOFILE's soft limit as far as the hard one goes; the limit in force. */
size_t px_raise_nofile(void);

/* Makes sure that descriptors 0, 1 and 2 are open, so that no data file ever gets one of these
 * numbers. A missing one is put on /dev/null: 0 and 1 in the wrong direction, so that using them is
 * EBADF, as it was; 2 as usual, for whoever closed it wants no messages, and none is lost. Call first
 * thing in main. -1 with errno. */
PX_NODISCARD int px_reserve_stdio(void);

#endif
