/* SPDX-License-Identifier: MIT
 *
 * fetch/list/intake.h - from the inputs to tasks that this run has to do: the lists, the checksum files
 * that belong to them, --strict's look at the whole list before anything is fetched, and the share
 * of --shard.
 *
 * One thread (the source's). Nothing here waits.
 */
#ifndef FETCH_LIST_INTAKE_H
#define FETCH_LIST_INTAKE_H

#include <stdint.h>

#include <pxfer/attr.h>

struct fetch_task;
struct intake;
struct list;
struct px_fetch;

PX_NODISCARD int intake_new(const struct px_fetch *fetch, struct intake **out); /* PX_ENOMEM */
void intake_free(struct intake *intake);

/* PX_OK with the next task; one whose line cannot be used has failed already. PX_EAGAIN: none
 * before `*until_ns`. PX_EEND. PX_EIO, PX_EBADLINE: a list or a checksum file cannot be used: see
 * intake_error(). PX_ENOMEM. */
PX_NODISCARD int intake_next(struct intake *intake, int64_t now_ns, struct fetch_task **out,
                             int64_t *until_ns);

const char *intake_error(const struct intake *intake);

/* How many tasks will come in all; 0 = not known. */
uint64_t intake_total(const struct intake *intake);

/* For the names of inputs. */
const struct list *intake_list(const struct intake *intake);

#endif
