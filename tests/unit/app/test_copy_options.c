/* SPDX-License-Identifier: MIT
 *
 * --preserve and --no-preserve.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/copy.h>

#include "app/copy_options.h"

struct options {
    int before;
    struct px_copy_attrs keep;
};

static int keep(struct options *options, int preserve, const char *arg)
{
    const struct option_spec spec = {.offset = offsetof(struct options, keep), .value = preserve};
    const char *reason = NULL;
    const int status = copy_options_keep(options, &spec, arg, &reason);
    assert_true(status == PX_OK || reason != NULL);
    return status;
}

static void test_copy_options_keep_lists_become_masks(void **state)
{
    (void)state;
    struct options options = {0};
    assert_int_equal(keep(&options, 1, "xattr,ownership"), PX_OK);
    assert_int_equal(options.keep.demand, PX_KEEP_XATTR | PX_KEEP_OWNERSHIP);
    assert_int_equal(options.keep.lose, 0);
    assert_int_equal(keep(&options, 0, "mode,timestamps,links,context"), PX_OK);
    assert_int_equal(options.keep.lose,
                     PX_KEEP_MODE | PX_KEEP_TIMESTAMPS | PX_KEEP_LINKS | PX_KEEP_CONTEXT);
    assert_int_equal(options.keep.demand, PX_KEEP_XATTR | PX_KEEP_OWNERSHIP);
}

static void test_copy_options_keep_last_word_counts(void **state)
{
    (void)state;
    struct options options = {0};
    assert_int_equal(keep(&options, 1, "all"), PX_OK);
    assert_int_equal(options.keep.demand, PX_KEEP_ALL & ~PX_KEEP_CONTEXT);
    assert_int_equal(keep(&options, 0, "ownership"), PX_OK);
    assert_int_equal(options.keep.demand & PX_KEEP_OWNERSHIP, 0);
    assert_int_equal(options.keep.lose, PX_KEEP_OWNERSHIP);
    assert_int_equal(keep(&options, 1, "ownership"), PX_OK);
    assert_int_equal(options.keep.lose, 0);
}

static void test_copy_options_keep_other_words_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "mod", "modes", "mode,", ",mode", "mode,,xattr", "MODE"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct options options = {0};
        assert_int_equal(keep(&options, 1, rows[i]), PX_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_options_keep_lists_become_masks),
        cmocka_unit_test(test_copy_options_keep_last_word_counts),
        cmocka_unit_test(test_copy_options_keep_other_words_are_refused),
    };
    return cmocka_run_group_tests_name("copy_options", tests, NULL, NULL);
}
