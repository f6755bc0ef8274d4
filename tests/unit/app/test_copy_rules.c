/* SPDX-License-Identifier: MIT
 *
 * Rules keep their order; combinations that make no sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "app/copy_rules.h"

static void test_copy_rules_keep_their_order(void **state)
{
    (void)state;
    struct copy_rules rules = {0};
    const char *reason = NULL;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(
            copy_rules_add(&rules, i % 2 ? PX_RULE_INCLUDE : PX_RULE_EXCLUDE, "x", &reason), PX_OK);
    }
    assert_int_equal(rules.n, 20);
    assert_int_equal(rules.items[7].kind, PX_RULE_INCLUDE);
    assert_int_equal(rules.items[8].kind, PX_RULE_EXCLUDE);
    assert_int_equal(copy_rules_add(&rules, PX_RULE_EXCLUDE, "", &reason), PX_EINVAL);
    assert_non_null(reason);
    free(rules.items);
}

static void test_copy_rules_clash_is_told(void **state)
{
    (void)state;
    const struct px_copy_rule from_stdin[] = {{PX_RULE_EXCLUDE_FROM, "-"}};
    const char *const one_is_relative[] = {"/a", "b"};
    const struct px_copy_opts fine[] = {
        {.n_sources = 3},
        {.n_sources = 1, .names_from = "list", .rules = from_stdin, .n_rules = 1},
        {.n_sources = 1, .remove_extra = true, .max_delete = 3},
        {.n_sources = 1, .remove_extra = true, .delete_none = true},
        {.n_sources = 1, .backup = PX_BACKUP_SIMPLE, .backup_suffix = ".bak"},
        {.n_sources = 1, .files = PX_FILES_SYMLINK, .sources = one_is_relative},
        {.n_sources = 2,
         .files = PX_FILES_LINK,
         .sources = one_is_relative,
         .no_space_check = true},
    };
    const struct px_copy_opts bad[] = {
        {.n_sources = 2, .names_from = "list"},
        {.n_sources = 1, .names_from = "list", .remove_extra = true},
        {.n_sources = 1, .max_delete = 3},
        {.n_sources = 1, .delete_none = true},
        {.n_sources = 1, .names_from = "-", .rules = from_stdin, .n_rules = 1},
        {.n_sources = 1, .backup_suffix = "a/b"},
        {.n_sources = 1, .backup_suffix = ""},
        {.n_sources = 1, .check = true, .existing_only = true},
        {.n_sources = 1, .files = PX_FILES_LINK, .verify = true},
        {.n_sources = 1, .files = PX_FILES_LINK, .check = true},
        {.n_sources = 1, .files = PX_FILES_ATTRIBUTES, .sparse = PX_SPARSE_ALWAYS},
        {.n_sources = 2, .files = PX_FILES_SYMLINK, .sources = one_is_relative},
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        assert_null(copy_rules_clash(&fine[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_non_null(copy_rules_clash(&bad[i]));
    }
}

static void test_copy_rules_parents_makes_names_of_the_sources(void **state)
{
    (void)state;
    static const char *const near[] = {"a/b", "c"};
    static const char *const far[] = {"/a/b", "/c"};
    static const char *const mixed[] = {"/a", "b"};
    struct px_copy_opts opts = {.sources = near, .n_sources = 2};
    assert_null(copy_rules_parents(&opts));
    assert_ptr_equal(opts.names, near);
    assert_int_equal(opts.n_names, 2);
    assert_int_equal(opts.n_sources, 1);
    assert_string_equal(opts.sources[0], ".");
    assert_true(opts.target_is_dir);
    opts = (struct px_copy_opts){.sources = far, .n_sources = 2};
    assert_null(copy_rules_parents(&opts));
    assert_string_equal(opts.sources[0], "/");
    opts = (struct px_copy_opts){.sources = mixed, .n_sources = 2};
    assert_non_null(copy_rules_parents(&opts));
    assert_int_equal(opts.n_names, 0);
    opts = (struct px_copy_opts){.sources = near, .n_sources = 2, .target_is_thing = true};
    assert_non_null(copy_rules_parents(&opts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_rules_keep_their_order),
        cmocka_unit_test(test_copy_rules_clash_is_told),
        cmocka_unit_test(test_copy_rules_parents_makes_names_of_the_sources),
    };
    return cmocka_run_group_tests_name("copy_rules", tests, NULL, NULL);
}
