/* SPDX-License-Identifier: MIT
 *
 * Tasks are their own results: items, counts, memory.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "copy/dir.h"
#include "copy/names.h"
#include "copy/task.h"

static struct px_dir *fake_dir(void)
{
    static struct px_dir dir = {.source_name = "from", .target_name = "to"};
    return &dir;
}

static const struct px_entry entry = {
    .source_name = "a", .target_name = "b", .type = PX_COPY_LINK, .bytes = 3};

static void test_task_new_keeps_its_name(void **state)
{
    (void)state;
    struct px_copy_task *task = px_task_new(PX_TASK_DIR, "name");
    assert_string_equal(task->name, "name");
    assert_int_equal(task->kind, PX_TASK_DIR);
    px_task_free(task);
    task = px_task_new(PX_TASK_NAMES, NULL);
    assert_string_equal(task->name, "");
    px_task_free(task);
    px_task_free(NULL);
}

static void test_task_add_unlisted_is_only_counted(void **state)
{
    (void)state;
    struct px_copy_task *task = px_task_new(PX_TASK_NAMES, NULL);
    px_task_add(task, &entry, PX_ITEM_OK, NULL, 0, false);
    px_task_add(task, &entry, PX_ITEM_SKIPPED, NULL, 0, false);
    px_task_add(task, &entry, PX_ITEM_CANCELED, NULL, 0, false);
    assert_int_equal(task->result.ok, 1);
    assert_int_equal(task->result.skipped, 1);
    assert_int_equal(task->result.canceled, 1);
    assert_int_equal(task->result.bytes, 3);
    assert_int_equal(task->result.n_items, 0);
    px_task_free(task);
}

static void test_task_add_listed_has_paths_and_text(void **state)
{
    (void)state;
    struct px_copy_task *task = px_task_new(PX_TASK_NAMES, NULL);
    struct px_entry listed = entry;
    struct px_fail fail;
    listed.dir = fake_dir();
    assert_int_equal(px_fail_set(&fail, PX_EIO, EIO, "write"), PX_EIO);
    for (int i = 0; i < 100; i++) { /* the list grows */
        px_task_add(task, &listed, PX_ITEM_FAILED, &fail, 4, true);
    }
    assert_int_equal(task->result.n_items, 100);
    assert_int_equal(task->result.failed, 100);
    const struct px_item *item = &task->result.items[99];
    assert_string_equal(item->source, "from/a");
    assert_string_equal(item->target, "to/b");
    assert_string_equal(item->error, "write: Input/output error");
    assert_int_equal(item->status, PX_EIO);
    assert_int_equal(item->os_errno, EIO);
    assert_int_equal(item->worker, 4);
    assert_int_equal(((const struct px_copy_detail *)item->detail)->type, PX_COPY_LINK);
    px_task_free(task);
}

static void test_task_operand_without_target_is_an_item(void **state)
{
    (void)state;
    struct px_copy_task *task = px_task_new(PX_TASK_ROOT, NULL);
    assert_int_equal(px_task_add_operand(task, "gone", PX_ESRC, ENOENT, "open source: not there"),
                     PX_OK);
    const struct px_item *item = &task->result.items[0];
    assert_int_equal(task->result.failed, 1);
    assert_string_equal(item->source, "gone");
    assert_null(item->target);
    assert_string_equal(item->error, "open source: not there");
    px_task_free(task);
}

static void test_task_free_takes_its_packs_along(void **state)
{
    (void)state;
    struct px_copy_task *task = px_task_new(PX_TASK_NAMES, NULL);
    task->files = px_names_new(10);
    task->dirs = px_names_new(10);
    px_task_free(task); /* the leak checkers tell */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task_new_keeps_its_name),
        cmocka_unit_test(test_task_add_unlisted_is_only_counted),
        cmocka_unit_test(test_task_add_listed_has_paths_and_text),
        cmocka_unit_test(test_task_operand_without_target_is_an_item),
        cmocka_unit_test(test_task_free_takes_its_packs_along),
    };
    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
