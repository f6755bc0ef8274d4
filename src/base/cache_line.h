/* SPDX-License-Identifier: MIT
 *
 * base/cache_line.h - how far apart must be what different threads write to.
 *
 * Processors hand memory to each other by the line. Two threads that write to one line, even to different
 * variables in it, take it away from each other with every write ("false sharing"): so what each worker
 * counts for itself begins on a line of its own. 64 bytes on x86-64 and most ARM; where it is more, this
 * costs time and nothing else.
 */
#ifndef PX_BASE_CACHE_LINE_H
#define PX_BASE_CACHE_LINE_H

#define PX_CACHE_LINE 64

#endif
