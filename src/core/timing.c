/* SPDX-License-Identifier: MIT
 *
 * core/timing.c - histogram, account, speed-up figures: arithmetic only, no clock, no lock. Each
 * histogram and account belongs to one thread at a time.
 *
 * The histogram is log-linear: values below 16 ns have a bucket each; above, every power of two is
 * cut into 16 equal parts, so a bucket is never wider than 1/16 of its lower end.
 */
#include <math.h>

#include <pxfer/timing.h>

#define SUB_BITS 4
#define SUB_BUCKETS (1U << SUB_BITS)

static unsigned hist_index(uint64_t value)
{
    if (value < SUB_BUCKETS) {
        return (unsigned)value;
    }
    const unsigned top = 63U - (unsigned)__builtin_clzll(value); /* position of the highest bit */
    const unsigned sub = (unsigned)(value >> (top - SUB_BITS)) & (SUB_BUCKETS - 1);
    return (top - SUB_BITS + 1) * SUB_BUCKETS + sub;
}

/* The largest value that belongs to a bucket. */
static uint64_t hist_upper(unsigned index)
{
    if (index < SUB_BUCKETS) {
        return index;
    }
    const unsigned shift = index / SUB_BUCKETS - 1;
    const uint64_t lower = (uint64_t)(SUB_BUCKETS + index % SUB_BUCKETS) << shift;
    return lower + ((UINT64_C(1) << shift) - 1);
}

void px_hist_add(struct px_hist *hist, int64_t value_ns)
{
    const int64_t value = value_ns > 0 ? value_ns : 0;
    hist->bucket[hist_index((uint64_t)value)]++;
    hist->count++;
    hist->sum_ns += value;
    hist->max_ns = value > hist->max_ns ? value : hist->max_ns;
}

void px_hist_merge(struct px_hist *into, const struct px_hist *from)
{
    for (unsigned i = 0; i < PX_HIST_BUCKETS; i++) {
        into->bucket[i] += from->bucket[i];
    }
    into->count += from->count;
    into->sum_ns += from->sum_ns;
    into->max_ns = from->max_ns > into->max_ns ? from->max_ns : into->max_ns;
}

int64_t px_hist_quantile(const struct px_hist *hist, double q)
{
    if (hist->count == 0) {
        return 0;
    }
    const double share = q < 0 ? 0 : q > 1 ? 1 : q;
    const double rank = ceil(share * (double)hist->count);
    const uint64_t wanted = rank < 1 ? 1 : (uint64_t)rank;
    uint64_t seen = 0;
    for (unsigned i = 0; i < PX_HIST_BUCKETS; i++) {
        seen += hist->bucket[i];
        if (seen >= wanted) {
            const uint64_t upper = hist_upper(i);
            return upper < (uint64_t)hist->max_ns ? (int64_t)upper : hist->max_ns;
        }
    }
    return hist->max_ns;
}

void px_account_merge(struct px_account *into, const struct px_account *from)
{
    into->items += from->items;
    into->bytes += from->bytes;
    into->bytes_kept += from->bytes_kept;
    into->planned += from->planned;
    into->planned_bytes += from->planned_bytes;
    into->busy_ns += from->busy_ns;
    into->items_ns += from->items_ns;
    for (unsigned i = 0; i < PX_PHASES; i++) {
        into->phase_ns[i] += from->phase_ns[i];
    }
    for (unsigned i = 0; i < PX_COUNTERS; i++) {
        into->counter[i] += from->counter[i];
    }
    px_hist_merge(&into->item, &from->item);
}

double px_speedup(int64_t single_ns, int64_t parallel_ns)
{
    return parallel_ns > 0 ? (double)single_ns / (double)parallel_ns : 0;
}

double px_efficiency(double speedup, unsigned workers)
{
    return workers > 0 ? speedup / workers : 0;
}

double px_karp_flatt(double speedup, unsigned workers)
{
    if (workers < 2 || !(speedup > 0)) {
        return NAN;
    }
    const double n = workers;
    return (1 / speedup - 1 / n) / (1 - 1 / n);
}
