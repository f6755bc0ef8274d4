/* SPDX-License-Identifier: MIT
 *
 * Lists of names from files and pipes: batches, bad names, what is no name.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "copy/listfile.h"
#include "copy/tree.h"

static size_t count_names(struct px_listed *batch)
{
    const struct px_listed_part all = px_listed_all(batch);
    px_listed_free(batch);
    return all.end;
}

static void test_listfile_lines_are_cleaned_and_comments_passed_over(void **state)
{
    (void)state;
    struct px_listfile *file = NULL;
    struct px_listed *batch = NULL;
    tree_text("list", "a\r\n# b\n\n./c//d\n.\n;e\nlast");
    assert_int_equal(px_listfile_open(px_io_real(), "list", false, 0, &file), PX_OK);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 3);
    assert_int_equal(px_listfile_next(file, &batch), PX_EEND);
    assert_int_equal(px_listfile_next(file, &batch), PX_EEND);
    px_listfile_free(file);
}

static void test_listfile_that_is_a_directory_is_not_opened(void **state)
{
    (void)state;
    struct px_listfile *file = NULL;
    errno = 0;
    assert_int_equal(px_listfile_open(px_io_real(), ".", false, 0, &file), PX_EIO);
    assert_int_equal(errno, EISDIR);
    assert_null(file);
}

static void test_listfile_batches_are_bounded(void **state)
{
    (void)state;
    struct px_listfile *file = NULL;
    struct px_listed *batch = NULL;
    tree_text("list", "aa\nbb\ncc\ndd\nee\n");
    assert_int_equal(px_listfile_open(px_io_real(), "list", false, 6, &file), PX_OK);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 2);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 2);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 1);
    assert_int_equal(px_listfile_next(file, &batch), PX_EEND);
    px_listfile_free(file);
}

static void test_listfile_bad_name_is_told_and_the_rest_comes(void **state)
{
    (void)state;
    struct px_listfile *file = NULL;
    struct px_listed *batch = NULL;
    uint64_t line = 0;
    tree_text("list", "a\n../b\nc\n");
    assert_int_equal(px_listfile_open(px_io_real(), "list", false, 0, &file), PX_OK);
    assert_int_equal(px_listfile_next(file, &batch), PX_EBADLINE);
    assert_string_equal(px_listfile_bad(file, &line), "../b");
    assert_int_equal(line, 2);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 2);
    px_listfile_free(file);
}

static void test_listfile_nul_takes_any_byte(void **state)
{
    (void)state;
    struct px_listfile *file = NULL;
    struct px_listed *batch = NULL;
    static const char text[] = "#a\nb\0\0c";
    FILE *out = fopen("list", "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, sizeof text - 1, out), sizeof text - 1);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(px_listfile_open(px_io_real(), "list", true, 0, &file), PX_OK);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 2);
    px_listfile_free(file);
}

/* A pipe whose writer takes its time does not hold us up. */
static void test_listfile_pipe_is_not_waited_for(void **state)
{
    (void)state;
    struct px_listfile *file = NULL;
    struct px_listed *batch = NULL;
    assert_int_equal(mkfifo("list", 0600), 0);
    const int writer = open("list", O_RDWR | O_CLOEXEC);
    assert_int_equal(px_listfile_open(px_io_real(), "list", false, 2, &file), PX_OK);
    assert_int_equal(px_listfile_next(file, &batch), PX_EAGAIN);
    assert_int_equal(write(writer, "a", 1), 1);
    assert_int_equal(px_listfile_next(file, &batch), PX_EAGAIN);
    assert_int_equal(write(writer, "b\n", 2), 2);
    assert_int_equal(px_listfile_next(file, &batch), PX_OK);
    assert_int_equal(count_names(batch), 1);
    px_listfile_free(file);
    assert_int_equal(close(writer), 0);
    assert_int_equal(px_listfile_open(px_io_real(), "none", false, 0, &file), PX_EIO);
    px_listfile_free(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_listfile_lines_are_cleaned_and_comments_passed_over),
        T(test_listfile_that_is_a_directory_is_not_opened),
        T(test_listfile_batches_are_bounded),
        T(test_listfile_bad_name_is_told_and_the_rest_comes),
        T(test_listfile_nul_takes_any_byte),
        T(test_listfile_pipe_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("listfile", tests, NULL, NULL);
}
