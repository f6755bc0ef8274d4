/* SPDX-License-Identifier: MIT
 *
 * base/fdattr.h - reading and changing the attributes of what a descriptor stands for, also one that
 * was opened with O_PATH (of a symbolic link or a special file), which the kernel's own calls refuse
 * with EBADF. They are the members of their names in struct px_io_ops (base/fdio.h).
 */
#ifndef PX_BASE_FDATTR_H
#define PX_BASE_FDATTR_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <pxfer/attr.h>

struct timespec;

/* As fchmod(2), fchown(2), futimens(3), flistxattr(2) and its kin: -1 with errno on failure.
 * Without extended attributes of Linux's kind: EOPNOTSUPP. */
PX_NODISCARD int px_fd_chmod(int fd, mode_t mode);
PX_NODISCARD int px_fd_chown(int fd, uid_t uid, gid_t gid);
PX_NODISCARD int px_fd_utimens(int fd, const struct timespec *times);
PX_NODISCARD ssize_t px_fd_listxattr(int fd, char *list, size_t n);
PX_NODISCARD ssize_t px_fd_getxattr(int fd, const char *xattr, void *value, size_t n);
PX_NODISCARD int px_fd_setxattr(int fd, const char *xattr, const void *value, size_t n);
PX_NODISCARD int px_fd_removexattr(int fd, const char *xattr);

/* As flistxattr of the entry `name` itself in directory `dirfd`, a link is not followed; without
 * opening it. */
PX_NODISCARD ssize_t px_at_listxattr(int dirfd, const char *name, char *list, size_t n);

#endif
