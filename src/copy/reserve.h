/* SPDX-License-Identifier: MIT
 *
 * copy/reserve.h - room for a file before it is written: is there enough, and where that makes writing
 * cheaper it is taken.
 */
#ifndef PX_COPY_RESERVE_H
#define PX_COPY_RESERVE_H

#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/pair.h"

/* Reserves blocks for a copy of `source` in the empty file `out`, whose size stays; does nothing where
 * that does not pay or cannot be done. Whoever writes less sets the size, which gives the rest back.
 * PX_EFULL: there is no room. */
PX_NODISCARD int px_reserve(const struct px_copier *copier, struct px_pair *pair, int out,
                            const struct stat *source, struct px_fail *fail);

#endif
