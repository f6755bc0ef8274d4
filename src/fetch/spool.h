/* SPDX-License-Identifier: MIT
 *
 * fetch/spool.h - where a body waits that goes to standard output: in memory when it is small, else
 * in a file without a name, in the engine's directory. Nothing of it outlives the process.
 */
#ifndef FETCH_SPOOL_H
#define FETCH_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "fetch/ordered.h"

struct fetch_task;
struct px_io_ops;

/* A body of at most so many bytes stays in memory. */
#define SPOOL_SMALL_BYTES ((size_t)16 << 10)

/* As part_append() for the task's part; `last`: these are the body's last bytes. PX_EFULL, PX_EIO,
 * PX_ENOMEM with stage and errno in the part. The worker's thread. */
PX_NODISCARD int spool_append(struct fetch_task *task, const char *bytes, size_t n, bool last);

/* The finished body; borrowed from the task. */
struct ordered_body spool_body(const struct fetch_task *task);

/* How much the directory's file system should be asked to hold: `wanted`, but no more than half of
 * what is free. */
uint64_t spool_room(int dirfd, uint64_t wanted);

#endif
