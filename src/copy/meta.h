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

/* Gives descriptor `fd` (regular file or directory, its data written) the owner, mode and times of
 * `want`; calls are made only where `has` differs, the times are set always and last.
 *
 * The owner is kept where that is allowed, silently left where not; unless it was demanded
 * (px_copy_opts), then that is PX_EATTR, after everything else was done. Where it was not kept,
 * set-user-ID, set-group-ID and sticky bits are not given (as cp does).
 *
 * PX_OK. PX_EATTR: an attribute could not be kept; the file may be published all the same.
 * PX_EFULL, PX_EIO: the target failed; do not publish. The text is in `fail`. */
PX_NODISCARD int px_meta_apply(const struct px_copier *copier, int fd, const struct stat *want,
                               const struct px_owned *has, struct px_fail *fail);

/* Owner and times of the symbolic link `name` in directory `dirfd`, which was just made there. `has`
 * may be NULL: its owner is looked up. Results as above. */
PX_NODISCARD int px_meta_apply_link(const struct px_copier *copier, int dirfd, const char *name,
                                    const struct stat *want, const struct px_owned *has,
                                    struct px_fail *fail);

/* Pure: the permission bits to give when the owner was kept or not. */
mode_t px_meta_mode(mode_t want, bool owner_kept);

#endif
