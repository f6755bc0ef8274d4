/* SPDX-License-Identifier: MIT
 *
 * The source: one task for each operand, in order; missing ones finished; nothing after drain.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copy/fake.h"
#include "copy/source.h"
#include "copy/tree.h"

static struct px_copy *engine_of(const char *const *sources, size_t n)
{
    char error[100];
    struct px_copy *copy = NULL;
    const struct px_copy_opts opts = {
        .workers = 1, .sources = sources, .n_sources = n, .target = "dst"};
    tree_dir("dst");
    assert_int_equal(px_copy_new(&opts, error, sizeof error, &copy), PX_OK);
    return copy;
}

static void test_source_gives_each_operand_once(void **state)
{
    (void)state;
    static const char *const operands[] = {"a", "gone", "b"};
    struct px_source *source = NULL;
    struct px_next next;
    tree_text("a", "A");
    tree_text("b", "B");
    struct px_copy *copy = engine_of(operands, 3);
    assert_int_equal(px_copy_source(copy, &source), PX_OK);
    assert_int_equal(source->ops->total_items(source), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(source->ops->next(source, &next), PX_OK);
        assert_int_equal(next.finished, i == 1);
        assert_string_equal(((struct px_copy_task *)next.task)->root->operand, operands[i]);
        assert_int_equal(next.task->failed, i == 1);
        assert_int_equal(source->ops->done(source, next.task), PX_OK);
        source->ops->release(source, next.task);
    }
    assert_int_equal(source->ops->next(source, &next), PX_EEND);
    assert_null(source->ops->error(source));
    source->ops->free(source);
    px_copy_free(copy);
}

static void test_source_drained_gives_nothing_more(void **state)
{
    (void)state;
    static const char *const operands[] = {"a", "b"};
    struct px_source *source = NULL;
    struct px_next next;
    tree_text("a", "A");
    tree_text("b", "B");
    struct px_copy *copy = engine_of(operands, 2);
    assert_int_equal(px_copy_source(copy, &source), PX_OK);
    assert_int_equal(source->ops->next(source, &next), PX_OK);
    source->ops->release(source, next.task);
    source->ops->drain(source);
    assert_int_equal(source->ops->next(source, &next), PX_EEND);
    source->ops->free(source);
    px_copy_free(copy);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_source_gives_each_operand_once),
        T(test_source_drained_gives_nothing_more),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
