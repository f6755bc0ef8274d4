/* SPDX-License-Identifier: MIT
 *
 * app/copy_resume.h - pcopy's journal read back, and the lines about chunks of large files that are
 * written while a file is copied.
 *
 * Each line about a copied file or chunk has "run": 16 hex digits of the boot it was written in and 16
 * of the run. A line of another boot proves something only when it says "durable", or when its run
 * has a line "synced": what was copied then may not have been on the disk when the power went.
 */
#ifndef PX_APP_COPY_RESUME_H
#define PX_APP_COPY_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

struct copy_resume;

/* Reads the journal at `path` (app/journal_index.h) and opens it for lines of this run. PX_EIO,
 * PX_EFULL with errno; PX_ENOMEM. */
PX_NODISCARD int copy_resume_open(const char *path, bool (*stop)(void), struct copy_resume **out);
void copy_resume_free(struct copy_resume *resume);

/* What the engine asks, from any thread; valid until copy_resume_free(). */
struct px_copy_memory copy_resume_memory(struct copy_resume *resume);

/* All that this run has told of is on the disk. PX_EIO, PX_EFULL: that could not be written. */
PX_NODISCARD int copy_resume_note_synced(struct copy_resume *resume);

/* Pure: the "id" of a file, or of a chunk of one at `offset` (COPY_RESUME_FILE: the file). 16 hex
 * digits and a NUL. */
#define COPY_RESUME_FILE UINT64_MAX
#define COPY_RESUME_ID_ROOM 17
void copy_resume_id(const char *source, const char *target, uint64_t offset,
                    char out[COPY_RESUME_ID_ROOM]);

#endif
