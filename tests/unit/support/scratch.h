/* SPDX-License-Identifier: MIT
 *
 * support/scratch.h - a directory of the test's own, gone afterwards. Header only. Include after
 * <cmocka.h>. For tests that need flat files only; scratch_remove() knows no sub-directories.
 */
#ifndef PX_TESTS_SCRATCH_H
#define PX_TESTS_SCRATCH_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/io_fault.h"

#define SCRATCH_ROOM 300

struct scratch {
    char dir[64];
    char path[SCRATCH_ROOM];
};

static inline void scratch_make(struct scratch *scratch)
{
    snprintf(scratch->dir, sizeof scratch->dir, "/tmp/pxfer-test-XXXXXX");
    assert_non_null(mkdtemp(scratch->dir));
}

/* The path of a file in it, good until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    const int n = snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->dir, name);
    assert_true(n > 0 && (size_t)n < sizeof scratch->path);
    return scratch->path;
}

static inline void scratch_put_bytes(struct scratch *scratch, const char *name, const void *bytes,
                                     size_t n)
{
    FILE *file = fopen(scratch_path(scratch, name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void scratch_put(struct scratch *scratch, const char *name, const char *text)
{
    scratch_put_bytes(scratch, name, text, strlen(text));
}

static inline bool scratch_has(struct scratch *scratch, const char *name)
{
    return access(scratch_path(scratch, name), F_OK) == 0;
}

static inline void scratch_remove(struct scratch *scratch)
{
    DIR *dir = opendir(scratch->dir);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            unlink(scratch_path(scratch, entry->d_name));
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(scratch->dir), 0);
}

/* As a test's setup and teardown: *state is its struct scratch, and no fault of io_fault.h is left. */
static inline int scratch_setup(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    assert_non_null(scratch);
    scratch_make(scratch);
    io_fault_reset();
    *state = scratch;
    return 0;
}

static inline int scratch_teardown(void **state)
{
    scratch_remove(*state);
    free(*state);
    return 0;
}

#endif
