/* SPDX-License-Identifier: MIT
 *
 * base/share.h - which of N runs of the same command takes something (--shard). Pure; any thread.
 *
 * The answer depends on the text alone, not on the machine, the version of the program or the order
 * in which things turn up: so the shares of all runs are disjoint, and together they are everything.
 */
#ifndef PX_BASE_SHARE_H
#define PX_BASE_SHARE_H

#include <stddef.h>
#include <stdint.h>

/* A text in pieces: begin, add ..., pick. */
uint64_t px_share_begin(void);
uint64_t px_share_add(uint64_t hash, const char *text, size_t len);
/* 0..count-1. */
uint32_t px_share_pick(uint64_t hash, uint32_t count);

/* The three at once. */
uint32_t px_share_of(const char *text, size_t len, uint32_t count);

#endif
