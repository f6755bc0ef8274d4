/* SPDX-License-Identifier: MIT
 *
 * Classes and sentences of failures.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "copy/fail.h"

static void test_fail_set_appends_the_reason(void **state)
{
    (void)state;
    struct px_fail fail;
    assert_int_equal(px_fail_set(&fail, PX_EIO, EIO, "write at %d", 5), PX_EIO);
    assert_int_equal(fail.status, PX_EIO);
    assert_int_equal(fail.os_errno, EIO);
    assert_string_equal(fail.text, "write at 5: Input/output error");
    assert_int_equal(px_fail_set(&fail, PX_ECHANGED, 0, "copy: changed"), PX_ECHANGED);
    assert_string_equal(fail.text, "copy: changed");
}

static void test_fail_set_too_long_is_cut(void **state)
{
    (void)state;
    struct px_fail fail;
    char text[2 * PX_FAIL_ROOM];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(px_fail_set(&fail, PX_EIO, EIO, "%s", text), PX_EIO);
    assert_int_equal(strlen(fail.text), PX_FAIL_ROOM - 1);
}

static void test_fail_source_classes_follow_the_table(void **state)
{
    (void)state;
    static const struct {
        int err;
        int status;
        const char *text;
    } rows[] = {
        {ENOENT, PX_ECHANGED, "open source: vanished: No such file or directory"},
        {ENOTDIR, PX_ECHANGED, "open source: vanished: Not a directory"},
        {ESTALE, PX_ECHANGED, "open source: vanished: Stale file handle"},
        {ELOOP, PX_ESRC,
         "open source: is a symbolic link now, not followed: "
         "Too many levels of symbolic links"},
        {EACCES, PX_ESRC, "open source: Permission denied"},
        {EIO, PX_ESRC, "open source: Input/output error"},
        {ENOMEM, PX_ENOMEM, "open source: Cannot allocate memory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct px_fail fail;
        assert_int_equal(px_fail_source(&fail, rows[i].err, "open source"), rows[i].status);
        assert_int_equal(fail.os_errno, rows[i].err);
        assert_string_equal(fail.text, rows[i].text);
    }
}

static void test_fail_target_full_names_the_file_system(void **state)
{
    (void)state;
    static const int errnos[] = {ENOSPC, EDQUOT, EROFS};
    for (size_t i = 0; i < 3; i++) {
        struct px_fail fail;
        assert_int_equal(px_fail_target(&fail, errnos[i], "write", AT_FDCWD), PX_EFULL);
        assert_int_equal(fail.os_errno, errnos[i]);
        assert_non_null(strstr(fail.text, ": file system"));
        assert_true(px_fail_stops_all(&fail));
    }
}

static void test_fail_target_others_are_one_files_own(void **state)
{
    (void)state;
    struct px_fail fail;
    assert_int_equal(px_fail_target(&fail, EFBIG, "write", -1), PX_EIO);
    assert_string_equal(fail.text, "write: File too large");
    assert_false(px_fail_stops_all(&fail));
    assert_int_equal(px_fail_target(&fail, EIO, "write", -1), PX_EIO);
    assert_false(px_fail_stops_all(&fail));
}

static void test_fail_directory_gone_is_a_change_of_its_side(void **state)
{
    (void)state;
    struct px_fail fail;
    assert_int_equal(px_fail_source(&fail, EBADF, "open source"), PX_ECHANGED);
    assert_non_null(strstr(fail.text, "open source: the directory is gone"));
    assert_int_equal(px_fail_target(&fail, EBADF, "create", -1), PX_ECHANGED);
    assert_non_null(strstr(fail.text, "create: the directory is gone"));
}

static void test_fail_lacks_only_of_a_full_target(void **state)
{
    (void)state;
    struct px_fail fail;
    PX_IGNORE(px_fail_set(&fail, PX_EIO, 0, "write"));
    px_fail_lacks(&fail, 5);
    assert_string_equal(fail.text, "write");
    PX_IGNORE(px_fail_set(&fail, PX_EFULL, 0, "write"));
    px_fail_lacks(&fail, 0);
    assert_string_equal(fail.text, "write");
    px_fail_lacks(&fail, 5);
    assert_string_equal(fail.text, "write; 5 bytes of the file were left to write");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail_lacks_only_of_a_full_target),
        cmocka_unit_test(test_fail_set_appends_the_reason),
        cmocka_unit_test(test_fail_set_too_long_is_cut),
        cmocka_unit_test(test_fail_source_classes_follow_the_table),
        cmocka_unit_test(test_fail_target_full_names_the_file_system),
        cmocka_unit_test(test_fail_target_others_are_one_files_own),
        cmocka_unit_test(test_fail_directory_gone_is_a_change_of_its_side),
    };
    return cmocka_run_group_tests_name("fail", tests, NULL, NULL);
}
