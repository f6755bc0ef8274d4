/* SPDX-License-Identifier: MIT
 *
 * fetch/ask.h - the requests of a try, one after the other: the task's own URL, the hops of its
 * redirects, the whole in place of a rest. Each is set up here, up to the handle that is ready for
 * the multi handle; what its reply comes to is not decided here (transfer.c).
 *
 * On the worker's thread, with the task in its place. Those that set up a request give PX_OK, or
 * else the try is over, and its outcome is set.
 */
#ifndef FETCH_ASK_H
#define FETCH_ASK_H

#include <pxfer/attr.h>

struct transfer;

/* The first of a try. PX_EEND: nothing is left to ask for (piece_plan()). PX_ENOMEM, PX_EINVAL. */
PX_NODISCARD int ask_first(struct transfer *transfer);

/* The same URL once more. As ask_first(). */
PX_NODISCARD int ask_again(struct transfer *transfer);

/* Where the reply's Location leads. As ask_first(), and PX_EPROTO: too many of them, or not to be
 * followed (redirect.h). */
PX_NODISCARD int ask_hop(struct transfer *transfer);

/* The whole, because transfer->gate refused the rest: drops what is held. As ask_first(), and, when
 * that has happened too often, PX_EPROTO, or PX_EINTEGRITY for a file that changes all the time. */
PX_NODISCARD int ask_anew(struct transfer *transfer);

/* The task's detail: where it was led, in how many hops. */
void ask_note_url(struct transfer *transfer);

/* Frees what the requests of a try have; also where there was none. */
void ask_forget(struct transfer *transfer);

#endif
