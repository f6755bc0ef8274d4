/* SPDX-License-Identifier: MIT
 *
 * pxfer/outlock.h - the print lock: whole blocks, never interleaved.
 *
 * One outlock stands for one output stream. A block given to it appears whole: no other thread's
 * bytes inside it. It can carry an overlay (the live progress lines of a terminal): a block is then
 * written above the overlay, which is erased before and drawn again after.
 *
 * Any thread may call any function. Writing happens under the lock: that is what it is for.
 */
#ifndef PXFER_OUTLOCK_H
#define PXFER_OUTLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

PX_BEGIN_DECLS

struct px_outlock;

/* An outlock for descriptor `fd` (borrowed, stays open). PX_ENOMEM. */
PX_API PX_NODISCARD int px_outlock_new(int fd, struct px_outlock **out);

/* Erases the overlay, frees. Does not close the descriptor. NULL is legal. */
PX_API void px_outlock_free(struct px_outlock *lock);

/* Writes `len` bytes as one block (a block should end in a newline when an overlay is in use).
 * PX_EIO: the descriptor failed (closed, full); remembered, see px_outlock_failed(). */
PX_API int px_outlock_write(struct px_outlock *lock, const char *block, size_t len);

/* printf into one block. PX_EIO as above, PX_ENOMEM. */
PX_API int px_outlock_printf(struct px_outlock *lock, const char *fmt, ...) PX_PRINTF(2, 3);

/* Replaces the overlay by `text` (copied; complete lines, each ending in a newline; every line must
 * fit the terminal's width) or removes it (NULL or ""). PX_ENOMEM, PX_EIO. */
PX_API int px_outlock_overlay(struct px_outlock *lock, const char *text);

/* True when any write ever failed. */
PX_API bool px_outlock_failed(struct px_outlock *lock);

PX_END_DECLS

#endif
