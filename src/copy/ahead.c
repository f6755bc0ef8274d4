/* SPDX-License-Identifier: MIT
 *
 * copy/ahead.c - read ahead. No locks: whether a source is slow is an atomic of the pair, learnt by
 * whoever waits first.
 *
 * The kernel reads ahead by itself, 128 KiB on most disks, and that is enough where a disk answers at
 * once: more calls only cost. Where each answer takes long it is not. 256 MiB, cold, medians of three
 * runs, seconds (Linux 6.18, 2 cores; ext4 on a loop device over nbdkit --filter=delay rdelay=3ms,
 * and over the virtio disk of the machine, 512 MiB):
 *
 *                        slow, kernel's 128 KiB   slow, kernel's 4 MiB   fast, 128 KiB
 *     one worker                  2.09                   1.12                0.62
 *       2 MiB ahead               1.20                   1.25                0.76
 *       8 MiB ahead               0.89                   0.66                0.81
 *     two workers                 2.41                   1.00                0.56
 *       2 MiB ahead               0.87                   0.85                0.71
 *       8 MiB ahead               0.54                   0.75                0.72
 *
 * So it is done where reading turns out to be slow: half a MiB took 3.5 ms on the slow disk and
 * 0.5 ms on the fast one; from memory it takes 0.05.
 */
#include "copy/ahead.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include <pxfer/timing.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/explain.h"

#define AHEAD_BYTES ((uint64_t)8 * 1024 * 1024)
/* One call: the kernel takes no more than the larger of its own window and one request of the disk. */
#define STEP_BYTES ((uint64_t)512 * 1024)

/* So many bytes are timed before it is judged; slow is below 350 MB/s. */
#define JUDGE_BYTES ((uint64_t)4 * 1024 * 1024)
#define SLOW_NS (12 * PX_NS_PER_MS)
#define LOOK_BYTES ((uint64_t)32 * 1024 * 1024) /* more than the kernel reads ahead by itself */

void px_ahead_ask(struct px_data *data, uint64_t at)
{
    struct px_ahead *ahead = &data->ahead;
    const uint64_t size = (uint64_t)data->st->st_size;
    if (!atomic_load_explicit(&data->pair->slow_source, memory_order_relaxed)) {
        return;
    }
    if (ahead->until < at) {
        ahead->until = at;
    }
    const uint64_t limit = at + AHEAD_BYTES < size ? at + AHEAD_BYTES : size;
    if (ahead->until >= limit || ahead->until - at > AHEAD_BYTES / 2) {
        return;
    }
    for (; ahead->until < limit; ahead->until += STEP_BYTES) {
        PX_IGNORE(data->copier->io->advise(data->in, (off_t)ahead->until, (off_t)STEP_BYTES,
                                           POSIX_FADV_WILLNEED)); /* a wish */
    }
}

/* Is all that follows in memory? Then it was not the source that was slow. */
static bool ahead_is_cached(const struct px_data *data, uint64_t at)
{
    const uint64_t size = (uint64_t)data->st->st_size;
    const uint64_t end = at + LOOK_BYTES < size ? at + LOOK_BYTES : size;
    const long page = sysconf(_SC_PAGESIZE);
    uint64_t pages = 0;
    return at >= end ||
           (data->copier->io->cached(data->in, (off_t)at, (off_t)(end - at), &pages) == 0 &&
            page > 0 && pages * (uint64_t)page >= end - at);
}

void px_ahead_note(struct px_data *data, uint64_t at, uint64_t bytes, int64_t took_ns)
{
    struct px_ahead *ahead = &data->ahead;
    ahead->bytes += bytes;
    ahead->took_ns += took_ns;
    if (ahead->bytes < JUDGE_BYTES) {
        return;
    }
    const bool slow = (uint64_t)(ahead->took_ns / PX_NS_PER_US) * JUDGE_BYTES >
                      (uint64_t)(SLOW_NS / PX_NS_PER_US) * ahead->bytes;
    if (slow && !atomic_load_explicit(&data->pair->slow_source, memory_order_relaxed) &&
        !ahead_is_cached(data, at)) {
        atomic_store_explicit(&data->pair->slow_source, true, memory_order_relaxed);
        px_explain_note(data->copier, data->pair, "8 MiB are asked for ahead of reading",
                        "the source answers slowly");
    }
    ahead->bytes = 0;
    ahead->took_ns = 0;
}
