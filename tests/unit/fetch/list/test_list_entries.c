/* SPDX-License-Identifier: MIT
 *
 * What a list means (F23), by tables: each row is a list and its entries as text (see list_text.h),
 * read whole and in pieces. The plain cases are in test_list.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/list/lines.h"
#include "fetch/list/list.h"
#include "fetch/list/list_text.h"
#include "support/random.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define BOM "\xef\xbb\xbf"

struct row {
    const char *text;
    size_t n;
    const char *expected;
};
#define LIST(literal) (literal), sizeof(literal) - 1

/* The entries of a list as text; the caller frees. */
static char *entries_of(struct scratch *scratch, const struct row *row, bool nul_separated,
                        size_t read_bytes)
{
    struct memory_text memory = {0};
    scratch_put_bytes(scratch, "list", row->text, row->n);
    const char *const inputs[] = {scratch_path(scratch, "list")};
    struct list *list = list_make(inputs, 1, nul_separated);
    io_fault_reset();
    io_fault_short(IO_FAULT(read), read_bytes);
    assert_int_equal(list_read_all(list, &memory), PX_EEND);
    assert_null(list_error(list));
    list_free(list);
    return memory.text;
}

static void expect_entries(struct scratch *scratch, const struct row *row, bool nul_separated,
                           size_t read_bytes)
{
    char *entries = entries_of(scratch, row, nul_separated, read_bytes);
    assert_string_equal(entries, row->expected);
    free(entries);
}

static void expect_rows(struct scratch *scratch, const struct row *rows, size_t n,
                        bool nul_separated)
{
    for (size_t i = 0; i < n; i++) {
        expect_entries(scratch, &rows[i], nul_separated, 0);
        expect_entries(scratch, &rows[i], nul_separated, 1);
        expect_entries(scratch, &rows[i], nul_separated, 5);
    }
}

/* --- lists ------------------------------------------------------------------------------------ */

static void test_list_plain_lines_by_table(void **state)
{
    static const struct row rows[] = {
        {LIST(""), ""},
        {LIST("\n\n"), ""},
        {LIST("# a comment"), ""},
        {LIST("http://h/a\nhttps://h/b\n"), "1 \"http://h/a\"\n2 \"https://h/b\"\n"},
        {LIST("http://h/a"), "1 \"http://h/a\"\n"},
        {LIST("http://h/a\r\nhttp://h/b\r\n"), "1 \"http://h/a\"\n2 \"http://h/b\"\n"},
        {LIST(BOM "http://h/a\n"), "1 \"http://h/a\"\n"},
        {LIST(BOM "# c\nhttp://h/a\n"), "2 \"http://h/a\"\n"},
        {LIST("\n# c\n  # c\n\t\n   \r\n\nhttp://h/a\n"), "7 \"http://h/a\"\n"},
        {LIST("http://h/a\n#c\n\nhttp://h/b\n#c"), "1 \"http://h/a\"\n4 \"http://h/b\"\n"},
        {LIST("http://h/a \t \nhttp://h/b\t\r\n"), "1 \"http://h/a\"\n2 \"http://h/b\"\n"},
        {LIST("http://h/a#x\n"), "1 \"http://h/a#x\"\n"},
        {LIST("http://h/a\nhttp://h/a\n"), "1 \"http://h/a\"\n2 \"http://h/a\"\n"},
        {LIST("http://h/\xc3\xa9\n"), "1 \"http://h/<c3><a9>\"\n"},
        {LIST("http://h/a\thttp://i/a\n"), "1 \"http://h/a\" \"http://i/a\"\n"},
        {LIST("http://h/a\thttp://i/a\thttps://j/a \n"),
         "1 \"http://h/a\" \"http://i/a<09>https://j/a\"\n"},
    };
    expect_rows(*state, rows, ROWS(rows), false);
}

static void test_list_bad_line_is_told_with_its_number_and_the_rest_goes_on(void **state)
{
    static const struct row rows[] = {
        {LIST("http://h/a b\nhttp://h/c\n"),
         "1 \"http://h/a b\" !" BAD_SPACE "\n2 \"http://h/c\"\n"},
        {LIST("http://h/c\nhttp://h/\x1b[1m\n"),
         "1 \"http://h/c\"\n2 \"http://h/<1b>[1m\" !" BAD_CONTROL "\n"},
        {LIST("http://h/\0a\nhttp://h/c"),
         "1 \"http://h/<00>a\" !" BAD_CONTROL "\n2 \"http://h/c\"\n"},
        {LIST("http://h/a\rb\n"), "1 \"http://h/a<0d>b\" !" BAD_CONTROL "\n"},
        {LIST("http://h/\x7f\n"), "1 \"http://h/<7f>\" !" BAD_CONTROL "\n"},
        {LIST("#\nftp://h/a\n"), "2 \"ftp://h/a\" !" BAD_OTHER_SCHEME "\n"},
        {LIST("file:///etc/passwd\n"), "1 \"file:///etc/passwd\" !" BAD_OTHER_SCHEME "\n"},
        {LIST("h/a\n"), "1 \"h/a\" !" BAD_NO_SCHEME "\n"},
        {LIST("http://\nhttp://h/c\n"), "1 \"http://\" !no host in the URL\n2 \"http://h/c\"\n"},
        {LIST("http://h/a" BOM "\n"), "1 \"http://h/a<ef><bb><bf>\"\n"},
        {LIST("\0\n"), "1 \"<00>\" !" BAD_CONTROL "\n"},
        {LIST("x\thttp://h/a\n"), "1 \"x\" \"http://h/a\" !" BAD_NO_SCHEME "\n"},
        {LIST("http://h/a\tftp://i/a\n"),
         "1 \"http://h/a\" \"ftp://i/a\" !URL 2 of it: " BAD_OTHER_SCHEME "\n"},
        {LIST("http://h/a\thttp://i/a\thttp://j/\x1b\n"),
         "1 \"http://h/a\" \"http://i/a<09>http://j/<1b>\" !URL 3 of it: " BAD_CONTROL "\n"},
        {LIST("http://h/a\thttp://i/\0\n"),
         "1 \"http://h/a\" \"http://i/<00>\" !URL 2 of it: " BAD_CONTROL "\n"},
        {LIST("http://h/a\thttp://i/a b\n"),
         "1 \"http://h/a\" \"http://i/a b\" !URL 2 of it: " BAD_SPACE "\n"},
    };
    expect_rows(*state, rows, ROWS(rows), false);
}

static void test_list_options_by_table(void **state)
{
    static const struct row rows[] = {
        {LIST("http://h/a\n out=x\nhttp://h/b\n"),
         "1 \"http://h/a\" \"\" \"out=x;\"\n3 \"http://h/b\"\n"},
        {LIST("http://h/a\r\n  out=x\r\n\tdir=y\r\n"), "1 \"http://h/a\" \"\" \"out=x;dir=y;\"\n"},
        {LIST("http://h/a\n  out=x"), "1 \"http://h/a\" \"\" \"out=x;\"\n"},
        {LIST("http://h/a\thttp://i/a\n  out=x\n"), "1 \"http://h/a\" \"http://i/a\" \"out=x;\"\n"},
        {LIST("http://h/a\n\n# c\n  # c\n  out=x\n"), "1 \"http://h/a\" \"\" \"out=x;\"\n"},
        {LIST("http://h/a\n  header=A: b=c\td\n  header=B: \xc3\xa9\n"),
         "1 \"http://h/a\" \"\" \"header=A: b=c<09>d;header=B: <c3><a9>;\"\n"},
        {LIST("http://h/a\n  out=\n"), "1 \"http://h/a\" \"\" \"out=;\"\n"},
        {LIST("  out=x\nhttp://h/a\n"), "1 \"  out=x\" !" BAD_ORPHAN "\n2 \"http://h/a\"\n"},
        {LIST("  out=x\n  dir=y\nhttp://h/a\n"),
         "1 \"  out=x\" \"\" \"dir=y;\" !" BAD_ORPHAN "\n3 \"http://h/a\"\n"},
        {LIST(" http://h/a\n"), "1 \" http://h/a\" !" BAD_ORPHAN "\n"},
        {LIST("http://h/a\n  out\n  dir=y\nhttp://h/b\n"),
         "1 \"http://h/a\" \"\" \"out;dir=y;\" !an option that is not NAME=VALUE\n"
         "4 \"http://h/b\"\n"},
        {LIST("http://h/a\n  out=\x01\n"),
         "1 \"http://h/a\" \"\" \"out=<01>;\" !a control byte in an option\n"},
        {LIST("http://h/a\n  out=x\0y\n"),
         "1 \"http://h/a\" \"\" \"out=x<00>y;\" !a control byte in an option\n"},
        {LIST("ftp://h/a\n  out\nhttp://h/b\n"),
         "1 \"ftp://h/a\" \"\" \"out;\" !" BAD_OTHER_SCHEME "\n3 \"http://h/b\"\n"},
    };
    expect_rows(*state, rows, ROWS(rows), false);
}

static void test_list_nul_separated_by_table(void **state)
{
    static const struct row rows[] = {
        {LIST(""), ""},
        {LIST("\0\0"), ""},
        {LIST("http://h/a\0http://h/b\0"), "1 \"http://h/a\"\n2 \"http://h/b\"\n"},
        {LIST("http://h/a\0\0http://h/b"), "1 \"http://h/a\"\n3 \"http://h/b\"\n"},
        {LIST(BOM "http://h/a\0"), "1 \"http://h/a\"\n"},
        {LIST("http://h/a\nhttp://h/b\0"), "1 \"http://h/a;http://h/b\" !" BAD_CONTROL "\n"},
        {LIST("http://h/a\r\0"), "1 \"http://h/a<0d>\" !" BAD_CONTROL "\n"},
        {LIST("# no comment\0http://h/a\0"),
         "1 \"# no comment\" !" BAD_SPACE "\n2 \"http://h/a\"\n"},
        {LIST("http://h/a\0  out=x\0"), "1 \"http://h/a\"\n2 \"  out=x\" !" BAD_SPACE "\n"},
        {LIST("http://h/a\thttp://i/a\0"), "1 \"http://h/a<09>http://i/a\" !" BAD_CONTROL "\n"},
        {LIST("http://h/a \0"), "1 \"http://h/a \" !" BAD_SPACE "\n"},
    };
    expect_rows(*state, rows, ROWS(rows), true);
}

/* --- long lines ------------------------------------------------------------------------------- */

/* before, then a line of `head` and a MiB of 'x', then after. */
static void expect_with_long_line(struct scratch *scratch, const char *before, const char *head,
                                  const char *after, const char *expected)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    fprintf(out, "%s%s", before, head);
    for (size_t i = 0; i < LINES_MAX_BYTES; i++) {
        fputc('x', out);
    }
    fputs(after, out);
    assert_int_equal(fclose(out), 0);
    const struct row row = {text, n, expected};
    expect_entries(scratch, &row, false, 0);
    expect_entries(scratch, &row, false, 12345);
    free(text);
}

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define LONG "\"http://h/" X50 "xxxxx\""

static void test_list_line_beyond_one_mib_is_bad(void **state)
{
    expect_with_long_line(*state, "", "http://h/", "", "1 " LONG " !a line of more than 1 MiB\n");
    expect_with_long_line(*state, "http://h/a\n#\n", "http://h/", "\nhttp://h/b\n",
                          "1 \"http://h/a\"\n3 " LONG " !a line of more than 1 MiB\n"
                          "4 \"http://h/b\"\n");
}

static void test_list_options_of_a_line_beyond_one_mib_stay_with_it(void **state)
{
    expect_with_long_line(*state, "", "http://h/", "\n  out=y\nhttp://h/b\n",
                          "1 " LONG " \"\" \"out=y;\" !a line of more than 1 MiB\n"
                          "3 \"http://h/b\"\n");
}

/* A URL must not be fetched without an option that it was given. */
static void test_list_option_beyond_one_mib_spoils_its_url(void **state)
{
    expect_with_long_line(*state, "http://h/a\n  out=y\n",
                          "  header=A: ", "\n  dir=z\nhttp://h/b\n",
                          "1 \"http://h/a\" \"\" \"out=y;dir=z;\" !an option of more than 1 MiB\n"
                          "5 \"http://h/b\"\n");
}

/* --- options ---------------------------------------------------------------------------------- */

static void test_list_option_next_walks_over_all(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"out", "x"}, {"header", "A: b=c"}, {"empty", ""}, {"", "nameless"},
        {"bare", ""}, {"spaced", "out x"},  {"out", "y"},  {"last", "1"},
    };
    const char *text = "out=x\nheader=A: b=c\nempty=\n=nameless\nbare\n"
                       "spaced = \tout x \t\nout=y\nlast=1";
    size_t len = strlen(text);
    struct list_option option;
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_true(list_option_next(&text, &len, &option));
        assert_true(list_option_is(&option, rows[i].name));
        assert_int_equal(option.value_len, strlen(rows[i].value));
        assert_memory_equal(option.value, rows[i].value, option.value_len);
    }
    assert_false(list_option_next(&text, &len, &option));
    assert_int_equal(len, 0);
}

/* --- whatever is in a list -------------------------------------------------------------------- */

/* The meaning of a list does not depend on how its bytes arrive, and no entry that is called good
 * holds a byte that must not be in a URL or an option. */
static void test_list_random_ones_mean_the_same_however_they_arrive(void **state)
{
    static const char *const pieces[] = {
        "http://h/a", "https://i/b", "\n",   "\n", "\r\n", "\t",   " ", "  out=x", "\n  dir=y\n",
        "#",          "ftp://h/",    "\x1b", "=",  BOM,    "\x7f", "x", "\n\n",    "\n\thttp://j/",
    };
    uint64_t x = UINT64_C(0x2545f4914f6cdd1d);
    for (int round = 0; round < 400; round++) {
        char text[512];
        const size_t n = random_pieces(&x, pieces, ROWS(pieces), (size_t)round % 24, text);
        const struct row row = {text, n, NULL};
        char *whole = entries_of(*state, &row, false, 0);
        char *pieced = entries_of(*state, &row, false, 1 + x % 11);
        assert_string_equal(whole, pieced);
        for (char *rest = NULL, *line = strtok_r(whole, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            assert_true(strchr(line, '!') != NULL ||
                        (strstr(line, "<1b>") == NULL && strstr(line, "<7f>") == NULL &&
                         strstr(line, "http") != NULL));
        }
        free(whole);
        free(pieced);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_plain_lines_by_table),
        cmocka_unit_test(test_list_bad_line_is_told_with_its_number_and_the_rest_goes_on),
        cmocka_unit_test(test_list_options_by_table),
        cmocka_unit_test(test_list_nul_separated_by_table),
        cmocka_unit_test(test_list_line_beyond_one_mib_is_bad),
        cmocka_unit_test(test_list_options_of_a_line_beyond_one_mib_stay_with_it),
        cmocka_unit_test(test_list_option_beyond_one_mib_spoils_its_url),
        cmocka_unit_test(test_list_option_next_walks_over_all),
        cmocka_unit_test(test_list_random_ones_mean_the_same_however_they_arrive),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
