/* SPDX-License-Identifier: MIT
 *
 * base/fdcache.h - what the system keeps in memory of a file: reading and writing that leaves nothing
 * there, or goes around it, and asking what is there. They are members of struct px_io_ops
 * (base/fdio.h). Each returns -1 with errno; ENOSYS or EOPNOTSUPP where there is no such thing.
 */
#ifndef PX_BASE_FDCACHE_H
#define PX_BASE_FDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pxfer/attr.h>

/* pread and pwrite, but pages that come into memory by them leave it again as soon as they were read
 * or are on the disk, while what was there before stays (RWF_DONTCACHE, Linux 6.14). `offset` -1: the
 * descriptor's own, which moves. EOPNOTSUPP. */
PX_NODISCARD ssize_t px_fd_pread_once(int fd, void *buf, size_t n, off_t offset);
PX_NODISCARD ssize_t px_fd_pwrite_once(int fd, const void *buf, size_t n, off_t offset);

/* posix_fadvise(2), in the way of other calls. */
PX_NODISCARD int px_fd_advise(int fd, off_t offset, off_t bytes, int advice);

/* Begins to write dirty pages of the range to the disk; `wait`: until all of them are there. Says
 * nothing about metadata (sync_file_range(2)); elsewhere fdatasync(2) when it is to wait. */
PX_NODISCARD int px_fd_sync_range(int fd, off_t offset, off_t bytes, bool wait);

/* The pages of the range that are in memory (cachestat(2), Linux 6.5). ENOSYS. */
PX_NODISCARD int px_fd_cached(int fd, off_t offset, off_t bytes, uint64_t *pages);

/* O_DIRECT on or off. EINVAL: the file system does not take it. */
PX_NODISCARD int px_fd_set_direct(int fd, bool on);

/* What offsets, lengths and addresses must be multiples of under O_DIRECT (statx(2), Linux 6.1).
 * EINVAL: the file does not take it. EOPNOTSUPP: not known. */
PX_NODISCARD int px_fd_direct_align(int fd, size_t *align);

#endif
