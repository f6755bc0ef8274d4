/* SPDX-License-Identifier: MIT
 *
 * fetch/list/sumfile.h - --checksum-file: files of checksums by name (sumline.h says which lines), held in
 * memory, about 100 bytes a line.
 *
 * One thread. Loading never waits: a pipe that has nothing ready gives PX_EAGAIN.
 */
#ifndef FETCH_LIST_SUMFILE_H
#define FETCH_LIST_SUMFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "base/digest.h"

struct sumfile;
struct px_io_ops;

/* Borrows all that it is given. PX_ENOMEM. */
PX_NODISCARD int sumfile_new(const struct px_io_ops *io, const char *const *paths, size_t n_paths,
                             struct sumfile **out);
void sumfile_free(struct sumfile *sums);

/* Reads on. PX_OK: all is there, and sumfile_find() may be called. PX_EAGAIN: call again.
 * PX_EIO: a file cannot be read; PX_EBADLINE: there is no checksum in it: see sumfile_error().
 * PX_ENOMEM. */
PX_NODISCARD int sumfile_load(struct sumfile *sums);

/* "FILE: reason", escaped; NULL = none. */
const char *sumfile_error(const struct sumfile *sums);

/* Lines that are no checksums, of all files, and where the first stands (`*path` borrowed). */
uint64_t sumfile_odd_lines(const struct sumfile *sums, const char **path, uint64_t *line);

enum sumfile_found {
    SUMFILE_FOUND,
    SUMFILE_NONE,      /* no line names it */
    SUMFILE_AMBIGUOUS, /* several names end like it, and their checksums differ */
    SUMFILE_TORN,      /* two lines give the same name different checksums */
};

/* The checksum for the file `target`, which came from `url` (without scheme and host as good as
 * with): by the longest name in the files that is the target or its end, else that is the end of
 * the URL's path, else by its last component where that is in the files only once. Of several kinds
 * for one name the strongest. */
enum sumfile_found sumfile_find(const struct sumfile *sums, const char *target, const char *url,
                                struct px_checksum *out);

#endif
