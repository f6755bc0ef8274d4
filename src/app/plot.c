/* SPDX-License-Identifier: MIT
 *
 * app/plot.c - speed-up against workers as a small SVG: ideal line dashed, measured points joined and
 * labelled. Coordinates are computed in pixels of a fixed canvas. Main's thread; no state.
 */
#include "app/plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <pxfer/status.h>

#include "app/human.h"
#include "app/outfile.h"
#include "base/show.h"

#define WIDTH 640
#define HEIGHT 440
#define LEFT 64 /* of the area inside the axes */
#define RIGHT 616
#define TOP 56
#define BOTTOM 380
#define MAX_TICKS 10
#define TITLE_COLUMNS 32
#define AMDAHL_STEPS 32

#define LABEL_WIDTH 40 /* closer points share one label */
#define LABEL_BELOW 20
#define LABEL_ABOVE 10

#define INK "#222222"
#define GRID "#e2e2e2"
#define IDEAL "#8a8a8a"
#define MEASURED "#1b5e9e"
#define AMDAHL "#b5651d"
/* Keeps text readable over a line. */
#define HALO "stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\""

struct plot_point {
    double workers;
    double speedup;
};

struct plot {
    struct plot_point *points; /* by workers, owned */
    size_t n;
    double base;         /* workers whose speed-up is 1 */
    double serial;       /* fraction that fits Amdahl's law; NaN: no law to draw */
    double x_max, y_max; /* at the ends of the axes, which begin at 0 */
};

/* --- Scales ----------------------------------------------------------------------------------*/

/* The smallest of 1, 2, 5, 10, 20, 50 ... that gives at most MAX_TICKS steps. */
static double plot_step(double max)
{
    double step = 1;
    static const double factors[] = {2, 2.5, 2};
    for (size_t i = 0; max / step > MAX_TICKS; i++) {
        step *= factors[i % 3];
    }
    return step;
}

static double plot_round_up(double value)
{
    const double step = plot_step(value);
    return ceil(value / step) * step;
}

static int plot_by_workers(const void *a, const void *b)
{
    const double left = ((const struct plot_point *)a)->workers;
    const double right = ((const struct plot_point *)b)->workers;
    return (left > right) - (left < right);
}

/* The ideal line decides the height, unless it leaves the measured points so far below that they
 * could not be read: then it is cut off. */
static void plot_scale(struct plot *plot)
{
    double best = 1;
    for (size_t i = 0; i < plot->n; i++) {
        best = fmax(best, plot->points[i].speedup);
    }
    const double most = plot->points[plot->n - 1].workers;
    plot->x_max = plot_round_up(most);
    plot->y_max = plot_round_up(fmax(best, fmin(most / plot->base, 2 * best)));
}

static int plot_init(struct plot *plot, const struct report_row *rows, size_t n)
{
    plot->points = calloc(n, sizeof plot->points[0]);
    if (plot->points == NULL) {
        return PX_ENOMEM;
    }
    plot->n = n;
    for (size_t i = 0; i < n; i++) {
        const struct report_figures figures = report_figures_of(rows, n, i);
        plot->base = figures.base_workers;
        plot->points[i].workers = rows[i].workers == 0 ? 1 : rows[i].workers;
        plot->points[i].speedup = figures.speedup;
    }
    qsort(plot->points, n, sizeof plot->points[0], plot_by_workers);
    plot->serial = n > 2 ? report_fit_amdahl(rows, n) : NAN; /* two points fit any law */
    plot_scale(plot);
    return PX_OK;
}

static double plot_x(const struct plot *plot, double workers)
{
    return LEFT + workers / plot->x_max * (RIGHT - LEFT);
}

static double plot_y(const struct plot *plot, double speedup)
{
    return BOTTOM - speedup / plot->y_max * (BOTTOM - TOP);
}

/* --- Pieces ----------------------------------------------------------------------------------*/

/* The bytes of valid UTF-8 without control characters as XML character data. */
static void plot_put_escaped(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        default: fputc(*text, out); break;
        }
    }
}

static void plot_put_head(const char *title, FILE *out)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\" fill=\"" INK "\">\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    fputs("<title>", out);
    plot_put_escaped(title, out);
    fprintf(out,
            ": speed-up against workers</title>\n<rect width=\"%d\" height=\"%d\" "
            "fill=\"#ffffff\"/>\n",
            WIDTH, HEIGHT);
    fprintf(out, "<text x=\"%d\" y=\"30\" font-size=\"16\" font-weight=\"bold\">", LEFT);
    plot_put_escaped(title, out);
    fputs(": speed-up against workers</text>\n", out);
}

static void plot_put_line(double x1, double y1, double x2, double y2, const char *stroke, FILE *out)
{
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1,
            x2, y2, stroke);
}

static void plot_put_axes(const struct plot *plot, FILE *out)
{
    const double step_x = plot_step(plot->x_max);
    for (long i = 0; i <= lround(plot->x_max / step_x); i++) {
        const double at = (double)i * step_x;
        const double x = plot_x(plot, at);
        plot_put_line(x, BOTTOM, x, BOTTOM + 5, INK, out);
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n", x,
                BOTTOM + 20, at);
    }
    const double step_y = plot_step(plot->y_max);
    for (long i = 0; i <= lround(plot->y_max / step_y); i++) {
        const double at = (double)i * step_y;
        const double y = plot_y(plot, at);
        if (i > 0) {
            plot_put_line(LEFT, y, RIGHT, y, GRID, out);
        }
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", LEFT - 8, y + 4,
                at);
    }
    plot_put_line(LEFT, BOTTOM, RIGHT, BOTTOM, INK, out);
    plot_put_line(LEFT, TOP, LEFT, BOTTOM, INK, out);
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">workers</text>\n",
            (LEFT + RIGHT) / 2, BOTTOM + 44);
    fprintf(out,
            "<text transform=\"translate(22 %d) rotate(-90)\" text-anchor=\"middle\">speed-up "
            "(%.0f worker%s = 1)</text>\n",
            (TOP + BOTTOM) / 2, plot->base, plot->base > 1 ? "s" : "");
}

static void plot_put_ideal(const struct plot *plot, FILE *out)
{
    const double workers = fmin(plot->x_max, plot->y_max * plot->base);
    fprintf(out,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"" IDEAL
            "\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>\n",
            plot_x(plot, 0), plot_y(plot, 0), plot_x(plot, workers),
            plot_y(plot, workers / plot->base));
}

static void plot_put_amdahl(const struct plot *plot, FILE *out)
{
    if (!isfinite(plot->serial)) {
        return;
    }
    fputs("<polyline fill=\"none\" stroke=\"" AMDAHL "\" stroke-width=\"1.5\" "
          "stroke-dasharray=\"2 3\" points=\"",
          out);
    const double most = plot->points[plot->n - 1].workers;
    for (int i = 0; i <= AMDAHL_STEPS; i++) {
        const double workers = 1 + (most - 1) * i / AMDAHL_STEPS;
        const double speedup = 1 / (plot->serial + (1 - plot->serial) / workers);
        fprintf(out, "%s%.1f,%.1f", i == 0 ? "" : " ", plot_x(plot, workers),
                plot_y(plot, fmin(speedup, plot->y_max)));
    }
    fprintf(out,
            "\"/>\n<line x1=\"%d\" y1=\"420\" x2=\"%d\" y2=\"420\" stroke=\"" AMDAHL
            "\" stroke-width=\"1.5\" stroke-dasharray=\"2 3\"/>\n"
            "<text x=\"%d\" y=\"424\">Amdahl, %.1f %% serial</text>\n",
            LEFT, LEFT + 28, LEFT + 34, plot->serial * 100);
}

/* Below its point, where the ideal line is not; above it near the axis. Not over its neighbour's. */
static void plot_put_labels(const struct plot *plot, FILE *out)
{
    double last_x = -LABEL_WIDTH;
    for (size_t i = plot->n; i-- > 0;) { /* from the right: the last figure matters most */
        const double x = plot_x(plot, plot->points[i].workers);
        const double y = plot_y(plot, plot->points[i].speedup);
        if (i + 1 < plot->n && last_x - x < LABEL_WIDTH) {
            continue;
        }
        const bool below = y + LABEL_BELOW + 4 < BOTTOM;
        fprintf(out,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"12\" "
                "fill=\"" MEASURED "\" " HALO ">%.2f</text>\n",
                x, below ? y + LABEL_BELOW : y - LABEL_ABOVE, plot->points[i].speedup);
        last_x = x;
    }
}

static void plot_put_measured(const struct plot *plot, FILE *out)
{
    fputs("<polyline fill=\"none\" stroke=\"" MEASURED "\" stroke-width=\"2\" points=\"", out);
    for (size_t i = 0; i < plot->n; i++) {
        fprintf(out, "%s%.1f,%.1f", i == 0 ? "" : " ", plot_x(plot, plot->points[i].workers),
                plot_y(plot, plot->points[i].speedup));
    }
    fputs("\"/>\n", out);
    for (size_t i = 0; i < plot->n; i++) {
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"" MEASURED "\"/>\n",
                plot_x(plot, plot->points[i].workers), plot_y(plot, plot->points[i].speedup));
    }
    plot_put_labels(plot, out);
}

/* On the right, below the axis. */
static void plot_put_legend(FILE *out)
{
    fputs("<line x1=\"446\" y1=\"420\" x2=\"474\" y2=\"420\" stroke=\"" MEASURED
          "\" stroke-width=\"2\"/>\n"
          "<circle cx=\"460\" cy=\"420\" r=\"4\" fill=\"" MEASURED "\"/>\n"
          "<text x=\"480\" y=\"424\">measured</text>\n"
          "<line x1=\"552\" y1=\"420\" x2=\"580\" y2=\"420\" stroke=\"" IDEAL
          "\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>\n"
          "<text x=\"586\" y=\"424\">ideal</text>\n",
          out);
}

void plot_svg(const char *title, const struct report_row *rows, size_t n, FILE *out)
{
    struct plot plot;
    char *shown = px_show_dup(title);
    if (shown != NULL) {
        shown[human_prefix(shown, TITLE_COLUMNS, NULL)] = '\0'; /* the line is not longer */
    }
    if (n > 0 && plot_init(&plot, rows, n) == PX_OK) {
        plot_put_head(shown != NULL ? shown : "", out);
        plot_put_legend(out);
        plot_put_axes(&plot, out);
        plot_put_ideal(&plot, out);
        plot_put_amdahl(&plot, out);
        plot_put_measured(&plot, out);
        fputs("</svg>\n", out);
        free(plot.points);
    }
    free(shown);
}

int plot_write(const char *path, const char *title, const struct report_row *rows, size_t n)
{
    if (n == 0) {
        return PX_EINVAL;
    }
    struct outfile *file = NULL;
    const int status = outfile_open(path, 0666, &file);
    if (status != PX_OK) {
        return status;
    }
    plot_svg(title, rows, n, outfile_stream(file));
    return outfile_commit(file);
}
