/* SPDX-License-Identifier: MIT
 *
 * copy/chunks.h - one large file copied by several workers at different offsets.
 *
 * The worker that opened the file takes chunk after chunk; for the other workers it offers tasks
 * that say "lend a hand". Whoever is there takes the next chunk; whoever leaves last, when none is
 * left, publishes. A helper that comes too late finds nothing to do. So a queue full of other work
 * costs nothing, and nobody waits for anybody.
 */
#ifndef PX_COPY_CHUNKS_H
#define PX_COPY_CHUNKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/file.h"

struct px_chunks;

/* The size of a chunk, as the options have it. */
uint64_t px_chunks_bytes(const struct px_copier *copier);

/* Why one worker copies the file alone: it is not large enough (two chunks), there are no others, it
 * does not pay between these two devices. Static text; NULL: several workers share it. */
const char *px_chunks_obstacle(const struct px_copier *copier, const struct px_entry *entry,
                               const struct stat *st);

/* Takes over `file` and, with the helpers' hands, copies, publishes and settles it: here, or on the
 * thread of a helper after this call returned. PX_ENOMEM: nothing was taken over. */
PX_NODISCARD int px_chunks_copy(struct px_copier *copier, const struct px_entry *entry,
                                const struct px_file *file);

/* The body of a PX_TASK_HELP task: lends a hand, gives up the task's reference. */
void px_chunks_help(struct px_copier *copier, struct px_copy_task *task);

#endif
