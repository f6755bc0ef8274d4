/* SPDX-License-Identifier: MIT
 *
 * copy/publish.h - how a file gets its final name: old, absent or complete, whatever happens.
 *
 * A new file has no name while it is written (O_TMPFILE) and gets the final one by linkat(); where
 * that name is taken it is linked under a temporary one and renamed over the old. A file system
 * without O_TMPFILE gets a temporary file from the start.
 */
#ifndef PX_COPY_PUBLISH_H
#define PX_COPY_PUBLISH_H

#include <stdbool.h>
#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/meta.h"
#include "copy/temp.h"

struct px_out {
    int fd;              /* -1: none open */
    bool named;          /* it has the name `temp` */
    struct px_owned has; /* what it was made with */
    bool part;  /* it may be one that an earlier run began, and can be continued by the next */
    bool fresh; /* a part without anything in it */
    bool keep;  /* a part that is not to be removed when it is given up */
    char begun[PX_COPY_RUN_ROOM]; /* the run that began the part; "": no chunk of it is noted */
    char temp[PX_TEMP_ROOM];
};

/* A new empty file that will become entry->target_name; its mode is that of `source` where that can
 * be (nobody can open it yet), else 0600. PX_EFULL, PX_EIO, PX_EINUSE, PX_EEXIST. */
PX_NODISCARD int px_out_open(struct px_copier *copier, const struct px_entry *entry,
                             const struct stat *source, struct px_out *out, struct px_fail *fail);

/* Gives it its name and closes it, whatever the result; on failure nothing is left of it and the old
 * file is untouched.
 * PX_OK; entry->skip_reason is set when the name was taken and existing files are to stay, or it
 * already is the same file as the source. PX_EAGAIN: a nameless file cannot get a name here; write
 * it again (the next one will have a name). PX_EEXIST: a directory has the name. PX_EFULL, PX_EIO,
 * PX_EINUSE. */
PX_NODISCARD int px_out_commit(struct px_copier *copier, struct px_entry *entry,
                               const struct stat *source, struct px_out *out, struct px_fail *fail);

/* Closes it and removes its temporary name. Legal when nothing is open. */
void px_out_abort(struct px_copier *copier, const struct px_entry *entry, struct px_out *out);

#endif
