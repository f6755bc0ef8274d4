/* SPDX-License-Identifier: MIT
 *
 * fetch/handle.h - the easy handle of a place: kept as long as it may be, replaced where what it has
 * learnt of one server is not for another. On the worker's own thread.
 */
#ifndef FETCH_HANDLE_H
#define FETCH_HANDLE_H

#include <stdbool.h>

#include <curl/curl.h>

#include <pxfer/attr.h>

struct transfer;

/* transfer->easy, for a place that has none. PX_ENOMEM, PX_EINVAL. */
PX_NODISCARD int handle_make(struct transfer *transfer);

/* Before each request, to `url` with `headers`: the handle is one that may be used for it, and holds
 * the cookies for it. `begins`: the request is the first of its task's URL, not a hop. As
 * handle_make(). */
PX_NODISCARD int handle_prepare(struct transfer *transfer, const char *url,
                                const struct curl_slist *headers, bool begins);

/* After a task: a handle that another task must not have goes. */
void handle_leave_task(struct transfer *transfer);

void handle_fini(struct transfer *transfer);

#endif
