/* SPDX-License-Identifier: MIT
 *
 * copy/backup.c - second names for what is replaced. Any worker; no locks: the kernel's linkat(2)
 * and rename(2) decide who was first.
 */

#include "copy/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"
#include "copy/dir.h"
#include "copy/temp.h"

#define NUMBER_MAX 1000000
#define NAME_MAX_BYTES 255

static const char *backup_suffix(const struct px_copy_opts *opts)
{
    return opts->backup_suffix != NULL ? opts->backup_suffix : "~";
}

static bool ends_in(const char *name, const char *suffix)
{
    const size_t len = strlen(name);
    const size_t suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* NAME.~12~ */
static bool is_numbered(const char *name)
{
    const size_t len = strlen(name);
    size_t at = len > 0 ? len - 1 : 0;
    if (len < 5 || name[at] != '~') {
        return false;
    }
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9') {
        at--;
    }
    return at < len - 1 && at > 2 && name[at - 1] == '~' && name[at - 2] == '.';
}

bool px_backup_is_name(const struct px_copy_opts *opts, const char *name)
{
    switch (opts->backup) {
    case PX_BACKUP_NONE: return false;
    case PX_BACKUP_SIMPLE: return ends_in(name, backup_suffix(opts));
    case PX_BACKUP_NUMBERED: return is_numbered(name);
    }
    return false;
}

/* A file system without hard links, or one that refuses them here: the name is absent for a moment. */
static bool link_is_impossible(int err)
{
    return err == EPERM || err == EOPNOTSUPP || err == ENOSYS || err == EMLINK;
}

static int backup_too_long(struct px_fail *fail)
{
    return px_fail_set(fail, PX_EIO, ENAMETOOLONG, "backup");
}

static int backup_move(struct px_copier *copier, const char *name, int dirfd, const char *kept,
                       struct px_fail *fail)
{
    if (copier->io->renameat(dirfd, name, dirfd, kept) != 0) {
        return px_fail_target(fail, errno, "backup", dirfd);
    }
    return PX_OK;
}

static int backup_numbered(struct px_copier *copier, const char *name, int dirfd,
                           struct px_fail *fail)
{
    char kept[PX_TEMP_ROOM];
    for (unsigned i = 1; i < NUMBER_MAX; i++) {
        const int len = snprintf(kept, sizeof kept, "%s.~%u~", name, i);
        if (len < 0 || len > NAME_MAX_BYTES) {
            return backup_too_long(fail);
        }
        if (copier->io->linkat(dirfd, name, dirfd, kept, 0) == 0) {
            return PX_OK;
        }
        const int err = errno;
        struct stat st;
        if (link_is_impossible(err) &&
            copier->io->fstatat(dirfd, kept, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
            return backup_move(copier, name, dirfd, kept, fail);
        }
        if (err != EEXIST && !link_is_impossible(err)) {
            return px_fail_target(fail, err, "backup", dirfd);
        }
    }
    return px_fail_set(fail, PX_EEXIST, 0, "backup: no number is free");
}

/* An older backup is replaced: by a rename, so that there is always one. */
static int backup_replace(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                          const char *kept, struct px_fail *fail)
{
    char temp[PX_TEMP_ROOM];
    struct px_entry other = *entry; /* the temporary name of the entry itself is in use */
    other.target_name = kept;
    int status = px_temp_choose(copier, &other, temp, fail);
    if (status == PX_OK) {
        status = px_temp_clear(copier, dirfd, temp, fail);
    }
    if (status != PX_OK) {
        return status;
    }
    if (copier->io->linkat(dirfd, entry->target_name, dirfd, temp, 0) != 0) {
        const int err = errno;
        return link_is_impossible(err) ? backup_move(copier, entry->target_name, dirfd, kept, fail)
                                       : px_fail_target(fail, err, "backup", dirfd);
    }
    status = backup_move(copier, temp, dirfd, kept, fail);
    PX_IGNORE(
        copier->io->unlinkat(dirfd, temp, 0)); /* rename(2) leaves it when both are one file */
    return status;
}

static int backup_simple(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                         const struct stat *source, struct px_fail *fail)
{
    char kept[PX_TEMP_ROOM];
    struct stat st;
    const int len =
        snprintf(kept, sizeof kept, "%s%s", entry->target_name, backup_suffix(&copier->copy->opts));
    if (len < 0 || len > NAME_MAX_BYTES) {
        return backup_too_long(fail);
    }
    const bool taken = copier->io->fstatat(dirfd, kept, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (taken && st.st_dev == source->st_dev && st.st_ino == source->st_ino) {
        return px_fail_set(fail, PX_EREFUSED, 0, "backup: it would replace the source");
    }
    if (taken && S_ISDIR(st.st_mode)) {
        return px_fail_set(fail, PX_EEXIST, 0, "backup: the name is a directory's");
    }
    if (!taken && copier->io->linkat(dirfd, entry->target_name, dirfd, kept, 0) == 0) {
        return PX_OK;
    }
    if (!taken && link_is_impossible(errno)) {
        return backup_move(copier, entry->target_name, dirfd, kept, fail);
    }
    return backup_replace(copier, entry, dirfd, kept, fail);
}

int px_backup_keep(struct px_copier *copier, const struct px_entry *entry, int dirfd,
                   const struct stat *source, struct px_fail *fail)
{
    struct stat old;
    const enum px_backup how = copier->copy->opts.backup;
    if (how == PX_BACKUP_NONE ||
        copier->io->fstatat(dirfd, entry->target_name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
        return PX_OK;
    }
    return how == PX_BACKUP_NUMBERED ? backup_numbered(copier, entry->target_name, dirfd, fail)
                                     : backup_simple(copier, entry, dirfd, source, fail);
}
