/* SPDX-License-Identifier: MIT
 *
 * app/progress.c - the live display: samples the workers' activity, keeps the sliding window, and
 * puts the picture that progress_draw.c makes under the print lock. Main's thread only; takes no
 * lock but the outlock's, inside its functions.
 */
#include "app/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <pxfer/queue.h> /* PX_FOREVER */
#include <pxfer/status.h>

#include "app/progress_draw.h"
#include "app/rate.h"

/* More lines than a tall window has are never drawn. */
#define MAX_ITEM_LINES 128

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 24

struct progress {
    struct progress_opts opts;
    enum progress_mode mode; /* not AUTO */
    int64_t begin_ns;
    int64_t due_ns;
    struct rate_window bytes;
    struct rate_window items;
    struct px_activity_sample *samples; /* room for MAX_ITEM_LINES */
};

enum progress_mode progress_choose(enum progress_mode asked, bool is_terminal, const char *term)
{
    if (asked != PROGRESS_AUTO) {
        return asked;
    }
    const bool able = term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
    return is_terminal && able ? PROGRESS_BAR : PROGRESS_PLAIN;
}

static enum progress_mode progress_mode_of(const struct progress_opts *opts)
{
    bool is_terminal = isatty(opts->fd) == 1;
    if (opts->stdout_used && isatty(STDOUT_FILENO) == 1) {
        is_terminal = false; /* lines from elsewhere would break the picture */
    }
    return progress_choose(opts->mode, is_terminal, getenv("TERM"));
}

static int64_t progress_interval_ns(const struct progress *progress)
{
    return progress->mode == PROGRESS_BAR ? PROGRESS_BAR_NS : PROGRESS_PLAIN_NS;
}

int progress_new(const struct progress_opts *opts, struct progress **out)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL) {
        return PX_ENOMEM;
    }
    progress->samples = calloc(MAX_ITEM_LINES, sizeof progress->samples[0]);
    if (progress->samples == NULL) {
        free(progress);
        return PX_ENOMEM;
    }
    progress->opts = *opts;
    if (opts->clock == NULL) {
        progress->opts.clock = px_clock_real();
    }
    progress->mode = progress_mode_of(opts);
    progress->begin_ns = px_clock_now_ns(progress->opts.clock);
    progress->due_ns = progress->begin_ns + progress_interval_ns(progress);
    rate_add(&progress->bytes, progress->begin_ns, 0);
    rate_add(&progress->items, progress->begin_ns, 0);
    *out = progress;
    return PX_OK;
}

void progress_free(struct progress *progress)
{
    if (progress == NULL) {
        return;
    }
    if (progress->mode == PROGRESS_BAR) {
        px_outlock_overlay(progress->opts.out, NULL);
    }
    free(progress->samples);
    free(progress);
}

int64_t progress_due_ns(const struct progress *progress)
{
    return progress->mode == PROGRESS_NONE ? PX_FOREVER : progress->due_ns;
}

/* --- What there is to see --------------------------------------------------------------------*/

/* Another part of something that is seen already: the newest count of its bytes is the highest. */
static bool progress_merge(struct progress *progress, size_t n,
                           const struct px_activity_sample *sample)
{
    for (size_t i = 0; i < n && sample->group != 0; i++) {
        struct px_activity_sample *seen = &progress->samples[i];
        if (seen->group == sample->group) {
            seen->done_bytes =
                seen->done_bytes > sample->done_bytes ? seen->done_bytes : sample->done_bytes;
            seen->begin_ns = seen->begin_ns < sample->begin_ns ? seen->begin_ns : sample->begin_ns;
            return true;
        }
    }
    return false;
}

static uint64_t progress_left(const struct px_activity_sample *sample)
{
    return sample->total_bytes > sample->done_bytes ? sample->total_bytes - sample->done_bytes : 0;
}

/* Samples every slot; keeps the first active ones, when `lines` are wanted. The bytes that active
 * items of known size still need come to `*left_bytes`. */
static void progress_sample(struct progress *progress, bool lines, struct progress_view *view,
                            uint64_t *left_bytes)
{
    *left_bytes = 0;
    size_t n = 0;
    const size_t slots = px_activity_slots(progress->opts.activity);
    for (size_t i = 0; i < slots; i++) {
        struct px_activity_sample sample;
        px_activity_sample(progress->opts.activity, i, &sample);
        if (!sample.active || progress_merge(progress, n, &sample)) {
            continue;
        }
        if (n < MAX_ITEM_LINES) {
            progress->samples[n++] = sample;
        } else {
            view->n_active_more++;
            *left_bytes += progress_left(&sample);
        }
    }
    for (size_t i = 0; i < n; i++) {
        *left_bytes += progress_left(&progress->samples[i]);
    }
    view->active = progress->samples;
    view->n_active = lines ? n : 0;
    view->n_active_more += lines ? 0 : n;
}

/* Bytes moved so far: the workers' count has those of unfinished items, main's those that moved
 * without being counted (a reflink). */
static uint64_t progress_bytes(const struct progress *progress,
                               const struct progress_counts *counts)
{
    const uint64_t moved = px_activity_bytes(progress->opts.activity);
    return moved > counts->bytes ? moved : counts->bytes;
}

static struct progress_view progress_look(struct progress *progress,
                                          const struct progress_counts *counts, bool lines)
{
    struct progress_view view = {
        .program = progress->opts.program,
        .noun = progress->opts.noun,
        .counts = *counts,
        .bytes = progress_bytes(progress, counts),
        .now_ns = px_clock_now_ns(progress->opts.clock),
    };
    const uint64_t ended = counts->ok + counts->skipped + counts->failed;
    rate_add(&progress->bytes, view.now_ns, view.bytes);
    rate_add(&progress->items, view.now_ns, ended);
    struct rate_eta known = {
        .total_items = counts->total_items,
        .ended_items = ended,
        .worked_items = counts->ok + counts->failed,
        .worked_bytes = counts->bytes,
        .items_per_s = rate_per_s(&progress->items),
        .bytes_per_s = rate_per_s(&progress->bytes),
    };
    progress_sample(progress, lines, &view, &known.active_left_bytes);
    known.active_items = view.n_active + view.n_active_more;
    view.bytes_per_s = known.bytes_per_s;
    view.elapsed_ns = view.now_ns - progress->begin_ns;
    view.eta_ns = rate_eta_ns(&known);
    return view;
}

/* Asked for each time, so a resized window needs no signal. */
static struct progress_size progress_window(int fd)
{
    struct winsize window = {0};
    if (ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) {
        return (struct progress_size){DEFAULT_COLUMNS, DEFAULT_ROWS};
    }
    return (struct progress_size){window.ws_col, window.ws_row};
}

/* --- Drawing ---------------------------------------------------------------------------------*/

static void progress_say_line(struct progress *progress, const struct progress_counts *counts)
{
    const struct progress_view view = progress_look(progress, counts, false);
    char *line = progress_line(&view);
    if (line != NULL) {
        px_outlock_write(progress->opts.out, line, strlen(line));
    }
    free(line);
}

static void progress_draw_overlay(struct progress *progress, const struct progress_counts *counts)
{
    const struct progress_size size = progress_window(progress->opts.fd);
    const struct progress_view view = progress_look(progress, counts, true);
    char *picture = progress_draw(&view, size);
    if (picture != NULL) {
        px_outlock_overlay(progress->opts.out, picture);
    }
    free(picture);
}

void progress_tick(struct progress *progress, const struct progress_counts *counts)
{
    const int64_t now = px_clock_now_ns(progress->opts.clock);
    if (progress->mode == PROGRESS_NONE || now < progress->due_ns) {
        return;
    }
    if (progress->mode == PROGRESS_BAR) {
        progress_draw_overlay(progress, counts);
    } else {
        progress_say_line(progress, counts);
    }
    progress->due_ns = now + progress_interval_ns(progress);
}

void progress_say(struct progress *progress, const struct progress_counts *counts)
{
    progress_say_line(progress, counts);
}
