/* SPDX-License-Identifier: MIT
 *
 * The sorted names of a directory. Used by treecmp.c alone; header only, since each helper is a
 * program of one file.
 */
#ifndef PX_TESTS_HELPER_NAMES_H
#define PX_TESTS_HELPER_NAMES_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct names {
    char **list;
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i]);
    }
    free(names->list);
}

static int names_add(struct names *names, const char *name)
{
    if ((names->count & (names->count + 1)) == 0) {
        size_t room = names->count * 2 + 1;
        char **grown = realloc(names->list, (room + 1) * sizeof *grown);
        if (grown == NULL) {
            return -1;
        }
        names->list = grown;
    }
    names->list[names->count] = strdup(name);
    if (names->list[names->count] == NULL) {
        return -1;
    }
    names->count++;
    return 0;
}

/* The sorted names in the directory `fd`, which stays open. */
static int names_read(int fd, struct names *names)
{
    const struct dirent *entry;
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    int bad = 0;

    *names = (struct names){0};
    if (dir == NULL) {
        return -1;
    }
    while (errno = 0, (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            bad |= names_add(names, entry->d_name);
        }
    }
    if (errno != 0) {
        bad = -1;
    }
    closedir(dir);
    if (names->count > 0) {
        qsort(names->list, names->count, sizeof *names->list, compare_names);
    }
    return bad;
}

#endif
