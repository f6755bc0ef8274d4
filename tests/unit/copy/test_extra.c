/* SPDX-License-Identifier: MIT
 *
 * --delete: what goes, what stays, and when nothing goes at all.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/extra.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

static struct px_copy_opts delete_opts(void)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.target_is_thing = true;
    opts.remove_extra = true;
    return opts;
}

/* src: f, sub/g. dst: the same, and extras at both levels, one of them a tree. */
static void make_both(void)
{
    static const char *const dirs[] = {"src",     "src/sub",      "dst",       "dst/sub",
                                       "dst/old", "dst/old/deep", "dst/old/e", "dst/old/e/f"};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        tree_dir(dirs[i]);
    }
    static const char *const files[] = {"src/f",     "src/sub/g",      "dst/f",
                                        "dst/sub/g", "dst/sub/x",      "dst/y",
                                        "dst/old/1", "dst/old/deep/2", "dst/old/e/f/3"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        tree_text(files[i], "x");
    }
}

static void test_extra_mirror_is_exact(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = delete_opts();
    make_both();
    tree_dir("outside");
    tree_text("outside/precious", "x");
    tree_link("../outside", "dst/link");
    tree_link("../../outside", "dst/old/link");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(tree_same("src", "dst"));
    assert_true(tree_has("outside/precious"));
}

static void test_extra_without_the_option_stays(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.remove_extra = false;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(tree_has("dst/old/e/f/3"));
}

static void test_extra_dry_run_tells_and_deletes_nothing(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.dry_run = true;
    opts.every_item = true;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 4 + 3);
    assert_true(tree_has("dst/old/e/f/3"));
    assert_true(tree_has("dst/y"));
}

static void test_extra_excluded_names_stay_at_any_depth(void **state)
{
    (void)state;
    static const struct px_copy_rule rules[] = {{PX_RULE_EXCLUDE, "3"},
                                                {PX_RULE_EXCLUDE, "/src/y"}};
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.rules = rules;
    opts.n_rules = 2;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(tree_has("dst/old/e/f/3"));
    assert_true(tree_has("dst/y"));
    assert_false(tree_has("dst/old/deep"));
    assert_false(tree_has("dst/sub/x"));
}

static void test_extra_excluded_path_stays_in_a_deleted_tree(void **state)
{
    (void)state;
    static const struct px_copy_rule rules[] = {{PX_RULE_EXCLUDE, "/src/old/e/f/3"}};
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.rules = rules;
    opts.n_rules = 1;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(tree_has("dst/old/e/f/3"));
    assert_false(tree_has("dst/old/1"));
    assert_false(tree_has("dst/y"));
}

static void test_extra_max_delete_is_not_passed(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.max_delete = 1;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(fake.sum.failed > 0);
    assert_non_null(strstr(fake.error, "--max-delete"));
    assert_true(tree_has("dst/y") || tree_has("dst/old/e/f/3"));
    const int left = tree_has("dst/y") + tree_has("dst/sub/x") + tree_has("dst/old/1") +
                     tree_has("dst/old/deep/2") + tree_has("dst/old/e/f/3");
    assert_int_equal(left, 4);
}

static void test_extra_delete_none_refuses_each(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.delete_none = true;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 3);
    assert_non_null(strstr(fake.error, "--max-delete"));
    assert_true(tree_has("dst/y") && tree_has("dst/sub/x") && tree_has("dst/old/1") &&
                tree_has("dst/old/deep/2") && tree_has("dst/old/e/f/3"));
}

/* The file that cannot be copied might be the one whose older name would go. */
static void test_extra_stays_where_something_failed(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    tree_dir("src/y"); /* a directory against dst/y, a file */
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    assert_true(tree_has("dst/old/e/f/3"));
    assert_false(tree_has("dst/sub/x")); /* nothing failed there */
}

static void test_extra_stays_where_the_listing_broke(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = delete_opts();
    struct px_fail broken = {.status = PX_ESRC};
    make_both();
    assert_int_equal(fake_open(&fake, &opts, 4), PX_OK);
    struct px_entry entry;
    struct px_dir *top = fake_container(&fake, &entry);
    struct px_dir *dir = NULL;
    struct px_fail fail;
    assert_int_equal(px_dir_open(fake.copier, &entry, &dir, &fail), PX_OK);
    dir->listing_fail = malloc(sizeof broken);
    assert_non_null(dir->listing_fail);
    *dir->listing_fail = broken;
    px_dir_drop(fake.copier, dir);
    px_dir_drop(fake.copier, top);
    fake_close(&fake);
    assert_true(tree_has("dst/y"));
}

/* Fails each listing in turn, then each opening: what was to be deleted is gone, or it is told. */
static void test_extra_target_that_cannot_be_read_is_a_failure(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(getdents), IO_FAULT(openat)};
    struct px_copy_opts opts = delete_opts();
    opts.io = io_fault_ops();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        bool fired = true;
        for (unsigned nth = 1; fired; nth++) {
            struct fake fake;
            make_both();
            io_fault_arm(members[i], nth, EIO, IO_FAULT_ONCE);
            const int status = fake_run(&fake, &opts, 4);
            fired = io_fault_fired();
            const bool gone = !tree_has("dst/y") && !tree_has("dst/sub/x") && !tree_has("dst/old");
            assert_true(gone || status != PX_OK || fake.sum.failed > 0);
            tree_remove(AT_FDCWD, "src");
            tree_remove(AT_FDCWD, "dst");
        }
    }
    io_fault_reset();
}

static void test_extra_stays_in_a_canceled_directory(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = delete_opts();
    make_both();
    assert_int_equal(fake_prepare(&fake, &opts, 4), PX_OK);
    fake.stop_at = 3;
    fake_finish(&fake);
    assert_true(tree_has("dst/y"));
    assert_true(tree_has("dst/old/e/f/3"));
}

static void test_extra_failed_unlink_is_the_items_failure(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.io = io_fault_ops();
    io_fault_arm(IO_FAULT(unlinkat), 2, EBUSY, IO_FAULT_ONCE);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(io_fault_fired());
    assert_int_equal(fake.sum.failed, 1);
    io_fault_reset();
}

static void test_extra_backups_stay(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = delete_opts();
    make_both();
    opts.backup = PX_BACKUP_SIMPLE;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(tree_has("dst/f~"));
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(tree_has("dst/f~"));
    assert_false(tree_has("dst/y"));
}

/* Nothing outside of the target goes when a directory becomes a link while it is deleted. */
static void swap_for_link(void *ctx)
{
    (void)ctx;
    assert_int_equal(rename("dst/old", "aside"), 0);
    tree_link("../outside", "dst/old");
}

static void test_extra_directory_swapped_for_a_link_is_not_followed(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 12; nth++) {
        struct fake fake;
        struct px_copy_opts opts = delete_opts();
        make_both();
        tree_dir("outside");
        tree_text("outside/precious", "x");
        opts.io = io_fault_ops();
        io_fault_reset();
        io_fault_before(IO_FAULT(openat), nth, swap_for_link, NULL);
        assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
        assert_true(tree_has("outside/precious"));
        io_fault_reset();
        static const char *const all[] = {"src", "dst", "aside", "outside"};
        for (size_t i = 0; i < 4; i++) {
            tree_remove(AT_FDCWD, all[i]);
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_extra_mirror_is_exact),
        T(test_extra_without_the_option_stays),
        T(test_extra_dry_run_tells_and_deletes_nothing),
        T(test_extra_excluded_names_stay_at_any_depth),
        T(test_extra_excluded_path_stays_in_a_deleted_tree),
        T(test_extra_max_delete_is_not_passed),
        T(test_extra_delete_none_refuses_each),
        T(test_extra_stays_where_something_failed),
        T(test_extra_stays_where_the_listing_broke),
        T(test_extra_target_that_cannot_be_read_is_a_failure),
        T(test_extra_stays_in_a_canceled_directory),
        T(test_extra_failed_unlink_is_the_items_failure),
        T(test_extra_backups_stay),
        T(test_extra_directory_swapped_for_a_link_is_not_followed),
    };
    return cmocka_run_group_tests_name("extra", tests, NULL, NULL);
}
