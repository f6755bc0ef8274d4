/* SPDX-License-Identifier: MIT
 *
 * support/io_fault.h - a px_io_ops table that lets the real calls through and makes chosen ones
 * fail, for the tests of every layer. Header only; its state is static in the test binary, so one
 * test at a time uses it, with as many threads as that test likes.
 *
 * Give io_fault_ops() to the code under test. Members are named by IO_FAULT(member):
 *
 *     io_fault_reset();                                  every call is real, all counts are 0
 *     io_fault_arm(IO_FAULT(write), 3, ENOSPC, IO_FAULT_ONCE);   reset, then: the 3rd write fails
 *     io_fault_arm(IO_FAULT(fsync), 1, EIO, IO_FAULT_STICKY);    ... this one and all after it
 *     io_fault_short(IO_FAULT(read), 7);                 no read moves more than 7 bytes
 *     io_fault_before(IO_FAULT(openat), 2, fn, ctx);     fn(ctx) runs before the 2nd openat, on the
 *                                                        thread that calls it: a race on demand
 *     io_fault_calls(IO_FAULT(close))                    how often it was called since the reset
 *     io_fault_fired()                                   did the armed fault happen?
 *
 * io_fault_short and io_fault_before add to what was armed; io_fault_arm and io_fault_reset forget
 * all three. Call these between runs, not while worker threads are at work; the reading ones
 * (calls, fired) at any time. Calls are counted over all threads, from 1. A close that fails has
 * closed the descriptor all the same, as Linux does; every other failing call does nothing.
 *
 * The loop that fails every call of a kind, one after the other:
 *
 *     for (unsigned nth = 1;; nth++) {
 *         io_fault_arm(IO_FAULT(pwrite), nth, EIO, IO_FAULT_ONCE);
 *         int rc = work(io_fault_ops(), ...);
 *         if (!io_fault_fired()) {
 *             assert_int_equal(rc, PX_OK);
 *             break;
 *         }
 *         ... rc is the failure, the invariant holds ...
 *     }
 */
#ifndef PX_TESTS_IO_FAULT_H
#define PX_TESTS_IO_FAULT_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fdio.h"

#define IO_FAULT(member) offsetof(struct px_io_ops, member)
#define IO_FAULT_ONCE false
#define IO_FAULT_STICKY true

/* Every member is a pointer to a function, and these are all of one size. */
#define IO_FAULT_SLOT_BYTES sizeof(int (*)(int))
#define IO_FAULT_MEMBERS (sizeof(struct px_io_ops) / IO_FAULT_SLOT_BYTES)

/* Written between runs only, but for the atomics. */
static struct {
    atomic_uint calls[IO_FAULT_MEMBERS];
    size_t max_bytes[IO_FAULT_MEMBERS]; /* 0: no limit */
    atomic_bool fired;
    size_t member;
    unsigned nth; /* 0: nothing is armed */
    int err;
    bool sticky;
    size_t hook_member;
    unsigned hook_nth; /* 0: no hook */
    void (*hook)(void *ctx);
    void *hook_ctx;
} io_fault_state;

static inline void io_fault_reset(void)
{
    for (size_t i = 0; i < IO_FAULT_MEMBERS; i++) {
        atomic_store(&io_fault_state.calls[i], 0);
        io_fault_state.max_bytes[i] = 0;
    }
    atomic_store(&io_fault_state.fired, false);
    io_fault_state.nth = 0;
    io_fault_state.hook_nth = 0;
}

static inline void io_fault_arm(size_t member, unsigned nth, int err, bool sticky)
{
    io_fault_reset();
    io_fault_state.member = member;
    io_fault_state.nth = nth;
    io_fault_state.err = err;
    io_fault_state.sticky = sticky;
}

static inline void io_fault_short(size_t member, size_t max_bytes)
{
    io_fault_state.max_bytes[member / IO_FAULT_SLOT_BYTES] = max_bytes;
}

static inline void io_fault_before(size_t member, unsigned nth, void (*hook)(void *ctx), void *ctx)
{
    io_fault_state.hook_member = member;
    io_fault_state.hook_nth = nth;
    io_fault_state.hook = hook;
    io_fault_state.hook_ctx = ctx;
}

static inline unsigned io_fault_calls(size_t member)
{
    return atomic_load(&io_fault_state.calls[member / IO_FAULT_SLOT_BYTES]);
}

static inline bool io_fault_fired(void)
{
    return atomic_load(&io_fault_state.fired);
}

/* Counts this call; true, with errno set, when it is to fail. */
static inline bool io_fault_hit_(size_t member)
{
    unsigned call = 1 + atomic_fetch_add(&io_fault_state.calls[member / IO_FAULT_SLOT_BYTES], 1);
    if (io_fault_state.hook_nth == call && io_fault_state.hook_member == member) {
        io_fault_state.hook(io_fault_state.hook_ctx);
    }
    if (io_fault_state.nth == 0 || io_fault_state.member != member) {
        return false;
    }
    if (call != io_fault_state.nth && !(io_fault_state.sticky && call > io_fault_state.nth)) {
        return false;
    }
    atomic_store(&io_fault_state.fired, true);
    errno = io_fault_state.err;
    return true;
}

static inline size_t io_fault_cap_(size_t member, size_t n)
{
    size_t max = io_fault_state.max_bytes[member / IO_FAULT_SLOT_BYTES];
    return max != 0 && n > max ? max : n;
}

#define IO_FAULT_WRAP_(type, member, params, ...)                                        \
    static inline type io_fault_##member##_ params                                       \
    {                                                                                    \
        return io_fault_hit_(IO_FAULT(member)) ? -1 : px_io_real()->member(__VA_ARGS__); \
    }
#define IO_FAULT_BYTES_(member) io_fault_cap_(IO_FAULT(member), n)

IO_FAULT_WRAP_(int, openat, (int dirfd, const char *path, int flags, mode_t mode), dirfd, path,
               flags, mode)
IO_FAULT_WRAP_(ssize_t, read, (int fd, void *buf, size_t n), fd, buf, IO_FAULT_BYTES_(read))
IO_FAULT_WRAP_(ssize_t, pread, (int fd, void *buf, size_t n, off_t offset), fd, buf,
               IO_FAULT_BYTES_(pread), offset)
IO_FAULT_WRAP_(ssize_t, write, (int fd, const void *buf, size_t n), fd, buf, IO_FAULT_BYTES_(write))
IO_FAULT_WRAP_(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t offset), fd, buf,
               IO_FAULT_BYTES_(pwrite), offset)
IO_FAULT_WRAP_(ssize_t, copy_file_range, (int in, off_t *in_off, int out, off_t *out_off, size_t n),
               in, in_off, out, out_off, IO_FAULT_BYTES_(copy_file_range))
IO_FAULT_WRAP_(int, ficlone, (int out, int in), out, in)
IO_FAULT_WRAP_(int, fstat, (int fd, struct stat *st), fd, st)
IO_FAULT_WRAP_(int, fstatat, (int dirfd, const char *path, struct stat *st, int flags), dirfd, path,
               st, flags)
IO_FAULT_WRAP_(ssize_t, getdents, (int fd, void *buf, size_t n), fd, buf, n)
IO_FAULT_WRAP_(off_t, lseek, (int fd, off_t offset, int whence), fd, offset, whence)
IO_FAULT_WRAP_(int, ftruncate, (int fd, off_t length), fd, length)
IO_FAULT_WRAP_(int, fallocate, (int fd, int mode, off_t offset, off_t length), fd, mode, offset,
               length)
IO_FAULT_WRAP_(int, fsync, (int fd), fd)
IO_FAULT_WRAP_(int, linkat,
               (int olddir, const char *oldpath, int newdir, const char *newpath, int flags),
               olddir, oldpath, newdir, newpath, flags)
IO_FAULT_WRAP_(int, renameat, (int olddir, const char *oldpath, int newdir, const char *newpath),
               olddir, oldpath, newdir, newpath)
IO_FAULT_WRAP_(int, unlinkat, (int dirfd, const char *path, int flags), dirfd, path, flags)
IO_FAULT_WRAP_(int, mkdirat, (int dirfd, const char *path, mode_t mode), dirfd, path, mode)
IO_FAULT_WRAP_(int, symlinkat, (const char *target, int dirfd, const char *path), target, dirfd,
               path)
IO_FAULT_WRAP_(ssize_t, readlinkat, (int dirfd, const char *path, char *buf, size_t n), dirfd, path,
               buf, n)
IO_FAULT_WRAP_(int, fchmod, (int fd, mode_t mode), fd, mode)
IO_FAULT_WRAP_(int, fchown, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
IO_FAULT_WRAP_(int, futimens, (int fd, const struct timespec *times), fd, times)
IO_FAULT_WRAP_(int, utimensat,
               (int dirfd, const char *path, const struct timespec *times, int flags), dirfd, path,
               times, flags)
IO_FAULT_WRAP_(int, fchownat, (int dirfd, const char *path, uid_t uid, gid_t gid, int flags), dirfd,
               path, uid, gid, flags)
IO_FAULT_WRAP_(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t dev), dirfd, path,
               mode, dev)
IO_FAULT_WRAP_(ssize_t, flistxattr, (int fd, char *list, size_t n), fd, list, n)
IO_FAULT_WRAP_(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t n), fd, name,
               value, n)
IO_FAULT_WRAP_(int, fsetxattr, (int fd, const char *name, const void *value, size_t n), fd, name,
               value, n)
IO_FAULT_WRAP_(int, fremovexattr, (int fd, const char *name), fd, name)

IO_FAULT_WRAP_(ssize_t, pread_once, (int fd, void *buf, size_t n, off_t offset), fd, buf,
               IO_FAULT_BYTES_(pread_once), offset)
IO_FAULT_WRAP_(ssize_t, pwrite_once, (int fd, const void *buf, size_t n, off_t offset), fd, buf,
               IO_FAULT_BYTES_(pwrite_once), offset)
IO_FAULT_WRAP_(int, advise, (int fd, off_t offset, off_t bytes, int advice), fd, offset, bytes,
               advice)
IO_FAULT_WRAP_(int, sync_range, (int fd, off_t offset, off_t bytes, bool wait), fd, offset, bytes,
               wait)
IO_FAULT_WRAP_(int, cached, (int fd, off_t offset, off_t bytes, uint64_t *pages), fd, offset, bytes,
               pages)
IO_FAULT_WRAP_(int, set_direct, (int fd, bool on), fd, on)
IO_FAULT_WRAP_(int, direct_align, (int fd, size_t *align), fd, align)

#undef IO_FAULT_BYTES_
#undef IO_FAULT_WRAP_

static inline int io_fault_close_(int fd)
{
    bool fails = io_fault_hit_(IO_FAULT(close));
    int err = errno;
    int rc = px_io_real()->close(fd);
    if (fails) {
        errno = err;
        return -1;
    }
    return rc;
}

static inline const struct px_io_ops *io_fault_ops(void)
{
    static const struct px_io_ops ops = {
        .openat = io_fault_openat_,
        .close = io_fault_close_,
        .read = io_fault_read_,
        .pread = io_fault_pread_,
        .write = io_fault_write_,
        .pwrite = io_fault_pwrite_,
        .copy_file_range = io_fault_copy_file_range_,
        .ficlone = io_fault_ficlone_,
        .fstat = io_fault_fstat_,
        .fstatat = io_fault_fstatat_,
        .getdents = io_fault_getdents_,
        .lseek = io_fault_lseek_,
        .ftruncate = io_fault_ftruncate_,
        .fallocate = io_fault_fallocate_,
        .fsync = io_fault_fsync_,
        .linkat = io_fault_linkat_,
        .renameat = io_fault_renameat_,
        .unlinkat = io_fault_unlinkat_,
        .mkdirat = io_fault_mkdirat_,
        .symlinkat = io_fault_symlinkat_,
        .readlinkat = io_fault_readlinkat_,
        .fchmod = io_fault_fchmod_,
        .fchown = io_fault_fchown_,
        .futimens = io_fault_futimens_,
        .utimensat = io_fault_utimensat_,
        .fchownat = io_fault_fchownat_,
        .mknodat = io_fault_mknodat_,
        .flistxattr = io_fault_flistxattr_,
        .fgetxattr = io_fault_fgetxattr_,
        .fsetxattr = io_fault_fsetxattr_,
        .fremovexattr = io_fault_fremovexattr_,
        .pread_once = io_fault_pread_once_,
        .pwrite_once = io_fault_pwrite_once_,
        .advise = io_fault_advise_,
        .sync_range = io_fault_sync_range_,
        .cached = io_fault_cached_,
        .set_direct = io_fault_set_direct_,
        .direct_align = io_fault_direct_align_,
    };
    return &ops;
}

#endif
