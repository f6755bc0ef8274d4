/* SPDX-License-Identifier: MIT
 *
 * The list of what failed: there as it goes, named at the end, empty when nothing failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/failures.h"
#include "support/memory_text.h"
#include "support/scratch.h"

static void check_file(struct scratch *scratch, const char *name, const char *expected)
{
    char *text = memory_text_read_file(scratch_path(scratch, name));
    assert_string_equal(text, expected);
    free(text);
}

static struct px_item items[] = {
    {.state = PX_ITEM_FAILED, .source = "a"},       {.state = PX_ITEM_OK, .source = "fine"},
    {.state = PX_ITEM_FAILED, .source = "dir/b c"}, {.state = PX_ITEM_SKIPPED, .source = "left"},
    {.state = PX_ITEM_FAILED, .source = NULL},
};
static const struct px_result task = {.items = items, .n_items = 5, .failed = 3};

static void test_failures_entry_is_on_disk_before_the_next(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    struct failures *list = NULL;
    assert_int_equal(failures_open(scratch_path(&scratch, "f"), failures_write_sources, &list),
                     PX_OK);
    assert_int_equal(failures_add(list, &task), PX_OK);
    check_file(&scratch, "f.part", "a\ndir/b c\n");
    assert_int_equal(failures_add(list, &task), PX_OK);
    assert_int_equal(failures_close(list), PX_OK);
    check_file(&scratch, "f", "a\ndir/b c\na\ndir/b c\n");
    scratch_remove(&scratch);
}

static void test_failures_none_leaves_an_empty_file(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "f", "of the last run\n");
    struct failures *list = NULL;
    assert_int_equal(failures_open(scratch_path(&scratch, "f"), failures_write_sources, &list),
                     PX_OK);
    assert_int_equal(failures_close(list), PX_OK);
    check_file(&scratch, "f", "");
    scratch_remove(&scratch);
}

static void test_failures_null_list_takes_everything(void **state)
{
    (void)state;
    assert_int_equal(failures_add(NULL, &task), PX_OK);
    assert_int_equal(failures_close(NULL), PX_OK);
}

static void test_failures_full_device_is_told_each_time(void **state)
{
    (void)state;
    struct failures *list = NULL;
    assert_int_equal(failures_open("/dev/full", failures_write_sources, &list), PX_OK);
    assert_int_equal(failures_add(list, &task), PX_EFULL);
    assert_int_not_equal(failures_add(list, &task), PX_OK);
    assert_int_not_equal(failures_close(list), PX_OK);
}

static void test_failures_path_with_a_newline_is_left_out_and_told(void **state)
{
    (void)state;
    struct px_item odd[] = {
        {.state = PX_ITEM_FAILED, .source = "two\nlines"},
        {.state = PX_ITEM_FAILED, .source = "one"},
    };
    const struct px_result odd_task = {.items = odd, .n_items = 2};
    struct memory_text out = {0};
    assert_int_equal(failures_write_sources(&odd_task, memory_text_open(&out)), PX_EINVAL);
    assert_string_equal(memory_text_close(&out), "one\n");
    memory_text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_entry_is_on_disk_before_the_next),
        cmocka_unit_test(test_failures_none_leaves_an_empty_file),
        cmocka_unit_test(test_failures_null_list_takes_everything),
        cmocka_unit_test(test_failures_full_device_is_told_each_time),
        cmocka_unit_test(test_failures_path_with_a_newline_is_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
