/* SPDX-License-Identifier: MIT
 *
 * copy/data.c - the bytes of a file. Entered by any worker with a file of its own, or with a part of
 * a file that several share; then only positioned calls are made. No locks; what was learnt about
 * the two devices is kept in the pair's atomics.
 *
 * Which way, in this order: a reflink (no bytes move), copy_file_range() (the kernel or the server
 * moves them), read and write. See the constants for what was measured.
 */
#define _GNU_SOURCE /* SEEK_DATA, SEEK_HOLE */

#include "copy/data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/manner.h"
#include "copy/pace.h"

/* From these sizes on a reflink and copy_file_range() are tried. Measured with tests/bench/copycalls
 * on Linux 6.18, 2 cores, loop devices, clean pages, us of CPU for a file:
 *
 *     bytes          4 Ki   16 Ki  32 Ki  64 Ki  128 Ki  256 Ki   1 Mi   256 Mi
 *     xfs   reflink  13.5    15.5   13.6   14.4    15.4    14.9    16.0       51
 *           512 KiB  10.2    13.2   14.7   24.2    31.5    68.9     216    65000
 *     btrfs reflink  13.9    14.2   15.5   17.5    18.8    18.0    20.4       39
 *           512 KiB  10.8    25.8   45.5    118     136     265    1007   280000
 *     ext4  range     8.3    12.1   14.9   20.2    38.7    61.0     221    69000
 *           512 KiB   7.8    11.4   15.3   25.6    46.2    64.8     270    92000
 *     tmpfs range     5.9    12.4   20.2   33.2    64.4     114     453   131000
 *           512 KiB   5.6    14.0   18.5   38.7    67.7     132     486   136000
 *
 * Below 64 KiB a reflink saves no time of the processor on xfs (0.96 s with reflinks of any size, 0.94 s so),
 * and where the source's pages are dirty it waits for the disk: 0.74-0.92 s, 0.16-0.28 s so, cp -a
 * 1.14-1.98 s. On btrfs each write pays for the room it reserves: 1.48 s, 2.12 s so, cp -a 1.35 s; dirty
 * 0.35-0.38 s, 0.40-0.50 s so, cp -a 0.27-0.31 s. (pcopy -q -j 2 -T src dst of mktree --seed 1: 20,000
 * files on a loop device in memory, medians of 4 rounds on a busy machine; dirty: 5000 files, two
 * rounds, losetup --direct-io=on.) */
#define REFLINK_MIN_BYTES ((uint64_t)64 * 1024)
#define RANGE_MIN_BYTES ((uint64_t)64 * 1024)

/* One copy_file_range(): nfsd does at most 4 MiB, and above 1 GiB some kernels misbehave; this much
 * keeps a cancel below a second on a disk of 64 MB/s. */
#define RANGE_CALL_BYTES ((uint64_t)64 * 1024 * 1024)
/* Where it copies and cannot share: small enough to see how fast the source is (copy/ahead.h), large
 * enough that the calls cost nothing (4 MiB take 0.6 ms). */
#define RANGE_COPY_BYTES ((uint64_t)4 * 1024 * 1024)

/* st_blocks counts 512 bytes, stat(2). Below one block of any file system there is no hole. */
#define STAT_BLOCK_BYTES 512
#define HOLE_MIN_BYTES 4096

#define TO_THE_END UINT64_MAX

/* --- pure policy ------------------------------------------------------------------------------ */

bool px_data_is_sparse(const struct stat *st)
{
    return st->st_size > HOLE_MIN_BYTES && st->st_blocks < st->st_size / STAT_BLOCK_BYTES;
}

/* ioctl_ficlone(2). ENOTTY: the file system has no such ioctl; ETXTBSY: a swap file. */
bool px_data_reflink_falls_back(int err)
{
    return err == EOPNOTSUPP || err == EXDEV || err == EINVAL || err == ENOTTY || err == ETXTBSY;
}

/* copy_file_range(2) and what was seen of it: EXDEV before Linux 5.3 and again since 5.19; EPERM and
 * EACCES under seccomp filters; EBADF and EINVAL for files that are not regular inside; ENOENT and
 * EAGAIN from CIFS. EIO, ENOSPC and the rest are errors of the copy itself. */
bool px_data_range_falls_back(int err)
{
    switch (err) {
    case EXDEV:
    case ENOSYS:
    case EOPNOTSUPP:
    case EINVAL:
    case EPERM:
    case EACCES:
    case ETXTBSY:
    case EBADF:
    case ENOENT:
    case EAGAIN: return true;
    default: return false;
    }
}

bool px_data_errno_is_for_good(int err)
{
    return err == EXDEV || err == EOPNOTSUPP || err == ENOSYS || err == ENOTTY;
}

static bool data_flag(const atomic_bool *flag)
{
    return atomic_load_explicit(flag, memory_order_relaxed);
}

static void data_learn(atomic_bool *flag, int err)
{
    if (px_data_errno_is_for_good(err)) {
        atomic_store_explicit(flag, true, memory_order_relaxed);
    }
}

static enum px_sparse data_sparse(const struct px_data *data)
{
    return data->copier->copy->opts.sparse;
}

static bool data_is_proved(const struct px_data *data)
{
    return data->proof != NULL && data->proof->active;
}

/* --- reflink ---------------------------------------------------------------------------------- */

/* The blocks are shared; so both sides are read for a proof, and what came late is cut off. */
static int data_end_reflink(struct px_data *data, struct px_fail *fail)
{
    struct stat st;
    if (data->prefix && data->copier->io->fstat(data->out, &st) == 0 &&
        st.st_size > data->st->st_size &&
        data->copier->io->ftruncate(data->out, data->st->st_size) != 0) {
        return px_fail_target(fail, errno, "set size", data->out);
    }
    return data_is_proved(data)
               ? px_proof_read(data->proof, data->copier, data->in, 0, data->bytes, fail)
               : PX_OK;
}

static uint64_t data_reflink_min(const struct px_pair *pair)
{
    return pair->reflink_small_pays ? 1 : REFLINK_MIN_BYTES;
}

int px_data_reflink(struct px_data *data, struct px_fail *fail)
{
    const enum px_reflink wanted = data->copier->copy->opts.reflink;
    const uint64_t size = (uint64_t)data->st->st_size;
    const bool always = wanted == PX_REFLINK_ALWAYS && size > 0;
    if (!always && data_is_proved(data)) {
        data->why = "the bytes are to be seen";
        return PX_EAGAIN;
    }
    if (!always && (wanted == PX_REFLINK_NEVER || data_sparse(data) != PX_SPARSE_AUTO ||
                    size < data_reflink_min(data->pair) || data_flag(&data->pair->no_reflink))) {
        return PX_EAGAIN;
    }
    if (data->copier->io->ficlone(data->out, data->in) == 0) {
        data->engine = PX_ENGINE_REFLINK;
        data->why = "the file system shares the blocks";
        data->bytes = size;
        const int status = data_end_reflink(data, fail);
        if (status != PX_OK) {
            return status;
        }
        return px_copier_moved(data->copier, size) ? PX_ECANCELED : PX_OK;
    }
    const int err = errno;
    if (always) {
        return px_fail_set(fail, PX_EREFUSED, err, "reflink");
    }
    if (!px_data_reflink_falls_back(err)) {
        return px_fail_target(fail, err, "reflink", data->out);
    }
    data_learn(&data->pair->no_reflink, err);
    return PX_EAGAIN;
}

/* --- read and write --------------------------------------------------------------------------- */

static int data_fail_read(struct px_fail *fail, int err, uint64_t offset)
{
    return px_fail_set(fail, err == ENOMEM ? PX_ENOMEM : PX_ESRC, err, "read at offset %" PRIu64,
                       offset);
}

static int data_fail_write(const struct px_data *data, struct px_fail *fail, int err,
                           const char *call, uint64_t offset)
{
    char stage[64];
    (void)snprintf(stage, sizeof stage, "%s at offset %" PRIu64, call, offset);
    const int status = px_fail_target(fail, err, stage, data->out);
    const uint64_t size = (uint64_t)data->st->st_size;
    px_fail_lacks(fail, size > offset ? size - offset : 0);
    return status;
}

/* After each piece: `*at` was reached, `moved` bytes of it just now. A file that grows as fast as it
 * is copied would never end: past the size that it had it is looked at again. (One that always said
 * less than it holds, as in /proc, is read on.) */
static int data_go_on(struct px_data *data, uint64_t at, uint64_t moved, uint64_t end)
{
    if (data->tee != NULL) { /* counted for each file, paid for once */
        PX_IGNORE(px_copier_moved(data->copier, moved * (data->tee->n - 1)));
    }
    if (px_pace_moved(data->copier, moved)) {
        return PX_ECANCELED;
    }
    struct stat now;
    if (end == TO_THE_END && at > (uint64_t)data->st->st_size && data->st->st_size > 0 &&
        data->copier->io->fstat(data->in, &now) == 0 && now.st_size != data->st->st_size) {
        return PX_ECHANGED;
    }
    return PX_OK;
}

/* Less came than was asked for, and it ends where the file is to end: whether it still does is looked
 * at later. What ends elsewhere, or says that it is empty (as in /proc), is read until nothing comes. */
static bool data_is_at_end(const struct px_data *data, uint64_t at, bool is_short)
{
    return is_short && at > 0 && at == (uint64_t)data->st->st_size;
}

/* The buffer's first n bytes. */
static int data_write(struct px_data *data, size_t n, uint64_t at, struct px_fail *fail)
{
    if (data->tee != NULL) {
        return px_tee_write(data->tee, data->copier->io, data_sparse(data), data->copier->buf, n,
                            at, fail);
    }
    return px_manner_write(data, at, n) == 0 ? PX_OK
                                             : data_fail_write(data, fail, errno, "write", at);
}

/* Reads from `*at` on until `end` (or the end of the file) and writes to the same offset. The first
 * read of a whole file goes without an offset: not everything in /proc and /sys knows pread(). */
static int data_read_write(struct px_data *data, uint64_t *at, uint64_t end, struct px_fail *fail)
{
    const bool whole = end == TO_THE_END && *at == 0 && data->align == 0;
    const size_t piece = (size_t)px_pace_piece(data->copier, PX_DATA_BUF_BYTES);
    while (*at < end) {
        const uint64_t left = end - *at;
        const size_t ask = left < piece ? (size_t)left : piece;
        const ssize_t got = px_manner_read(data, *at, ask, whole);
        if (got < 0) {
            return data_fail_read(fail, errno, *at);
        }
        if (got == 0) {
            break;
        }
        int status = data_write(data, (size_t)got, *at, fail);
        if (status != PX_OK) {
            return status;
        }
        if (data_is_proved(data) &&
            px_proof_add(data->proof, *at, data->copier->buf, (size_t)got) != PX_OK) {
            return px_fail_set(fail, PX_ENOMEM, 0, "digest: out of memory");
        }
        *at += (uint64_t)got;
        status = data_go_on(data, *at, (uint64_t)got, end);
        if (status != PX_OK) {
            return status;
        }
        if (data_is_at_end(data, *at, (size_t)got < ask)) {
            break;
        }
    }
    return PX_OK;
}

/* --- copy_file_range -------------------------------------------------------------------------- */

/* Moves on from `*at` as far as the kernel does it. PX_OK: up to `end`. PX_EAGAIN: go on with read
 * and write from `*at`: refused before the first byte, or at an end that only read() can confirm:
 * the size that the file had, or where the kernel gives 0 (at once for /proc and CIFS). */
static int data_range(struct px_data *data, uint64_t *at, uint64_t end, struct px_fail *fail)
{
    const uint64_t from = *at;
    const uint64_t size = (uint64_t)data->st->st_size;
    const uint64_t until = end < size ? end : size;
    const uint64_t piece =
        px_pace_piece(data->copier, data->pair->never_shares ? RANGE_COPY_BYTES : RANGE_CALL_BYTES);
    while (*at < until) {
        const uint64_t left = until - *at;
        off_t in_at = (off_t)*at;
        off_t out_at = (off_t)*at;
        px_ahead_ask(data, *at);
        const int64_t begin_ns = px_now_ns();
        const ssize_t moved = data->copier->io->copy_file_range(
            data->in, &in_at, data->out, &out_at, (size_t)(left < piece ? left : piece));
        if (moved == 0) {
            return PX_EAGAIN;
        }
        if (moved < 0) {
            const int err = errno;
            if (*at > from || !px_data_range_falls_back(err)) {
                return data_fail_write(data, fail, err, "copy_file_range", *at);
            }
            data_learn(&data->pair->no_range, err);
            data->why = px_errno_text(err);
            return PX_EAGAIN;
        }
        data->engine = PX_ENGINE_COPY_FILE_RANGE;
        data->why = "the kernel copies by itself";
        *at += (uint64_t)moved;
        px_ahead_note(data, *at, (uint64_t)moved, px_now_ns() - begin_ns);
        if (px_pace_moved(data->copier, (uint64_t)moved)) {
            return PX_ECANCELED;
        }
    }
    return *at < end ? PX_EAGAIN : PX_OK;
}

/* `part`: other workers write to the same file. copy_file_range() between local files copies under the
 * target's inode lock, read() outside it: 2 GiB on ext4 by two workers took 0.49-0.55 s and
 * 0.39-0.43 s, by one worker 0.50 s and 0.53 s (loop device, Linux 6.18). */
static bool data_wants_range(struct px_data *data, bool part)
{
    if (data->tee != NULL) {
        data->why = "read once for several destinations";
        return false;
    }
    if (data_is_proved(data)) {
        data->why = "the bytes are to be seen";
        return false;
    }
    if (data_sparse(data) != PX_SPARSE_AUTO) {
        data->why = "holes are made or filled";
        return false;
    }
    if (data->align != 0 || data->copier->copy->opts.drop_cache) {
        data->why = "the bytes are to be kept out of memory";
        return false;
    }
    if (part && data->pair->never_shares) {
        data->why = "copy_file_range would keep the other workers waiting";
        return false;
    }
    if (data->copier->copy->opts.reflink == PX_REFLINK_NEVER && !data->pair->never_shares) {
        data->why = "copy_file_range could share blocks";
        return false;
    }
    if ((uint64_t)data->st->st_size < RANGE_MIN_BYTES) {
        data->why = "small";
        return false;
    }
    if (data_flag(&data->pair->no_range)) {
        data->why = "no copy_file_range between the two file systems";
        return false;
    }
    return true;
}

/* The bytes from `*at` to `end`; `*at` is where it stopped. */
static int data_move(struct px_data *data, uint64_t *at, uint64_t end, bool part,
                     struct px_fail *fail)
{
    int status = PX_EAGAIN;
    if (data_wants_range(data, part)) {
        status = data_range(data, at, end, fail);
    }
    if (status != PX_EAGAIN) {
        return status;
    }
    if (data->engine == PX_ENGINE_NONE) {
        data->engine = PX_ENGINE_READ_WRITE;
    }
    return data_read_write(data, at, end, fail);
}

/* --- holes ------------------------------------------------------------------------------------ */

/* The next piece of data at or after `at`. A map of holes is a hint: bounded by the size, and the
 * piece never ends where it begins. False: none is left. */
static bool data_next_piece(const struct px_data *data, uint64_t at, uint64_t *from, uint64_t *end)
{
    const struct px_io_ops *io = data->copier->io;
    const uint64_t size = (uint64_t)data->st->st_size;
    const off_t found = io->lseek(data->in, (off_t)at, SEEK_DATA);
    if (found < 0 && errno == ENXIO) {
        return false; /* only a hole up to the end */
    }
    *from = found >= 0 && (uint64_t)found > at ? (uint64_t)found : at;
    if (*from >= size) {
        return false;
    }
    const off_t hole = found >= 0 ? io->lseek(data->in, (off_t)*from, SEEK_HOLE) : -1;
    *end = hole >= 0 && (uint64_t)hole > *from && (uint64_t)hole < size ? (uint64_t)hole : size;
    return true;
}

static bool data_keeps_holes(const struct px_data *data)
{
    return data_sparse(data) != PX_SPARSE_NEVER && px_data_is_sparse(data->st);
}

/* The pieces of data between `from` and `until`. `*reached` is where it stopped: `until`, or where the
 * source ended. */
static int data_copy_pieces(struct px_data *data, uint64_t from, uint64_t until, bool part,
                            uint64_t *reached, struct px_fail *fail)
{
    uint64_t done = from;
    uint64_t at;
    uint64_t end;
    *reached = until;
    while (data_next_piece(data, done, &at, &end) && at < until) {
        end = end < until ? end : until;
        px_manner_widen(data, done, until, &at, &end);
        const int status = data_move(data, &at, end, part, fail);
        if (status != PX_OK || at < end) {
            *reached = at;
            return status;
        }
        done = at;
    }
    return PX_OK;
}

int px_data_copy_range(struct px_data *data, uint64_t from, uint64_t bytes, struct px_fail *fail)
{
    uint64_t at = from;
    const int status = data_keeps_holes(data)
                           ? data_copy_pieces(data, from, from + bytes, true, &at, fail)
                           : data_move(data, &at, from + bytes, true, fail);
    px_manner_end(data);
    data->bytes += at - from;
    return status;
}

static int data_set_size(const struct px_data *data, uint64_t size, struct px_fail *fail)
{
    if (data->tee != NULL) {
        return px_tee_set_size(data->tee, data->copier->io, size, fail);
    }
    return data->copier->io->ftruncate(data->out, (off_t)size) == 0
               ? PX_OK
               : px_fail_target(fail, errno, "set size", data->out);
}

/* The size is set first: a write that extends the file makes XFS reserve blocks behind it, which
 * would fill the hole that follows. */
static int data_copy_sparse(struct px_data *data, struct px_fail *fail)
{
    const uint64_t size = (uint64_t)data->st->st_size;
    int status = data_set_size(data, size, fail);
    if (status == PX_OK) {
        status = data_copy_pieces(data, 0, size, false, &data->bytes, fail);
    }
    data->engine = data->engine == PX_ENGINE_NONE ? PX_ENGINE_READ_WRITE : data->engine;
    /* Shorter than st_size says: no hole is made up for what is not there. */
    return status == PX_OK && data->bytes < size ? data_set_size(data, data->bytes, fail) : status;
}

/* --- the whole file --------------------------------------------------------------------------- */

/* Up to its end. Where zeros are left out the size is set before, as above, and what the file turned
 * out to have after. */
static int data_copy_whole(struct px_data *data, uint64_t end, struct px_fail *fail)
{
    const uint64_t size = (uint64_t)data->st->st_size;
    const bool sizes = data_sparse(data) == PX_SPARSE_ALWAYS;
    int status = sizes ? data_set_size(data, size, fail) : PX_OK;
    if (status == PX_OK) {
        status = data_move(data, &data->bytes, end, false, fail);
    }
    /* Room that was reserved behind the end is given back. */
    const bool resizes = data->bytes < size || (sizes && data->bytes != size);
    return status == PX_OK && resizes ? data_set_size(data, data->bytes, fail) : status;
}

int px_data_copy(struct px_data *data, struct px_fail *fail)
{
    const uint64_t size = (uint64_t)data->st->st_size;
    const uint64_t end = data->prefix && size > 0 ? size : TO_THE_END;
    data->bytes = 0;
    const int status =
        data_keeps_holes(data) ? data_copy_sparse(data, fail) : data_copy_whole(data, end, fail);
    px_manner_end(data);
    return status;
}
