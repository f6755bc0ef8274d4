/* SPDX-License-Identifier: MIT
 *
 * app/journal_index.h - where in a journal the last line with each "id" is, for both programs: what
 * the line proves is for resume.c (pfetch) and copy_resume.c (pcopy) to say.
 *
 * In memory there are 16 bytes for each line, beyond a limit on disk (base/bigmap.h); the line itself
 * is read again when it is asked for. One thread at a time.
 */
#ifndef PX_APP_JOURNAL_INDEX_H
#define PX_APP_JOURNAL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define JOURNAL_LINE_BYTES ((size_t)64 << 10) /* a longer line is passed over */

struct px_io_ops;
struct journal_index;

/* Told each whole line; false: it is worthless, whatever id it has. */
typedef bool journal_glance_fn(void *ctx, const char *line, size_t len);

/* Reads the journal as it is now; what is appended later is not seen. No file, or one that is none
 * (a FIFO, a terminal): nothing is known. `stop` (NULL = never) is asked now and then; when it says so
 * the rest is left unread. PX_EIO with errno: it, or the temporary file, could not be read or
 * written; PX_ENOMEM. */
PX_NODISCARD int journal_index_open(const char *path, const struct px_io_ops *io,
                                    bool (*stop)(void), journal_glance_fn *glance, void *ctx,
                                    struct journal_index **out);
void journal_index_free(struct journal_index *index);

/* The last line with that id, until the next call; NULL: none, or it cannot be read any more. */
const char *journal_index_line(struct journal_index *index, uint64_t id, size_t *len);

/* Pure: 16 hex digits and no more. */
bool journal_parse_id(const char *text, uint64_t *id);

/* Pure: does the line hold the text? In JSON a quote inside of a text is escaped, so bytes like
 * "status":"failed" with their quotes are members, whatever names hold. */
bool journal_line_has(const char *line, size_t len, const char *text);

#endif
