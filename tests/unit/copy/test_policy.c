/* SPDX-License-Identifier: MIT
 *
 * Which existing targets are left alone: a table of times and sizes.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/fake.h"
#include "copy/policy.h"
#include "copy/tree.h"

static void test_policy_skip_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        enum px_update update;
        struct timespec source;
        struct timespec target;
        off_t source_size;
        off_t target_size;
        const char *reason;
    } rows[] = {
        {PX_UPDATE_ALL, {5, 0}, {9, 0}, 1, 1, NULL},
        {PX_UPDATE_NONE, {9, 0}, {5, 0}, 1, 2, "exists"},
        {PX_UPDATE_OLDER, {9, 0}, {5, 0}, 1, 1, NULL},
        {PX_UPDATE_OLDER, {5, 0}, {9, 0}, 1, 2, "not older"},
        {PX_UPDATE_OLDER, {5, 1}, {5, 0}, 1, 1, NULL},
        {PX_UPDATE_OLDER, {5, 0}, {5, 1}, 1, 1, "not older"},
        {PX_UPDATE_OLDER, {5, 5}, {5, 5}, 1, 1, "not older"},
        {PX_UPDATE_OLDER, {5, 5}, {5, 5}, 1, 2, NULL},
        {PX_UPDATE_NONE_FAIL, {9, 0}, {5, 0}, 1, 2, "exists"},
        {PX_UPDATE_CHANGED, {5, 5}, {5, 5}, 1, 1, "not changed"},
        {PX_UPDATE_CHANGED, {5, 0}, {9, 0}, 1, 1, NULL},
        {PX_UPDATE_CHANGED, {5, 5}, {5, 5}, 1, 2, NULL},
        {PX_UPDATE_SIZE, {9, 0}, {5, 0}, 1, 1, "same size"},
        {PX_UPDATE_SIZE, {5, 0}, {5, 0}, 1, 2, NULL},
        {PX_UPDATE_CONTENTS, {5, 5}, {5, 5}, 1, 1, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct stat source = {
            .st_mode = S_IFREG, .st_mtim = rows[i].source, .st_size = rows[i].source_size};
        const struct stat target = {
            .st_mode = S_IFREG, .st_mtim = rows[i].target, .st_size = rows[i].target_size};
        const char *reason = px_policy_skip(rows[i].update, &source, &target);
        assert_true((reason == NULL) == (rows[i].reason == NULL));
        if (reason != NULL) {
            assert_string_equal(reason, rows[i].reason);
        }
    }
}

static void test_policy_other_kind_is_never_newer(void **state)
{
    (void)state;
    const struct stat source = {.st_mode = S_IFREG, .st_mtim = {5, 0}};
    const struct stat target = {.st_mode = S_IFLNK, .st_mtim = {9, 0}};
    assert_null(px_policy_skip(PX_UPDATE_OLDER, &source, &target));
    assert_non_null(px_policy_skip(PX_UPDATE_NONE, &source, &target));
    assert_null(px_policy_skip(PX_UPDATE_CHANGED, &source, &target));
    assert_null(px_policy_skip(PX_UPDATE_SIZE, &source, &target));
    assert_null(
        px_policy_skip(PX_UPDATE_SIZE, &target, &target)); /* a link may say another thing */
}

/* Neither files nor directories are made, nor hard links to what is there. */
static void test_policy_existing_only_makes_nothing(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src/.", "dst");
    tree_dir("src");
    tree_dir("src/new");
    tree_text("src/new/f", "x");
    tree_text("src/old", "new");
    assert_int_equal(link("src/old", "src/another"), 0);
    tree_link("old", "src/link");
    tree_dir("dst");
    tree_text("dst/old", "old");
    opts.existing_only = true;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_int_equal(fake.sum.skipped, 3); /* new, another, link */
    assert_int_equal(tree_count("dst"), 1);
    tree_assert_text("dst/old", "new");
}

/* A whole run: none, then older, over a tree of which one file changed and one is new. */
static void test_policy_rerun_copies_what_is_due(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src/.", "dst");
    tree_make_sample("src");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    tree_text("src/a/one", "changed");
    tree_text("src/a/new", "new");
    opts.update = PX_UPDATE_NONE;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 8); /* files and links that were there */
    assert_int_equal(fake.sum.ok, 7);      /* six directories, one new file */
    assert_false(tree_is_text("dst/a/one", "changed"));
    opts.update = PX_UPDATE_OLDER;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 8);
    assert_int_equal(fake.sum.ok, 7);
    assert_true(tree_same("src", "dst"));
}

static void test_policy_dry_run_tells_skips_apart(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src/.", "dst");
    tree_dir("src");
    tree_dir("dst");
    tree_text("src/both", "x");
    tree_text("src/only", "x");
    tree_text("dst/both", "y");
    opts.update = PX_UPDATE_NONE;
    opts.dry_run = true;
    opts.every_item = true;
    assert_int_equal(fake_prepare(&fake, &opts, 4), PX_OK);
    fake_drive(&fake);
    assert_int_equal(px_copy_account(fake.copy, 0)->planned, 1);
    assert_int_equal(px_copy_account(fake.copy, 0)->planned_bytes, 1);
    px_copy_free(fake.copy);
    assert_int_equal(fake.sum.skipped, 3);
    assert_int_equal(fake.sum.ok + fake.sum.failed, 0);
    assert_false(tree_has("dst/only"));
    tree_assert_text("dst/both", "y");
}

static void test_policy_obstacle_is_all_but_files_and_links(void **state)
{
    (void)state;
    assert_null(px_policy_obstacle(S_IFREG | 0644));
    assert_null(px_policy_obstacle(S_IFLNK | 0777));
    assert_string_equal(px_policy_obstacle(S_IFDIR | 0755), "a directory");
    assert_string_equal(px_policy_obstacle(S_IFIFO), "a FIFO");
    assert_string_equal(px_policy_obstacle(S_IFSOCK), "a socket");
    assert_string_equal(px_policy_obstacle(S_IFCHR), "a character device");
    assert_string_equal(px_policy_obstacle(S_IFBLK), "a block device");
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_skip_follows_the_table),
        cmocka_unit_test(test_policy_other_kind_is_never_newer),
        cmocka_unit_test(test_policy_obstacle_is_all_but_files_and_links),
        T(test_policy_existing_only_makes_nothing),
        T(test_policy_rerun_copies_what_is_due),
        T(test_policy_dry_run_tells_skips_apart),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
