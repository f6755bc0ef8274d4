/* SPDX-License-Identifier: MIT
 *
 * Bytes onto pipes, files and full devices: all of them, in order, given up when told.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/pump.h"

enum { BYTES = 3 << 20 };

static char *pattern;

static int make_pattern(void **state)
{
    (void)state;
    pattern = malloc(BYTES);
    for (size_t i = 0; pattern != NULL && i < BYTES; i++) {
        pattern[i] = (char)(i * 13 + i / 4096);
    }
    signal(SIGPIPE, SIG_IGN);
    return pattern != NULL ? 0 : -1;
}

static int free_pattern(void **state)
{
    (void)state;
    free(pattern);
    return 0;
}

static int open_temporary(int flags)
{
    char path[] = "/tmp/pxfer-pump-XXXXXX";
    const int fd = mkostemp(path, flags | O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static int pattern_file(void)
{
    const int fd = open_temporary(0);
    assert_int_equal(pwrite(fd, pattern, BYTES, 0), BYTES);
    return fd;
}

/* --- a reader --------------------------------------------------------------------------------- */

struct reader {
    pthread_t thread;
    int fd;
    size_t n;
    bool good;
};

static void *read_all(void *ctx)
{
    struct reader *reader = ctx;
    char block[10000];
    ssize_t n;
    reader->good = true;
    while ((n = read(reader->fd, block, sizeof block)) > 0) {
        reader->good = reader->good && reader->n + (size_t)n <= BYTES &&
                       memcmp(block, pattern + reader->n, (size_t)n) == 0;
        reader->n += (size_t)n;
    }
    return NULL;
}

static int reader_start(struct reader *reader)
{
    int fds[2];
    *reader = (struct reader){0};
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    reader->fd = fds[0];
    assert_int_equal(pthread_create(&reader->thread, NULL, read_all, reader), 0);
    return fds[1];
}

static void reader_expect(struct reader *reader, int fd, size_t n)
{
    close(fd);
    assert_int_equal(pthread_join(reader->thread, NULL), 0);
    close(reader->fd);
    assert_true(reader->good);
    assert_int_equal(reader->n, n);
}

/* The pattern's file through a pump into another, opened with these flags too. */
static void expect_whole_in_file(int flags)
{
    struct pump pump;
    const int in = pattern_file();
    const int out = open_temporary(flags);
    char *got = malloc(BYTES + 1);
    assert_non_null(got);
    pump_init(&pump, out, NULL, NULL);
    assert_int_equal(pump_file(&pump, in, BYTES), PX_OK);
    pump_fini(&pump);
    assert_int_equal(pread(out, got, BYTES + 1, 0), BYTES);
    assert_memory_equal(got, pattern, BYTES);
    free(got);
    close(out);
    close(in);
}

/* --- cases ------------------------------------------------------------------------------------ */

static void test_pump_file_to_pipe_all_bytes_arrive(void **state)
{
    struct reader reader;
    struct pump pump;
    const int in = pattern_file();
    const int out = reader_start(&reader);
    (void)state;
    pump_init(&pump, out, NULL, NULL);
    assert_int_equal(pump_file(&pump, in, BYTES), PX_OK);
    pump_fini(&pump);
    reader_expect(&reader, out, BYTES);
    assert_int_equal(lseek(in, 0, SEEK_CUR), 0);
    close(in);
}

static void test_pump_bytes_to_pipe_all_arrive(void **state)
{
    struct reader reader;
    struct pump pump;
    const int out = reader_start(&reader);
    (void)state;
    pump_init(&pump, out, NULL, NULL);
    assert_int_equal(pump_bytes(&pump, pattern, 100000), PX_OK);
    pump_fini(&pump);
    reader_expect(&reader, out, 100000);
}

static void test_pump_file_without_splice_goes_by_block(void **state)
{
    struct reader reader;
    struct pump pump;
    const int in = pattern_file();
    const int out = reader_start(&reader);
    (void)state;
    pump_init(&pump, out, NULL, NULL);
    pump.way = PUMP_WRITE;
    assert_int_equal(pump_file(&pump, in, BYTES), PX_OK);
    pump_fini(&pump);
    reader_expect(&reader, out, BYTES);
    close(in);
}

static void test_pump_file_to_file_is_the_same(void **state)
{
    (void)state;
    expect_whole_in_file(0);
}

/* sendfile(2) says EINVAL there. */
static void test_pump_file_to_appended_file_goes_by_block(void **state)
{
    (void)state;
    expect_whole_in_file(O_APPEND);
}

static void test_pump_full_device_is_full(void **state)
{
    struct pump pump;
    const int in = pattern_file();
    const int out = open("/dev/full", O_WRONLY | O_CLOEXEC);
    (void)state;
    assert_true(out >= 0);
    pump_init(&pump, out, NULL, NULL);
    assert_int_equal(pump_file(&pump, in, BYTES), PX_EFULL);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(pump_bytes(&pump, "x", 1), PX_EFULL);
    pump_fini(&pump);
    close(out);
    close(in);
}

static void test_pump_reader_gone_is_epipe(void **state)
{
    struct pump pump;
    const int in = pattern_file();
    int fds[2];
    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    close(fds[0]);
    pump_init(&pump, fds[1], NULL, NULL);
    assert_int_equal(pump_file(&pump, in, BYTES), PX_EIO);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(pump_bytes(&pump, "x", 1), PX_EIO);
    assert_int_equal(errno, EPIPE);
    pump_fini(&pump);
    close(fds[1]);
    close(in);
}

static void test_pump_file_shorter_than_told_is_an_error(void **state)
{
    struct pump pump;
    const int in = open_temporary(0);
    const int out = open_temporary(0);
    (void)state;
    assert_int_equal(pwrite(in, pattern, 1000, 0), 1000);
    pump_init(&pump, out, NULL, NULL);
    assert_int_equal(pump_file(&pump, in, 2000), PX_EIO);
    pump_fini(&pump);
    close(in);
    close(out);
}

static bool stop_at_third(void *ctx)
{
    return ++*(int *)ctx >= 3;
}

static void test_pump_stopped_before_a_full_pipe_returns(void **state)
{
    struct pump pump;
    const int in = pattern_file();
    int fds[2], asked = 0;
    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pump_init(&pump, fds[1], stop_at_third, &asked);
    assert_int_equal(pump_file(&pump, in, BYTES), PX_ECANCELED);
    asked = 0;
    assert_int_equal(pump_bytes(&pump, pattern, BYTES), PX_ECANCELED);
    pump_fini(&pump);
    close(fds[0]);
    close(fds[1]);
    close(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pump_file_to_pipe_all_bytes_arrive),
        cmocka_unit_test(test_pump_bytes_to_pipe_all_arrive),
        cmocka_unit_test(test_pump_file_without_splice_goes_by_block),
        cmocka_unit_test(test_pump_file_to_file_is_the_same),
        cmocka_unit_test(test_pump_file_to_appended_file_goes_by_block),
        cmocka_unit_test(test_pump_full_device_is_full),
        cmocka_unit_test(test_pump_reader_gone_is_epipe),
        cmocka_unit_test(test_pump_file_shorter_than_told_is_an_error),
        cmocka_unit_test(test_pump_stopped_before_a_full_pipe_returns),
    };
    return cmocka_run_group_tests(tests, make_pattern, free_pattern);
}
