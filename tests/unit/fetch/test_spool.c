/* SPDX-License-Identifier: MIT
 *
 * Where bodies for standard output wait: memory, a nameless file, a file that loses its name at once.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/spool.h"
#include "support/io_fault.h"

static struct area area;
static struct px_fetch *fetch;

static struct fetch_task *open_task(void)
{
    area_make(&area);
    io_fault_reset();
    const struct px_fetch_opts opts = {
        .workers = 1, .dir = area.dir, .io = io_fault_ops(), .out_fd = 1};
    fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://host/name", " out=sub/dir/x\n");
    assert_int_equal(task_open_dir(task), PX_OK);
    return task;
}

static void close_task(struct fetch_task *task)
{
    assert_int_equal(area_count(&area), 0); /* no name, whatever happened */
    task_free(task);
    px_fetch_free(fetch);
    area_remove(&area);
}

static void test_spool_small_last_bytes_stay_in_memory(void **state)
{
    struct fetch_task *task = open_task();
    (void)state;
    assert_int_equal(spool_append(task, "hello", 5, true), PX_OK);
    task_set_ok(task, task->part.held);
    const struct ordered_body body = spool_body(task);
    assert_int_equal(body.fd, -1);
    assert_int_equal(body.size, 5);
    assert_memory_equal(body.bytes, "hello", 5);
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 0);
    close_task(task);
}

static void test_spool_bytes_before_the_last_go_to_a_file(void **state)
{
    struct fetch_task *task = open_task();
    char got[16] = "";
    (void)state;
    assert_int_equal(spool_append(task, "hello ", 6, false), PX_OK);
    assert_int_equal(spool_append(task, "world", 5, true), PX_OK);
    task_set_ok(task, task->part.held);
    const struct ordered_body body = spool_body(task);
    assert_true(body.fd >= 0);
    assert_int_equal(body.size, 11);
    assert_int_equal(pread(body.fd, got, sizeof got, 0), 11);
    assert_string_equal(got, "hello world");
    close_task(task);
}

static void test_spool_large_last_bytes_go_to_a_file(void **state)
{
    struct fetch_task *task = open_task();
    static char bytes[SPOOL_SMALL_BYTES + 1];
    (void)state;
    assert_int_equal(spool_append(task, bytes, sizeof bytes, true), PX_OK);
    assert_true(task->part.fd >= 0);
    close_task(task);
}

static void test_spool_without_nameless_files_loses_the_name_at_once(void **state)
{
    struct fetch_task *task = open_task();
    (void)state;
    io_fault_arm(IO_FAULT(openat), 1, EOPNOTSUPP, IO_FAULT_ONCE);
    assert_int_equal(spool_append(task, "hello", 5, false), PX_OK);
    assert_true(io_fault_fired());
    close_task(task);
}

static void test_spool_full_disk_is_full(void **state)
{
    struct fetch_task *task = open_task();
    (void)state;
    io_fault_arm(IO_FAULT(pwrite), 1, ENOSPC, IO_FAULT_ONCE);
    assert_int_equal(spool_append(task, "hello", 5, false), PX_EFULL);
    assert_int_equal(task->part.err, ENOSPC);
    io_fault_reset();
    close_task(task);
}

static void test_spool_room_is_never_more_than_half_of_what_is_free(void **state)
{
    struct fetch_task *task = open_task();
    (void)state;
    assert_int_equal(spool_room(area.fd, 1), 1);
    assert_true(spool_room(area.fd, UINT64_MAX) < UINT64_MAX / 2);
    assert_int_equal(spool_room(-1, 77), 77);
    close_task(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_small_last_bytes_stay_in_memory),
        cmocka_unit_test(test_spool_bytes_before_the_last_go_to_a_file),
        cmocka_unit_test(test_spool_large_last_bytes_go_to_a_file),
        cmocka_unit_test(test_spool_without_nameless_files_loses_the_name_at_once),
        cmocka_unit_test(test_spool_full_disk_is_full),
        cmocka_unit_test(test_spool_room_is_never_more_than_half_of_what_is_free),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
