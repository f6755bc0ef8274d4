/* SPDX-License-Identifier: MIT
 *
 * app/progress_draw.c - the picture of the live display as text: pure, from a view and the size of
 * a window. No line is as wide as the window, for some terminals wrap in the last column.
 */
#include "app/progress_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/human.h"

#define MIN_BAR 10
#define MAX_BAR 30
#define MIN_NAME 16
#define AMOUNT_COLUMNS 19 /* "1023 MiB / 1023 GiB" */
#define SHARE_COLUMNS 4   /* "100%" */
#define TIME_COLUMNS 6    /* "59m59s" */

/* --- The total -------------------------------------------------------------------------------*/

static uint64_t draw_ended(const struct progress_view *view)
{
    return view->counts.ok + view->counts.skipped + view->counts.failed;
}

/* "123/10,000 files  1.50 GiB  12.3 MiB/s  ETA 1m02s  3 waiting  2 failed" */
static void draw_put_total(const struct progress_view *view, FILE *out)
{
    const uint64_t total = view->counts.total_items;
    if (total != 0) {
        fprintf(out, "%s/", human_count(draw_ended(view)).text);
    }
    fputs(human_things(total != 0 ? total : draw_ended(view), view->noun).text, out);
    fprintf(out, "  %s  %s", human_bytes(view->bytes).text, human_rate(view->bytes_per_s).text);
    if (view->eta_ns >= 0) {
        fprintf(out, "  ETA %s", human_eta(view->eta_ns).text);
    } else {
        fprintf(out, "  %s", human_eta(view->elapsed_ns).text);
    }
    if (view->counts.waiting > 0) {
        fprintf(out, "  %s waiting", human_count(view->counts.waiting).text);
    }
    if (view->counts.failed > 0) {
        fprintf(out, "  %s failed", human_count(view->counts.failed).text);
    }
}

/* As a string; NULL when out of memory. */
static char *draw_total_dup(const struct progress_view *view)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL) {
        return NULL;
    }
    draw_put_total(view, memory);
    if (fclose(memory) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *progress_line(const struct progress_view *view)
{
    char *total = draw_total_dup(view);
    if (total == NULL) {
        return NULL;
    }
    const size_t room = strlen(view->program) + strlen(total) + sizeof ": \n";
    char *line = malloc(room);
    if (line != NULL) {
        snprintf(line, room, "%s: %s\n", view->program, total);
    }
    free(total);
    return line;
}

static void draw_put_many(char c, size_t n, FILE *out)
{
    for (; n > 0; n--) {
        fputc(c, out);
    }
}

/* "[######----] ", as long as `columns` allow; nothing when that is too little or the end is not
 * known. */
static void draw_put_bar(const struct progress_view *view, size_t columns, FILE *out)
{
    const size_t frame = strlen("[] ");
    const uint64_t total = view->counts.total_items;
    if (total == 0 || columns < MIN_BAR + frame) {
        return;
    }
    size_t width = columns - frame;
    width = width > MAX_BAR ? MAX_BAR : width;
    const uint64_t ended = draw_ended(view) < total ? draw_ended(view) : total;
    const size_t full = (size_t)((double)ended / (double)total * (double)width);
    fputc('[', out);
    draw_put_many('#', full, out);
    draw_put_many('-', width - full, out);
    fputs("] ", out);
}

static void draw_put_total_line(const struct progress_view *view, size_t columns, FILE *out)
{
    char *total = draw_total_dup(view);
    if (total == NULL) {
        return;
    }
    const size_t used = human_columns(total);
    draw_put_bar(view, columns > used ? columns - used : 0, out);
    fprintf(out, "%.*s\n", (int)human_prefix(total, columns, NULL), total);
    free(total);
}

/* --- The items -------------------------------------------------------------------------------*/

/* A name in exactly `columns`: padded, or its end with dots before it, for the end of a path says
 * more than its beginning. */
static void draw_put_name(const char *name, size_t columns, FILE *out)
{
    const char *dots = "";
    size_t used = human_columns(name);
    if (used > columns) {
        dots = columns > 3 ? "..." : "";
        name = human_suffix(name, columns - strlen(dots));
        used = strlen(dots) + human_columns(name);
    }
    fprintf(out, "%s%s%*s", dots, name, (int)(columns - used), "");
}

/* " 19%" */
static void draw_put_share(const struct px_activity_sample *item, FILE *out)
{
    double share = (double)item->done_bytes / (double)item->total_bytes;
    share = share > 1 ? 1 : share; /* the server had more than it said */
    fprintf(out, "%*d%%", SHARE_COLUMNS - 1, (int)(share * 100));
}

/* "12.3 MiB / 64.0 MiB  19%", right-aligned; without the total when that is not known. */
static void draw_put_amount(const struct px_activity_sample *item, FILE *out)
{
    const struct human done = human_bytes(item->done_bytes);
    if (item->total_bytes == 0) {
        fprintf(out, "%*s  %*s", AMOUNT_COLUMNS, done.text, SHARE_COLUMNS, "");
        return;
    }
    char amount[2 * HUMAN_ROOM + sizeof " / "];
    snprintf(amount, sizeof amount, "%s / %s", done.text, human_bytes(item->total_bytes).text);
    fprintf(out, "%*s  ", AMOUNT_COLUMNS, amount);
    draw_put_share(item, out);
}

/* In a narrow window: the name, and the share if that is known and fits. */
static void draw_put_short_line(const struct px_activity_sample *item, size_t columns, FILE *out)
{
    const size_t right = strlen("  ") + SHARE_COLUMNS;
    const bool shared = item->total_bytes > 0 && columns >= MIN_NAME + right;
    draw_put_name(item->name, shared ? columns - right : columns, out);
    if (shared) {
        fputs("  ", out);
        draw_put_share(item, out);
    }
    fputc('\n', out);
}

static void draw_put_item_line(const struct px_activity_sample *item, int64_t now_ns,
                               size_t columns, FILE *out)
{
    const size_t gap = 2;
    const size_t right = AMOUNT_COLUMNS + gap + SHARE_COLUMNS + gap + TIME_COLUMNS;
    if (columns < MIN_NAME + gap + right) {
        draw_put_short_line(item, columns, out);
        return;
    }
    draw_put_name(item->name, columns - gap - right, out);
    fputs("  ", out);
    draw_put_amount(item, out);
    const struct human taken = human_eta(now_ns - item->begin_ns);
    fprintf(out, "  %*s\n", TIME_COLUMNS, taken.text);
}

/* The lines that items may take: some of the window stays for what was printed before. */
static size_t draw_item_lines(unsigned rows)
{
    return rows >= 8 ? rows - 4 : rows / 2;
}

static void draw_put_picture(const struct progress_view *view, struct progress_size size, FILE *out)
{
    const size_t columns = size.columns > 1 ? size.columns - 1 : 1;
    const size_t lines = draw_item_lines(size.rows);
    size_t shown = view->n_active < lines ? view->n_active : lines;
    size_t hidden = view->n_active - shown + view->n_active_more;
    if (hidden > 0 && shown > 0) { /* the last line says how many there are besides */
        shown--;
        hidden++;
    }
    for (size_t i = 0; i < shown; i++) {
        draw_put_item_line(&view->active[i], view->now_ns, columns, out);
    }
    if (hidden > 0 && lines > 0) {
        char more[HUMAN_ROOM + sizeof "and  more"];
        snprintf(more, sizeof more, "and %s more", human_count(hidden).text);
        fprintf(out, "%.*s\n", (int)human_prefix(more, columns, NULL), more);
    }
    draw_put_total_line(view, columns, out);
}

char *progress_draw(const struct progress_view *view, struct progress_size size)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    if (memory == NULL) {
        return NULL;
    }
    draw_put_picture(view, size, memory);
    if (fclose(memory) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
