/* SPDX-License-Identifier: MIT
 *
 * base/fdattr.c - attributes by descriptor. What only Linux has stands beside the answer EOPNOTSUPP,
 * with which the engines do without. No state, no locks; any thread.
 */
#define _GNU_SOURCE /* O_PATH, AT_EMPTY_PATH */

#include "base/fdattr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/xattr.h>
#endif

/* Runs `call` into `result` until no signal came in between. */
#define FDATTR_RETRY(result, call) \
    do {                           \
        (result) = (call);         \
    } while ((result) < 0 && errno == EINTR)

/* A descriptor opened with O_PATH is good for no fchmod() and no f*xattr() (EBADF), but the name that
 * /proc has for it is: it leads to the very inode, never by way of a path. */
#define PROC_FD_ROOM (sizeof "/proc/self/fd/" + 3 * sizeof(int))

static const char *fdattr_proc_name(int fd, char name[PROC_FD_ROOM])
{
    (void)snprintf(name, PROC_FD_ROOM, "/proc/self/fd/%d", fd);
    return name;
}

/* Is that why a call on `fd` failed? Leaves errno alone when not. */
static bool fdattr_is_path_only(int fd)
{
#if defined(O_PATH)
    if (errno == EBADF) {
        const int flags = fcntl(fd, F_GETFL);
        errno = EBADF;
        return flags >= 0 && (flags & O_PATH) != 0;
    }
#endif
    (void)fd;
    return false;
}

int px_fd_chmod(int fd, mode_t mode)
{
    int rc;
    FDATTR_RETRY(rc, fchmod(fd, mode));
    if (rc != 0 && fdattr_is_path_only(fd)) {
        char name[PROC_FD_ROOM];
        FDATTR_RETRY(rc, chmod(fdattr_proc_name(fd, name), mode));
    }
    return rc;
}

int px_fd_chown(int fd, uid_t uid, gid_t gid)
{
    int rc;
    FDATTR_RETRY(rc, fchown(fd, uid, gid));
#if defined(AT_EMPTY_PATH)
    if (rc != 0 && fdattr_is_path_only(fd)) {
        FDATTR_RETRY(rc, fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
    }
#endif
    return rc;
}

int px_fd_utimens(int fd, const struct timespec *times)
{
    int rc = futimens(fd, times);
#if defined(AT_EMPTY_PATH)
    if (rc != 0 && fdattr_is_path_only(fd)) {
        rc = utimensat(fd, "", times, AT_EMPTY_PATH); /* Linux 5.8; before that EINVAL */
        if (rc != 0 && errno == EINVAL) {
            char name[PROC_FD_ROOM];
            rc = utimensat(AT_FDCWD, fdattr_proc_name(fd, name), times, 0);
        }
    }
#endif
    return rc;
}

#if defined(__linux__)

ssize_t px_fd_listxattr(int fd, char *list, size_t n)
{
    char name[PROC_FD_ROOM];
    const ssize_t bytes = flistxattr(fd, list, n);
    return bytes < 0 && fdattr_is_path_only(fd) ? listxattr(fdattr_proc_name(fd, name), list, n)
                                                : bytes;
}

ssize_t px_fd_getxattr(int fd, const char *xattr, void *value, size_t n)
{
    char name[PROC_FD_ROOM];
    const ssize_t bytes = fgetxattr(fd, xattr, value, n);
    return bytes < 0 && fdattr_is_path_only(fd)
               ? getxattr(fdattr_proc_name(fd, name), xattr, value, n)
               : bytes;
}

int px_fd_setxattr(int fd, const char *xattr, const void *value, size_t n)
{
    char name[PROC_FD_ROOM];
    const int rc = fsetxattr(fd, xattr, value, n, 0);
    return rc != 0 && fdattr_is_path_only(fd)
               ? setxattr(fdattr_proc_name(fd, name), xattr, value, n, 0)
               : rc;
}

int px_fd_removexattr(int fd, const char *xattr)
{
    char name[PROC_FD_ROOM];
    const int rc = fremovexattr(fd, xattr);
    return rc != 0 && fdattr_is_path_only(fd) ? removexattr(fdattr_proc_name(fd, name), xattr) : rc;
}

ssize_t px_at_listxattr(int dirfd, const char *name, char *list, size_t n)
{
    char dir[PROC_FD_ROOM];
    char path[PROC_FD_ROOM + NAME_MAX + 1];
    const int len = snprintf(path, sizeof path, "%s/%s", fdattr_proc_name(dirfd, dir), name);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return llistxattr(path, list, n);
}

#else /* the BSDs' extattr(2) has other name spaces: nothing to carry over */

ssize_t px_fd_listxattr(int fd, char *list, size_t n)
{
    (void)fd, (void)list, (void)n;
    errno = EOPNOTSUPP;
    return -1;
}

ssize_t px_fd_getxattr(int fd, const char *xattr, void *value, size_t n)
{
    (void)fd, (void)xattr, (void)value, (void)n;
    errno = EOPNOTSUPP;
    return -1;
}

int px_fd_setxattr(int fd, const char *xattr, const void *value, size_t n)
{
    (void)fd, (void)xattr, (void)value, (void)n;
    errno = EOPNOTSUPP;
    return -1;
}

int px_fd_removexattr(int fd, const char *xattr)
{
    (void)fd, (void)xattr;
    errno = EOPNOTSUPP;
    return -1;
}

ssize_t px_at_listxattr(int dirfd, const char *name, char *list, size_t n)
{
    (void)dirfd, (void)name, (void)list, (void)n;
    errno = EOPNOTSUPP;
    return -1;
}

#endif
