/* SPDX-License-Identifier: MIT
 *
 * app/scratch.h - folders for measured runs: made beside the real target, on its file system, and
 * removed with all that is in them.
 */
#ifndef PX_APP_SCRATCH_H
#define PX_APP_SCRATCH_H

#include <pxfer/attr.h>

/* Makes PARENT/.NAME-scratch-XXXXXX (mode 0700); the path is the caller's. PX_EIO / PX_EFULL with
 * errno, PX_ENOMEM. */
PX_NODISCARD int scratch_new(const char *parent, const char *name, char **path);

/* The nearest directory on the way up from `path` that exists: what will be made below it lies on its
 * file system. NULL when out of memory; caller frees. */
PX_NODISCARD char *scratch_existing_parent(const char *path);

/* Removes the folder and everything below it, never following a link. PX_EIO with errno of the first
 * thing that could not be removed; the rest is removed all the same. NULL: PX_OK. */
PX_NODISCARD int scratch_remove(const char *path);

#endif
