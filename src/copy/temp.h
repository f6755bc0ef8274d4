/* SPDX-License-Identifier: MIT
 *
 * copy/temp.h - the temporary name beside a final one: recognisable and the same each time, so that
 * what a killed run left behind is found and removed by the next run of the same command.
 *
 * Who writes to a temporary file holds an exclusive flock(2) on it from before it has the name until
 * after the rename; who finds the name taken removes the file only with that lock in hand. So two
 * runs never take each other's file away.
 */
#ifndef PX_COPY_TEMP_H
#define PX_COPY_TEMP_H

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"

#define PX_TEMP_ROOM 256 /* NAME_MAX of Linux and the BSDs, and a NUL */

/* ".NAME.pcopy-tmp", or ".NAME.pcopy-tmpN" for turn N > 0 (a source of that name exists). A name
 * that would get longer than 255 bytes is cut and gets a hash of the whole. Pure. */
void px_temp_name(const char *name, unsigned turn, char out[PX_TEMP_ROOM]);

/* ".NAME.pcopy-part": of a large file that another run may go on with. Pure. */
void px_temp_part_name(const char *name, char out[PX_TEMP_ROOM]);

/* The first such name that no file has in the source directory of `entry`: a temporary name must
 * not be the final name of another file. PX_EEXIST: all are taken. */
PX_NODISCARD int px_temp_choose(struct px_copier *copier, const struct px_entry *entry,
                                char out[PX_TEMP_ROOM], struct px_fail *fail);

/* Takes the exclusive lock without waiting. PX_EINUSE: another process has it. File systems without
 * locks count as locked. */
PX_NODISCARD int px_temp_lock(int fd, struct px_fail *fail);

/* Removes what stands at the temporary name `temp` of directory `dirfd`: a file nobody has locked,
 * or a link. PX_OK: it is gone. PX_EINUSE: another run has it. PX_EEXIST: something else is there. */
PX_NODISCARD int px_temp_clear(struct px_copier *copier, int dirfd, const char *temp,
                               struct px_fail *fail);

/* Is `fd` what the name stands for? PX_OK: `*same` tells. PX_EIO, PX_EFULL: it cannot be said. */
PX_NODISCARD int px_temp_check(struct px_copier *copier, int dirfd, const char *temp, int fd,
                               bool *same, struct px_fail *fail);

#endif
