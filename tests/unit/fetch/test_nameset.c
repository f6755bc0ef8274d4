/* SPDX-License-Identifier: MIT
 *
 * The same-target rule's memory: in memory, in the file, across the change from one to the other,
 * and when the file fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/nameset.h"
#include "support/io_fault.h"

static int add(struct nameset *set, unsigned number, struct nameset_owner *owner)
{
    char target[32];
    const int len = snprintf(target, sizeof target, "dir/file-%u", number);
    *owner = (struct nameset_owner){.tag = number * 7, .line = number};
    return nameset_add(set, target, (size_t)len, owner);
}

static void fill_and_check(struct nameset *set, unsigned n)
{
    struct nameset_owner owner;
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(set, i, &owner), PX_OK);
    }
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(set, i, &owner), PX_EEXIST);
        assert_int_equal(owner.line, i);
        assert_int_equal(owner.tag, i * 7);
    }
}

static void test_nameset_in_memory_tells_the_first_owner(void **state)
{
    (void)state;
    struct nameset *set;
    assert_int_equal(nameset_new(px_io_real(), 0, &set), PX_OK);
    fill_and_check(set, 50000);
    nameset_free(set);
}

static void test_nameset_beyond_the_limit_goes_on_in_a_file(void **state)
{
    (void)state;
    struct nameset *set;
    io_fault_reset();
    assert_int_equal(nameset_new(io_fault_ops(), 32768, &set), PX_OK);
    fill_and_check(set, 30000);
    assert_true(io_fault_calls(IO_FAULT(pwrite)) > 30000 / 256);
    assert_true(io_fault_calls(IO_FAULT(pread)) >= 28000); /* each repeat was looked up */
    nameset_free(set);
}

static void test_nameset_short_reads_and_writes_lose_nothing(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(pwrite), IO_FAULT(pread)};
    for (size_t m = 0; m < 2; m++) {
        struct nameset *set;
        io_fault_reset();
        io_fault_short(members[m], 5);
        assert_int_equal(nameset_new(io_fault_ops(), 16384, &set), PX_OK);
        fill_and_check(set, 1500);
        nameset_free(set);
    }
}

static void test_nameset_repeats_are_found_across_many_merges(void **state)
{
    (void)state;
    struct nameset *set;
    struct nameset_owner owner;
    io_fault_reset();
    assert_int_equal(nameset_new(io_fault_ops(), 16384, &set), PX_OK);
    for (unsigned i = 0; i < 40000; i++) { /* some 50 merges */
        assert_int_equal(add(set, i, &owner), PX_OK);
        assert_int_equal(add(set, i - i % 1000, &owner), PX_EEXIST);
        assert_int_equal(owner.line, i - i % 1000);
    }
    nameset_free(set);
}

static void test_nameset_without_a_file_memory_must_do(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth < 400; nth += 37) {
        struct nameset *set;
        io_fault_arm(IO_FAULT(pwrite), nth, ENOSPC, IO_FAULT_STICKY);
        assert_int_equal(nameset_new(io_fault_ops(), 16384, &set), PX_OK);
        fill_and_check(set, 20000);
        assert_true(io_fault_fired());
        nameset_free(set);
    }
}

static void test_nameset_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct nameset *set;
    struct nameset_owner owner;
    int rc = PX_OK;
    io_fault_arm(IO_FAULT(pread), 1, EIO, IO_FAULT_STICKY);
    assert_int_equal(nameset_new(io_fault_ops(), 16384, &set), PX_OK);
    for (unsigned i = 0; i < 3000 && rc == PX_OK; i++) {
        rc = add(set, i, &owner);
    }
    for (unsigned i = 0; i < 3000 && (rc == PX_OK || rc == PX_EEXIST); i++) {
        rc = add(set, i, &owner);
    }
    assert_int_equal(rc, PX_EIO);
    nameset_free(set);
}

static void test_nameset_free_of_null_is_legal(void **state)
{
    (void)state;
    nameset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nameset_in_memory_tells_the_first_owner),
        cmocka_unit_test(test_nameset_beyond_the_limit_goes_on_in_a_file),
        cmocka_unit_test(test_nameset_short_reads_and_writes_lose_nothing),
        cmocka_unit_test(test_nameset_repeats_are_found_across_many_merges),
        cmocka_unit_test(test_nameset_without_a_file_memory_must_do),
        cmocka_unit_test(test_nameset_file_that_cannot_be_read_is_told),
        cmocka_unit_test(test_nameset_free_of_null_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
