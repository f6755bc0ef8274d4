/* SPDX-License-Identifier: MIT
 *
 * Records of a file or a pipe: where one ends, however the bytes arrive (F23), and that nothing
 * waits.
 */
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

#include "fetch/list/lines.h"
#include "support/io_fault.h"
#include "support/random.h"
#include "support/scratch.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define BOM "\xef\xbb\xbf"

struct bytes {
    const char *at;
    size_t n;
};
#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static void open_lines(struct lines *lines, struct scratch *scratch, const char *name,
                       char separator)
{
    assert_int_equal(
        lines_open(lines, io_fault_ops(), scratch_path(scratch, name), separator, NULL), 0);
}

static void take_expected(struct lines *lines, const void *bytes, size_t n)
{
    const char *text = NULL;
    size_t len = 0;
    assert_int_equal(lines_peek(lines, &text, &len), PX_OK);
    assert_int_equal(len, n);
    assert_memory_equal(text, bytes, n);
    lines_take(lines);
}

static void expect_status(struct lines *lines, int status)
{
    const char *text = NULL;
    size_t len = 0;
    assert_int_equal(lines_peek(lines, &text, &len), status);
}

/* --- where a record ends ---------------------------------------------------------------------- */

static const struct row {
    struct bytes text;
    char separator;
    size_t n_records;
    struct bytes records[3];
} rows[] = {
    {BYTES(""), '\n', 0, {{0}}},
    {BYTES("a"), '\n', 1, {BYTES("a")}},
    {BYTES("a\n"), '\n', 1, {BYTES("a")}},
    {BYTES("a\nbc"), '\n', 2, {BYTES("a"), BYTES("bc")}},
    {BYTES("\n\n"), '\n', 2, {BYTES(""), BYTES("")}},
    {BYTES("a\r\nb\r\n"), '\n', 2, {BYTES("a"), BYTES("b")}},
    {BYTES("a\r"), '\n', 1, {BYTES("a")}},
    {BYTES("a\r\r\n"), '\n', 1, {BYTES("a\r")}},
    {BYTES("a\rb\n"), '\n', 1, {BYTES("a\rb")}},
    {BYTES("\r\n"), '\n', 1, {BYTES("")}},
    {BYTES("a\0b\n\0"), '\n', 2, {BYTES("a\0b"), BYTES("\0")}},
    {BYTES(BOM), '\n', 0, {{0}}},
    {BYTES(BOM "a\n"), '\n', 1, {BYTES("a")}},
    {BYTES(BOM "\nb"), '\n', 2, {BYTES(""), BYTES("b")}},
    {BYTES(BOM BOM "a\n"), '\n', 1, {BYTES(BOM "a")}},
    {BYTES("a\n" BOM "b\n"), '\n', 2, {BYTES("a"), BYTES(BOM "b")}},
    {BYTES("\xef\xbb"), '\n', 1, {BYTES("\xef\xbb")}},
    {BYTES("\xef\xbb\n"), '\n', 1, {BYTES("\xef\xbb")}},
    {BYTES("a\0b\0"), '\0', 2, {BYTES("a"), BYTES("b")}},
    {BYTES("a\0b"), '\0', 2, {BYTES("a"), BYTES("b")}},
    {BYTES("\0\0"), '\0', 2, {BYTES(""), BYTES("")}},
    {BYTES("a\r\0b\n\0"), '\0', 2, {BYTES("a\r"), BYTES("b\n")}},
    {BYTES(BOM "a\0"), '\0', 1, {BYTES("a")}},
};

static void test_lines_peek_by_table_however_few_bytes_a_read_gives(void **state)
{
    static const size_t reads[] = {0, 1, 2, 3, 4};
    for (size_t i = 0; i < ROWS(rows) * ROWS(reads); i++) {
        const struct row *row = &rows[i / ROWS(reads)];
        struct lines lines;
        scratch_put_bytes(*state, "list", row->text.at, row->text.n);
        io_fault_reset();
        io_fault_short(IO_FAULT(read), reads[i % ROWS(reads)]);
        open_lines(&lines, *state, "list", row->separator);
        for (size_t k = 0; k < row->n_records; k++) {
            take_expected(&lines, row->records[k].at, row->records[k].n);
            assert_int_equal(lines.number, k + 1);
        }
        expect_status(&lines, PX_EEND);
        expect_status(&lines, PX_EEND);
        lines_close(&lines);
    }
}

static void test_lines_peek_twice_gives_the_same_record(void **state)
{
    struct lines lines;
    scratch_put_bytes(*state, "list", "a\nb\n", 4);
    open_lines(&lines, *state, "list", '\n');
    lines_take(&lines); /* nothing was peeked: nothing is taken */
    for (int i = 0; i < 3; i++) {
        const char *text = NULL;
        size_t len = 0;
        assert_int_equal(lines_peek(&lines, &text, &len), PX_OK);
        assert_int_equal(len, 1);
        assert_memory_equal(text, "a", 1);
        assert_int_equal(lines.number, 1);
    }
    lines_take(&lines);
    lines_take(&lines);
    take_expected(&lines, "b", 1);
    assert_int_equal(lines.number, 2);
    lines_close(&lines);
}

/* As split by a loop that a child could have written: no CR, no BOM in the alphabet. */
static void expect_split(struct lines *lines, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        const size_t len = end != NULL ? (size_t)(end - text) - at : n - at;
        take_expected(lines, text + at, len);
        at += len + 1;
    }
    expect_status(lines, PX_EEND);
}

static void test_lines_peek_of_random_bytes_splits_at_every_newline(void **state)
{
    uint64_t x = UINT64_C(0x9e3779b97f4a7c15);
    for (int round = 0; round < 300; round++) {
        static const char alphabet[] = "ab\n\0 \t\xff";
        char text[200];
        const size_t n = (size_t)round % sizeof text;
        struct lines lines;
        for (size_t i = 0; i < n; i++) {
            text[i] = alphabet[random_next(&x) % (sizeof alphabet - 1)];
        }
        scratch_put_bytes(*state, "list", text, n);
        io_fault_reset();
        io_fault_short(IO_FAULT(read), x % 9);
        open_lines(&lines, *state, "list", '\n');
        expect_split(&lines, text, n);
        lines_close(&lines);
    }
}

/* --- long lines ------------------------------------------------------------------------------- */

/* n times 'x', with a head that tells it from others, then `tail`. */
static void put_long(struct scratch *scratch, size_t n, const char *tail)
{
    char *text = malloc(n + strlen(tail));
    assert_non_null(text);
    memset(text, 'x', n);
    text[0] = 'H';
    memcpy(text + n, tail, strlen(tail));
    scratch_put_bytes(scratch, "list", text, n + strlen(tail));
    free(text);
}

static void expect_long(struct lines *lines, uint64_t number)
{
    for (int i = 0; i < 2; i++) {
        const char *text = NULL;
        size_t len = 0;
        assert_int_equal(lines_peek(lines, &text, &len), PX_EBADLINE);
        assert_int_equal(len, LINES_SAMPLE_BYTES);
        assert_memory_equal(text, "Hxxxxxxx", 8);
        assert_int_equal(lines->number, number);
    }
    lines_take(lines);
}

static void test_lines_peek_limit_is_one_mib(void **state)
{
    static const char *const tails[] = {"", "\n", "\nnext", "\nnext\r\n"};
    static const size_t reads[] = {0, 65536, 10007};
    for (size_t i = 0; i < ROWS(tails) * ROWS(reads); i++) {
        const char *tail = tails[i / ROWS(reads)];
        for (size_t over = 0; over < 2; over++) {
            struct lines lines;
            put_long(*state, LINES_MAX_BYTES + over, tail);
            io_fault_reset();
            io_fault_short(IO_FAULT(read), reads[i % ROWS(reads)]);
            open_lines(&lines, *state, "list", '\n');
            if (over > 0) {
                expect_long(&lines, 1);
            } else {
                const char *text = NULL;
                size_t len = 0;
                assert_int_equal(lines_peek(&lines, &text, &len), PX_OK);
                assert_int_equal(len, LINES_MAX_BYTES);
                lines_take(&lines);
            }
            if (strlen(tail) > 1) {
                take_expected(&lines, "next", 4);
                assert_int_equal(lines.number, 2);
            }
            expect_status(&lines, PX_EEND);
            lines_close(&lines);
        }
    }
}

static void test_lines_peek_very_long_line_needs_bounded_memory(void **state)
{
    struct lines lines;
    put_long(*state, 9 * LINES_MAX_BYTES + 77, "\nnext\n");
    open_lines(&lines, *state, "list", '\n');
    expect_long(&lines, 1);
    take_expected(&lines, "next", 4);
    assert_true(lines.room <= 2 * LINES_MAX_BYTES);
    lines_close(&lines);
}

static void test_lines_peek_two_long_lines_are_two(void **state)
{
    char *second = malloc(LINES_MAX_BYTES + 3);
    struct lines lines;
    assert_non_null(second);
    memset(second, 'x', LINES_MAX_BYTES + 2);
    second[0] = '\n';
    second[1] = 'H';
    second[LINES_MAX_BYTES + 2] = '\0';
    put_long(*state, LINES_MAX_BYTES + 1, second);
    open_lines(&lines, *state, "list", '\n');
    expect_long(&lines, 1);
    expect_long(&lines, 2);
    expect_status(&lines, PX_EEND);
    lines_close(&lines);
    free(second);
}

/* --- pipes ------------------------------------------------------------------------------------ */

static int open_writer(struct scratch *scratch, const char *name)
{
    const int fd = open(scratch_path(scratch, name), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void test_lines_peek_of_a_pipe_never_waits(void **state)
{
    struct lines lines;
    assert_int_equal(mkfifo(scratch_path(*state, "pipe"), 0600), 0);
    open_lines(&lines, *state, "pipe", '\n');
    expect_status(&lines, PX_EAGAIN); /* nobody has opened it for writing yet */
    const int fd = open_writer(*state, "pipe");
    expect_status(&lines, PX_EAGAIN);
    say(fd, "a");
    expect_status(&lines, PX_EAGAIN);
    say(fd, "b\ncd");
    take_expected(&lines, "ab", 2);
    expect_status(&lines, PX_EAGAIN);
    expect_status(&lines, PX_EAGAIN);
    say(fd, "\n\ne");
    take_expected(&lines, "cd", 2);
    take_expected(&lines, "", 0);
    expect_status(&lines, PX_EAGAIN);
    close(fd);
    take_expected(&lines, "e", 1);
    assert_int_equal(lines.number, 4);
    expect_status(&lines, PX_EEND);
    lines_close(&lines);
}

static void test_lines_close_leaves_standard_input_open(void **state)
{
    (void)state;
    const int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    int ends[2];
    struct lines lines;
    io_fault_reset();
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    say(ends[1], "a\n");
    assert_int_equal(lines_open(&lines, io_fault_ops(), "-", '\n', NULL), 0);
    take_expected(&lines, "a", 1);
    expect_status(&lines, PX_EAGAIN);
    lines_close(&lines);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    assert_int_equal(io_fault_calls(IO_FAULT(close)), 0);
    close(ends[0]);
    close(ends[1]);
    if (saved >= 0) {
        assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        close(saved);
    }
}

/* --- failures --------------------------------------------------------------------------------- */

static void test_lines_open_failure_sets_errno_and_leaks_nothing(void **state)
{
    struct scratch *scratch = *state;
    struct lines lines;
    assert_int_equal(lines_open(&lines, io_fault_ops(), scratch_path(scratch, "none"), '\n', NULL),
                     -1);
    assert_int_equal(errno, ENOENT);
    io_fault_reset();
    assert_int_equal(lines_open(&lines, io_fault_ops(), scratch->dir, '\n', NULL), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(io_fault_calls(IO_FAULT(close)), 1);
    scratch_put_bytes(scratch, "list", "a\n", 2);
    io_fault_arm(IO_FAULT(fstat), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(lines_open(&lines, io_fault_ops(), scratch_path(scratch, "list"), '\n', NULL),
                     -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(io_fault_calls(IO_FAULT(close)), 1);
    lines_close(&lines); /* legal after a failed open */
}

static void test_lines_peek_read_failure_by_errno(void **state)
{
    static const struct {
        int err, status;
    } failures[] = {{EIO, PX_EIO}, {EAGAIN, PX_EAGAIN}, {EISDIR, PX_EIO}};
    scratch_put_bytes(*state, "list", "a\nb\n", 4);
    for (size_t i = 0; i < ROWS(failures); i++) {
        struct lines lines;
        io_fault_arm(IO_FAULT(read), 2, failures[i].err, IO_FAULT_ONCE);
        io_fault_short(IO_FAULT(read), 3);
        open_lines(&lines, *state, "list", '\n');
        take_expected(&lines, "a", 1);
        errno = 0;
        expect_status(&lines, failures[i].status);
        assert_int_equal(errno, failures[i].err);
        take_expected(&lines, "b", 1);
        lines_close(&lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_peek_by_table_however_few_bytes_a_read_gives),
        cmocka_unit_test(test_lines_peek_twice_gives_the_same_record),
        cmocka_unit_test(test_lines_peek_of_random_bytes_splits_at_every_newline),
        cmocka_unit_test(test_lines_peek_limit_is_one_mib),
        cmocka_unit_test(test_lines_peek_very_long_line_needs_bounded_memory),
        cmocka_unit_test(test_lines_peek_two_long_lines_are_two),
        cmocka_unit_test(test_lines_peek_of_a_pipe_never_waits),
        cmocka_unit_test(test_lines_close_leaves_standard_input_open),
        cmocka_unit_test(test_lines_open_failure_sets_errno_and_leaks_nothing),
        cmocka_unit_test(test_lines_peek_read_failure_by_errno),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
