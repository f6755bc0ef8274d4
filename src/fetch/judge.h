/* SPDX-License-Identifier: MIT
 *
 * fetch/judge.h - the judgement of a reply by its head. On the worker's thread.
 */
#ifndef FETCH_JUDGE_H
#define FETCH_JUDGE_H

struct transfer;

/* Asks the gate, and prepares the task for what it says (transfer->gate). Called at the first byte, or
 * at the end of a reply without one. */
void judge_reply(struct transfer *transfer);

#endif
