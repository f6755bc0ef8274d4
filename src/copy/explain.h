/* SPDX-License-Identifier: MIT
 *
 * copy/explain.h - which way the bytes went, and why (--explain, -vv): for each large file, and for
 * the others once for each reason and pair of devices.
 */
#ifndef PX_COPY_EXPLAIN_H
#define PX_COPY_EXPLAIN_H

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/pair.h"

/* A file was copied in the way that the entry says. */
void px_explain_file(const struct px_copier *copier, const struct px_entry *entry);

/* Something was decided for a pair of devices: "WHAT, between devices A and B: WHY". Both are static
 * text; said once. */
void px_explain_note(const struct px_copier *copier, struct px_pair *pair, const char *what,
                     const char *why);

#endif
