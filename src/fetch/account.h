/* SPDX-License-Identifier: MIT
 *
 * fetch/account.h - where the time went: the phases of a request, a task, a worker.
 *
 * On the worker's thread.
 */
#ifndef FETCH_ACCOUNT_H
#define FETCH_ACCOUNT_H

struct transfer;

/* A request is over: its phases, bytes and connections. */
void account_request(struct transfer *transfer);

/* A try is over; item.end_ns is set. */
void account_task(struct transfer *transfer);

#endif
