/* SPDX-License-Identifier: MIT
 *
 * fetch/stream.h - --stdout: a source around the engine's own one, in which finished tasks wait until
 * their bodies are out, in list order.
 *
 * Only whole bodies go out, those that passed their checks. The first task that failed for good ends
 * the output: what follows it would be taken for what is missing. On the owner's thread.
 */
#ifndef FETCH_STREAM_H
#define FETCH_STREAM_H

#include <stdbool.h>

#include <pxfer/attr.h>
#include <pxfer/source.h>

struct fetch_task;
struct px_fetch;
struct stream;

/* Puts the stream around `inner`, which it owns on success, and into fetch->stream. next() says
 * PX_EPIPE when the reader has gone (error() has nothing to say then), PX_EOUTPUT when the descriptor
 * failed. PX_ENOMEM, PX_ETHREAD. */
PX_NODISCARD int stream_new(struct px_fetch *fetch, struct px_source *inner,
                            struct px_source **out);

/* For the inner source; a NULL stream has room for ever and reserves nothing. */

/* May another task be made? */
bool stream_has_room(struct stream *stream);
/* One was: its place is behind all others. */
void stream_reserve(struct stream *stream, struct fetch_task *task);

#endif
