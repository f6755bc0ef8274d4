/* SPDX-License-Identifier: MIT
 *
 * app/scratch.c - temporary folders for measured runs. Main's thread only, no lock.
 *
 * Removal goes depth first by directory descriptors, one open for each level, and takes names one
 * component at a time: a link that somebody planted is removed, never followed.
 */
#define _GNU_SOURCE

#include "app/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/path.h"

int scratch_new(const char *parent, const char *name, char **path)
{
    char *leaf = NULL;
    if (asprintf(&leaf, ".%s-scratch-XXXXXX", name) < 0) {
        return PX_ENOMEM;
    }
    char *made = px_path_join(parent, leaf);
    free(leaf);
    if (made == NULL) {
        return PX_ENOMEM;
    }
    if (mkdtemp(made) == NULL) {
        const int err = errno;
        free(made);
        errno = err;
        return px_status_from_errno(err);
    }
    *path = made;
    return PX_OK;
}

char *scratch_existing_parent(const char *path)
{
    struct stat st;
    char *parent = strdup(path);
    while (parent != NULL && (stat(parent, &st) != 0 || !S_ISDIR(st.st_mode))) {
        char *up = px_path_dir(parent);
        free(parent);
        parent = up; /* ends at "." or "/", which exist */
    }
    return parent;
}

static void scratch_note(int *first_errno)
{
    if (*first_errno == 0) {
        *first_errno = errno;
    }
}

static void scratch_empty(int dirfd, int *first_errno);

static void scratch_remove_at(int dirfd, const char *name, int *first_errno)
{
    if (unlinkat(dirfd, name, 0) == 0) {
        return;
    }
    if (errno != EISDIR && errno != EPERM) { /* POSIX says EPERM for a directory */
        scratch_note(first_errno);
        return;
    }
    const int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        scratch_note(first_errno);
        return;
    }
    if (fchmod(fd, 0700) != 0) { /* a copied 0555 directory keeps its entries otherwise */
        scratch_note(first_errno);
    }
    scratch_empty(fd, first_errno);
    if (unlinkat(dirfd, name, AT_REMOVEDIR) != 0) {
        scratch_note(first_errno);
    }
}

/* Takes the descriptor. */
static void scratch_empty(int dirfd, int *first_errno)
{
    DIR *dir = fdopendir(dirfd);
    if (dir == NULL) {
        scratch_note(first_errno);
        PX_IGNORE(close(dirfd)); /* read only */
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (!px_path_is_dots(entry->d_name)) {
            scratch_remove_at(dirfd, entry->d_name, first_errno);
        }
    }
    PX_IGNORE(closedir(dir)); /* read only */
}

int scratch_remove(const char *path)
{
    if (path == NULL) {
        return PX_OK;
    }
    int first_errno = 0;
    scratch_remove_at(AT_FDCWD, path, &first_errno);
    errno = first_errno;
    return first_errno == 0 ? PX_OK : PX_EIO;
}
