/* SPDX-License-Identifier: MIT
 *
 * Small output files: NAME is old until it is new, whatever goes wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

#include "app/outfile.h"
#include "support/memory_text.h"
#include "support/scratch.h"

static void check_file(struct scratch *scratch, const char *name, const char *expected)
{
    char *text = memory_text_read_file(scratch_path(scratch, name));
    assert_string_equal(text, expected);
    free(text);
}

static void test_outfile_commit_makes_the_name_appear_whole(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(scratch_path(&scratch, "a"), 0666, &file), PX_OK);
    fputs("one\n", outfile_stream(file));
    assert_int_equal(outfile_flush(file), PX_OK);
    assert_false(scratch_has(&scratch, "a"));
    check_file(&scratch, "a.part", "one\n");
    fputs("two\n", outfile_stream(file));
    assert_int_equal(outfile_commit(file), PX_OK);
    check_file(&scratch, "a", "one\ntwo\n");
    assert_false(scratch_has(&scratch, "a.part"));
    scratch_remove(&scratch);
}

static void test_outfile_old_content_stays_readable_until_commit(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "a", "old\n");
    scratch_put(&scratch, "a.part", "left by a killed run\n");
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(scratch_path(&scratch, "a"), 0666, &file), PX_OK);
    assert_int_equal(outfile_flush(file), PX_OK);
    check_file(&scratch, "a", "old\n");
    assert_int_equal(outfile_commit(file), PX_OK);
    check_file(&scratch, "a", "");
    scratch_remove(&scratch);
}

static void test_outfile_discard_leaves_the_old_one(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "a", "old\n");
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(scratch_path(&scratch, "a"), 0666, &file), PX_OK);
    fputs("new\n", outfile_stream(file));
    outfile_discard(file);
    check_file(&scratch, "a", "old\n");
    assert_false(scratch_has(&scratch, "a.part"));
    outfile_discard(NULL);
    assert_int_equal(outfile_commit(NULL), PX_OK);
    scratch_remove(&scratch);
}

static void test_outfile_symbolic_link_keeps_pointing(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "real", "old\n");
    assert_int_equal(symlink("real", scratch_path(&scratch, "link")), 0);
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(scratch_path(&scratch, "link"), 0666, &file), PX_OK);
    fputs("new\n", outfile_stream(file));
    assert_int_equal(outfile_commit(file), PX_OK);
    check_file(&scratch, "real", "new\n");
    struct stat st;
    assert_int_equal(lstat(scratch_path(&scratch, "link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    scratch_remove(&scratch);
}

static void test_outfile_part_that_is_a_link_is_not_followed(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "victim", "precious\n");
    assert_int_equal(symlink("victim", scratch_path(&scratch, "a.part")), 0);
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(scratch_path(&scratch, "a"), 0666, &file), PX_OK);
    fputs("new\n", outfile_stream(file));
    assert_int_equal(outfile_commit(file), PX_OK);
    check_file(&scratch, "victim", "precious\n");
    check_file(&scratch, "a", "new\n");
    scratch_remove(&scratch);
}

static void test_outfile_device_is_written_directly(void **state)
{
    (void)state;
    struct outfile *file = NULL;
    assert_int_equal(outfile_open("/dev/null", 0666, &file), PX_OK);
    fputs("x\n", outfile_stream(file));
    assert_int_equal(outfile_commit(file), PX_OK);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void test_outfile_full_device_is_told(void **state)
{
    (void)state;
    struct outfile *file = NULL;
    assert_int_equal(outfile_open("/dev/full", 0666, &file), PX_OK);
    fputs("x\n", outfile_stream(file));
    assert_int_equal(outfile_flush(file), PX_EFULL);
    assert_int_equal(errno, ENOSPC);
    outfile_discard(file);
}

static void test_outfile_missing_directory_fails_at_once(void **state)
{
    (void)state;
    struct outfile *file = NULL;
    assert_int_equal(outfile_open("/nonexistent-directory/a", 0666, &file), PX_EIO);
    assert_int_equal(errno, ENOENT);
    assert_null(file);
}

static void test_outfile_name_that_became_a_directory_fails_and_cleans_up(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(scratch_path(&scratch, "a"), 0666, &file), PX_OK);
    assert_int_equal(mkdir(scratch_path(&scratch, "a"), 0700), 0);
    assert_int_equal(outfile_commit(file), PX_EIO);
    assert_int_equal(errno, EISDIR);
    assert_false(scratch_has(&scratch, "a.part"));
    assert_int_equal(rmdir(scratch_path(&scratch, "a")), 0);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outfile_commit_makes_the_name_appear_whole),
        cmocka_unit_test(test_outfile_old_content_stays_readable_until_commit),
        cmocka_unit_test(test_outfile_discard_leaves_the_old_one),
        cmocka_unit_test(test_outfile_symbolic_link_keeps_pointing),
        cmocka_unit_test(test_outfile_part_that_is_a_link_is_not_followed),
        cmocka_unit_test(test_outfile_device_is_written_directly),
        cmocka_unit_test(test_outfile_full_device_is_told),
        cmocka_unit_test(test_outfile_missing_directory_fails_at_once),
        cmocka_unit_test(test_outfile_name_that_became_a_directory_fails_and_cleans_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
