/* SPDX-License-Identifier: MIT
 *
 * Checksum files: which line is meant by which file, and files that are not what they should be.
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

#include <pxfer/status.h>

#include "fetch/list/sumfile.h"
#include "support/io_fault.h"
#include "support/scratch.h"

#define MD5(digit) "0123456789abcdef0123456789abcde" digit
#define SHA1(digit) MD5("0") "0000000" digit
#define SHA256(digit) MD5("0") MD5(digit)

/* The checksum files of these texts, loaded; `*status` is how that ended. */
static struct sumfile *load(struct scratch *scratch, const char *const *texts, size_t n,
                            int *status)
{
    static char paths[3][SCRATCH_ROOM];
    static const char *inputs[3];
    struct sumfile *sums = NULL;
    for (size_t i = 0; i < n; i++) {
        char name[] = "SUMS0";
        name[4] = (char)('0' + (char)i);
        scratch_put(scratch, name, texts[i]);
        memcpy(paths[i], scratch_path(scratch, name), SCRATCH_ROOM);
        inputs[i] = paths[i];
    }
    assert_int_equal(sumfile_new(io_fault_ops(), inputs, n, &sums), PX_OK);
    do {
        *status = sumfile_load(sums);
    } while (*status == PX_EAGAIN);
    return sums;
}

static struct sumfile *load_one(struct scratch *scratch, const char *text)
{
    int status;
    struct sumfile *sums = load(scratch, &text, 1, &status);
    assert_int_equal(status, PX_OK);
    return sums;
}

/* found: the last hexadecimal digit of the digest; '-', '?' and '!' for the ways not to be. */
static char found(const struct sumfile *sums, const char *target, const char *url)
{
    struct px_checksum sum = {.kind = PX_DIGEST_NONE};
    switch (sumfile_find(sums, target, url, &sum)) {
    case SUMFILE_FOUND: return "0123456789abcdef"[sum.value[sum.len - 1] & 15];
    case SUMFILE_NONE: return '-';
    case SUMFILE_AMBIGUOUS: return '?';
    case SUMFILE_TORN: return '!';
    }
    return ' ';
}

#define M "0123456789abcdef0123456789abcde"

static void test_sumfile_find_by_table(void **state)
{
    static const char text[] = M "1  a.iso\n" M "2 *sub/a.iso\n" M "3  ./b.iso\n" M "4  x/c.iso\n" M
                                 "5  y/c.iso\n" M "6  x/d.iso\n" M "6  y/d.iso\n"
                                 "MD5 (e (1).iso) = " M "7\n" M "8  /abs/f.iso\n" M "9  g.iso\n" M
                                 "a  g.iso\n" M "b  z/h.iso\n";
    struct sumfile *sums = load_one(*state, text);
    static const struct {
        const char *target, *url;
        char found;
    } rows[] = {
        {"./a.iso", "http://h/a.iso", '1'},
        {"out/a.iso", "http://h/x/y", '1'},
        {"out/sub/a.iso", "http://h/a.iso", '2'}, /* the longest name that is its end */
        {"a.iso", "http://h/sub/a.iso", '1'},     /* the target comes before the URL */
        {"b.iso", "http://h/b.iso", '3'},         /* without "./" */
        {"./c.iso", "http://h/x/c.iso?q#f", '4'}, /* the end of the URL's path */
        {"./c.iso", "http://h/y/c.iso", '5'},
        {"x/c.iso", "http://h/y/c.iso", '4'},
        {"./c.iso", "http://h/z/c.iso", '?'}, /* one of two, and nobody says which */
        {"./d.iso", "http://h/z/d.iso", '6'}, /* one of two that are the same */
        {"./e (1).iso", "http://h/e", '7'},
        {"./f.iso", "http://h/f.iso", '8'}, /* its last part is in the file just once */
        {"./g.iso", "http://h/g.iso", '!'},
        {"./h.iso", "http://h/h.iso", 'b'},
        {"./i.iso", "http://h/i.iso", '-'},
        {"./iso", "http://h/iso", '-'},
        {"./xa.iso", "http://h/xa.iso", '-'}, /* an end begins behind a slash */
        {"renamed", "http://h/a.iso", '1'},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char got = found(sums, rows[i].target, rows[i].url);
        if (got != rows[i].found) {
            fail_msg("%s: %c, not %c", rows[i].target, got, rows[i].found);
        }
    }
    sumfile_free(sums);
}

static void test_sumfile_strongest_digest_of_several_counts(void **state)
{
    static const char *const texts[] = {MD5("1") "  a\n" MD5("2") "  b\n",
                                        SHA256("3") "  a\n" SHA1("4") "  a\n", SHA1("5") "  b\n"};
    int status;
    struct sumfile *sums = load(*state, texts, 3, &status);
    struct px_checksum sum;
    assert_int_equal(status, PX_OK);
    assert_int_equal(sumfile_find(sums, "a", "http://h/a", &sum), SUMFILE_FOUND);
    assert_int_equal(sum.kind, PX_DIGEST_SHA256);
    assert_int_equal(sum.len, 32);
    assert_int_equal(found(sums, "a", "http://h/a"), '3');
    assert_int_equal(found(sums, "b", "http://h/b"), '5');
    sumfile_free(sums);
}

static void test_sumfile_other_lines_are_counted(void **state)
{
    const char *path;
    uint64_t line;
    struct sumfile *sums = load_one(*state, "# comment\n\n-----BEGIN PGP SIGNED MESSAGE-----\n"
                                            "Hash: SHA256\n" MD5("1") "  a\n");
    assert_int_equal(sumfile_odd_lines(sums, &path, &line), 2);
    assert_non_null(strstr(path, "SUMS0"));
    assert_int_equal(line, 3);
    assert_int_equal(found(sums, "a", "http://h/a"), '1');
    sumfile_free(sums);
}

static void test_sumfile_without_a_checksum_is_an_error(void **state)
{
    static const char *const texts[] = {MD5("1") "  a\n", "<html>Not found</html>\n"};
    int status;
    struct sumfile *sums = load(*state, texts, 2, &status);
    assert_int_equal(status, PX_EBADLINE);
    assert_non_null(strstr(sumfile_error(sums), "SUMS1: there is no checksum in it"));
    sumfile_free(sums);
    sumfile_free(NULL);
}

static void test_sumfile_that_cannot_be_read_is_an_error(void **state)
{
    static const char *const missing[] = {"/none/SUMS\x1b"};
    struct sumfile *sums = NULL;
    assert_int_equal(sumfile_new(io_fault_ops(), missing, 1, &sums), PX_OK);
    assert_int_equal(sumfile_load(sums), PX_EIO);
    assert_string_equal(sumfile_error(sums), "/none/SUMS\\e: No such file or directory");
    sumfile_free(sums);
    const char *text = MD5("1") "  a\n";
    int status;
    io_fault_arm(IO_FAULT(read), 1, EIO, IO_FAULT_ONCE);
    sums = load(*state, &text, 1, &status);
    assert_int_equal(status, PX_EIO);
    assert_non_null(strstr(sumfile_error(sums), "SUMS0: Input/output error"));
    sumfile_free(sums);
}

static void test_sumfile_in_a_pipe_is_not_waited_for(void **state)
{
    const char *path = scratch_path(*state, "pipe");
    struct sumfile *sums = NULL;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(sumfile_new(io_fault_ops(), &path, 1, &sums), PX_OK);
    assert_int_equal(sumfile_load(sums), PX_EAGAIN);
    const int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    const char text[] = MD5("1") "  a\n";
    assert_int_equal(write(fd, text, 10), 10);
    assert_int_equal(sumfile_load(sums), PX_EAGAIN);
    assert_int_equal(write(fd, text + 10, sizeof text - 11), sizeof text - 11);
    assert_int_equal(sumfile_load(sums), PX_EAGAIN);
    close(fd);
    assert_int_equal(sumfile_load(sums), PX_OK);
    assert_int_equal(sumfile_load(sums), PX_OK);
    assert_int_equal(found(sums, "a", "http://h/a"), '1');
    sumfile_free(sums);
}

static void test_sumfile_large_one_finds_each_name(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    for (unsigned i = 0; i < 20000; i++) {
        fprintf(out, "%032x  dir%u/file-%u\n", i, i % 7, (i * 7919) % 20000);
    }
    fclose(out);
    struct sumfile *sums = load_one(*state, text);
    free(text);
    for (unsigned i = 0; i < 20000; i++) {
        char target[64];
        struct px_checksum sum;
        snprintf(target, sizeof target, "out/file-%u", (i * 7919) % 20000);
        assert_int_equal(sumfile_find(sums, target, "http://h/x", &sum), SUMFILE_FOUND);
        assert_int_equal(sum.value[14] * 256 + sum.value[15], i);
    }
    sumfile_free(sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sumfile_find_by_table),
        cmocka_unit_test(test_sumfile_strongest_digest_of_several_counts),
        cmocka_unit_test(test_sumfile_other_lines_are_counted),
        cmocka_unit_test(test_sumfile_without_a_checksum_is_an_error),
        cmocka_unit_test(test_sumfile_that_cannot_be_read_is_an_error),
        cmocka_unit_test(test_sumfile_in_a_pipe_is_not_waited_for),
        cmocka_unit_test(test_sumfile_large_one_finds_each_name),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
