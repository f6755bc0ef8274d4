/* SPDX-License-Identifier: MIT
 *
 * Attributes by descriptor, of files and of what only O_PATH opens.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fdattr.h"

struct place {
    char path[32];
    int dirfd;
    int file; /* open for reading */
    int fifo; /* O_PATH */
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    *state = place;
    if (place == NULL) {
        return -1;
    }
    (void)snprintf(place->path, sizeof place->path, "/tmp/px-fdattr-XXXXXX");
    if (mkdtemp(place->path) == NULL) {
        return -1;
    }
    place->dirfd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place->file = openat(place->dirfd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (place->file < 0 || mkfifoat(place->dirfd, "fifo", 0600) != 0 ||
        symlinkat("file", place->dirfd, "link") != 0) {
        return -1;
    }
    place->fifo = openat(place->dirfd, "fifo", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return place->fifo >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *place = *state;
    (void)close(place->file);
    (void)close(place->fifo);
    (void)unlinkat(place->dirfd, "file", 0);
    (void)unlinkat(place->dirfd, "fifo", 0);
    (void)unlinkat(place->dirfd, "link", 0);
    (void)close(place->dirfd);
    const int rc = rmdir(place->path);
    free(place);
    return rc;
}

static void test_fd_mode_owner_and_times_of_file_and_fifo(void **state)
{
    const struct place *place = *state;
    const int fds[] = {place->file, place->fifo};
    const struct timespec times[2] = {{1000, 1}, {2000, 2}};
    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        assert_int_equal(px_fd_chmod(fds[i], 0640), 0);
        assert_int_equal(px_fd_chown(fds[i], geteuid(), getegid()), 0);
        assert_int_equal(px_fd_utimens(fds[i], times), 0);
        assert_int_equal(fstat(fds[i], &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        assert_int_equal(st.st_mtim.tv_sec, 2000);
        assert_int_equal(st.st_mtim.tv_nsec, 2);
    }
}

static void test_fd_closed_descriptor_is_ebadf(void **state)
{
    const struct place *place = *state;
    const int fd = dup(place->file);
    assert_int_equal(close(fd), 0);
    assert_int_equal(px_fd_chmod(fd, 0600), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(px_fd_listxattr(fd, NULL, 0), -1);
    assert_int_equal(errno, EBADF);
}

static void test_fd_xattrs_go_there_and_back(void **state)
{
    const struct place *place = *state;
    char value[8];
    char list[256];
    if (px_fd_setxattr(place->file, "user.px", "v\0w", 3) != 0) {
        assert_int_equal(errno, EOPNOTSUPP);
        skip(); /* not on this file system */
    }
    assert_int_equal(px_fd_getxattr(place->file, "user.px", value, sizeof value), 3);
    assert_memory_equal(value, "v\0w", 3);
    assert_true(px_fd_listxattr(place->file, list, sizeof list) >= (ssize_t)sizeof "user.px");
    assert_int_equal(px_fd_removexattr(place->file, "user.px"), 0);
    assert_int_equal(px_fd_getxattr(place->file, "user.px", value, sizeof value), -1);
    assert_int_equal(errno, ENODATA);
}

static void test_fd_xattrs_of_what_has_no_data(void **state)
{
    const struct place *place = *state;
    char value[8];
    if (px_fd_setxattr(place->fifo, "trusted.px", "v", 1) != 0) {
        assert_true(errno == EPERM || errno == EOPNOTSUPP);
        skip(); /* root's right only */
    }
    assert_int_equal(px_fd_getxattr(place->fifo, "trusted.px", value, sizeof value), 1);
    assert_true(px_at_listxattr(place->dirfd, "fifo", NULL, 0) > 0);
    assert_int_equal(px_fd_removexattr(place->fifo, "trusted.px"), 0);
}

static void test_at_listxattr_does_not_follow_the_link(void **state)
{
    const struct place *place = *state;
    if (px_fd_setxattr(place->file, "user.px", "v", 1) != 0) {
        skip(); /* not on this file system */
    }
    assert_true(px_at_listxattr(place->dirfd, "file", NULL, 0) > 0);
    assert_int_equal(px_at_listxattr(place->dirfd, "link", NULL, 0), 0);
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(px_at_listxattr(place->dirfd, name, NULL, 0), -1);
    assert_int_equal(errno, ENAMETOOLONG);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_fd_mode_owner_and_times_of_file_and_fifo),
        T(test_fd_closed_descriptor_is_ebadf),
        T(test_fd_xattrs_go_there_and_back),
        T(test_fd_xattrs_of_what_has_no_data),
        T(test_at_listxattr_does_not_follow_the_link),
    };
    return cmocka_run_group_tests_name("fdattr", tests, NULL, NULL);
}
