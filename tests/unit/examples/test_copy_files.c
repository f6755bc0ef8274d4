/* SPDX-License-Identifier: MIT
 *
 * Bytes from descriptor to descriptor, a file that is there already, and several files at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/pxfer.h>

#include "example.h"
#include "support/memory_text.h"
#include "support/scratch.h"

/* A write(2) may take less than it was given. */
static ssize_t write_some(int fd, const void *bytes, size_t n)
{
    return write(fd, bytes, n > 300000 ? 300000 : n);
}

#define write write_some
#define main example_main
#include "examples/copy_files.c"
#undef main
#undef write

static struct scratch scratch;

static int make_scratch(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* Paths in the scratch folder; the caller frees. */
static char *path_of(const char *name)
{
    char *path = strdup(scratch_path(&scratch, name));
    assert_non_null(path);
    return path;
}

static void assert_file(const char *name, const char *text)
{
    char *held = memory_text_read_file(scratch_path(&scratch, name));
    assert_string_equal(held, text);
    free(held);
}

static void test_copy_more_than_a_block_arrives_whole(void **state)
{
    (void)state;
    const size_t n = 2 * BLOCK + 1;
    char *bytes = malloc(n);
    char *held = malloc(n);
    assert_true(bytes != NULL && held != NULL);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (char)(i % 251);
    }
    scratch_put_bytes(&scratch, "from", bytes, n);
    const int from = open(scratch_path(&scratch, "from"), O_RDONLY);
    const int to = open(scratch_path(&scratch, "to"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(copy(from, to), PX_OK);
    assert_int_equal(lseek(to, 0, SEEK_END), n);
    assert_int_equal(pread(to, held, n, 0), n);
    assert_memory_equal(held, bytes, n);
    close(from);
    close(to);
    free(bytes);
    free(held);
}

/* A directory cannot be read, /dev/full not be written to. */
static void test_copy_failing_read_or_write_is_told(void **state)
{
    (void)state;
    scratch_put(&scratch, "from", "text");
    const int from = open(scratch_path(&scratch, "from"), O_RDONLY);
    const int directory = open(scratch.dir, O_RDONLY);
    const int to = open(scratch_path(&scratch, "to"), O_WRONLY | O_CREAT, 0600);
    const int full = open("/dev/full", O_WRONLY);
    assert_true(from >= 0 && directory >= 0 && to >= 0 && full >= 0);
    assert_int_equal(copy(directory, to), PX_EIO);
    assert_int_equal(copy(from, full), PX_EIO);
    close(from);
    close(directory);
    close(to);
    close(full);
}

static void run_two(const char *workers)
{
    char *paths[] = {path_of("a"), path_of("a2"), path_of("b"), path_of("b2")};
    char lines[4][SCRATCH_ROOM + 16];
    struct printed printed;
    assert_int_equal(
        example_run(&printed, "copy_files", workers, paths[0], paths[1], paths[2], paths[3]), 0);
    for (int i = 0; i < 4; i++) {
        snprintf(lines[i], sizeof lines[i], "%s: %s", paths[i / 2 * 2],
                 i % 2 == 0 ? "starting" : "success");
    }
    assert_lines(&printed, lines[0], lines[1], lines[2], lines[3]);
    for (int i = 0; i < 4; i++) {
        free(paths[i]);
    }
}

static void test_copy_files_any_number_of_workers_copies_all(void **state)
{
    (void)state;
    static const char *const workers[] = {"0", "1", "2", "4"};
    for (size_t i = 0; i < 4; i++) {
        scratch_put(&scratch, "a", "one");
        scratch_put(&scratch, "b", "");
        unlink(scratch_path(&scratch, "a2"));
        unlink(scratch_path(&scratch, "b2"));
        run_two(workers[i]);
        assert_file("a2", "one");
        assert_file("b2", "");
    }
}

static void test_copy_files_existing_target_is_left_alone(void **state)
{
    (void)state;
    scratch_put(&scratch, "new", "new");
    scratch_put(&scratch, "old", "old");
    char *paths[] = {path_of("new"), path_of("old")};
    struct printed printed;
    assert_int_equal(example_run(&printed, "copy_files", "1", paths[0], paths[1]), 1);
    assert_non_null(strstr(printed.text, "new: file I/O error\n"));
    assert_file("old", "old");
    free(paths[0]);
    free(paths[1]);
}

static void test_copy_files_missing_source_makes_no_target(void **state)
{
    (void)state;
    char *paths[] = {path_of("none"), path_of("to")};
    struct printed printed;
    assert_int_equal(example_run(&printed, "copy_files", "1", paths[0], paths[1]), 1);
    assert_non_null(strstr(printed.text, "none: file I/O error\n"));
    assert_false(scratch_has(&scratch, "to"));
    free(paths[0]);
    free(paths[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_copy_more_than_a_block_arrives_whole),
        TEST(test_copy_failing_read_or_write_is_told),
        TEST(test_copy_files_any_number_of_workers_copies_all),
        TEST(test_copy_files_existing_target_is_left_alone),
        TEST(test_copy_files_missing_source_makes_no_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
