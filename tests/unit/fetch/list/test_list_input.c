/* SPDX-License-Identifier: MIT
 *
 * Where lists come from: operands and files in their order, pipes that are slow, and files that
 * cannot be read (see list_text.h for how entries are shown).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "fetch/list/list.h"
#include "fetch/list/list_text.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define QUIET (LIST_QUIET_MS * PX_NS_PER_MS)

/* --- several inputs --------------------------------------------------------------------------- */

static void test_list_inputs_come_in_order_each_with_its_own_line_numbers(void **state)
{
    struct scratch *scratch = *state;
    static const struct {
        uint64_t line;
        size_t input;
        const char *url;
    } expected[] = {
        {0, 0, "http://h/op1"}, {1, 1, "http://h/a"}, {2, 1, "http://h/b"},
        {0, 3, "http://h/op2"}, {1, 4, "http://h/c"},
    };
    char paths[3][SCRATCH_ROOM];
    static const char *const texts[] = {"http://h/a\nhttp://h/b", "# empty\n", "http://h/c\n"};
    for (size_t i = 0; i < ROWS(texts); i++) {
        char name[] = "0.list";
        name[0] = (char)('0' + (char)i);
        scratch_put(scratch, name, texts[i]);
        memcpy(paths[i], scratch_path(scratch, name), SCRATCH_ROOM);
    }
    const char *const inputs[] = {"http://h/op1", paths[0], paths[1], "http://h/op2", paths[2]};
    struct list *list = list_make(inputs, ROWS(inputs), false);
    struct list_entry entry;
    io_fault_reset();
    for (size_t i = 0; i < ROWS(expected); i++) {
        assert_int_equal(list_next(list, LIST_NOW, &entry), PX_OK);
        assert_int_equal(entry.line, expected[i].line);
        assert_int_equal(entry.input, expected[i].input);
        assert_int_equal(entry.url_len, strlen(expected[i].url));
        assert_memory_equal(entry.url, expected[i].url, entry.url_len);
        assert_null(entry.bad);
    }
    assert_int_equal(list_next(list, LIST_NOW, &entry), PX_EEND);
    assert_int_equal(list_next(list, LIST_NOW, &entry), PX_EEND);
    assert_int_equal(io_fault_calls(IO_FAULT(openat)), io_fault_calls(IO_FAULT(close)));
    list_free(list);
}

static void test_list_operand_is_a_url_as_it_stands(void **state)
{
    (void)state;
    static const char *const inputs[] = {"http://h/a b", "ftp://h/a", "http://h/a\thttp://h/b",
                                         " http://h/a", "HTTPS://H/a"};
    static const char *const bad[] = {BAD_SPACE, BAD_OTHER_SCHEME, BAD_CONTROL, BAD_SPACE, NULL};
    struct list *list = list_make(inputs, ROWS(inputs), false);
    for (size_t i = 0; i < ROWS(inputs); i++) {
        struct list_entry entry;
        assert_int_equal(list_next(list, LIST_NOW, &entry), PX_OK);
        assert_int_equal(entry.url_len, strlen(inputs[i]));
        assert_memory_equal(entry.url, inputs[i], entry.url_len);
        assert_int_equal(entry.mirrors_len + entry.options_len, 0);
        if (bad[i] == NULL) {
            assert_null(entry.bad);
        } else {
            assert_string_equal(entry.bad, bad[i]);
        }
    }
    list_free(list);
}

static void test_list_input_name_of_standard_input(void **state)
{
    (void)state;
    static const char *const inputs[] = {"-", "a.txt"};
    struct list *list = list_make(inputs, 2, false);
    assert_string_equal(list_input_name(list, 0), "standard input");
    assert_string_equal(list_input_name(list, 1), "a.txt");
    list_free(list);
    list_free(NULL);
}

static void test_list_without_inputs_is_at_its_end(void **state)
{
    (void)state;
    struct list *list = list_make(NULL, 0, false);
    struct list_entry entry;
    assert_int_equal(list_next(list, LIST_NOW, &entry), PX_EEND);
    list_free(list);
}

/* --- lists that cannot be read ---------------------------------------------------------------- */

static void expect_error(struct list *list, const char *name, const char *reason)
{
    struct list_entry entry;
    char expected[2 * SCRATCH_ROOM];
    assert_int_equal(list_next(list, LIST_NOW, &entry), PX_EIO);
    snprintf(expected, sizeof expected, "%s: %s", name, reason);
    assert_string_equal(list_error(list), expected);
}

static void test_list_url_given_as_a_list_file_is_a_missing_file(void **state)
{
    (void)state;
    static const char *const inputs[] = {"http://h/a"};
    const struct list_opts opts = {
        .inputs = inputs, .n_inputs = 1, .all_are_lists = true, .io = io_fault_ops()};
    struct list *list = NULL;
    assert_int_equal(list_new(&opts, &list), PX_OK);
    expect_error(list, "http://h/a", "No such file or directory");
    list_free(list);
}

static void test_list_error_is_escaped(void **state)
{
    (void)state;
    static const char *const inputs[] = {"/no/such\x1b[31m\nfile\x9b"};
    struct list *list = list_make(inputs, 1, false);
    struct list_entry entry;
    assert_int_equal(list_next(list, LIST_NOW, &entry), PX_EIO);
    for (const char *at = list_error(list); *at != '\0'; at++) {
        assert_true((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f);
    }
    list_free(list);
}

/* Every open, stat and read fails once: the list says so, with its name, and goes on afterwards. */
static void test_list_every_io_failure_is_told(void **state)
{
    struct scratch *scratch = *state;
    static const size_t members[] = {IO_FAULT(openat), IO_FAULT(fstat), IO_FAULT(fstatat),
                                     IO_FAULT(read)};
    scratch_put(scratch, "list", "http://h/a\n  out=x\nhttp://h/b\n");
    const char *const inputs[] = {scratch_path(scratch, "list")};
    for (size_t i = 0; i < ROWS(members); i++) {
        for (unsigned nth = 1; nth < 100; nth++) {
            struct memory_text memory = {0};
            struct list *list = list_make(inputs, 1, false);
            io_fault_arm(members[i], nth, EIO, IO_FAULT_ONCE);
            io_fault_short(IO_FAULT(read), 7);
            const int rc = list_read_all(list, &memory);
            const bool fired = io_fault_fired();
            memory_text_free(&memory);
            assert_int_equal(rc, fired ? PX_EIO : PX_EEND);
            if (fired) {
                assert_non_null(strstr(list_error(list), "/list: Input/output error"));
            }
            list_free(list);
            if (!fired) {
                assert_true(nth > 1);
                break;
            }
        }
    }
}

/* --- slow pipes ------------------------------------------------------------------------------- */

struct slow {
    struct list *list;
    int fd;
    char path[SCRATCH_ROOM];
    const char *inputs[1];
};

static void slow_open(struct slow *slow, struct scratch *scratch, bool nul_separated)
{
    struct list_entry entry;
    memcpy(slow->path, scratch_path(scratch, "pipe"), SCRATCH_ROOM);
    slow->inputs[0] = slow->path;
    unlink(slow->path); /* of the test before */
    assert_int_equal(mkfifo(slow->path, 0600), 0);
    io_fault_reset();
    slow->list = list_make(slow->inputs, 1, nul_separated);
    assert_int_equal(list_next(slow->list, LIST_NOW, &entry), PX_EAGAIN);
    slow->fd = open(slow->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(slow->fd >= 0);
}

static void slow_say(struct slow *slow, const char *text)
{
    assert_int_equal(write(slow->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void slow_expect(struct slow *slow, int64_t now_ns, const char *expected)
{
    struct memory_text memory = {0};
    struct list_entry entry;
    FILE *out = memory_text_open(&memory);
    const int rc = list_next(slow->list, now_ns, &entry);
    if (rc == PX_OK) {
        list_show_entry(out, &entry);
    } else {
        fputs(px_status_name(rc), out);
    }
    assert_string_equal(memory_text_close(&memory), expected);
    memory_text_free(&memory);
}

static void slow_close(struct slow *slow)
{
    list_free(slow->list);
}

static void test_list_slow_pipe_gives_a_url_that_waits_for_an_answer(void **state)
{
    struct slow slow;
    slow_open(&slow, *state, false);
    slow_say(&slow, "http://h/");
    slow_expect(&slow, LIST_NOW, "EAGAIN");
    slow_expect(&slow, LIST_NOW + 100 * QUIET, "EAGAIN"); /* no line yet */
    slow_say(&slow, "a\n");
    slow_expect(&slow, LIST_NOW, "EAGAIN");
    slow_expect(&slow, LIST_NOW + QUIET - 1, "EAGAIN");
    slow_expect(&slow, LIST_NOW + QUIET, "1 \"http://h/a\"\n");
    slow_expect(&slow, LIST_NOW + QUIET, "EAGAIN");
    slow_say(&slow, "\nhttp://h/b\n");
    slow_expect(&slow, LIST_NOW + 5 * QUIET, "EAGAIN"); /* the quiet begins anew */
    slow_say(&slow, "http://h/c\n");
    slow_expect(&slow, LIST_NOW + 5 * QUIET, "3 \"http://h/b\"\n"); /* the next line is there */
    close(slow.fd);
    slow_expect(&slow, LIST_NOW + 5 * QUIET, "4 \"http://h/c\"\n");
    slow_expect(&slow, LIST_NOW + 5 * QUIET, "EEND");
    slow_close(&slow);
}

static void test_list_slow_pipe_nul_separated_gives_each_url_at_once(void **state)
{
    struct slow slow;
    slow_open(&slow, *state, true);
    assert_int_equal(write(slow.fd, "http://h/a\0http://h/b", 21), 21);
    slow_expect(&slow, LIST_NOW, "1 \"http://h/a\"\n");
    slow_expect(&slow, LIST_NOW + 100 * QUIET, "EAGAIN");
    close(slow.fd);
    slow_expect(&slow, LIST_NOW, "2 \"http://h/b\"\n");
    slow_expect(&slow, LIST_NOW, "EEND");
    slow_close(&slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_inputs_come_in_order_each_with_its_own_line_numbers),
        cmocka_unit_test(test_list_operand_is_a_url_as_it_stands),
        cmocka_unit_test(test_list_input_name_of_standard_input),
        cmocka_unit_test(test_list_without_inputs_is_at_its_end),
        cmocka_unit_test(test_list_url_given_as_a_list_file_is_a_missing_file),
        cmocka_unit_test(test_list_error_is_escaped),
        cmocka_unit_test(test_list_every_io_failure_is_told),
        cmocka_unit_test(test_list_slow_pipe_gives_a_url_that_waits_for_an_answer),
        cmocka_unit_test(test_list_slow_pipe_nul_separated_gives_each_url_at_once),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
