/* SPDX-License-Identifier: MIT
 *
 * app/progress_draw.h - what the live display looks like. Pure: a view and a size in, text out.
 */
#ifndef PX_APP_PROGRESS_DRAW_H
#define PX_APP_PROGRESS_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/activity.h>
#include <pxfer/attr.h>

#include "app/progress.h"

/* The window of a terminal. */
struct progress_size {
    unsigned columns, rows;
};

/* What a picture is made from. */
struct progress_view {
    const char *program, *noun;
    struct progress_counts counts;
    uint64_t bytes;
    double bytes_per_s;
    int64_t elapsed_ns;
    int64_t eta_ns;                          /* -1 = not known */
    const struct px_activity_sample *active; /* only active ones */
    size_t n_active;                         /* in `active` */
    size_t n_active_more;                    /* active, but not in `active` */
    int64_t now_ns;
};

/* The overlay for a window of that size: newly allocated lines, none wider than size.columns - 1;
 * NULL when out of memory. Caller frees. */
PX_NODISCARD char *progress_draw(const struct progress_view *view, struct progress_size size);

/* "pfetch: 123/10,000 files  1.50 GiB  12.3 MiB/s  ETA 1m02s  2 failed\n": newly allocated, caller
 * frees. */
PX_NODISCARD char *progress_line(const struct progress_view *view);

#endif
