/* SPDX-License-Identifier: MIT
 *
 * app/plan.h - what a dry run would have done: "SOURCE -> TARGET" lines, if the
 * engine wants with words before, gathered so that ten million
 * of them are not ten million writes. Main's thread only.
 */
#ifndef PX_APP_PLAN_H
#define PX_APP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/item.h>

struct px_outlock;

#define PLAN_BYTES ((size_t)65536)

/* Writes what comes before the paths into `out` (`room` bytes), without a line end. */
typedef void plan_words_fn(const struct px_item *item, char *out, size_t room);

#define PLAN_WORDS_ROOM 64

struct plan {
    struct px_outlock *out; /* borrowed; NULL: there is no plan */
    plan_words_fn *words;   /* NULL = none */
    size_t len;
    char text[PLAN_BYTES];
};

/* Adds a line; `source_is_url`: shown with its secrets masked. PX_EIO: it could not be written;
 * PX_ENOMEM. */
PX_NODISCARD int plan_add(struct plan *plan, const struct px_item *item, bool source_is_url);

/* Writes what was gathered; whenever nothing more comes at once. PX_EIO. */
PX_NODISCARD int plan_flush(struct plan *plan);

#endif
