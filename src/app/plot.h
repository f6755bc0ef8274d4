/* SPDX-License-Identifier: MIT
 *
 * app/plot.h - `--plot FILE.svg`: speed-up against the number of workers, beside the ideal line.
 * A small SVG 1.1 (w3.org/TR/SVG11) written by hand, readable on white, without scripts or fonts of
 * its own.
 */
#ifndef PX_APP_PLOT_H
#define PX_APP_PLOT_H

#include <stddef.h>
#include <stdio.h>

#include <pxfer/attr.h>

#include "app/report.h"

/* The picture of `n` measured runs; `title` is text (escaped here). Errors stay in the stream. */
void plot_svg(const char *title, const struct report_row *rows, size_t n, FILE *out);

/* The picture as file `path`, whole or not at all. PX_EIO / PX_EFULL with errno, PX_ENOMEM;
 * PX_EINVAL: no row. */
PX_NODISCARD int plot_write(const char *path, const char *title, const struct report_row *rows,
                            size_t n);

#endif
