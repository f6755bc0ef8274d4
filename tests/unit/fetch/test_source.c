/* SPDX-License-Identifier: MIT
 *
 * The source with a clock that the test moves: what needs no worker, the bound on waiting tasks,
 * draining. The test plays the run loop and the workers.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/sourcing.h"

/* --- what needs no worker --------------------------------------------------------------------- */

static void test_source_bad_lines_and_repeats_come_finished(void **state)
{
    (void)state;
    open_source("http://h/a\nnonsense\nhttp://h/a\nhttp://h/x\n  out=a\nhttp://h/b\n", DEFAULTS);
    struct fetch_task *a = next(false);
    struct fetch_task *task = next(true);
    assert_int_equal(task->item.status, PX_EBADLINE);
    assert_int_equal(task->item.line, 2);
    release(task);
    task = next(true);
    assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
    assert_string_equal(task->item.error, "line 3: same as line 1");
    release(task);
    task = next(true);
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    assert_string_equal(task->item.error, "line 4: same target as line 1");
    release(task);
    task = next(false);
    assert_int_equal(source->ops->total_items(source), 0);
    assert_true(next_again() == PX_FOREVER); /* what is out may come back */
    finish_well(task);
    assert_int_equal(source->ops->total_items(source), 5);
    finish_well(a);
    expect_end();
    assert_null(source->ops->error(source));
}

static void test_source_same_url_with_another_checksum_is_no_repeat(void **state)
{
    (void)state;
    open_source("http://h/a\nhttp://h/a\n  checksum=md5=d41d8cd98f00b204e9800998ecf8427e\n",
                DEFAULTS);
    finish_well(next(false));
    struct fetch_task *task = next(true);
    assert_int_equal(task->item.state, PX_ITEM_FAILED);
    release(task);
}

static void test_source_rename_mode_refuses_no_name(void **state)
{
    (void)state;
    open_source("http://h/a\nhttp://h/a\nhttp://g/a\n",
                (struct px_fetch_opts){.on_exist = PX_ON_EXIST_RENAME});
    for (int i = 0; i < 3; i++) {
        finish_well(next(false));
    }
    expect_end();
}

static void test_source_existing_target_by_mode(void **state)
{
    (void)state;
    static const struct {
        enum px_on_exist on_exist;
        bool finished;
        enum px_item_state state;
    } rows[] = {
        {PX_ON_EXIST_SKIP, true, PX_ITEM_SKIPPED},
        {PX_ON_EXIST_FAIL, true, PX_ITEM_FAILED},
        {PX_ON_EXIST_OVERWRITE, false, PX_ITEM_OK},
        {PX_ON_EXIST_RENAME, false, PX_ITEM_OK},
    };
    area_put(&area, "a", "x", 1);
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            source->ops->free(source);
            px_fetch_free(fetch);
        }
        open_source("http://h/a\n", (struct px_fetch_opts){.on_exist = rows[i].on_exist});
        struct fetch_task *task = next(rows[i].finished);
        if (rows[i].finished) {
            assert_int_equal(task->item.state, rows[i].state);
            assert_int_equal(task->item.status, PX_EEXIST);
        }
        release(task);
    }
}

static void test_source_target_that_is_no_file_fails(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(area.fd, "a", 0700), 0);
    assert_int_equal(mkfifoat(area.fd, "b", 0600), 0);
    open_source("http://h/a\nhttp://h/b\n", DEFAULTS);
    for (int i = 0; i < 2; i++) {
        struct fetch_task *task = next(true);
        assert_int_equal(task->item.status, PX_EIO);
        release(task);
    }
}

static void test_source_dry_run_hands_out_plans(void **state)
{
    (void)state;
    open_source("http://h/a\n", (struct px_fetch_opts){.dry_run = true});
    struct fetch_task *task = next(true);
    assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
    assert_int_equal(task->item.status, PX_OK);
    assert_string_equal(task->name, "a");
    release(task);
    expect_end();
}

static void test_source_list_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct px_next out;
    open_source("http://h/a\n", DEFAULTS);
    io_fault_arm(IO_FAULT(read), 1, EIO, IO_FAULT_STICKY);
    assert_int_equal(source->ops->next(source, &out), PX_EIO);
    assert_non_null(strstr(source->ops->error(source), "Input/output error"));
}

static void test_source_name_table_that_fails_ends_the_run(void **state)
{
    (void)state;
    const size_t lines = 250000, room = lines * 20; /* more names than are held in memory */
    char *text = malloc(room);
    size_t at = 0;
    struct px_next out = {0};
    int rc = PX_OK;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++) {
        at += (size_t)snprintf(text + at, room - at, "http://h/f%zu\n", i % 240000);
    }
    open_source(text, (struct px_fetch_opts){.dry_run = true});
    free(text);
    io_fault_arm(IO_FAULT(pread), 1, EIO, IO_FAULT_STICKY);
    for (size_t i = 0; i < lines && rc == PX_OK; i++) {
        rc = source->ops->next(source, &out);
        if (rc == PX_OK) {
            source->ops->release(source, out.task);
        }
    }
    assert_int_equal(rc, PX_EIO);
    assert_non_null(source->ops->error(source));
}

/* --- so many of one host, so often ------------------------------------------------------------- */

static void test_source_stops_reading_when_too_many_wait(void **state)
{
    (void)state;
    static char text[100000];
    size_t at = 0;
    for (int i = 0; i < SOURCE_KEPT_MAX + 500; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "http://busy/f%d\n", i);
    }
    open_source(text, DEFAULTS);
    assert_int_equal(fail_with(next(false), busy_for(2000)), PX_EAGAIN);
    const int64_t due = next_again();
    assert_true(due == fake.now + 2000 * MS);
    assert_int_equal(source->ops->total_items(source), 0); /* the list was not read to its end */
    fake.now = due;
    for (int i = 0; i < SOURCE_KEPT_MAX + 500; i++) {
        finish_well(next(false));
    }
    expect_end();
}

static void test_source_host_at_its_limit_lets_the_other_host_begin(void **state)
{
    (void)state;
    static char text[40000];
    size_t at = 0;
    for (int i = 0; i < 1000; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "http://a/f%d\n", i);
    }
    snprintf(text + at, sizeof text - at, "http://b/x\nhttp://b/y\nhttp://b/z\n");
    open_source(text, (struct px_fetch_opts){.retries = -1, .per_host = 2});
    struct fetch_task *a0 = next(false), *a1 = next(false), *x = next(false), *y = next(false);
    assert_string_equal(a0->url, "http://a/f0");
    assert_string_equal(a1->url, "http://a/f1");
    assert_string_equal(x->url, "http://b/x");
    assert_string_equal(y->url, "http://b/y");
    assert_true(next_again() == PX_FOREVER);
    finish_well(a1);
    struct fetch_task *a2 = next(false);
    assert_string_equal(a2->url, "http://a/f2");
    assert_true(next_again() == PX_FOREVER);
    assert_int_equal(fail_with(y, net), PX_EAGAIN); /* a failed try gives its slot back, too */
    struct fetch_task *z = next(false);
    assert_string_equal(z->url, "http://b/z");
    release(a0); /* as the run loop does with what is canceled */
    release(a2);
    release(x);
    release(z);
}

static void test_source_does_not_read_on_for_ever_behind_a_full_host(void **state)
{
    (void)state;
    static char text[100000];
    size_t at = 0;
    for (int i = 0; i < SOURCE_KEPT_MAX + 500; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "http://a/f%d\n", i);
    }
    snprintf(text + at, sizeof text - at, "http://b/x\n");
    open_source(text, (struct px_fetch_opts){.retries = -1, .per_host = 1});
    struct fetch_task *task = next(false);
    assert_true(next_again() == PX_FOREVER);
    assert_int_equal(source->ops->total_items(source), 0); /* not read to its end */
    struct px_next out;
    for (int i = 0; i < 500; i++) {
        finish_well(task);
        task = next(false);
        if (i < 499) {
            assert_true(next_again() == PX_FOREVER);
        }
    }
    assert_int_equal(source->ops->next(source, &out), PX_OK); /* the look-ahead has reached it */
    assert_string_equal(task_of(out.task)->url, "http://b/x");
    release(task_of(out.task));
    release(task);
}

static void test_source_delay_lies_between_the_starts_of_one_host(void **state)
{
    (void)state;
    open_source("http://a/1\nhttp://a/2\nhttp://b/3\nhttp://a/4\n",
                (struct px_fetch_opts){.retries = -1, .delay_ms = 500, .streams = 4});
    const int64_t begin = fake.now;
    finish_well(next(false));
    struct fetch_task *b = next(false);
    assert_string_equal(b->url, "http://b/3");
    assert_true(next_again() == begin + 500 * MS);
    fake.now = begin + 700 * MS;
    struct fetch_task *two = next(false);
    assert_string_equal(two->url, "http://a/2");
    assert_true(next_again() == begin + 1200 * MS); /* from when it did begin */
    finish_well(b);
    finish_well(two);
    fake.now = begin + 1200 * MS;
    finish_well(next(false));
    expect_end();
}

static void test_source_with_a_delay_hands_out_no_more_than_can_begin(void **state)
{
    (void)state;
    open_source("http://a/1\nhttp://b/2\nhttp://c/3\n",
                (struct px_fetch_opts){.retries = -1, .delay_ms = 500, .streams = 2});
    struct fetch_task *one = next(false), *two = next(false);
    assert_true(next_again() == PX_FOREVER);
    finish_well(one);
    finish_well(next(false));
    finish_well(two);
    expect_end();
}

/* --- draining --------------------------------------------------------------------------------- */

static void test_source_drain_cancels_what_waits_and_reads_no_further(void **state)
{
    (void)state;
    open_source("http://h/1\nhttp://h/2\nhttp://h/3\n", DEFAULTS);
    struct fetch_task *one = next(false), *two = next(false);
    assert_int_equal(fail_with(one, net), PX_EAGAIN);
    source->ops->drain(source);
    assert_ptr_equal(next(true), one);
    assert_int_equal(one->item.state, PX_ITEM_CANCELED);
    release(one);
    assert_true(next_again() == PX_FOREVER);
    assert_int_equal(fail_with(two, net), PX_OK); /* kept no more */
    release(two);
    expect_end();
}

static void test_source_free_frees_what_still_waits(void **state)
{
    (void)state;
    open_source("http://h/1\n", DEFAULTS);
    assert_int_equal(fail_with(next(false), net), PX_EAGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sourcing_begin, sourcing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_source_bad_lines_and_repeats_come_finished),
        TEST(test_source_same_url_with_another_checksum_is_no_repeat),
        TEST(test_source_rename_mode_refuses_no_name),
        TEST(test_source_existing_target_by_mode),
        TEST(test_source_target_that_is_no_file_fails),
        TEST(test_source_dry_run_hands_out_plans),
        TEST(test_source_list_that_cannot_be_read_is_told),
        TEST(test_source_name_table_that_fails_ends_the_run),
        TEST(test_source_stops_reading_when_too_many_wait),
        TEST(test_source_host_at_its_limit_lets_the_other_host_begin),
        TEST(test_source_does_not_read_on_for_ever_behind_a_full_host),
        TEST(test_source_delay_lies_between_the_starts_of_one_host),
        TEST(test_source_with_a_delay_hands_out_no_more_than_can_begin),
        TEST(test_source_drain_cancels_what_waits_and_reads_no_further),
        TEST(test_source_free_frees_what_still_waits),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
