/* SPDX-License-Identifier: MIT
 *
 * The page cache's calls against the real kernel, which may not have them: then they must say so.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdcache.h"
#include "base/fdio.h"

static int open_file(const char *bytes)
{
    const int fd = px_open_unlinked(px_io_real());
    assert_true(fd >= 0);
    assert_int_equal(px_write_all(px_io_real(), fd, bytes, strlen(bytes)), 0);
    return fd;
}

static void test_fdcache_once_reads_and_writes_or_says_that_it_cannot(void **state)
{
    (void)state;
    const int fd = open_file("0123456789");
    char bytes[16] = {0};
    const ssize_t put = px_fd_pwrite_once(fd, "abc", 3, 4);
    assert_true(put == 3 || (put == -1 && errno == EOPNOTSUPP));
    const ssize_t got = px_fd_pread_once(fd, bytes, sizeof bytes, 0);
    if (got >= 0) {
        assert_int_equal(got, 10);
        assert_string_equal(bytes, put == 3 ? "0123abc789" : "0123456789");
        assert_int_equal(lseek(fd, 2, SEEK_SET), 2); /* -1: from there, and moved */
        assert_int_equal(px_fd_pread_once(fd, bytes, 2, -1), 2);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 4);
    } else {
        assert_int_equal(errno, EOPNOTSUPP);
    }
    (void)close(fd);
}

static void test_fdcache_closed_descriptor_is_an_error_with_errno(void **state)
{
    (void)state;
    uint64_t pages = 0;
    size_t align = 0;
    char byte = 0;
    assert_int_equal(px_fd_advise(-1, 0, 0, POSIX_FADV_NORMAL), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(px_fd_sync_range(-1, 0, 0, true), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(px_fd_set_direct(-1, true), -1);
    assert_int_equal(px_fd_cached(-1, 0, 1, &pages), -1);
    assert_int_equal(px_fd_direct_align(-1, &align), -1);
    assert_int_equal(px_fd_pread_once(-1, &byte, 1, 0), -1);
    assert_int_equal(px_fd_pwrite_once(-1, &byte, 1, 0), -1);
}

static void test_fdcache_what_was_written_is_in_memory(void **state)
{
    (void)state;
    const int fd = open_file("0123456789");
    uint64_t pages = 0;
    if (px_fd_cached(fd, 0, 10, &pages) == 0) {
        assert_int_equal(pages, 1);
        assert_int_equal(px_fd_cached(fd, 1 << 20, 10, &pages), 0);
        assert_int_equal(pages, 0);
    } else {
        assert_true(errno == ENOSYS || errno == EPERM || errno == EOPNOTSUPP);
    }
    (void)close(fd);
}

static void test_fdcache_direct_goes_on_and_off(void **state)
{
    (void)state;
    const int fd = open_file("x");
    size_t align = 0;
    if (px_fd_direct_align(fd, &align) == 0) {
        assert_true(align > 0 && (align & (align - 1)) == 0);
    } else {
        assert_true(errno == EINVAL || errno == EOPNOTSUPP);
    }
    if (px_fd_set_direct(fd, true) == 0) {
        assert_true((fcntl(fd, F_GETFL) & O_DIRECT) != 0);
        assert_int_equal(px_fd_set_direct(fd, false), 0);
    } else {
        assert_int_equal(errno, EINVAL);
    }
    assert_int_equal(fcntl(fd, F_GETFL) & O_DIRECT, 0);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fdcache_once_reads_and_writes_or_says_that_it_cannot),
        cmocka_unit_test(test_fdcache_closed_descriptor_is_an_error_with_errno),
        cmocka_unit_test(test_fdcache_what_was_written_is_in_memory),
        cmocka_unit_test(test_fdcache_direct_goes_on_and_off),
    };
    return cmocka_run_group_tests_name("fdcache", tests, NULL, NULL);
}
