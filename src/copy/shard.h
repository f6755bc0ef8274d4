/* SPDX-License-Identifier: MIT
 *
 * copy/shard.h - --shard: which of N runs of the same command takes a name, and what is different in
 * the directories that several of them work in.
 *
 * Down to a depth (1: the directory of an operand itself) directories are shared: every run makes
 * and finishes them. What is in one of them, and is no shared directory itself, belongs to one run,
 * with all below it: by its path below the operand alone.
 */
#ifndef PX_COPY_SHARD_H
#define PX_COPY_SHARD_H

#include <stdbool.h>

#include "base/fdio.h"
#include "copy/dir.h"

/* The place of a new directory among the shards; dir->parent is set. */
void px_shard_enter(struct px_dir *dir);

/* Do other runs work in the directory, too? */
bool px_shard_is_shared(const struct px_dir *dir);

/* Does this run take the name? Also asked for names that only the target has (`is_dir` false: one
 * run takes it, whatever it is). */
bool px_shard_takes(const struct px_dir *dir, const char *name, bool is_dir);

/* The same for an operand that is no directory, or is not there. */
bool px_shard_takes_operand(const struct px_copy_opts *opts, const char *name);

/* Calls that put names into directories, for runs that share them: one that ends early gives a
 * directory its mode, which may forbid its owner to write in it while the others still do. These
 * calls then give the owner's rights back and try again; whoever ends last sets the mode for good. */
struct px_io_ops px_shard_io(void);

#endif
