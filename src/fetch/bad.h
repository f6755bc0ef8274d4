/* SPDX-License-Identifier: MIT
 *
 * fetch/bad.h - a file that failed its check, kept for looking at (--keep-bad).
 */
#ifndef FETCH_BAD_H
#define FETCH_BAD_H

#include <pxfer/attr.h>

#include "fetch/part.h"

#define BAD_SUFFIX ".bad"

/* Gives the part the name .NAME.bad, in place of an older one of that name. Drop the part after it:
 * what was kept stays. PX_EIO, PX_EFULL with errno. */
PX_NODISCARD int bad_keep(struct part *part, const struct part_place *place);

#endif
