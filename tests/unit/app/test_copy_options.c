/* SPDX-License-Identifier: MIT
 *
 * --preserve and --no-preserve; --max-delete.
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

static void test_copy_options_max_delete_nought_is_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *arg;
        int status;
        uint64_t max;
        bool none;
    } rows[] = {{"0", PX_OK, 0, true},
                {"2", PX_OK, 2, false},
                {"18446744073709551615", PX_OK, UINT64_MAX, false},
                {"-1", PX_EINVAL, 7, false},
                {"", PX_EINVAL, 7, false},
                {"2x", PX_EINVAL, 7, false}};
    const struct option_spec spec = {.offset = 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct px_copy_opts opts = {.max_delete = 7};
        const char *reason = NULL;
        assert_int_equal(copy_options_max_delete(&opts, &spec, rows[i].arg, &reason),
                         rows[i].status);
        assert_int_equal(opts.max_delete, rows[i].max);
        assert_int_equal(opts.delete_none, rows[i].none);
        assert_int_equal(reason != NULL, rows[i].status != PX_OK);
    }
    /* the last one counts */
    struct px_copy_opts opts = {0};
    const char *reason = NULL;
    assert_int_equal(copy_options_max_delete(&opts, &spec, "0", &reason), PX_OK);
    assert_int_equal(copy_options_max_delete(&opts, &spec, "1", &reason), PX_OK);
    assert_false(opts.delete_none);
}

static void test_copy_options_bwlimit_counts_in_kib(void **state)
{
    (void)state;
    static const struct {
        const char *arg;
        uint64_t rate;
    } rows[] = {{"500", 512000}, {"1.5", 1536}, {"1M", 1048576}, {"2MB", 2000000}, {"0", 0}};
    const struct option_spec spec = {.offset = 0};
    const char *reason = NULL;
    uint64_t rate = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(copy_options_bwlimit(&rate, &spec, rows[i].arg, &reason), PX_OK);
        assert_int_equal(rate, rows[i].rate);
    }
    static const char *const bad[] = {"", "x", "1x", "-1", "1111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        reason = NULL;
        assert_int_equal(copy_options_bwlimit(&rate, &spec, bad[i], &reason), PX_EINVAL);
        assert_non_null(reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_options_bwlimit_counts_in_kib),
        cmocka_unit_test(test_copy_options_keep_lists_become_masks),
        cmocka_unit_test(test_copy_options_keep_last_word_counts),
        cmocka_unit_test(test_copy_options_keep_other_words_are_refused),
        cmocka_unit_test(test_copy_options_max_delete_nought_is_a_limit),
    };
    return cmocka_run_group_tests_name("copy_options", tests, NULL, NULL);
}
