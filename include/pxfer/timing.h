/* SPDX-License-Identifier: MIT
 *
 * pxfer/timing.h - time that was measured: clock, histogram, per-worker account, speed-up figures.
 *
 * All times are int64_t nanoseconds of CLOCK_MONOTONIC (clock_gettime(2)) or differences of them.
 */
#ifndef PXFER_TIMING_H
#define PXFER_TIMING_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define PX_NS_PER_US INT64_C(1000)
#define PX_NS_PER_MS INT64_C(1000000)
#define PX_NS_PER_S INT64_C(1000000000)

PX_BEGIN_DECLS

/* Now, monotonic. Never 0 and never negative, so 0 can mean "not yet". Any thread. */
PX_API int64_t px_now_ns(void);

/* now + delta, saturating at PX_FOREVER. */
PX_API int64_t px_deadline_in_ns(int64_t delta_ns);

/* --- Histogram -------------------------------------------------------------------------------
 * Log-linear: 16 sub-buckets for each power of two, so a quantile is at most 6.25 % too high, and
 * never above the largest value seen. One thread at a time. Zero-initialised is empty. */

#define PX_HIST_BUCKETS 976 /* 16 * (64 - 4) + 16 */

struct px_hist {
    uint64_t count;
    int64_t sum_ns;
    int64_t max_ns;
    uint32_t bucket[PX_HIST_BUCKETS];
};

/* Adds one value; negative counts as 0. */
PX_API void px_hist_add(struct px_hist *hist, int64_t value_ns);
/* into += from */
PX_API void px_hist_merge(struct px_hist *into, const struct px_hist *from);
/* The value that a share `q` (0..1) of all values does not exceed; 0 when empty. */
PX_API int64_t px_hist_quantile(const struct px_hist *hist, double q);

/* --- Account ---------------------------------------------------------------------------------
 * What one worker did. Written by that worker only, read after the workers were joined. What the
 * phases are is the engine's to say (px_fetch_phase_names, px_copy_phase_names). */

#define PX_PHASES 8
#define PX_COUNTERS 12

struct px_account {
    uint64_t items;      /* finished, well or not */
    uint64_t bytes;      /* payload moved, also for items that failed later */
    uint64_t bytes_kept; /* of the items' bytes: what an earlier run had moved */
    uint64_t planned;    /* a dry run: files that would be copied, and their bytes */
    uint64_t planned_bytes;
    int64_t busy_ns;  /* with at least one item in hand */
    int64_t items_ns; /* sum of the work on each item: what one after the other would take */
    int64_t phase_ns[PX_PHASES];
    uint64_t counter[PX_COUNTERS]; /* engine-named counts (px_fetch_counter_names, ...) */
    struct px_hist item;           /* each item's own time */
};

PX_API void px_account_merge(struct px_account *into, const struct px_account *from);

/* --- Figures ---------------------------------------------------------------------------------*/

/* single / parallel; 0 when parallel is not positive. */
PX_API double px_speedup(int64_t single_ns, int64_t parallel_ns);

/* speedup / workers, 0 for no worker. */
PX_API double px_efficiency(double speedup, unsigned workers);

/* Karp-Flatt metric: the serial fraction that explains a measured speed-up on n workers,
 * e = (1/s - 1/n) / (1 - 1/n)  (Karp and Flatt, CACM 33(5), 1990). NaN for n < 2 or s <= 0. */
PX_API double px_karp_flatt(double speedup, unsigned workers);

PX_END_DECLS

#endif
