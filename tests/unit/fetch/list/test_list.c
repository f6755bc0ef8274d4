/* SPDX-License-Identifier: MIT
 *
 * Lists as entries (F11, F23): comments, options, mirrors, bad lines, operands, slow pipes.
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
#include <string.h>
#include <sys/stat.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "fetch/list/list.h"
#include "support/io_fault.h"
#include "support/scratch.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct scratch area;

static int make_area(void **state)
{
    (void)state;
    scratch_make(&area);
    io_fault_reset();
    return 0;
}

static int remove_area(void **state)
{
    (void)state;
    scratch_remove(&area);
    return 0;
}

static struct list *open_inputs(const char *const *inputs, size_t n, bool nul)
{
    struct list_opts opts = {
        .inputs = inputs, .n_inputs = n, .nul_separated = nul, .io = io_fault_ops()};
    struct list *list = NULL;
    assert_int_equal(list_new(&opts, &list), PX_OK);
    return list;
}

/* What an entry of a list shows as: "LINE URL|MIRRORS|OPTIONS" or "LINE !reason". */
static const char *show(const struct list_entry *entry)
{
    static char text[4096];
    if (entry->bad != NULL) {
        snprintf(text, sizeof text, "%u !%s", (unsigned)entry->line, entry->bad);
    } else {
        snprintf(text, sizeof text, "%u %.*s|%.*s|%.*s", (unsigned)entry->line, (int)entry->url_len,
                 entry->url, (int)entry->mirrors_len, entry->mirrors, (int)entry->options_len,
                 entry->options);
    }
    return text;
}

static void expect(struct list *list, const char *want)
{
    struct list_entry entry;
    assert_int_equal(list_next(list, 1, &entry), PX_OK);
    assert_string_equal(show(&entry), want);
}

static void expect_end(struct list *list)
{
    struct list_entry entry;
    assert_int_equal(list_next(list, 1, &entry), PX_EEND);
    assert_int_equal(list_next(list, 1, &entry), PX_EEND);
    assert_null(list_error(list));
    list_free(list);
}

static struct list *open_text(const char *text)
{
    static const char *path;
    static char copy[SCRATCH_ROOM];
    scratch_put(&area, "list", text);
    snprintf(copy, sizeof copy, "%s", scratch_path(&area, "list"));
    path = copy;
    return open_inputs(&path, 1, false);
}

static void test_list_plain_with_comments_and_blanks(void **state)
{
    (void)state;
    struct list *list = open_text("# first\n\nhttp://h/1\r\n   \n\t# indented comment\n"
                                  "https://h/2   \n#http://h/no\nHTTP://H/3");
    expect(list, "3 http://h/1||");
    expect(list, "6 https://h/2||");
    expect(list, "8 HTTP://H/3||");
    expect_end(list);
}

static void test_list_options_belong_to_the_url_above(void **state)
{
    (void)state;
    struct list *list = open_text("http://h/1\n  out=a b\n\theader=X: y=z\n\n# c\n  dir=d\n"
                                  "http://h/2\nhttp://h/3\n split=4\n");
    expect(list, "1 http://h/1||out=a b\nheader=X: y=z\ndir=d\n");
    expect(list, "7 http://h/2||");
    expect(list, "8 http://h/3||split=4\n");
    expect_end(list);
}

static void test_list_tabs_separate_mirrors(void **state)
{
    (void)state;
    struct list *list = open_text("http://a/1\thttp://b/1\thttp://c/1\n  out=x\nhttp://h/2\t\n");
    expect(list, "1 http://a/1|http://b/1\thttp://c/1|out=x\n");
    expect(list, "3 http://h/2||");
    expect_end(list);
}

static void test_list_bad_lines_do_not_stop_the_good(void **state)
{
    (void)state;
    struct list *list = open_text("  out=orphan\nhttp://h/1\nnonsense\nhttp://h/a b\nftp://h/x\n"
                                  "http://h/\x01\nhttp://\nfile:///etc/passwd\nhttp://h/2\n"
                                  "  no value\n  out=x\nhttp://h/3\n  out=a\x1b\nhttp://h/4\n");
    expect(list, "1 !an option without a URL before it (or long after it)");
    expect(list, "2 http://h/1||");
    expect(list, "3 !no scheme: a URL begins with http:// or https://");
    expect(list, "4 !a space in the URL: write %20");
    expect(list, "5 !neither http nor https");
    expect(list, "6 !a control byte in the URL");
    expect(list, "7 !no host in the URL");
    expect(list, "8 !neither http nor https");
    expect(list, "9 !an option that is not NAME=VALUE");
    expect(list, "12 !a control byte in an option");
    expect(list, "14 http://h/4||");
    expect_end(list);
}

static void test_list_a_nul_in_a_line_is_a_bad_line(void **state)
{
    (void)state;
    static const char bytes[] = "http://h/a\0b\nhttp://h/2\n";
    FILE *file = fopen(scratch_path(&area, "list"), "w");
    fwrite(bytes, 1, sizeof bytes - 1, file);
    fclose(file);
    const char *path = scratch_path(&area, "list");
    struct list *list = open_inputs(&path, 1, false);
    expect(list, "1 !a control byte in the URL");
    expect(list, "2 http://h/2||");
    expect_end(list);
}

static void test_list_line_of_more_than_a_mebibyte_is_bad(void **state)
{
    (void)state;
    FILE *file = fopen(scratch_path(&area, "list"), "w");
    fputs("http://h/1\nhttp://h/", file);
    for (int i = 0; i < 1100 * 1024; i++) {
        fputc('x', file);
    }
    fputs("\nhttp://h/2\n", file);
    fclose(file);
    const char *path = scratch_path(&area, "list");
    struct list *list = open_inputs(&path, 1, false);
    expect(list, "1 http://h/1||");
    expect(list, "2 !a line of more than 1 MiB");
    expect(list, "3 http://h/2||");
    expect_end(list);
}

static void test_list_nul_separated_has_no_comments_and_no_options(void **state)
{
    (void)state;
    static const char bytes[] = "http://h/1\0#c\0\0http://h/2\thttp://m/2";
    FILE *file = fopen(scratch_path(&area, "list"), "w");
    fwrite(bytes, 1, sizeof bytes - 1, file);
    fclose(file);
    const char *path = scratch_path(&area, "list");
    struct list *list = open_inputs(&path, 1, true);
    expect(list, "1 http://h/1||");
    expect(list, "2 !no scheme: a URL begins with http:// or https://");
    expect(list, "4 !a control byte in the URL");
    expect_end(list);
}

static void test_list_operands_and_lists_come_in_order(void **state)
{
    (void)state;
    char a[SCRATCH_ROOM], b[SCRATCH_ROOM];
    scratch_put(&area, "a", "http://h/a1\nhttp://h/a2");
    scratch_put(&area, "b", "# nothing\n");
    snprintf(a, sizeof a, "%s", scratch_path(&area, "a"));
    snprintf(b, sizeof b, "%s", scratch_path(&area, "b"));
    const char *inputs[] = {"http://h/op", a, b, "ftp://h/op2", a};
    struct list *list = open_inputs(inputs, 5, false);
    expect(list, "0 http://h/op||");
    expect(list, "1 http://h/a1||");
    expect(list, "2 http://h/a2||");
    expect(list, "0 !neither http nor https");
    expect(list, "1 http://h/a1||");
    expect(list, "2 http://h/a2||");
    expect_end(list);
}

static void test_list_a_missing_list_is_found_before_anything_is_read(void **state)
{
    (void)state;
    const char *inputs[] = {"http://h/op", "/nonexistent/a\x1b"};
    struct list *list = open_inputs(inputs, 2, false);
    struct list_entry entry;
    assert_int_equal(list_next(list, 1, &entry), PX_EIO);
    assert_string_equal(list_error(list), "/nonexistent/a\\e: No such file or directory");
    list_free(list);
    inputs[1] = "nothere.invalid/x";
    list = open_inputs(inputs, 2, false);
    assert_int_equal(list_next(list, 1, &entry), PX_EIO);
    assert_non_null(strstr(list_error(list), "such file or directory (a URL begins with http://"));
    list_free(list);
    inputs[1] = area.dir;
    list = open_inputs(inputs, 2, false);
    assert_int_equal(list_next(list, 1, &entry), PX_EIO);
    assert_non_null(strstr(list_error(list), "Is a directory"));
    list_free(list);
}

static void test_list_a_failing_read_is_told(void **state)
{
    (void)state;
    struct list_entry entry;
    struct list *list = open_text("http://h/1\n");
    io_fault_arm(IO_FAULT(read), 1, EIO, IO_FAULT_STICKY);
    assert_int_equal(list_next(list, 1, &entry), PX_EIO);
    assert_non_null(strstr(list_error(list), "Input/output error"));
    list_free(list);
}

/* A pipe as the list: `writer` is the other end. */
static struct list *open_pipe(int *writer, char *path)
{
    static const char *input;
    snprintf(path, SCRATCH_ROOM, "%s", scratch_path(&area, "pipe"));
    assert_int_equal(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    *writer = open(path, O_WRONLY);
    assert_true(reader >= 0 && *writer >= 0);
    input = path;
    struct list *list = open_inputs(&input, 1, false);
    struct list_entry entry;
    assert_int_equal(list_next(list, 1, &entry), PX_EAGAIN);
    close(reader);
    return list;
}

static void say(int writer, const char *text)
{
    assert_int_equal(write(writer, text, strlen(text)), (ssize_t)strlen(text));
}

static void test_list_plain_pipe_hands_out_a_url_after_a_quiet_moment(void **state)
{
    (void)state;
    char path[SCRATCH_ROOM];
    int writer;
    struct list_entry entry;
    const int64_t quiet = LIST_QUIET_MS * PX_NS_PER_MS;
    struct list *list = open_pipe(&writer, path);
    say(writer, "http://h/1\n");
    assert_int_equal(list_next(list, 100, &entry), PX_EAGAIN);
    assert_int_equal(list_next(list, 99 + quiet, &entry), PX_EAGAIN);
    assert_int_equal(list_next(list, 100 + quiet, &entry), PX_OK);
    assert_string_equal(show(&entry), "1 http://h/1||");
    say(writer, "  out=late\nhttp://h/2\nhttp://h/3\n");
    expect(list, "2 !an option without a URL before it (or long after it)");
    expect(list, "3 http://h/2||");
    close(writer);
    expect(list, "4 http://h/3||");
    expect_end(list);
}

static void test_list_pipe_that_has_shown_options_is_waited_for(void **state)
{
    (void)state;
    char path[SCRATCH_ROOM];
    int writer;
    struct list_entry entry;
    struct list *list = open_pipe(&writer, path);
    say(writer, "http://h/1\n  out=a\nhttp://h/2\n");
    expect(list, "1 http://h/1||out=a\n");
    assert_int_equal(list_next(list, 100, &entry), PX_EAGAIN);
    assert_int_equal(list_next(list, INT64_MAX - 1, &entry), PX_EAGAIN);
    say(writer, "  out=b\n");
    close(writer);
    expect(list, "3 http://h/2||out=b\n");
    expect_end(list);
}

static void test_list_url_fault_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool good;
    } rows[] = {
        {"http://h", true},
        {"https://h/x?y#z", true},
        {"HTTPS://h", true},
        {"http://u:p@h/", true},
        {"http://[::1]:80/", true},
        {"http://h:80", true},
        {"http://h/\xc3\xa9", true},
        {"http://a@b@h/", true},
        {"http:/h", false},
        {"http//h", false},
        {"://h", false},
        {"http://", false},
        {"http:///x", false},
        {"http://:80/", false},
        {"http://u@/", false},
        {"http://?x", false},
        {"htt://h", false},
        {"httpss://h", false},
        {"http://h/\x7f", false},
        {"http://h/\t", false},
        {"", false},
        {"-", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *fault = list_url_fault(rows[i].url, strlen(rows[i].url));
        if ((fault == NULL) != rows[i].good) {
            fail_msg("%s: %s", rows[i].url, fault != NULL ? fault : "no fault");
        }
    }
}

static void test_list_option_next_walks_and_ends(void **state)
{
    (void)state;
    const char *at = "a=1\nbb=\n=c\nd";
    size_t left = strlen(at);
    struct list_option option;
    assert_true(list_option_next(&at, &left, &option));
    assert_true(list_option_is(&option, "a"));
    assert_false(list_option_is(&option, "ab"));
    assert_int_equal(option.value_len, 1);
    assert_true(list_option_next(&at, &left, &option));
    assert_true(list_option_is(&option, "bb"));
    assert_int_equal(option.value_len, 0);
    assert_true(list_option_next(&at, &left, &option));
    assert_true(list_option_is(&option, ""));
    assert_true(list_option_next(&at, &left, &option));
    assert_true(list_option_is(&option, "d"));
    assert_false(list_option_next(&at, &left, &option));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_area)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_list_plain_with_comments_and_blanks),
        TEST(test_list_options_belong_to_the_url_above),
        TEST(test_list_tabs_separate_mirrors),
        TEST(test_list_bad_lines_do_not_stop_the_good),
        TEST(test_list_a_nul_in_a_line_is_a_bad_line),
        TEST(test_list_line_of_more_than_a_mebibyte_is_bad),
        TEST(test_list_nul_separated_has_no_comments_and_no_options),
        TEST(test_list_operands_and_lists_come_in_order),
        TEST(test_list_a_missing_list_is_found_before_anything_is_read),
        TEST(test_list_a_failing_read_is_told),
        TEST(test_list_plain_pipe_hands_out_a_url_after_a_quiet_moment),
        TEST(test_list_pipe_that_has_shown_options_is_waited_for),
        cmocka_unit_test(test_list_url_fault_by_table),
        cmocka_unit_test(test_list_option_next_walks_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
