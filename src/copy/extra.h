/* SPDX-License-Identifier: MIT
 *
 * copy/extra.h - what a target directory has and its source has not: removed with --delete, told
 * with --check, listed in a dry run.
 */
#ifndef PX_COPY_EXTRA_H
#define PX_COPY_EXTRA_H

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/dir.h"

/* Called when everything below `dir` is finished, before its own attributes are set. Does nothing
 * unless it was asked for, and never when the source was not listed to its end, something in the
 * directory failed or was canceled, or the target was made by this run. Each name is settled as an
 * item of its own. When the target directory cannot be read nothing is known of it: PX_EIO, PX_EFULL,
 * PX_ENOMEM. */
PX_NODISCARD int px_extra_handle(struct px_copier *copier, struct px_dir *dir,
                                 struct px_fail *fail);

#endif
