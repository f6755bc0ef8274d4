/* SPDX-License-Identifier: MIT
 *
 * Links in place of copies: whole trees, names that are taken, sources that are swapped, calls that
 * fail.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/alias.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

static int setup(void **state)
{
    io_fault_reset();
    return tree_setup(state);
}

static struct px_copy_opts link_opts(const char *source, const char *target)
{
    struct px_copy_opts opts = fake_opts(source, target);
    opts.files = PX_FILES_LINK;
    opts.io = io_fault_ops();
    return opts;
}

static bool is_one_file(const char *a, const char *b)
{
    const struct stat left = tree_stat(a);
    const struct stat right = tree_stat(b);
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

static void test_alias_tree_shares_its_files_and_has_its_own_directories(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = link_opts("src", "dst");
    tree_make_sample("src");
    assert_int_equal(mkfifo("src/fifo", 0600), 0);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed + fake.sum.skipped, 0);
    assert_true(is_one_file("src/a/one", "dst/a/one"));
    assert_true(is_one_file("src/fifo", "dst/fifo"));
    assert_false(is_one_file("src/a", "dst/a"));
    assert_true(tree_same("src", "dst"));
    assert_int_equal(fake.sum.bytes, 0);
    const uint64_t ok = fake.sum.ok;
    struct px_copy_opts again = link_opts("src/.", "dst"); /* now it is all there */
    assert_int_equal(fake_run(&fake, &again, 4), PX_OK);
    assert_int_equal(fake.sum.ok + fake.sum.skipped, ok);
    assert_true(fake.sum.skipped > 0);
    assert_false(tree_has_temp("dst"));
}

static void test_alias_replaces_a_file_or_leaves_it_as_asked(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = link_opts("f", "dst");
    tree_dir("dst");
    tree_text("f", "new");
    tree_text("dst/f", "old");
    opts.update = PX_UPDATE_NONE;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    tree_assert_text("dst/f", "old");
    opts.update = PX_UPDATE_ALL;
    opts.backup = PX_BACKUP_SIMPLE;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(is_one_file("f", "dst/f"));
    tree_assert_text("dst/f~", "old");
    assert_int_equal(tree_count("dst"), 2);
}

static void test_alias_directory_in_the_way_fails(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = link_opts("src/.", "dst");
    tree_dir("src");
    tree_text("src/f", "x");
    tree_dir("dst");
    tree_dir("dst/f");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    assert_int_equal(fake.worst.status, PX_EEXIST);
}

static void test_alias_over_a_link_of_the_source_leaves_no_temporary_name(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = link_opts("f", "dst");
    tree_dir("dst");
    tree_text("f", "x");
    assert_int_equal(link("f", "dst/f"), 0);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 1);
    assert_int_equal(tree_count("dst"), 1);
}

static void test_alias_symlink_says_the_full_path(void **state)
{
    struct fake fake;
    char source[TREE_PATH_BYTES];
    char said[TREE_PATH_BYTES] = "";
    char want[TREE_PATH_BYTES];
    tree_join(source, *state, "src");
    tree_join(want, source, "a/one");
    struct px_copy_opts opts = fake_opts(source, "dst");
    opts.files = PX_FILES_SYMLINK;
    tree_make_sample("src");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(readlink("dst/a/one", said, sizeof said - 1) > 0);
    assert_string_equal(said, want);
    assert_true(S_ISDIR(tree_stat("dst/a").st_mode));
}

static void test_alias_follows_where_that_was_asked_for(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = link_opts("l", "dst");
    tree_text("f", "x");
    tree_link("f", "l");
    tree_dir("dst");
    opts.follow = PX_FOLLOW_ALL;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(is_one_file("f", "dst/l"));
}

/* What is told of one file when the nth call of a kind fails so. */
static int status_after(size_t member, unsigned nth, int err)
{
    struct fake fake;
    struct px_copy_opts opts = link_opts("f", "dst");
    io_fault_arm(member, nth, err, IO_FAULT_STICKY);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(io_fault_fired());
    assert_int_equal(fake.sum.failed, 1);
    return fake.worst.status;
}

static void test_alias_that_cannot_be_made_fails_and_leaves_the_old(void **state)
{
    (void)state;
    tree_dir("dst");
    tree_text("f", "new");
    static const int refused[] = {EXDEV, EMLINK, EPERM};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(status_after(IO_FAULT(linkat), 1, refused[i]), PX_EREFUSED);
        assert_int_equal(tree_count("dst"), 0);
    }
    assert_int_equal(status_after(IO_FAULT(linkat), 1, ENOSPC), PX_EFULL);
    tree_text("dst/f", "old");
    assert_int_equal(status_after(IO_FAULT(linkat), 2, EXDEV), PX_EREFUSED);
    assert_int_equal(status_after(IO_FAULT(renameat), 1, EIO), PX_EIO);
    tree_assert_text("dst/f", "old");
    assert_int_equal(tree_count("dst"), 1);
}

static void swap_source(void *ctx)
{
    (void)ctx;
    assert_int_equal(rename("src/other", "src/f"), 0);
}

/* Between looking at the name and linking it another file takes it: the one that was looked at is
 * linked. */
static void test_alias_is_of_the_file_that_was_looked_at(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = link_opts("src/f", "dst");
    tree_dir("src");
    tree_dir("dst");
    tree_text("src/f", "x");
    tree_text("src/other", "other");
    assert_int_equal(link("src/f", "first"), 0);
    io_fault_before(IO_FAULT(linkat), 1, swap_source, NULL);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.ok, 1);
    assert_true(is_one_file("first", "dst/f"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_alias_tree_shares_its_files_and_has_its_own_directories),
        T(test_alias_replaces_a_file_or_leaves_it_as_asked),
        T(test_alias_directory_in_the_way_fails),
        T(test_alias_over_a_link_of_the_source_leaves_no_temporary_name),
        T(test_alias_symlink_says_the_full_path),
        T(test_alias_follows_where_that_was_asked_for),
        T(test_alias_that_cannot_be_made_fails_and_leaves_the_old),
        T(test_alias_is_of_the_file_that_was_looked_at),
    };
    return cmocka_run_group_tests_name("alias", tests, NULL, NULL);
}
