/* SPDX-License-Identifier: MIT
 *
 * base/path.h - path strings, without touching the file system. No fixed-size buffers: results are
 * allocated, the caller frees, NULL means out of memory.
 */
#ifndef PX_BASE_PATH_H
#define PX_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

/* DIR/NAME with exactly one slash between; NAME alone when DIR is "" (a "." stays: "./NAME"). */
PX_NODISCARD char *px_path_join(const char *dir, const char *name);

/* A copy without trailing slashes ("/" stays "/"). */
PX_NODISCARD char *px_path_strip(const char *path);

/* Last component of a path, inside `path`, after ignoring trailing slashes: its start and length.
 * "a/b//" -> "b"; "/" -> "/"; "" -> "". */
const char *px_path_base(const char *path, size_t *len);

/* Everything before the last component: "a/b" -> "a", "b" -> ".", "/b" -> "/". */
PX_NODISCARD char *px_path_dir(const char *path);

/* True for "." and "..". */
bool px_path_is_dots(const char *name);

/* True when `path` ends in "/." or is "." (cp's "contents of"); slashes after it change nothing. */
bool px_path_ends_in_dot(const char *path);

#endif
