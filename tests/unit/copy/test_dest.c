/* SPDX-License-Identifier: MIT
 *
 * Destinations beside each other: which are refused, which share a file system, when all are full.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/dest.h"
#include "copy/fake.h"
#include "copy/tree.h"

static struct px_copy_opts opts_for(const char *first, const char *second)
{
    static const char *also[1];
    struct px_copy_opts opts = fake_opts("src", first);
    also[0] = second;
    opts.also = also;
    opts.n_also = 1;
    return opts;
}

static void test_dest_each_has_its_own_plan(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("src");
    tree_dir("there");
    const struct px_copy_opts opts = opts_for("new", "there");
    assert_int_equal(fake_prepare(&fake, &opts, 1), PX_OK);
    const struct px_dests *dests = &fake.copy->dests;
    assert_int_equal(dests->n, 2);
    const struct px_root *root = &dests->items[0].plan.roots[0];
    assert_string_equal(root->target_name, "new");
    assert_ptr_equal(px_dest_root(dests, &dests->items[1], root), &dests->items[1].plan.roots[0]);
    assert_string_equal(dests->items[1].plan.roots[0].target_name, "src");
    assert_null(px_dest_root(dests, &dests->items[1], NULL));
    px_copy_free(fake.copy);
}

static void test_dest_overlapping_ones_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *words; /* NULL: not refused */
    } rows[] = {
        {"a", "a/.", "same destination"},
        {"new", "./new", "same destination"},
        {"a", "a/src", "inside"},
        {"a/src/deep", "a", "inside"},
        {"a", "a/other", NULL},
        {"a", "b", NULL},
        {"a", "new", NULL},
    };
    assert_int_equal(system("mkdir -p src a/src/deep a/other b"), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake;
        const struct px_copy_opts opts = opts_for(rows[i].first, rows[i].second);
        const int status = fake_prepare(&fake, &opts, 1);
        assert_int_equal(status, rows[i].words != NULL ? PX_EREFUSED : PX_OK);
        if (rows[i].words != NULL) {
            assert_non_null(strstr(fake.message, rows[i].words));
        } else {
            px_copy_free(fake.copy);
        }
    }
}

static void test_dest_the_same_file_system_ends_for_both(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("src");
    const struct px_copy_opts opts = opts_for("a", "b");
    assert_int_equal(fake_prepare(&fake, &opts, 1), PX_OK);
    struct px_dests *dests = &fake.copy->dests;
    assert_false(px_dest_is_full(&dests->items[0]));
    assert_true(px_dest_fill(dests, &dests->items[1]));
    assert_true(px_dest_is_full(&dests->items[0]));
    assert_true(atomic_load(&dests->full));
    assert_false(px_dest_fill(dests, &dests->items[0])); /* told already */
    px_copy_free(fake.copy);
}

static void test_dest_another_file_system_goes_on(void **state)
{
    (void)state;
    struct px_dest items[2] = {0};
    struct px_dests dests = {.items = items, .n = 2, .open_volumes = 2};
    items[0].volume = &items[0].own;
    items[1].volume = &items[1].own;
    assert_true(px_dest_fill(&dests, &items[0]));
    assert_false(px_dest_is_full(&items[1]));
    assert_false(atomic_load(&dests.full));
    assert_true(px_dest_fill(&dests, &items[1]));
    assert_true(atomic_load(&dests.full));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dest_each_has_its_own_plan, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(test_dest_overlapping_ones_are_refused, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_dest_the_same_file_system_ends_for_both, tree_setup,
                                        tree_teardown),
        cmocka_unit_test(test_dest_another_file_system_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
