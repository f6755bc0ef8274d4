/* SPDX-License-Identifier: MIT
 *
 * app/journal.h - one JSON object for each finished item: --journal (a file that is only ever
 * appended to) and --json (standard output).
 *
 * A file gets one write(2) for each item, so what is there after kill -9 is whole lines and at most
 * one torn one at the end; the next run begins on a new line. Readers skip a line that is no JSON,
 * and an object with a member "event": that is no item.
 *
 * The journal knows neither fetch nor copy: what an engine has to add comes through the schema.
 * Main's thread only.
 */
#ifndef PX_APP_JOURNAL_H
#define PX_APP_JOURNAL_H

#include <stdbool.h>

#include <pxfer/attr.h>
#include <pxfer/item.h>
#include <pxfer/outlock.h>
#include <pxfer/source.h>

#include "app/jsonl.h"
#include "base/clock.h"

struct px_io_ops;
struct journal;

/* How an engine's items are told. All borrowed, static as a rule. */
struct journal_schema {
    const char *source_key;         /* "url", "source" */
    const char *target_key;         /* "path" */
    bool source_is_url;             /* mask its secrets */
    const char *const *phase_names; /* NULL-terminated */
    /* Adds the engine's own members (http, etag, digest ...) to the open object; may be NULL. */
    void (*detail)(struct jsonl *json, const struct px_item *item);
    /* The members of a decision's object, "event" the first; NULL = decisions are not told. */
    void (*decision)(struct jsonl *json, const struct px_decision *decision);
};

/* A journal in file `path`, made when missing. `clock` and `io`: NULL = real; borrowed.
 * PX_EIO / PX_EFULL: errno says why. PX_ENOMEM. */
PX_NODISCARD int journal_open(const char *path, const struct journal_schema *schema,
                              const struct px_clock *clock, const struct px_io_ops *io,
                              struct journal **out);

/* The same objects as blocks of an outlock (borrowed). PX_ENOMEM. */
PX_NODISCARD int journal_on_outlock(struct px_outlock *lock, const struct journal_schema *schema,
                                    const struct px_clock *clock, struct journal **out);

/* Adds one item. NULL journal: nothing. PX_EIO / PX_EFULL, PX_ENOMEM; the item is lost, the journal
 * stays usable. */
PX_NODISCARD int journal_add(struct journal *journal, const struct px_item *item);

/* A journal_schema.decision: another number of items at a time. */
void journal_level(struct jsonl *json, const struct px_decision *decision);

/* Adds a decision of the source, which is no item. As journal_add(). */
PX_NODISCARD int journal_add_decision(struct journal *journal, const struct px_decision *decision);

/* PX_EIO: close(2) said that something was lost. Frees in any case; NULL is legal. */
PX_NODISCARD int journal_close(struct journal *journal);

/* The object itself, without its line end, into `json` (for tests and other sinks). `wall_s`:
 * seconds since 1970, 0 = no "time" member. */
void journal_object(struct jsonl *json, const struct journal_schema *schema,
                    const struct px_item *item, int64_t wall_s);

#endif
