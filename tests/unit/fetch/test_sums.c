/* SPDX-License-Identifier: MIT
 *
 * The digest of a file while its bytes pass: in order, out of order, from the file, over again.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "fetch/sums.h"
#include "support/io_fault.h"

#define MD5_HELLO "5d41402abc4b2a76b9719d911017c592"
#define SHA256_HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define MD5_NOTHING "d41d8cd98f00b204e9800998ecf8427e"

static struct px_checksum sum_of(const char *text)
{
    struct px_checksum sum = {.kind = PX_DIGEST_NONE};
    assert_int_equal(px_checksum_parse(text, &sum), PX_OK);
    return sum;
}

static int file_of(const char *bytes)
{
    const int fd = memfd_create("sums", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    return fd;
}

static struct sums_verdict finish(struct sums *sums, int fd, uint64_t size)
{
    struct sums_verdict verdict;
    assert_int_equal(sums_finish(sums, io_fault_ops(), fd, size, &verdict), PX_OK);
    assert_null(sums->digest);
    return verdict;
}

static int update(struct sums *sums, uint64_t at, const char *text)
{
    return sums_update(sums, at, text, strlen(text));
}

static void test_sums_expecting_nothing_reads_nothing(void **state)
{
    struct sums sums = {.fed = 0};
    (void)state;
    io_fault_reset();
    assert_null(sums_expected(&sums));
    assert_int_equal(update(&sums, 0, "hello"), PX_OK);
    assert_int_equal(sums_catch_up(&sums, io_fault_ops(), -1, 5), PX_OK);
    assert_null(sums.digest);
    assert_false(finish(&sums, -1, 5).expected);
    assert_int_equal(io_fault_calls(IO_FAULT(pread)), 0);
}

static void test_sums_bytes_in_order_are_not_read_back(void **state)
{
    struct sums sums = {.line = sum_of("sha-256=" SHA256_HELLO)};
    (void)state;
    io_fault_reset();
    assert_int_equal(update(&sums, 0, "he"), PX_OK);
    assert_int_equal(update(&sums, 2, "llo"), PX_OK);
    const struct sums_verdict verdict = finish(&sums, -1, 5);
    assert_true(verdict.expected && verdict.fits && !verdict.by_server);
    assert_string_equal(verdict.name, "sha-256");
    assert_string_equal(verdict.got, SHA256_HELLO);
    assert_string_equal(verdict.want, SHA256_HELLO);
    assert_int_equal(io_fault_calls(IO_FAULT(pread)), 0);
}

static void test_sums_bytes_of_an_earlier_run_are_caught_up_with(void **state)
{
    struct sums sums = {.line = sum_of("md5=" MD5_HELLO)};
    const int fd = file_of("hello");
    (void)state;
    io_fault_reset();
    io_fault_short(IO_FAULT(pread), 2);
    assert_int_equal(sums_catch_up(&sums, io_fault_ops(), fd, 3), PX_OK);
    assert_int_equal(sums.fed, 3);
    assert_int_equal(sums_catch_up(&sums, io_fault_ops(), fd, 3), PX_OK);
    assert_int_equal(update(&sums, 3, "lo"), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(pread)), 2);
    assert_true(finish(&sums, -1, 5).fits);
    close(fd);
}

/* Segments: the first piece is fed, the others are read at the end. */
static void test_sums_bytes_out_of_order_are_read_at_the_end(void **state)
{
    struct sums sums = {.line = sum_of("md5=" MD5_HELLO)};
    const int fd = file_of("hello");
    (void)state;
    io_fault_reset();
    assert_int_equal(update(&sums, 3, "XX"), PX_OK);
    assert_int_equal(update(&sums, 0, "he"), PX_OK);
    assert_int_equal(update(&sums, 4, "X"), PX_OK);
    assert_int_equal(sums.fed, 2);
    assert_true(finish(&sums, fd, 5).fits);
    assert_int_equal(io_fault_calls(IO_FAULT(pread)), 1);
    close(fd);
}

static void test_sums_of_no_bytes(void **state)
{
    struct sums sums = {.line = sum_of("md5=" MD5_NOTHING)};
    (void)state;
    assert_true(finish(&sums, -1, 0).fits);
    sums.line = sum_of("md5=" MD5_HELLO);
    const struct sums_verdict verdict = finish(&sums, -1, 0);
    assert_true(verdict.expected && !verdict.fits);
    assert_string_equal(verdict.got, MD5_NOTHING);
    assert_string_equal(verdict.want, MD5_HELLO);
}

static void test_sums_stated_by_the_server_counts_without_a_line(void **state)
{
    const struct px_checksum md5 = sum_of("md5=" MD5_HELLO), sha = sum_of("sha256=" SHA256_HELLO);
    struct sums sums = {.fed = 0};
    (void)state;
    sums_state(&sums, &md5);
    assert_int_equal(update(&sums, 0, "hello"), PX_OK);
    sums_state(&sums, NULL); /* the next reply says nothing: the first one's word stays */
    assert_int_equal(sums.fed, 5);
    const struct sums_verdict verdict = finish(&sums, -1, 5);
    assert_true(verdict.fits && verdict.by_server);

    sums = (struct sums){.line = sha};
    sums_state(&sums, &md5);
    assert_ptr_equal(sums_expected(&sums), &sums.line);
    assert_int_equal(update(&sums, 0, "hello"), PX_OK);
    assert_string_equal(finish(&sums, -1, 5).name, "sha-256");
}

/* A reply to a range states what the first one did not. */
static void test_sums_another_algorithm_sees_all_bytes(void **state)
{
    const struct px_checksum md5 = sum_of("md5=" MD5_HELLO), sha = sum_of("sha256=" SHA256_HELLO);
    struct sums sums = {.fed = 0};
    const int fd = file_of("hello");
    (void)state;
    sums_state(&sums, &md5);
    assert_int_equal(update(&sums, 0, "hel"), PX_OK);
    sums_state(&sums, &sha);
    assert_int_equal(sums.fed, 0);
    assert_int_equal(sums_catch_up(&sums, io_fault_ops(), fd, 3), PX_OK);
    assert_int_equal(update(&sums, 3, "lo"), PX_OK);
    assert_true(finish(&sums, -1, 5).fits);
    close(fd);
}

static void test_sums_restart_forgets_bytes_and_what_was_stated(void **state)
{
    const struct px_checksum md5 = sum_of("md5=" MD5_NOTHING);
    struct sums sums = {.fed = 0};
    (void)state;
    sums_state(&sums, &md5);
    assert_int_equal(update(&sums, 0, "old"), PX_OK);
    sums_restart(&sums);
    assert_null(sums_expected(&sums));
    sums.line = sum_of("md5=" MD5_HELLO);
    assert_int_equal(update(&sums, 0, "old"), PX_OK);
    sums_restart(&sums);
    assert_int_equal(update(&sums, 0, "hello"), PX_OK);
    assert_true(finish(&sums, -1, 5).fits);
}

static void test_sums_more_fed_than_held_begins_again(void **state)
{
    struct sums sums = {.line = sum_of("md5=" MD5_HELLO)};
    const int fd = file_of("hello");
    (void)state;
    assert_int_equal(update(&sums, 0, "hello, world"), PX_OK);
    assert_true(finish(&sums, fd, 5).fits);
    close(fd);
}

static void test_sums_a_file_that_cannot_be_read_is_eio(void **state)
{
    struct sums sums = {.line = sum_of("md5=" MD5_HELLO)};
    struct sums_verdict verdict;
    const int fd = file_of("hel");
    (void)state;
    io_fault_arm(IO_FAULT(pread), 1, ENODEV, IO_FAULT_ONCE);
    assert_int_equal(sums_finish(&sums, io_fault_ops(), fd, 3, &verdict), PX_EIO);
    assert_int_equal(errno, ENODEV);
    io_fault_reset();
    assert_int_equal(sums_finish(&sums, io_fault_ops(), fd, 5, &verdict),
                     PX_EIO); /* it is shorter */
    assert_int_equal(errno, EIO);
    io_fault_arm(IO_FAULT(pread), 1, EINTR, IO_FAULT_ONCE);
    sums.line = sum_of("md5=46356afe55fa3cea9cbe73ad442cad47"); /* of "hel" */
    assert_true(finish(&sums, fd, 3).fits);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_expecting_nothing_reads_nothing),
        cmocka_unit_test(test_sums_bytes_in_order_are_not_read_back),
        cmocka_unit_test(test_sums_bytes_of_an_earlier_run_are_caught_up_with),
        cmocka_unit_test(test_sums_bytes_out_of_order_are_read_at_the_end),
        cmocka_unit_test(test_sums_of_no_bytes),
        cmocka_unit_test(test_sums_stated_by_the_server_counts_without_a_line),
        cmocka_unit_test(test_sums_another_algorithm_sees_all_bytes),
        cmocka_unit_test(test_sums_restart_forgets_bytes_and_what_was_stated),
        cmocka_unit_test(test_sums_more_fed_than_held_begins_again),
        cmocka_unit_test(test_sums_a_file_that_cannot_be_read_is_eio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
