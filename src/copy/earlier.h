/* SPDX-License-Identifier: MIT
 *
 * copy/earlier.h - what an earlier run has done already, by what the journal says and by what is
 * there: a journal alone proves nothing.
 */
#ifndef PX_COPY_EARLIER_H
#define PX_COPY_EARLIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/file.h"

/* Did an earlier run copy this very file? The record's size and time must be those of the source and
 * of the target as they are now; with --verify the contents are compared, too. Then
 * entry->skip_reason is set, and the digest that the record has. PX_ESRC, PX_EIO, PX_ECANCELED: while
 * comparing. */
PX_NODISCARD int px_earlier_apply(struct px_copier *copier, struct px_entry *entry,
                                  const struct px_file *file, struct px_fail *fail);

/* Is a file of this size and kind continued chunk by chunk? Then its temporary file has a name from
 * the start and is kept when the run ends early. */
bool px_earlier_continues(const struct px_copier *copier, const struct px_entry *entry,
                          const struct stat *source);

/* Was the temporary file `inode` begun for the source as it is now? Then out->begun says by which
 * run. (Of another one nothing can be left in it: holes and zeros need not be written.) */
bool px_earlier_knows_part(struct px_copier *copier, const struct px_entry *entry,
                           const struct stat *source, uint64_t inode, struct px_out *out);

/* This run begins it, empty. When that cannot be noted no chunk of it will be. */
void px_earlier_begin(struct px_copier *copier, const struct px_entry *entry,
                      const struct stat *source, uint64_t inode, struct px_out *out);

/* Is the chunk in the temporary file already? */
bool px_earlier_has_chunk(struct px_copier *copier, const struct px_entry *entry,
                          const struct px_file *file, uint64_t offset, uint64_t bytes);

/* It is there now: tells the journal; with --sync=file it is put on the disk before. PX_EIO, PX_EFULL:
 * that failed. */
PX_NODISCARD int px_earlier_note_chunk(struct px_copier *copier, const struct px_entry *entry,
                                       const struct px_file *file, uint64_t offset, uint64_t bytes,
                                       struct px_fail *fail);

/* Pure: nanoseconds since 1970. */
int64_t px_earlier_mtime_ns(const struct stat *st);

#endif
