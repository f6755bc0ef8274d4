/* SPDX-License-Identifier: MIT
 *
 * copy/direct.h - O_DIRECT on both sides of a file (--direct): its bytes go between the disk and the
 * worker's buffer, and stay out of memory otherwise.
 */
#ifndef PX_COPY_DIRECT_H
#define PX_COPY_DIRECT_H

#include <stddef.h>
#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/pair.h"

struct px_data;

/* What the worker's buffer is aligned to. A file system that wants more is copied through memory. */
#define PX_DIRECT_ALIGN_MAX ((size_t)4096)

/* Pure: the next multiple of `align` that is not below n. */
static inline size_t px_round_up(size_t n, size_t align)
{
    return n + (align - n % align) % align;
}

/* Where --direct asks for it: switches O_DIRECT on for both. What everything must be a multiple of;
 * 0: it is not on, and px_explain_note() has heard why. */
PX_NODISCARD size_t px_direct_begin(struct px_copier *copier, struct px_pair *pair, int in, int out,
                                    const struct stat *st);

/* Switches it off on both again. */
void px_direct_end(const struct px_copier *copier, int in, int out);

/* The same for a part in a worker's hands, after EINVAL of a call; others may go on in blocks. */
void px_direct_off(struct px_data *data);

#endif
