/* SPDX-License-Identifier: MIT
 *
 * app/writeout.h - `--write-out FORMAT`: a text of the user's own for each finished item, and the
 * line of --spider. Variables are %{NAME}, with curl's names where they mean the same; \n, \t, \r, \\
 * and %% are what they are in curl's -w.
 *
 * What came from outside is escaped, and secrets are masked. Main's thread only.
 */
#ifndef PX_APP_WRITEOUT_H
#define PX_APP_WRITEOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <pxfer/attr.h>
#include <pxfer/item.h>

#include "app/exits.h"
#include "app/journal.h"

struct writeout;

/* `format`: the text, or @FILE, @- for standard input. PX_EUSAGE with the reason in `error` (room
 * bytes): an unknown variable, a file that cannot be read. PX_ENOMEM. */
PX_NODISCARD int writeout_new(const char *format, const struct journal_schema *schema,
                              const struct exits_table *exits, char *error, size_t room,
                              struct writeout **out);

/* "URL - exists", "URL - does not exist", or the reason why that is not known, a line each. */
PX_NODISCARD int writeout_new_spider(struct writeout **out);

void writeout_free(struct writeout *writeout); /* NULL is legal */

bool writeout_wants_title(const struct writeout *writeout);

/* An item of the download engine. PX_EIO, PX_ENOMEM. */
PX_NODISCARD int writeout_item(struct writeout *writeout, const struct px_item *item, FILE *to);

#endif
