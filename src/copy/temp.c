/* SPDX-License-Identifier: MIT
 *
 * copy/temp.c - temporary names and their locks. No state; flock(2) is what keeps two processes
 * apart, two workers of one process never have the same name.
 */

#include "copy/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/fdio.h"
#include "copy/dir.h"

#define TEMP_TURNS 10
#define TEMP_SUFFIX ".pcopy-tmp"
#define PART_SUFFIX ".pcopy-part"
#define TEMP_MAX_BYTES 255
/* What is left for the name beside the dot, the suffix and the digit of the turn; and beside "~" and
 * 16 digits of hash. */
#define TEMP_WHOLE_BYTES (TEMP_MAX_BYTES - 1 - (int)(sizeof TEMP_SUFFIX - 1) - 1)
_Static_assert(sizeof PART_SUFFIX == sizeof TEMP_SUFFIX + 1, "a part has no digit of a turn");
#define TEMP_CUT_BYTES (TEMP_WHOLE_BYTES - 17)

/* FNV-1a, 64 bits: only to keep long names that begin alike apart. */
static uint64_t temp_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void px_temp_name(const char *name, unsigned turn, char out[PX_TEMP_ROOM])
{
    char turn_text[2] = {'\0', '\0'};
    if (turn > 0) {
        turn_text[0] = (char)('0' + turn % TEMP_TURNS);
    }
    const size_t len = strlen(name);
    if (len <= TEMP_WHOLE_BYTES) {
        (void)snprintf(out, PX_TEMP_ROOM, ".%.*s" TEMP_SUFFIX "%s", (int)len, name, turn_text);
    } else {
        (void)snprintf(out, PX_TEMP_ROOM, ".%.*s~%016" PRIx64 TEMP_SUFFIX "%s", TEMP_CUT_BYTES,
                       name, temp_hash(name), turn_text);
    }
}

void px_temp_part_name(const char *name, char out[PX_TEMP_ROOM])
{
    px_temp_name(name, 0, out);
    char *suffix = out + strlen(out) - (sizeof TEMP_SUFFIX - 1);
    memcpy(suffix, PART_SUFFIX, sizeof PART_SUFFIX);
}

int px_temp_choose(struct px_copier *copier, const struct px_entry *entry, char out[PX_TEMP_ROOM],
                   struct px_fail *fail)
{
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    int status = PX_EEXIST;
    for (unsigned turn = 0; turn < TEMP_TURNS && status == PX_EEXIST; turn++) {
        struct stat st;
        px_temp_name(entry->target_name, turn, out);
        if (copier->io->fstatat(fds.source, out, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            status = PX_OK;
        }
    }
    px_dir_release(entry->dir);
    return status == PX_OK
               ? PX_OK
               : px_fail_set(fail, status, 0, "create: every temporary name is a source's");
}

int px_temp_lock(int fd, struct px_fail *fail)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return px_fail_set(fail, PX_EINUSE, 0, "create: another pcopy writes this file");
    }
    return PX_OK; /* ENOLCK, EINVAL, ENOSYS: no locks here, nobody to be told apart */
}

int px_temp_check(struct px_copier *copier, int dirfd, const char *temp, int fd, bool *same,
                  struct px_fail *fail)
{
    struct stat by_name;
    struct stat by_fd;
    *same = false;
    if (copier->io->fstatat(dirfd, temp, &by_name, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? PX_OK : px_fail_target(fail, errno, "create", dirfd);
    }
    if (copier->io->fstat(fd, &by_fd) != 0) {
        return px_fail_target(fail, errno, "create", dirfd);
    }
    *same = by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
    return PX_OK;
}

static int temp_remove(struct px_copier *copier, int dirfd, const char *temp, struct px_fail *fail)
{
    if (copier->io->unlinkat(dirfd, temp, 0) != 0 && errno != ENOENT) {
        return px_fail_target(fail, errno, "remove left-over temporary file", dirfd);
    }
    return PX_OK;
}

/* A file without read permission was left by a run that had made it so; then the lock cannot be
 * asked for. */
static int temp_open(struct px_copier *copier, int dirfd, const char *temp)
{
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const int fd = copier->io->openat(dirfd, temp, O_RDONLY | flags, 0);
    return fd < 0 && errno == EACCES ? copier->io->openat(dirfd, temp, O_WRONLY | flags, 0) : fd;
}

int px_temp_clear(struct px_copier *copier, int dirfd, const char *temp, struct px_fail *fail)
{
    struct stat st;
    if (copier->io->fstatat(dirfd, temp, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? PX_OK : px_fail_target(fail, errno, "create", dirfd);
    }
    if (S_ISDIR(st.st_mode)) {
        return px_fail_set(fail, PX_EEXIST, 0, "create: the temporary name is taken");
    }
    if (!S_ISREG(st.st_mode)) { /* of a link or special file, which nobody can hold */
        return temp_remove(copier, dirfd, temp, fail);
    }
    const int fd = temp_open(copier, dirfd, temp);
    if (fd < 0) {
        return errno == ENOENT ? PX_OK : px_fail_target(fail, errno, "create", dirfd);
    }
    bool same = false;
    int status = px_temp_lock(fd, fail);
    if (status == PX_OK) {
        status = px_temp_check(copier, dirfd, temp, fd, &same, fail);
    }
    if (status == PX_OK && same) {
        status = temp_remove(copier, dirfd, temp, fail);
    }
    PX_IGNORE(copier->io->close(fd)); /* nothing was written through it; gives the lock back */
    return status;
}
