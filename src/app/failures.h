/* SPDX-License-Identifier: MIT
 *
 * app/failures.h - `--failed FILE`: what failed, in the form that the program reads, so that the
 * same program can be given it again. An entry is on its way to the kernel before the next item is
 * looked at; the file gets its name at the end (app/outfile.h says what kill -9 leaves). A run
 * without failures leaves an empty file. Mode 0600: its URLs have their passwords. Main's thread
 * only.
 */
#ifndef PX_APP_FAILURES_H
#define PX_APP_FAILURES_H

#include <stdio.h>

#include <pxfer/attr.h>
#include <pxfer/item.h>

struct failures;

/* `write_entry` writes one task's entry, or those of its items that failed, and says PX_OK or
 * PX_EIO (px_fetch_write_entry is one). PX_EIO / PX_EFULL with errno. PX_ENOMEM. */
PX_NODISCARD int failures_open(const char *path,
                               int (*write_entry)(const struct px_result *task, FILE *out),
                               struct failures **out);

/* Adds a task with failed items. NULL list: nothing. PX_EIO / PX_EFULL; the list stays usable. */
PX_NODISCARD int failures_add(struct failures *list, const struct px_result *task);

/* Gives the file its name; frees. PX_EIO / PX_EFULL. NULL: PX_OK. */
PX_NODISCARD int failures_close(struct failures *list);

/* A write_entry for plain paths: the source of each failed item, a line each. A path with a
 * newline in it is left out: PX_EINVAL after the others were written. */
PX_NODISCARD int failures_write_sources(const struct px_result *task, FILE *out);

#endif
