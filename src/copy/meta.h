/* SPDX-License-Identifier: MIT
 *
 * copy/meta.h - owner, mode and times, in the one order that is right.
 */
#ifndef PX_COPY_META_H
#define PX_COPY_META_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"

/* What a new file or directory has now. */
struct px_owned {
    uid_t uid;
    gid_t gid;
    mode_t mode; /* permission bits, 07777 */
};

/* One file or directory whose data is written. */
struct px_meta {
    struct px_pair *pair;
    int in;  /* the source, for its extended attributes; open for reading or O_PATH */
    int out; /* the copy, the same; its attributes are set on this descriptor */
    const struct stat *want; /* the source's */
    struct px_owned has;
    bool clean; /* the copy has inherited no ACL */
};

/* Gives the copy the extended attributes, ACLs, owner, mode and times of the source, as far as they
 * are to be kept (px_copy_keep); calls are made only where `has` differs, the times are set last.
 *
 * The owner is kept where that is allowed, silently left where not; unless it was demanded, then
 * that is PX_EATTR, after everything else was done. Where it was not kept, set-user-ID,
 * set-group-ID and (of a file) sticky bits are not given, as cp does.
 *
 * PX_OK. PX_EATTR: an attribute could not be kept; the file may be published all the same.
 * PX_EFULL, PX_EIO: the target failed; do not publish. The text is in `fail`. */
PX_NODISCARD int px_meta_apply(struct px_copier *copier, const struct px_meta *meta,
                               struct px_fail *fail);

/* The permission bits to make a new file or directory with. */
mode_t px_meta_new_mode(const struct px_copier *copier, mode_t source);

/* A symbolic link or special file that was just made under `name` in directory `dirfd`. */
struct px_meta_at {
    struct px_pair *pair;
    int source_dirfd;
    const char *source_name;
    int dirfd;
    const char *name;
    const struct stat *want;    /* the source's */
    const struct px_owned *has; /* a link: owner of what is new there; NULL: has to be looked up */
};

/* The same for what has no descriptor that data goes through. Results as above. */
PX_NODISCARD int px_meta_apply_at(struct px_copier *copier, const struct px_meta_at *at,
                                  struct px_fail *fail);

/* Pure: the permission bits to give when the owner was kept or not. */
mode_t px_meta_mode(mode_t want, bool owner_kept);

#endif
