/* SPDX-License-Identifier: MIT
 *
 * app/rate.c - a ring of samples over the last seconds, and arithmetic on it. Pure.
 */
#include "app/rate.h"

#include <stdbool.h>

/* So that RATE_SAMPLES of them cover the window. */
#define SPACING_NS (RATE_WINDOW_NS / (RATE_SAMPLES - 1))

/* Samples are stored on a grid and the newest beside them; what has left the window goes, but for
 * one, so that there is always something to compare the newest with. */
static void rate_forget(struct rate_window *window, int64_t now_ns)
{
    while (window->n > 1) {
        const struct rate_sample *second = &window->sample[(window->first + 1) % RATE_SAMPLES];
        if (window->n < RATE_SAMPLES && now_ns - second->at_ns < RATE_WINDOW_NS) {
            return;
        }
        window->first = (window->first + 1) % RATE_SAMPLES;
        window->n--;
    }
}

void rate_add(struct rate_window *window, int64_t now_ns, uint64_t value)
{
    window->last = (struct rate_sample){now_ns, value};
    if (window->n > 0) {
        const size_t newest = (window->first + window->n - 1) % RATE_SAMPLES;
        if (now_ns - window->sample[newest].at_ns < SPACING_NS) {
            return;
        }
    }
    rate_forget(window, now_ns);
    window->sample[(window->first + window->n) % RATE_SAMPLES] = window->last;
    window->n++;
}

double rate_per_s(const struct rate_window *window)
{
    if (window->n == 0) {
        return 0;
    }
    const struct rate_sample *oldest = &window->sample[window->first];
    const int64_t span_ns = window->last.at_ns - oldest->at_ns;
    if (span_ns <= 0 || window->last.value < oldest->value) {
        return 0;
    }
    return (double)(window->last.value - oldest->value) * (double)PX_NS_PER_S / (double)span_ns;
}

static int64_t rate_seconds_to_ns(double seconds)
{
    /* A rate of nearly nothing is no estimate: beyond 1,000 days it is "not known". */
    return seconds < 86400.0 * 1000 ? (int64_t)(seconds * (double)PX_NS_PER_S) : -1;
}

static double rate_mean_bytes(const struct rate_eta *known)
{
    return known->worked_items > 0 ? (double)known->worked_bytes / (double)known->worked_items : 0;
}

/* Do bytes say more than the number of items? */
static bool rate_bytes_tell(const struct rate_eta *known, uint64_t waiting)
{
    if (!(known->bytes_per_s > 0)) {
        return false;
    }
    return waiting > 0 ? rate_mean_bytes(known) > 0 : known->active_left_bytes > 0;
}

int64_t rate_eta_ns(const struct rate_eta *known)
{
    if (known->total_items == 0) {
        return -1;
    }
    const uint64_t left =
        known->total_items > known->ended_items ? known->total_items - known->ended_items : 0;
    if (left == 0) {
        return 0;
    }
    const uint64_t waiting = left > known->active_items ? left - known->active_items : 0;
    if (rate_bytes_tell(known, waiting)) {
        const double bytes =
            (double)waiting * rate_mean_bytes(known) + (double)known->active_left_bytes;
        return rate_seconds_to_ns(bytes / known->bytes_per_s);
    }
    if (known->items_per_s > 0) {
        return rate_seconds_to_ns((double)left / known->items_per_s);
    }
    return -1;
}
