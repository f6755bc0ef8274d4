/* SPDX-License-Identifier: MIT
 *
 * From entries to tasks: where each goes, what a bad entry becomes, what a helper takes over.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/joint.h"
#include "fetch/mirrors.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define SHA1_X "sha-1=11f6ad8ec52a2984abaafd7c3b516503785c2072"

static void expect_target(const struct fetching *on, const struct fetch_task *task,
                          const char *want)
{
    char full[300];
    const bool below = strncmp(want, "DIR", 3) == 0;
    snprintf(full, sizeof full, "%s%s", below ? on->area.dir : "", want + (below ? 3 : 0));
    assert_string_equal(task->target, full);
}

static void test_task_make_target_by_table(void **state)
{
    static const struct {
        const char *options, *target, *name;
        bool in_base;
    } rows[] = {
        {"", "DIR/x.bin", "x.bin", true},
        {"out=y\n", "DIR/y", "y", true},
        {"out=a/b/y\n", "DIR/a/b/y", "y", false},
        {"out=y\nout=z\n", "DIR/z", "z", true},
        {"dir=d\n", "d/x.bin", "x.bin", false},
        {"dir=/abs/\nout=s/y\n", "/abs/s/y", "y", false},
        {"dir=/\n", "/x.bin", "x.bin", false},
        {"split=4\nunknown=1\n", "DIR/x.bin", "x.bin", true},
    };
    struct fetching *on = *state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct fetch_task *task = fetching_task(on->fetch, "http://h/x.bin?q", rows[i].options);
        expect_target(on, task, rows[i].target);
        assert_string_equal(task->item.target, task->target);
        assert_string_equal(task->name, rows[i].name);
        assert_int_equal(task->in_base, rows[i].in_base);
        task_free(task);
    }
}

static void test_task_make_out_name_of_the_command_line_is_taken_as_it_is(void **state)
{
    struct fetching *on = *state;
    static const struct {
        const char *out, *target;
        bool in_base;
    } rows[] = {
        {".hidden", "DIR/.hidden", true},
        {"sub/../y", "DIR/sub/../y", false},
        {"/abs/y", "/abs/y", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct px_fetch_opts opts = {
            .workers = 1, .dir = on->area.dir, .out_name = rows[i].out};
        struct px_fetch *fetch = fetching_new(&opts);
        struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
        expect_target(on, task, rows[i].target);
        assert_int_equal(task->in_base, rows[i].in_base);
        task_free(task);
        px_fetch_free(fetch);
    }
}

static void test_task_make_without_a_dir_the_target_is_the_bare_name(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
    assert_string_equal(task->target, "x");
    assert_true(task->in_base);
    assert_int_equal(task->dir_len, 0);
    task_free(task);
    px_fetch_free(fetch);
}

static void test_task_make_bad_options_fail_with_the_line(void **state)
{
    static const char *const options[] = {
        "checksum=sha-256\n",
        "checksum=sha-256=12\n",
        "checksum=crc32=12345678\n",
        "checksum=" SHA1_X "00\n",
        "out=../x\n",
        "out=/etc/x\n",
        "out=\n",
        "dir=\n",
    };
    struct fetching *on = *state;
    for (size_t i = 0; i < ROWS(options); i++) {
        struct fetch_task *task = fetching_task(on->fetch, "http://h/x", options[i]);
        assert_int_equal(task->item.state, PX_ITEM_FAILED);
        assert_int_equal(task->item.status, PX_EBADLINE);
        assert_int_equal(task->result.failed, 1);
        assert_int_equal(strncmp(task->item.error, "line 1: ", 8), 0);
        task_free(task);
    }
}

static void test_task_make_checksum_is_read(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *task = fetching_task(on->fetch, "http://h/x", "checksum=" SHA1_X "\n");
    assert_int_equal(task->sums.line.kind, PX_DIGEST_SHA1);
    assert_int_equal(task->sums.line.value[0], 0x11);
    task_free(task);
}

static void test_task_make_mirrors_are_a_set_with_the_url_first(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *task =
        fetching_task_of_mirrors(on->fetch, "http://h/x", "http://u:p@m/x", "");
    assert_non_null(task->set);
    assert_int_equal(task->set->n, 2);
    assert_string_equal(task->set->at[0].url, "http://h/x");
    task_use_mirror(task, 1);
    assert_string_equal(task->ask_url, "http://u:p@m/x");
    assert_true(task->has_userinfo);
    assert_true(task->origin == task->set->at[1].origin);
    task_free(task);
}

static void test_task_make_helper_borrows_what_its_owner_has(void **state)
{
    struct fetching *on = *state;
    struct fetch_task *owner = fetching_task(on->fetch, "http://h/x", "header=X: y\n");
    struct joint joint = {.split.size = 1000};
    const struct split_claim claim = {.id = 3, .from = 10, .to = 20};
    struct fetch_task *helper;
    owner->joint = &joint;
    assert_int_equal(task_new_helper(owner, &claim, 0, &helper), PX_OK);
    owner->joint = NULL;
    assert_true(task_is_helper(helper));
    assert_ptr_equal(helper->url, owner->url);
    assert_ptr_equal(helper->target, owner->target);
    assert_ptr_equal(helper->meter, owner->meter);
    assert_true(helper->has_headers);
    assert_int_equal(helper->size, 1000);
    assert_int_equal(helper->claim.id, 3);
    task_set_ok(helper, 10);
    assert_int_equal(helper->result.ok, 0); /* nobody counts it */
    task_free(helper);
    task_free(owner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fetching_open, fetching_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_task_make_target_by_table),
        TEST(test_task_make_out_name_of_the_command_line_is_taken_as_it_is),
        TEST(test_task_make_without_a_dir_the_target_is_the_bare_name),
        TEST(test_task_make_bad_options_fail_with_the_line),
        TEST(test_task_make_checksum_is_read),
        TEST(test_task_make_mirrors_are_a_set_with_the_url_first),
        TEST(test_task_make_helper_borrows_what_its_owner_has),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
