/* SPDX-License-Identifier: MIT
 *
 * copy/manner.c - one piece of a file into the buffer and out of it. Entered by any worker with a
 * file, or a part of one, of its own. No locks.
 */
#include "copy/manner.h"

#include <errno.h>
#include <string.h>

#include <pxfer/timing.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/explain.h"
#include "copy/sparse.h"

_Static_assert(PX_DATA_BUF_BYTES % PX_DIRECT_ALIGN_MAX == 0,
               "the last piece has room to be padded");

static bool manner_flag(const atomic_bool *flag)
{
    return atomic_load_explicit(flag, memory_order_relaxed);
}

static bool manner_drops(const struct px_data *data)
{
    return data->copier->copy->opts.drop_cache && data->align == 0;
}

/* After EOPNOTSUPP of a call that leaves nothing behind. */
static void manner_learn_once(const struct px_data *data, atomic_bool *flag, const char *what)
{
    atomic_store_explicit(flag, true, memory_order_relaxed);
    px_explain_note(data->copier, data->pair, what,
                    "no RWF_DONTCACHE there, so pages are dropped some MiB behind");
}

/* --- reading ---------------------------------------------------------------------------------- */

static ssize_t manner_read_plain(struct px_data *data, uint64_t at, size_t n, bool whole)
{
    const struct px_io_ops *io = data->copier->io;
    void *buf = data->copier->buf;
    return whole ? io->read(data->in, buf, n) : io->pread(data->in, buf, n, (off_t)at);
}

static ssize_t manner_read_once(struct px_data *data, uint64_t at, size_t n, bool whole)
{
    struct px_copier *copier = data->copier;
    if (!manner_flag(&data->pair->no_once_in)) {
        const ssize_t got =
            copier->io->pread_once(data->in, copier->buf, n, whole ? -1 : (off_t)at);
        if (got >= 0 || errno != EOPNOTSUPP) {
            return got;
        }
        manner_learn_once(data, &data->pair->no_once_in, "--drop-cache of sources");
    }
    return manner_read_plain(data, at, n, whole);
}

/* Under O_DIRECT a read ends between two blocks at the end of the file only, or where it was broken
 * off; then the rest of the block is read again. */
static ssize_t manner_read_direct(struct px_data *data, uint64_t at, size_t n)
{
    const struct px_io_ops *io = data->copier->io;
    const size_t ask = px_round_up(n, data->align);
    ssize_t got = io->pread(data->in, data->copier->buf, ask, (off_t)at);
    const size_t odd = got > 0 ? (size_t)got % data->align : 0;
    if (odd != 0 && at + (uint64_t)got < (uint64_t)data->st->st_size) {
        got -= (ssize_t)odd;
    }
    if ((got < 0 && errno == EINVAL) || (got == 0 && odd != 0)) {
        px_direct_off(data);
        got = io->pread(data->in, data->copier->buf, n, (off_t)at);
    }
    return got > (ssize_t)n ? (ssize_t)n : got;
}

ssize_t px_manner_read(struct px_data *data, uint64_t at, size_t n, bool whole)
{
    if (data->align != 0) {
        return manner_read_direct(data, at, n);
    }
    if (manner_drops(data)) {
        return manner_read_once(data, at, n, whole);
    }
    px_ahead_ask(data, at);
    const int64_t begin_ns = px_now_ns();
    const ssize_t got = manner_read_plain(data, at, n, whole);
    if (got > 0) {
        px_ahead_note(data, at + (uint64_t)got, (uint64_t)got, px_now_ns() - begin_ns);
    }
    return got;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int manner_put(const struct px_data *data, const struct px_io_ops *io, uint64_t at, size_t n)
{
    return data->copier->copy->opts.sparse == PX_SPARSE_ALWAYS
               ? px_sparse_write(io, data->out, data->copier->buf, n, (off_t)at)
               : px_pwrite_all(io, data->out, data->copier->buf, n, (off_t)at);
}

/* The last block is filled up with zeros, which are cut off again. */
static int manner_write_direct(struct px_data *data, uint64_t at, size_t n)
{
    const struct px_io_ops *io = data->copier->io;
    const size_t padded = px_round_up(n, data->align);
    memset(data->copier->buf + n, 0, padded - n);
    int rc = manner_put(data, io, at, padded);
    if (rc != 0 && errno == EINVAL) {
        px_direct_off(data);
        rc = manner_put(data, io, at, padded);
    }
    return rc == 0 && padded > n ? io->ftruncate(data->out, (off_t)(at + n)) : rc;
}

static int manner_write_once(struct px_data *data, uint64_t at, size_t n)
{
    if (!manner_flag(&data->pair->no_once_out)) {
        const int rc = manner_put(data, &data->copier->once, at, n);
        if (rc == 0 || errno != EOPNOTSUPP) {
            return rc;
        }
        manner_learn_once(data, &data->pair->no_once_out, "--drop-cache of targets");
    }
    return manner_put(data, data->copier->io, at, n);
}

int px_manner_write(struct px_data *data, uint64_t at, size_t n)
{
    if (data->align != 0) {
        return manner_write_direct(data, at, n);
    }
    if (!manner_drops(data)) {
        return manner_put(data, data->copier->io, at, n);
    }
    const int rc = manner_write_once(data, at, n);
    if (rc == 0) {
        px_drop_moved(data, at, at + n);
    }
    return rc;
}

/* --- pieces ----------------------------------------------------------------------------------- */

void px_manner_widen(const struct px_data *data, uint64_t least, uint64_t most, uint64_t *from,
                     uint64_t *end)
{
    if (data->align == 0) {
        return;
    }
    const uint64_t begin = *from - *from % data->align;
    const uint64_t until = *end + (data->align - *end % data->align) % data->align;
    *from = begin > least ? begin : least;
    *end = until < most ? until : most;
}

void px_manner_end(struct px_data *data)
{
    if (manner_drops(data)) {
        px_drop_end(data);
    }
}
