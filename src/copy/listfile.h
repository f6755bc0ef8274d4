/* SPDX-License-Identifier: MIT
 *
 * copy/listfile.h - the file of --files-from, read batch by batch so that its length does not decide
 * about memory. The owner's thread only.
 */
#ifndef PX_COPY_LISTFILE_H
#define PX_COPY_LISTFILE_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "copy/listed.h"

struct px_listfile;
struct px_io_ops;

/* `path` "-": standard input. `nul`: names end in NUL, else in a newline, and then empty lines and
 * those that begin with "#" or ";" are passed over. `batch_bytes`: 0 = 16 MiB. PX_EIO with errno,
 * PX_ENOMEM. */
PX_NODISCARD int px_listfile_open(const struct px_io_ops *io, const char *path, bool nul,
                                  size_t batch_bytes, struct px_listfile **out);
void px_listfile_free(struct px_listfile *file);

/* The next batch, which the caller owns. Never waits: PX_EAGAIN: a pipe has nothing now. PX_EEND.
 * PX_EBADLINE: px_listfile_bad() is a name that must not be; go on. PX_EIO with errno, PX_ENOMEM. */
PX_NODISCARD int px_listfile_next(struct px_listfile *file, struct px_listed **out);

/* After PX_EBADLINE; until the next call. */
const char *px_listfile_bad(const struct px_listfile *file, uint64_t *line);

#endif
