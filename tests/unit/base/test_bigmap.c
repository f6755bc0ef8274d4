/* SPDX-License-Identifier: MIT
 *
 * The big table: in memory, in the file, across the change from one to the other, and when the file
 * fails; values that are replaced at any of these times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <pxfer/status.h>

#include "base/bigmap.h"
#include "support/io_fault.h"

/* Spread evenly, each number another key (splitmix64). */
static uint64_t key_of(uint64_t number)
{
    uint64_t z = number * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct px_bigmap *new_map(size_t memory_bytes)
{
    struct px_bigmap *map = NULL;
    assert_int_equal(px_bigmap_new(io_fault_ops(), memory_bytes, &map), PX_OK);
    return map;
}

static void check(struct px_bigmap *map, uint64_t number, bool is_there, uint64_t expected)
{
    uint64_t value = ~expected;
    bool found = !is_there;
    assert_int_equal(px_bigmap_find(map, key_of(number), &found, &value), PX_OK);
    assert_int_equal(found, is_there);
    if (is_there) {
        assert_true(value == expected);
    }
}

static void fill_and_check(struct px_bigmap *map, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = i << 33;
        assert_int_equal(px_bigmap_add(map, key_of(i), &value), PX_OK);
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = 1;
        assert_int_equal(px_bigmap_add(map, key_of(i), &value), PX_EEXIST);
        assert_true(value == i << 33);
        check(map, i, true, i << 33);
        check(map, n + i, false, 0);
    }
}

static void test_bigmap_in_memory_keeps_the_first_value(void **state)
{
    (void)state;
    io_fault_reset();
    struct px_bigmap *map = new_map(0);
    fill_and_check(map, 40000); /* among them key 0 */
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 0);
    px_bigmap_free(map);
}

static void test_bigmap_beyond_the_limit_goes_on_in_a_file(void **state)
{
    (void)state;
    io_fault_reset();
    struct px_bigmap *map = new_map(32768);
    fill_and_check(map, 30000);
    assert_true(io_fault_calls(IO_FAULT(pwrite)) > 30000 / 256);
    px_bigmap_free(map);
}

static void test_bigmap_short_reads_and_writes_lose_nothing(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(pwrite), IO_FAULT(pread)};
    for (size_t m = 0; m < 2; m++) {
        io_fault_reset();
        io_fault_short(members[m], 5);
        struct px_bigmap *map = new_map(16384);
        fill_and_check(map, 1500);
        px_bigmap_free(map);
    }
}

static void test_bigmap_set_replaces_across_many_merges(void **state)
{
    (void)state;
    io_fault_reset();
    struct px_bigmap *map = new_map(16384);
    for (uint64_t i = 0; i < 40000; i++) { /* some 50 merges; 1000 keys, each 40 times */
        assert_int_equal(px_bigmap_set(map, key_of(i % 1000), i), PX_OK);
        assert_int_equal(px_bigmap_set(map, key_of(1000 + i), i + 1), PX_OK);
        check(map, i % 1000, true, i);
    }
    for (uint64_t i = 0; i < 1000; i++) {
        check(map, i, true, 39000 + i);
    }
    for (uint64_t i = 0; i < 40000; i++) {
        check(map, 1000 + i, true, i + 1);
    }
    check(map, 50000, false, 0);
    px_bigmap_free(map);
}

static void test_bigmap_without_a_file_memory_must_do(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth < 400; nth += 37) {
        io_fault_arm(IO_FAULT(pwrite), nth, ENOSPC, IO_FAULT_STICKY);
        struct px_bigmap *map = new_map(16384);
        fill_and_check(map, 20000);
        assert_true(io_fault_fired());
        px_bigmap_free(map);
    }
}

static void test_bigmap_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    io_fault_reset();
    struct px_bigmap *map = new_map(16384);
    int rc = PX_OK;
    for (uint64_t i = 0; i < 800; i++) { /* one merge */
        assert_int_equal(px_bigmap_set(map, key_of(i), i), PX_OK);
    }
    io_fault_arm(IO_FAULT(pread), 1, EIO, IO_FAULT_STICKY);
    for (uint64_t i = 0; i < 800 && rc == PX_OK; i++) {
        uint64_t value;
        bool found;
        rc = px_bigmap_find(map, key_of(i), &found, &value);
    }
    assert_int_equal(rc, PX_EIO);
    px_bigmap_free(map);
}

static void test_bigmap_free_of_null_is_legal(void **state)
{
    (void)state;
    px_bigmap_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bigmap_in_memory_keeps_the_first_value),
        cmocka_unit_test(test_bigmap_beyond_the_limit_goes_on_in_a_file),
        cmocka_unit_test(test_bigmap_short_reads_and_writes_lose_nothing),
        cmocka_unit_test(test_bigmap_set_replaces_across_many_merges),
        cmocka_unit_test(test_bigmap_without_a_file_memory_must_do),
        cmocka_unit_test(test_bigmap_file_that_cannot_be_read_is_told),
        cmocka_unit_test(test_bigmap_free_of_null_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
