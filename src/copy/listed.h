/* SPDX-License-Identifier: MIT
 *
 * copy/listed.h - names that a list gives instead of a directory (--files-from): a batch of paths,
 * sorted, so that what is below a directory is a range of it. Pure memory; fixed after new, so any
 * worker may read it.
 */
#ifndef PX_COPY_LISTED_H
#define PX_COPY_LISTED_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

#define PX_LISTED_NAME_ROOM 256

struct px_listed;

/* The paths below one directory; they have their first `skip` bytes in common. */
struct px_listed_part {
    const struct px_listed *batch; /* borrowed; NULL: no list */
    size_t first;
    size_t end;
    size_t skip;
    bool whole; /* all of the directory was asked for; the names must be there all the same */
};

/* A cleaned path into `out` (room for strlen(path) + 1): no slash at the begin, none twice, no ".";
 * a slash at the end stays. PX_EINVAL: "..", or a component of more than 255 bytes. An empty result
 * is the directory of the list itself. */
PX_NODISCARD int px_listed_clean(const char *path, char *out);

/* Takes `text` (malloc) on success: `bytes` bytes of cleaned paths, each with a NUL. PX_ENOMEM. */
PX_NODISCARD int px_listed_new(char *text, size_t bytes, struct px_listed **out);
void px_listed_free(struct px_listed *batch);

/* Everything. */
struct px_listed_part px_listed_all(const struct px_listed *batch);

/* The next name of the directory at or after `*at` (begin with part->first), which is moved on.
 * `*is_dir`: something below it is listed. False: no more. */
bool px_listed_next(const struct px_listed_part *part, size_t *at, char name[PX_LISTED_NAME_ROOM],
                    bool *is_dir);

/* What is listed below the directory `name` of `part`; `whole` when its path, or that of a directory
 * that it is in, ended in a slash. */
struct px_listed_part px_listed_below(const struct px_listed_part *part, const char *name);

#endif
