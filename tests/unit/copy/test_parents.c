/* SPDX-License-Identifier: MIT
 *
 * Operands that keep the directories above them: which list they make, what is followed, what becomes
 * of the directory that all are below.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/fake.h"
#include "copy/parents.h"
#include "copy/tree.h"

static struct px_copy_opts parents_opts(const char *const *names, size_t n)
{
    struct px_copy_opts opts = fake_opts(".", "dst");
    opts.names = names;
    opts.n_names = n;
    opts.target_is_dir = true;
    return opts;
}

static int setup(void **state)
{
    const int rc = tree_setup(state);
    if (rc == 0) {
        tree_make_sample("src");
        tree_link("src", "link");
        tree_dir("dst");
        assert_int_equal(chmod("dst", 0700), 0);
        tree_touch("dst", 1000000000);
    }
    return rc;
}

static void test_parents_names_and_their_directories_are_copied(void **state)
{
    (void)state;
    static const char *const names[] = {"src/a/one", "./src//locked/"};
    struct fake fake;
    struct px_copy_opts opts = parents_opts(names, 2);
    assert_int_equal(chmod("src/a", 0711), 0);
    tree_touch("src/a", 1100000000);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_int_equal(tree_count("dst"), 1);
    assert_int_equal(tree_count("dst/src"), 2);
    assert_int_equal(tree_count("dst/src/a"), 1);
    assert_true(tree_same("src/locked", "dst/src/locked"));
    assert_int_equal(tree_stat("dst/src/a").st_mode & 07777, 0711);
    assert_int_equal(tree_stat("dst/src/a").st_mtim.tv_sec, 1100000000);
    assert_int_equal(tree_stat("dst").st_mode & 07777, 0700); /* not that of "." */
}

static void test_parents_full_paths_lose_their_first_slash(void **state)
{
    struct fake fake;
    char path[TREE_PATH_BYTES];
    char copy[TREE_PATH_BYTES];
    tree_join(path, *state, "src/a/one");
    tree_join(copy, "dst", path + 1);
    const char *const names[] = {path};
    static const char *const root[] = {"/"};
    struct px_copy_opts opts = parents_opts(names, 1);
    opts.sources = root;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(tree_same_bytes("src/a/one", copy));
}

static void test_parents_links_on_the_way_are_followed_those_named_are_not(void **state)
{
    (void)state;
    static const char *const through[] = {"link/a/one"};
    static const char *const itself[] = {"link"};
    struct fake fake;
    struct px_copy_opts opts = parents_opts(itself, 1);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(S_ISLNK(tree_stat("dst/link").st_mode));
    assert_int_equal(unlink("dst/link"), 0);
    opts = parents_opts(through, 1);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(S_ISDIR(tree_stat("dst/link").st_mode));
    assert_true(tree_same_bytes("src/a/one", "dst/link/a/one"));
}

static void test_parents_link_found_in_a_tree_is_not_followed(void **state)
{
    (void)state;
    static const char *const names[] = {"src", "src/a/one"};
    struct fake fake;
    struct px_copy_opts opts = parents_opts(names, 2);
    tree_link("../dst", "src/out");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(tree_same("src", "dst/src"));
}

static void test_parents_target_below_a_source_is_left_out(void **state)
{
    (void)state;
    static const char *const names[] = {"src"};
    struct fake fake;
    struct px_copy_opts opts = parents_opts(names, 1);
    tree_dir("src/dst");
    opts.target = "src/dst";
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    assert_int_equal(fake.worst.status, PX_EREFUSED);
    assert_false(tree_has("src/dst/src/dst"));
}

static void test_parents_missing_name_fails_by_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"src/none", "src/a/one"};
    struct fake fake;
    struct px_copy_opts opts = parents_opts(names, 2);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    assert_int_equal(fake.worst.status, PX_ESRC);
    assert_string_equal(fake.source, "src/none");
    assert_true(tree_has("dst/src/a/one"));
}

static void test_parents_names_that_cannot_be_kept_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"../x", "src/../src", ".", "/", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fake fake;
        const char *const names[] = {"src/a/one", bad[i]};
        struct px_copy_opts opts = parents_opts(names, 2);
        assert_int_equal(fake_run(&fake, &opts, 4), PX_EUSAGE);
        assert_non_null(strstr(fake.message, "--parents"));
    }
    assert_int_equal(tree_count("dst"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_parents_names_and_their_directories_are_copied),
        T(test_parents_full_paths_lose_their_first_slash),
        T(test_parents_links_on_the_way_are_followed_those_named_are_not),
        T(test_parents_link_found_in_a_tree_is_not_followed),
        T(test_parents_target_below_a_source_is_left_out),
        T(test_parents_missing_name_fails_by_its_name),
        T(test_parents_names_that_cannot_be_kept_are_refused),
    };
    return cmocka_run_group_tests_name("parents", tests, NULL, NULL);
}
