/* SPDX-License-Identifier: MIT
 *
 * What a directory had at the start: never "no" for a name that was there.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fetch/fetching.h"
#include "fetch/present.h"
#include "support/io_fault.h"

static struct area area;
static struct present present;

static int make_area(void **state)
{
    (void)state;
    area_make(&area);
    io_fault_reset();
    return 0;
}

static int remove_area(void **state)
{
    (void)state;
    present_fini(&present);
    area_remove(&area);
    return 0;
}

static void test_present_knows_what_was_there(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "f%d", i);
        area_put(&area, name, "", 0);
    }
    present_scan(&present, io_fault_ops(), area.fd);
    assert_true(present.known);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(present_may_have(&present, name), i < 500);
    }
    assert_false(present_may_have(&present, ""));
}

static void test_present_in_an_empty_directory_nothing_may_be(void **state)
{
    (void)state;
    present_scan(&present, io_fault_ops(), area.fd);
    assert_true(present.known);
    assert_false(present_may_have(&present, "x"));
}

static void test_present_that_knows_nothing_says_maybe(void **state)
{
    (void)state;
    assert_true(present_may_have(&present, "x"));
    io_fault_arm(IO_FAULT(openat), 1, EMFILE, IO_FAULT_ONCE);
    present_scan(&present, io_fault_ops(), area.fd);
    assert_false(present.known);
    assert_true(present_may_have(&present, "x"));
    present_scan(&present, io_fault_ops(), STDIN_FILENO); /* no directory */
    assert_true(present_may_have(&present, "x"));
}

static void test_present_gives_up_on_a_crowded_directory(void **state)
{
    (void)state;
    char name[32];
    area_put(&area, "f", "", 0);
    for (int i = 0; i < PRESENT_MAX; i++) {
        snprintf(name, sizeof name, "f%d", i);
        /* a name costs less than a file; no file system allows so many links to one */
        if (linkat(area.fd, "f", area.fd, name, 0) != 0) {
            area_put(&area, "f", "", 0);
            unlinkat(area.fd, "f", 0);
            area_put(&area, "f", "", 0);
            assert_int_equal(linkat(area.fd, "f", area.fd, name, 0), 0);
        }
    }
    present_scan(&present, io_fault_ops(), area.fd);
    assert_false(present.known);
    assert_null(present.hashes);
    assert_true(present_may_have(&present, "x"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_area)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_present_knows_what_was_there),
        TEST(test_present_in_an_empty_directory_nothing_may_be),
        TEST(test_present_that_knows_nothing_says_maybe),
        TEST(test_present_gives_up_on_a_crowded_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
