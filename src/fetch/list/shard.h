/* SPDX-License-Identifier: MIT
 *
 * fetch/list/shard.h - which of K runs of the same command takes a host (base/share.h). Pure; any thread.
 */
#ifndef FETCH_LIST_SHARD_H
#define FETCH_LIST_SHARD_H

#include <stdint.h>

/* 0..count-1, by the host of a URL, in any case and without user and port. */
uint32_t shard_of_host(const char *url, uint32_t count);

#endif
