/* SPDX-License-Identifier: MIT
 *
 * A folder for a run that is measured only: where it may be, and that all of it goes.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "app/scratch.h"

static void make_file(int dirfd, const char *name)
{
    const int fd = openat(dirfd, name, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void test_scratch_remove_takes_everything_but_what_links_point_to(void **state)
{
    (void)state;
    char outer[] = "/tmp/test-scratch-XXXXXX";
    assert_non_null(mkdtemp(outer));
    char *path = NULL;
    assert_int_equal(scratch_new(outer, "x", &path), PX_OK);
    assert_non_null(strstr(path, "/.x-scratch-"));
    const int outer_fd = open(outer, O_RDONLY | O_DIRECTORY);
    const int fd = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(outer_fd >= 0 && fd >= 0);
    make_file(outer_fd, "keep");
    assert_int_equal(mkdirat(fd, "sub", 0700), 0);
    assert_int_equal(mkdirat(fd, "sub/readonly", 0700), 0);
    make_file(fd, "sub/readonly/file");
    assert_int_equal(symlinkat("../keep", fd, "link"), 0);
    assert_int_equal(symlinkat("..", fd, "up"), 0);
    assert_int_equal(fchmodat(fd, "sub/readonly", 0555, 0), 0);
    assert_int_equal(scratch_remove(path), PX_OK);
    assert_int_equal(faccessat(outer_fd, "keep", F_OK, 0), 0);
    assert_int_equal(access(path, F_OK), -1);
    free(path);
    close(fd);
    close(outer_fd);
    assert_int_equal(scratch_remove(outer), PX_OK);
}

static void test_scratch_existing_parent_is_the_nearest_directory(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/tmp", "/tmp"},
        {"/tmp/test-scratch-never-made/a/b", "/tmp"},
        {"/dev/null", "/dev"},
        {"test-scratch-never-made", "."},
        {"/", "/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *parent = scratch_existing_parent(rows[i][0]);
        assert_non_null(parent);
        assert_string_equal(parent, rows[i][1]);
        free(parent);
    }
}

static void test_scratch_new_parent_is_a_file_fails_with_errno(void **state)
{
    (void)state;
    char *path = NULL;
    assert_int_equal(scratch_new("/dev/null", "x", &path), PX_EIO);
    assert_int_equal(errno, ENOTDIR);
    assert_null(path);
}

static void test_scratch_remove_missing_folder_says_so(void **state)
{
    (void)state;
    assert_int_equal(scratch_remove(NULL), PX_OK);
    assert_int_equal(scratch_remove("/tmp/test-scratch-never-made"), PX_EIO);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scratch_remove_takes_everything_but_what_links_point_to),
        cmocka_unit_test(test_scratch_existing_parent_is_the_nearest_directory),
        cmocka_unit_test(test_scratch_new_parent_is_a_file_fails_with_errno),
        cmocka_unit_test(test_scratch_remove_missing_folder_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
