/* SPDX-License-Identifier: MIT
 *
 * --check: each difference is found, nothing is written.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/xattr.h>

#include <cmocka.h>

#include "copy/check.h"
#include "copy/fake.h"
#include "copy/tree.h"

static int check(struct fake *fake)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.target_is_thing = true;
    opts.check = true;
    return fake_run(fake, &opts, 4);
}

static void make_equal(void)
{
    struct fake fake;
    const struct px_copy_opts opts = fake_opts("src", "dst");
    tree_make_sample("src");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
}

static void test_check_equal_trees_have_no_difference(void **state)
{
    (void)state;
    struct fake fake;
    make_equal();
    assert_int_equal(check(&fake), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_int_equal(fake.sum.ok, TREE_SAMPLE_ITEMS);
}

static void break_byte(void)
{
    const int fd = open("dst/a/b/c/big", O_WRONLY | O_CLOEXEC);
    const struct stat st = tree_stat("dst/a/b/c/big");
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(pwrite(fd, "?", 1, 1400000), 1);
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(close(fd), 0);
}

static void break_mode(void)
{
    assert_int_equal(chmod("dst/a/one", 0644), 0);
}

static void break_time(void)
{
    tree_touch("dst/a/block", 77);
}

static void break_link(void)
{
    assert_int_equal(unlink("dst/a/link"), 0);
    tree_link("other", "dst/a/link");
}

static void break_kind(void)
{
    assert_int_equal(unlink("dst/zero"), 0);
    tree_link("zero", "dst/zero");
}

static void break_directory(void)
{
    assert_int_equal(rmdir("dst/empty"), 0);
    tree_text("dst/empty", "");
}

static void break_by_removal(void)
{
    tree_remove(AT_FDCWD, "dst/a/b");
}

static void break_by_addition(void)
{
    tree_text("dst/a/more", "x");
}

static void break_attribute(void)
{
    assert_int_equal(setxattr("dst/a/one", "user.more", "x", 1, 0), 0);
}

static void break_attribute_of_directory(void)
{
    assert_int_equal(setxattr("dst/empty", "user.more", "x", 1, 0), 0);
}

static void test_check_each_difference_is_told(void **state)
{
    (void)state;
    static const struct {
        void (*damage)(void);
        int status;
        const char *where;
    } rows[] = {
        {break_byte, PX_EINTEGRITY, "a/b/c/big"}, {break_mode, PX_EATTR, "a/one"},
        {break_time, PX_EATTR, "a/block"},        {break_link, PX_EINTEGRITY, "a/link"},
        {break_kind, PX_EINTEGRITY, "zero"},      {break_directory, PX_EINTEGRITY, "empty"},
        {break_attribute, PX_EATTR, "a/one"},     {break_attribute_of_directory, PX_EATTR, "empty"},
        {break_by_removal, PX_EINTEGRITY, "a/b"}, {break_by_addition, PX_EINTEGRITY, "a/more"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake;
        make_equal();
        const struct stat above[2] = {tree_stat("dst"), tree_stat("dst/a")};
        rows[i].damage();
        /* What the damage did to the times of directories is not what is asked. */
        const struct timespec times[2][2] = {{above[0].st_atim, above[0].st_mtim},
                                             {above[1].st_atim, above[1].st_mtim}};
        assert_int_equal(utimensat(AT_FDCWD, "dst/a", times[1], 0), 0);
        assert_int_equal(utimensat(AT_FDCWD, "dst", times[0], 0), 0);
        assert_int_equal(check(&fake), PX_OK);
        assert_int_equal(fake.sum.failed, 1);
        assert_int_equal(fake.worst.status, rows[i].status);
        assert_non_null(strstr(fake.source, rows[i].where));
        tree_remove(AT_FDCWD, "src");
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_check_lost_attribute_is_told_unless_it_is_not_kept(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("src");
    tree_text("src/f", "x");
    assert_int_equal(setxattr("src/f", "user.a", "1", 1, 0), 0);
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.keep.lose = PX_KEEP_XATTR;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(check(&fake), PX_OK);
    assert_int_equal(fake.worst.status, PX_EATTR);
    assert_non_null(strstr(fake.error, "user.a"));
    opts.check = true;
    opts.target_is_thing = true;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
}

static void test_check_split_group_of_hard_links_is_told(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("src");
    tree_text("src/f", "x");
    assert_int_equal(link("src/f", "src/g"), 0);
    assert_int_equal(link("src/f", "src/h"), 0);
    struct px_copy_opts opts = fake_opts("src", "dst");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(check(&fake), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    tree_remove(AT_FDCWD, "dst");
    opts.keep.lose = PX_KEEP_LINKS;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(check(&fake), PX_OK);
    assert_int_equal(fake.sum.failed, 2);
    assert_int_equal(fake.worst.status, PX_EATTR);
}

static void test_check_attrs_compares_what_is_kept(void **state)
{
    (void)state;
    const struct stat a = {.st_mode = S_IFREG | 0644, .st_uid = 1, .st_mtim = {5, 6}};
    struct stat b = a;
    assert_null(px_check_attrs(&a, &b, PX_KEEP_ALL));
    b.st_uid = 2;
    assert_null(px_check_attrs(&a, &b, PX_KEEP_MODE | PX_KEEP_TIMESTAMPS));
    assert_string_equal(px_check_attrs(&a, &b, PX_KEEP_ALL), "owner");
    b = a;
    b.st_mtim.tv_nsec = 7;
    assert_string_equal(px_check_attrs(&a, &b, PX_KEEP_ALL), "time of modification");
    b.st_mode = S_IFREG | 04644;
    assert_string_equal(px_check_attrs(&a, &b, PX_KEEP_ALL), "mode");
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_check_equal_trees_have_no_difference),
        T(test_check_each_difference_is_told),
        T(test_check_lost_attribute_is_told_unless_it_is_not_kept),
        T(test_check_split_group_of_hard_links_is_told),
        cmocka_unit_test(test_check_attrs_compares_what_is_kept),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
