/* SPDX-License-Identifier: MIT
 *
 * app/resume.h - a journal read back: what earlier runs of pfetch finished.
 *
 * A line counts when it is a whole JSON object with "id", a status that says the file was there as
 * the server has it (ok, or skipped as "done" or "not modified"), "path", "size" and "mtime". Of
 * several with one id the last counts. Everything else (torn lines, garbage, other programs' or older
 * journals) is passed over: it proves nothing.
 *
 * In memory there are 16 bytes for each such line, beyond a limit on disk (base/bigmap.h); the line
 * itself is read again when it is asked for. Main's thread only.
 */
#ifndef PX_APP_RESUME_H
#define PX_APP_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

/* The time as "mtime" has it, "SECONDS.NANOSECONDS" with nine digits; seconds may be negative. */
#define RESUME_MTIME_ROOM 32
void resume_format_mtime(int64_t ns, char out[RESUME_MTIME_ROOM]);
/* The way back. False: it is no such text. */
bool resume_parse_mtime(const char *text, int64_t *ns);

struct px_io_ops;
struct resume;

/* Reads the journal as it is now; what is appended later is not seen. No file, or one that is none
 * (a FIFO, a terminal): then nothing is known. `stop` (NULL = never) is asked now and then; when it
 * says so the rest is left unread. `io`: NULL = real. PX_EIO with errno: it, or the temporary file,
 * could not be read or written; PX_ENOMEM. */
PX_NODISCARD int resume_open(const char *path, const struct px_io_ops *io, bool (*stop)(void),
                             struct resume **out);
void resume_free(struct resume *resume);

/* px_fetch_memory.find; ctx is the struct resume. */
bool resume_find(void *ctx, uint64_t id, const char *url, struct px_fetch_record *out);

#endif
