/* SPDX-License-Identifier: MIT
 *
 * fetch/shard.h - which of K runs of the same command takes an item. Pure; any thread.
 *
 * The answer depends on the text alone, not on the machine, the version of the program or the order
 * of the list: so the shares of all runs are disjoint, and together they are the list.
 */
#ifndef FETCH_SHARD_H
#define FETCH_SHARD_H

#include <stddef.h>
#include <stdint.h>

/* 0..count-1, by the host of a URL, in any case and without user and port. */
uint32_t shard_of_host(const char *url, uint32_t count);

/* 0..count-1, by any text: a target's path. */
uint32_t shard_of_text(const char *text, size_t len, uint32_t count);

#endif
