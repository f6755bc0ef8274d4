/* SPDX-License-Identifier: MIT
 *
 * Backups of what is replaced.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/backup.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

static int run(struct fake *fake, enum px_backup how, const char *suffix)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.backup = how;
    opts.backup_suffix = suffix;
    opts.target_is_thing = true;
    return fake_run(fake, &opts, 4);
}

static void make_both(void)
{
    tree_dir("src");
    tree_dir("dst");
    tree_text("src/f", "new");
    tree_text("dst/f", "old");
    tree_text("src/fresh", "x");
    tree_link("new", "src/l");
    tree_link("old", "dst/l");
}

static void test_backup_simple_keeps_the_last_one(void **state)
{
    (void)state;
    struct fake fake;
    make_both();
    assert_int_equal(run(&fake, PX_BACKUP_SIMPLE, NULL), PX_OK);
    tree_assert_text("dst/f", "new");
    tree_assert_text("dst/f~", "old");
    assert_true(S_ISLNK(tree_stat("dst/l~").st_mode));
    assert_false(tree_has("dst/fresh~"));
    assert_int_equal(tree_stat("dst/f~").st_nlink, 1);
    tree_text("src/f", "third");
    assert_int_equal(run(&fake, PX_BACKUP_SIMPLE, NULL), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(S_ISLNK(tree_stat("dst/l").st_mode));
    tree_assert_text("dst/f", "third");
    tree_assert_text("dst/f~", "new");
    assert_false(tree_has_temp("dst"));
}

static void test_backup_suffix_is_the_users(void **state)
{
    (void)state;
    struct fake fake;
    make_both();
    assert_int_equal(run(&fake, PX_BACKUP_SIMPLE, ".bak"), PX_OK);
    tree_assert_text("dst/f.bak", "old");
}

static void test_backup_numbered_takes_the_first_free_number(void **state)
{
    (void)state;
    struct fake fake;
    make_both();
    assert_int_equal(run(&fake, PX_BACKUP_NUMBERED, NULL), PX_OK);
    tree_text("src/f", "third");
    assert_int_equal(run(&fake, PX_BACKUP_NUMBERED, NULL), PX_OK);
    tree_assert_text("dst/f.~1~", "old");
    tree_assert_text("dst/f.~2~", "new");
    tree_assert_text("dst/f", "third");
}

static void test_backup_of_a_name_that_is_too_long_fails_the_file(void **state)
{
    (void)state;
    struct fake fake;
    char name[260] = "src/";
    char other[260] = "dst/";
    memset(name + 4, 'n', 255);
    memset(other + 4, 'n', 255);
    tree_dir("src");
    tree_dir("dst");
    tree_text(name, "new");
    tree_text(other, "old");
    assert_int_equal(run(&fake, PX_BACKUP_SIMPLE, NULL), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    tree_assert_text(other, "old");
    assert_false(tree_has_temp("dst"));
}

static void test_backup_that_would_replace_the_source_is_refused(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("a~", "a");
    tree_text("a~", "source");
    tree_text("a", "target");
    opts.backup = PX_BACKUP_SIMPLE;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    tree_assert_text("a~", "source");
    tree_assert_text("a", "target");
}

static void test_backup_name_that_is_a_directory_fails_the_file(void **state)
{
    (void)state;
    struct fake fake;
    make_both();
    tree_dir("dst/f~");
    assert_int_equal(run(&fake, PX_BACKUP_SIMPLE, NULL), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    tree_assert_text("dst/f", "old");
}

static void test_backup_is_name_knows_both_kinds(void **state)
{
    (void)state;
    struct px_copy_opts opts = {0};
    assert_false(px_backup_is_name(&opts, "a~"));
    opts.backup = PX_BACKUP_SIMPLE;
    assert_true(px_backup_is_name(&opts, "a~"));
    assert_false(px_backup_is_name(&opts, "~"));
    assert_false(px_backup_is_name(&opts, "a"));
    opts.backup = PX_BACKUP_NUMBERED;
    assert_true(px_backup_is_name(&opts, "a.~12~"));
    assert_false(px_backup_is_name(&opts, "a~12~"));
    assert_false(px_backup_is_name(&opts, "a.~x~"));
    assert_false(px_backup_is_name(&opts, ".~1~"));
    assert_false(px_backup_is_name(&opts, "a.~~"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_backup_simple_keeps_the_last_one),
        T(test_backup_suffix_is_the_users),
        T(test_backup_numbered_takes_the_first_free_number),
        T(test_backup_of_a_name_that_is_too_long_fails_the_file),
        T(test_backup_that_would_replace_the_source_is_refused),
        T(test_backup_name_that_is_a_directory_fails_the_file),
        cmocka_unit_test(test_backup_is_name_knows_both_kinds),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
