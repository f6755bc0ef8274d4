/* SPDX-License-Identifier: MIT
 *
 * The bytes of an input: plain or gzip data, from a file or a pipe, once or (with a spool) twice.
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
#include <unistd.h>

#include <zlib.h>

#include <pxfer/status.h>

#include "fetch/list/feed.h"
#include "support/io_fault.h"
#include "support/scratch.h"

/* gzip data of text. */
static size_t pack(const char *text, unsigned char *to, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)strlen(text);
    z.next_out = to;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

/* Reads to the end, `room` bytes at a time; how it ended. The text is NUL-terminated. */
static int read_all(struct feed *feed, size_t room, char text[4096])
{
    size_t len = 0, n = 1;
    int rc = PX_OK;
    while (rc == PX_OK && n > 0) {
        assert_true(len + room < 4096);
        rc = feed_read(feed, text + len, room, &n);
        len += rc == PX_OK ? n : 0;
    }
    text[len] = '\0';
    return rc;
}

static void expect_file(struct scratch *scratch, size_t read_bytes, size_t room, int status,
                        const char *expected)
{
    struct feed feed;
    char text[4096];
    io_fault_reset();
    io_fault_short(IO_FAULT(read), read_bytes);
    assert_int_equal(feed_open(&feed, io_fault_ops(), scratch_path(scratch, "list"), NULL), 0);
    assert_int_equal(read_all(&feed, room, text), status);
    assert_string_equal(text, expected);
    feed_close(&feed);
    assert_int_equal(io_fault_calls(IO_FAULT(openat)), io_fault_calls(IO_FAULT(close)));
}

static void test_feed_plain_and_packed_files_however_they_are_read(void **state)
{
    static const char *const texts[] = {
        "", "a", "some text\nand more\n", "\x1f", "\x1f\x8a rest", "x\x1f\x8b"};
    static const size_t reads[] = {0, 1, 2, 3};
    for (size_t i = 0; i < 6 * 4 * 3; i++) {
        const char *text = texts[i % 6];
        const size_t read_bytes = reads[i / 6 % 4], room = i / 24 == 0 ? 2 : i / 24 == 1 ? 5 : 1000;
        unsigned char packed[256];
        scratch_put_bytes(*state, "list", text, strlen(text));
        expect_file(*state, read_bytes, room, PX_OK, text);
        scratch_put_bytes(*state, "list", packed, pack(text, packed, sizeof packed));
        expect_file(*state, read_bytes, room, PX_OK, text);
    }
}

static void test_feed_damaged_gzip_data_is_told_after_what_was_good(void **state)
{
    unsigned char packed[256];
    const size_t n = pack("some text", packed, sizeof packed);
    scratch_put_bytes(*state, "list", packed, n - 1);
    expect_file(*state, 0, 100, PX_EINTEGRITY, "some text");
    expect_file(*state, 1, 3, PX_EINTEGRITY, "some text");
    packed[n - 1] ^= 1;
    scratch_put_bytes(*state, "list", packed, n);
    expect_file(*state, 0, 100, PX_EINTEGRITY, "some text");
    scratch_put_bytes(*state, "list", "\x1f\x8b", 2);
    expect_file(*state, 0, 100, PX_EINTEGRITY, "");
    scratch_put_bytes(*state, "list", "\x1f\x8bnonsense of some length", 25);
    expect_file(*state, 0, 100, PX_EINTEGRITY, "");
}

static void test_feed_failing_calls_are_told(void **state)
{
    struct feed feed;
    char text[4096];
    scratch_put_bytes(*state, "list", "abc", 3);
    assert_int_equal(feed_open(&feed, io_fault_ops(), scratch_path(*state, "none"), NULL), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(feed_open(&feed, io_fault_ops(), ((struct scratch *)*state)->dir, NULL), -1);
    assert_int_equal(errno, EISDIR);
    io_fault_arm(IO_FAULT(read), 2, EIO, IO_FAULT_STICKY);
    assert_int_equal(feed_open(&feed, io_fault_ops(), scratch_path(*state, "list"), NULL), 0);
    assert_int_equal(read_all(&feed, 2, text), PX_EIO);
    assert_string_equal(text, "ab");
    feed_close(&feed);
}

/* --- pipes and spools ------------------------------------------------------------------------- */

static int open_pipe(struct scratch *scratch, struct feed *feed, struct feed_spool *spool)
{
    const char *path = scratch_path(scratch, "pipe");
    io_fault_reset();
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(feed_open(feed, io_fault_ops(), path, spool), 0);
    const int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void test_feed_pipe_never_waits(void **state)
{
    struct feed feed;
    unsigned char packed[256];
    char text[4096];
    const size_t n = pack("some text", packed, sizeof packed);
    const int fd = open_pipe(*state, &feed, NULL);
    size_t got, len = 0;
    assert_int_equal(feed_read(&feed, text, 100, &got), PX_EAGAIN);
    for (size_t i = 0; i < n; i++) { /* byte by byte: also the first two */
        assert_int_equal(write(fd, packed + i, 1), 1);
        int rc;
        while ((rc = feed_read(&feed, text + len, 100, &got)) == PX_OK) {
            len += got;
        }
        assert_int_equal(rc, PX_EAGAIN);
    }
    close(fd);
    assert_int_equal(feed_read(&feed, text + len, 100, &got), PX_OK);
    assert_int_equal(len + got, 9);
    assert_memory_equal(text, "some text", 9);
    feed_close(&feed);
}

static void test_feed_spool_gives_a_pipe_twice(void **state)
{
    struct feed_spool spool = {.fd = -1};
    struct feed feed;
    unsigned char packed[256];
    char text[4096];
    for (int round = 0; round < 2; round++) {
        const size_t n = pack("text", packed, sizeof packed);
        const int fd = open_pipe(*state, &feed, &spool);
        assert_int_equal(round == 0 ? write(fd, "text", 4) : write(fd, packed, n),
                         round == 0 ? 4 : (ssize_t)n);
        close(fd);
        assert_int_equal(read_all(&feed, 3, text), PX_OK);
        assert_string_equal(text, "text");
        feed_close(&feed);
        unlink(scratch_path(*state, "pipe"));
        for (int again = 0; again < 2; again++) {
            assert_int_equal(feed_open(&feed, io_fault_ops(), "/none", &spool), 0);
            assert_int_equal(read_all(&feed, 3, text), PX_OK);
            assert_string_equal(text, "text");
            feed_close(&feed);
        }
        feed_spool_fini(&spool, io_fault_ops());
        assert_int_equal(spool.fd, -1);
        assert_false(spool.whole);
    }
}

static void test_feed_spool_is_not_needed_for_a_file(void **state)
{
    struct feed_spool spool = {.fd = -1};
    struct feed feed;
    char text[4096];
    scratch_put_bytes(*state, "list", "abc", 3);
    io_fault_reset();
    for (int round = 0; round < 2; round++) {
        assert_int_equal(feed_open(&feed, io_fault_ops(), scratch_path(*state, "list"), &spool), 0);
        assert_int_equal(read_all(&feed, 10, text), PX_OK);
        assert_string_equal(text, "abc");
        feed_close(&feed);
        assert_int_equal(spool.fd, -1);
    }
}

static void test_feed_spool_that_cannot_be_written_is_told(void **state)
{
    struct feed_spool spool = {.fd = -1};
    struct feed feed;
    char text[4096];
    const int fd = open_pipe(*state, &feed, &spool);
    assert_int_equal(write(fd, "abc", 3), 3);
    io_fault_arm(IO_FAULT(write), 1, ENOSPC, IO_FAULT_STICKY);
    assert_int_equal(read_all(&feed, 10, text), PX_EIO);
    assert_int_equal(errno, ENOSPC);
    close(fd);
    feed_close(&feed);
    feed_spool_fini(&spool, io_fault_ops());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feed_plain_and_packed_files_however_they_are_read),
        cmocka_unit_test(test_feed_damaged_gzip_data_is_told_after_what_was_good),
        cmocka_unit_test(test_feed_failing_calls_are_told),
        cmocka_unit_test(test_feed_pipe_never_waits),
        cmocka_unit_test(test_feed_spool_gives_a_pipe_twice),
        cmocka_unit_test(test_feed_spool_is_not_needed_for_a_file),
        cmocka_unit_test(test_feed_spool_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
