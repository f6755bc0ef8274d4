/* SPDX-License-Identifier: MIT
 *
 * copy/drop.c - the trailing window. Entered by the worker that copies the part; no locks.
 *
 * POSIX_FADV_DONTNEED drops clean pages only, so the target's are written first: one window is being
 * written by the disk while the next one is filled, and it is waited for when that is full.
 */
#include "copy/drop.h"

#include <fcntl.h>

#include "base/fdio.h"
#include "copy/data.h"

/* Two of these are in memory for each worker. Large enough for a disk that seeks, small beside the
 * memory of any machine. */
#define WINDOW_BYTES ((uint64_t)8 * 1024 * 1024)

#define UNIT_MIN_BYTES ((uint64_t)1024 * 1024)

static bool drop_flag(const atomic_bool *flag)
{
    return atomic_load_explicit(flag, memory_order_relaxed);
}

void px_drop_look(const struct px_copier *copier, int in, uint64_t size, struct px_kept *out)
{
    uint64_t pages = 0;
    *out = (struct px_kept){.looked = copier->copy->opts.drop_cache && size > 0, .size = size};
    if (!out->looked || copier->io->cached(in, 0, (off_t)size, &pages) != 0 || pages == 0) {
        return;
    }
    const uint64_t share = (size + PX_DROP_UNITS - 1) / PX_DROP_UNITS;
    out->unit_bytes = share > UNIT_MIN_BYTES ? share : UNIT_MIN_BYTES;
    for (uint64_t i = 0; i * out->unit_bytes < size; i++) {
        pages = 0;
        if (copier->io->cached(in, (off_t)(i * out->unit_bytes), (off_t)out->unit_bytes, &pages) !=
                0 ||
            pages > 0) {
            out->units |= UINT64_C(1) << i;
        }
    }
}

static void drop_pages(const struct px_copier *copier, int fd, uint64_t from, uint64_t until)
{
    PX_IGNORE(copier->io->advise(fd, (off_t)from, (off_t)(until - from),
                                 POSIX_FADV_DONTNEED)); /* a wish */
}

static void drop_source(const struct px_copier *copier, int in, const struct px_kept *kept,
                        uint64_t from, uint64_t until)
{
    if (kept == NULL || kept->unit_bytes == 0) {
        drop_pages(copier, in, from, until);
        return;
    }
    while (from < until) {
        const uint64_t unit = from / kept->unit_bytes;
        const uint64_t next = (unit + 1) * kept->unit_bytes;
        const uint64_t end = next < until ? next : until;
        if (unit < PX_DROP_UNITS && (kept->units >> unit & 1) == 0) {
            drop_pages(copier, in, from, end);
        }
        from = end;
    }
}

void px_drop_source(const struct px_copier *copier, int in, const struct px_kept *kept)
{
    if (kept->looked) {
        drop_source(copier, in, kept, 0, kept->size);
    }
}

static void drop_range(const struct px_data *data, uint64_t from, uint64_t until)
{
    if (from == until) {
        return;
    }
    if (drop_flag(&data->pair->no_once_out)) {
        /* What cannot be written is told by closing or fsync. */
        PX_IGNORE(
            data->copier->io->sync_range(data->out, (off_t)from, (off_t)(until - from), true));
        drop_pages(data->copier, data->out, from, until);
    }
    if (drop_flag(&data->pair->no_once_in)) {
        drop_source(data->copier, data->in, data->kept, from, until);
    }
}

void px_drop_moved(struct px_data *data, uint64_t from, uint64_t until)
{
    struct px_trail *trail = &data->trail;
    if (!trail->begun) {
        *trail = (struct px_trail){.begun = true, .dropped = from, .sent = from};
    }
    trail->at = until;
    if (until - trail->sent < WINDOW_BYTES) {
        return;
    }
    if (drop_flag(&data->pair->no_once_out)) {
        PX_IGNORE(data->copier->io->sync_range(data->out, (off_t)trail->sent,
                                               (off_t)(until - trail->sent), false)); /* the same */
    }
    drop_range(data, trail->dropped, trail->sent);
    trail->dropped = trail->sent;
    trail->sent = until;
}

void px_drop_end(struct px_data *data)
{
    if (data->trail.begun) {
        drop_range(data, data->trail.dropped, data->trail.at);
        data->trail.begun = false;
    }
}
