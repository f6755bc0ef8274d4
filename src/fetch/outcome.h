/* SPDX-License-Identifier: MIT
 *
 * fetch/outcome.h - how a try ends: the task's state, status and sentence, what the source is told
 * about another try, and, when all went well, the checks and the file's final name.
 *
 * On the worker's thread, with the task in its place.
 */
#ifndef FETCH_OUTCOME_H
#define FETCH_OUTCOME_H

#include <stdbool.h>

#include <curl/curl.h>

struct transfer;

/* All bytes are there: flush, compare the checksum, publish. Sets the outcome, whatever it is. */
void outcome_finish(struct transfer *transfer);

/* The server says that the file that is there is still its own. */
void outcome_unmodified(struct transfer *transfer);

/* The failures, by what knows the reason. */
void outcome_failed(struct transfer *transfer, int status, const char *why); /* why: printable */
void outcome_part_failed(struct transfer *transfer, int status); /* task->part has stage and err */
void outcome_curl_failed(struct transfer *transfer, CURLcode code);
void outcome_http_failed(struct transfer *transfer); /* detail.http_status */

/* The task has its outcome already, from the head of a reply (latename.h): nothing else is kept. */
void outcome_settled(struct transfer *transfer);

/* After a task_set_failed() of the caller's own: what the source is to know. */
void outcome_note(struct transfer *transfer, int status, bool transient);

#endif
