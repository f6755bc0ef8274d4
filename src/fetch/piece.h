/* SPDX-License-Identifier: MIT
 *
 * fetch/piece.h - a transfer of one piece of a file that several workers fetch (joint.h): what it
 * asks for, which of the bytes are its own, how it ends.
 *
 * On the worker's thread, with the task in its place. Everything here is about tasks that have a
 * joint, but for piece_open(), which gives it to them.
 */
#ifndef FETCH_PIECE_H
#define FETCH_PIECE_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

struct transfer;

/* The body of a file begins that one stream was asked for. When it is worth it, and the server does
 * not refuse ranges, it becomes a file in pieces: this stream has the first one, and the source hears
 * of it. Nothing changes for the stream. As part_append(). */
PX_NODISCARD int piece_open(struct transfer *transfer);

/* Before a try, or the next request of one. PX_OK: transfer->from, to are set. PX_EEND: there is
 * nothing to ask for: the try is over, and its outcome is set. */
PX_NODISCARD int piece_plan(struct transfer *transfer);

/* The reply passed the gate: the bytes belong to this transfer from now on. */
void piece_begin(struct transfer *transfer);

/* Of n received bytes: how many to pass over, and how many to write behind these. Fewer than n
 * together: the piece is over. */
size_t piece_accept(struct transfer *transfer, size_t n, size_t *skip);

/* Writes the transfer's buffer. PX_EIO, PX_EFULL with the task's part.stage and err. */
PX_NODISCARD int piece_write(struct transfer *transfer);

/* Nobody needs more bytes of this transfer. */
bool piece_is_over(const struct transfer *transfer);

/* The piece has its bytes, or another has taken them over. Sets the outcome. */
void piece_finish(struct transfer *transfer);

/* The gate said that the reply is not what was asked for. Sets the outcome. */
void piece_refused(struct transfer *transfer);

/* The try is over, whatever its outcome. */
void piece_release(struct transfer *transfer);

#endif
