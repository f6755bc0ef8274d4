/* SPDX-License-Identifier: MIT
 *
 * fetch/resume.h - going on with bytes that an earlier try or run has left: which they are, from where
 * to ask, and, when no validator tells versions apart, the proof that they are of the same one: the
 * last of them are asked for again and compared before anything is written.
 *
 * On the worker's thread, with the task in its place.
 */
#ifndef FETCH_RESUME_H
#define FETCH_RESUME_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct transfer;

/* So many held bytes are asked for again where there is no validator. Part of a page of text or a
 * block of a tar file is not enough to be unique; this is, and costs a millisecond of most lines. */
#define RESUME_OVERLAP ((size_t)64 << 10)

/* Once for each task: takes over what an earlier run left. PX_OK, also when there is nothing; else as
 * part_adopt(), with the task's part.stage. */
PX_NODISCARD int resume_look(struct transfer *transfer);

/* Sets what the next request asks for: transfer->from, to, trust, compare_left. */
void resume_plan(struct transfer *transfer);

/* Some of the task's bytes are those of an earlier try or run: it is counted, once. */
void resume_note(struct transfer *transfer);

/* Received bytes that are held already: how many of n. PX_OK: they are the same; PX_ECHANGED: they
 * are not; PX_EIO: the part cannot be read. */
PX_NODISCARD int resume_compare(struct transfer *transfer, const char *bytes, size_t n,
                                size_t *compared);

#endif
