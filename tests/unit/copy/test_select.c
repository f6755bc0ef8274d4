/* SPDX-License-Identifier: MIT
 *
 * What is taken from a tree: patterns, lists of names, links that are followed.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/fake.h"
#include "copy/select.h"
#include "copy/tree.h"

static void make_tree(void)
{
    tree_dir("src");
    tree_dir("src/build");
    tree_dir("src/lib");
    tree_text("src/build/out.o", "1");
    tree_text("src/lib/build", "2");
    tree_text("src/lib/a.o", "3");
    tree_text("src/lib/a.c", "4");
    tree_link("lib", "src/link");
}

static void run_rules(const struct px_copy_rule *rules, size_t n, const char *source)
{
    struct fake fake;
    struct px_copy_opts opts = fake_opts(source, "dst");
    opts.rules = rules;
    opts.n_rules = n;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
}

static void test_select_excluded_directory_is_not_entered(void **state)
{
    (void)state;
    const struct px_copy_rule rules[] = {{PX_RULE_EXCLUDE, "build/"}, {PX_RULE_EXCLUDE, "*.o"}};
    make_tree();
    run_rules(rules, 2, "src");
    assert_false(tree_has("dst/build"));
    assert_true(tree_has("dst/lib/build"));
    assert_false(tree_has("dst/lib/a.o"));
    assert_true(tree_has("dst/lib/a.c"));
}

/* The root of the transfer is what holds the operand; of "src/." it is src. */
static void test_select_anchor_is_the_root_of_the_transfer(void **state)
{
    (void)state;
    const struct px_copy_rule of_operand[] = {{PX_RULE_EXCLUDE, "/src/build"}};
    const struct px_copy_rule of_contents[] = {{PX_RULE_EXCLUDE, "/build"}};
    make_tree();
    run_rules(of_operand, 1, "src");
    assert_false(tree_has("dst/build"));
    assert_true(tree_has("dst/lib/build"));
    tree_remove(AT_FDCWD, "dst");
    run_rules(of_contents, 1, "src");
    assert_true(tree_has("dst/build"));
    tree_remove(AT_FDCWD, "dst");
    run_rules(of_contents, 1, "src/.");
    assert_false(tree_has("dst/build"));
}

static void test_select_include_before_exclude_keeps(void **state)
{
    (void)state;
    const struct px_copy_rule rules[] = {
        {PX_RULE_INCLUDE, "*/"}, {PX_RULE_INCLUDE, "*.c"}, {PX_RULE_EXCLUDE, "*"}};
    make_tree();
    run_rules(rules, 3, "src");
    assert_true(tree_has("dst/lib/a.c"));
    assert_int_equal(tree_count("dst/lib"), 1);
    assert_int_equal(tree_count("dst/build"), 0);
}

static void test_select_excluded_operand_is_nothing(void **state)
{
    (void)state;
    const struct px_copy_rule rules[] = {{PX_RULE_EXCLUDE, "src"}};
    make_tree();
    run_rules(rules, 1, "src");
    assert_false(tree_has("dst"));
}

static void test_select_bad_rules_are_refused(void **state)
{
    (void)state;
    const struct px_copy_rule rules[] = {{PX_RULE_EXCLUDE, "/"}, {PX_RULE_EXCLUDE_FROM, "none"}};
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    for (size_t i = 0; i < 2; i++) {
        opts.rules = &rules[i];
        opts.n_rules = 1;
        assert_int_equal(fake_run(&fake, &opts, 4), PX_EUSAGE);
        assert_true(strlen(fake.message) > 0);
    }
}

static void test_select_listed_names_and_their_directories(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_text("list", "lib/a.c\nbuild\nlink\n");
    assert_int_equal(chmod("src/lib", 0711), 0);
    tree_touch("src/lib", 1000000000);
    opts.names_from = "list";
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_int_equal(tree_count("dst/lib"), 1);
    assert_int_equal(tree_count("dst/build"), 0);
    assert_int_equal(tree_stat("dst/lib").st_mode & 0777, 0711);
    assert_int_equal(tree_stat("dst/lib").st_mtim.tv_sec, 1000000000);
    assert_true(S_ISLNK(tree_stat("dst/link").st_mode));
    assert_false(tree_has("dst/src"));
}

static void test_select_listed_slash_takes_the_whole_directory(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_text("list", "lib/\n");
    opts.names_from = "list";
    assert_int_equal(fake_run(&fake, &opts, 0), PX_OK);
    assert_true(tree_same("src/lib", "dst/lib"));
    assert_int_equal(tree_count("dst"), 1);
}

/* Whoever asks for a name by itself and for its directory is told that it is not there. */
static void test_select_listed_slash_misses_names_all_the_same(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_text("list", "lib/\nlib/a.c\nlib/a.c/b\nlib/no/c\nlib/none\n");
    opts.names_from = "list";
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 3);
    assert_int_equal(fake.worst.status, PX_ESRC);
    assert_true(tree_is_text("dst/lib/a.c", "4"));
    assert_int_equal(tree_count("dst/lib"), tree_count("src/lib"));
}

static void test_select_listed_directory_that_never_was_has_not_vanished(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_text("list", "no/such\n");
    opts.names_from = "list";
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.worst.status, PX_ESRC);
    assert_string_equal(fake.source, "src/no");
}

static void test_select_listed_name_through_a_link_fails(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_text("list", "link/a.c\n../x\nmissing\n");
    opts.names_from = "list";
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 3);
    assert_int_equal(tree_count("dst"), 0);
}

static void test_select_follow_operands_only(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src/link", "dst");
    make_tree();
    tree_link("a.c", "src/lib/inner");
    opts.follow = PX_FOLLOW_OPERANDS;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(tree_is_text("dst/a.c", "4"));
    assert_true(S_ISLNK(tree_stat("dst/inner").st_mode));
}

static void test_select_follow_all_copies_what_links_lead_to(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_link("../lib/a.c", "src/build/inner");
    opts.follow = PX_FOLLOW_ALL;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(tree_is_text("dst/build/inner", "4"));
    assert_true(S_ISREG(tree_stat("dst/build/inner").st_mode));
    assert_true(tree_is_text("dst/link/a.c", "4"));
}

static void test_select_follow_all_ends_in_a_loop(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_tree();
    tree_link("..", "src/build/up");
    tree_link("nowhere", "src/build/dangling");
    opts.follow = PX_FOLLOW_ALL;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 2);
    assert_true(tree_is_text("dst/link/a.c", "4"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_select_excluded_directory_is_not_entered),
        T(test_select_anchor_is_the_root_of_the_transfer),
        T(test_select_include_before_exclude_keeps),
        T(test_select_excluded_operand_is_nothing),
        T(test_select_bad_rules_are_refused),
        T(test_select_listed_names_and_their_directories),
        T(test_select_listed_slash_takes_the_whole_directory),
        T(test_select_listed_slash_misses_names_all_the_same),
        T(test_select_listed_directory_that_never_was_has_not_vanished),
        T(test_select_listed_name_through_a_link_fails),
        T(test_select_follow_operands_only),
        T(test_select_follow_all_copies_what_links_lead_to),
        T(test_select_follow_all_ends_in_a_loop),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
