/* SPDX-License-Identifier: MIT
 *
 * fetch/targets.h - which line has which target, for the whole run: the source claims for names that
 * a list or a URL gives, the workers for names that servers give.
 *
 * Any thread.
 */
#ifndef FETCH_TARGETS_H
#define FETCH_TARGETS_H

#include <stddef.h>

#include <pxfer/attr.h>

struct fetch_task;
struct px_io_ops;
struct targets;

/* io is borrowed. PX_ENOMEM. */
PX_NODISCARD int targets_new(const struct px_io_ops *io, struct targets **out);
void targets_free(struct targets *targets);

/* The first line that claims a target has it. A task whose name is not known yet claims its URL, so
 * that the same line twice is found; once it is known, its target. PX_OK: this task has it. PX_EEXIST:
 * another has; then the task is finished: skipped when it is the same URL with the same checksum,
 * else failed. PX_EIO: the temporary file failed; PX_ENOMEM. */
PX_NODISCARD int targets_claim(struct targets *targets, struct fetch_task *task);

#endif
