/* SPDX-License-Identifier: MIT
 *
 * One experiment of tests/experiments/run, as Markdown and as a picture: seconds by workers, speed-up,
 * efficiency, serial fraction, and Amdahl's law fitted. The figures are those of --compare.
 *
 *     build/release/bench/experiment TITLE FILE.svg WORKERS:MILLISECONDS...
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "app/plot.h"
#include "app/report.h"
#include "base/parse.h"

#define MAX_ROWS 16

/* Cuts `text` in two. */
static int parse_row(char *text, struct report_row *row)
{
    char *colon = strchr(text, ':');
    uint64_t workers, ms;
    if (colon == NULL) {
        return PX_EINVAL;
    }
    *colon = '\0';
    if (px_parse_u64(text, 1, 1024, &workers) != PX_OK ||
        px_parse_u64(colon + 1, 1, UINT32_MAX, &ms) != PX_OK) {
        return PX_EINVAL;
    }
    *row = (struct report_row){.workers = (unsigned)workers,
                               .wall_ns = (int64_t)ms * (PX_NS_PER_S / 1000)};
    return PX_OK;
}

static void print_rows(const struct report_row *rows, size_t n)
{
    puts("| workers | seconds | speed-up | efficiency | serial fraction |\n"
         "|--:|--:|--:|--:|--:|");
    for (size_t i = 0; i < n; i++) {
        const struct report_figures figures = report_figures_of(rows, n, i);
        printf("| %u | %.3f | %.2f | %.0f %% | ", rows[i].workers,
               (double)rows[i].wall_ns / PX_NS_PER_S, figures.speedup, figures.efficiency * 100);
        if (isfinite(figures.serial_fraction)) {
            printf("%.3f |\n", report_no_minus_zero(figures.serial_fraction));
        } else {
            puts("– |");
        }
    }
    const double serial = report_fit_amdahl(rows, n);
    if (isfinite(serial)) {
        printf("\nAmdahl's law fits best with %.1f %% serial.\n", serial * 100);
    }
}

int main(int argc, char **argv)
{
    struct report_row rows[MAX_ROWS];
    const size_t n = argc > 3 ? (size_t)argc - 3 : 0;
    int status = n > 0 && n <= MAX_ROWS ? PX_OK : PX_EINVAL;
    for (size_t i = 0; i < n && status == PX_OK; i++) {
        status = parse_row(argv[i + 3], &rows[i]);
    }
    if (status != PX_OK) {
        fprintf(stderr, "usage: experiment TITLE FILE.svg WORKERS:MILLISECONDS...\n");
        return 2;
    }
    print_rows(rows, n);
    status = plot_write(argv[2], argv[1], rows, n);
    if (status != PX_OK) {
        fprintf(stderr, "%s: %s\n", argv[2], px_status_text(status));
        return 1;
    }
    return 0;
}
