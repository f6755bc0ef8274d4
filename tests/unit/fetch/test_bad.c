/* SPDX-License-Identifier: MIT
 *
 * A file that failed its check, kept for looking at.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fetch/bad.h"
#include "fetch/fetching.h"
#include "support/io_fault.h"

static struct area area;
static struct part_place place;

static void begin(struct part *part, const char *bytes, bool named)
{
    area_make(&area);
    io_fault_reset();
    place =
        (struct part_place){.io = io_fault_ops(), .dirfd = area.fd, .name = "file", .mode = 0640};
    *part = (struct part){.fd = -1};
    assert_int_equal(part_append(part, &place, bytes, strlen(bytes)), PX_OK);
    if (named) {
        assert_int_equal(part_keep(part, &place), PX_OK);
    }
}

static void end(struct part *part)
{
    part_discard(part, &place);
    area_remove(&area);
}

static void check_kept(struct part *part, bool named, const char *bytes)
{
    struct stat st;
    begin(part, bytes, named);
    area_put(&area, ".file.bad", "older and longer", 16);
    assert_int_equal(bad_keep(part, &place), PX_OK);
    part_discard(part, &place);
    area_assert(&area, ".file.bad", bytes, strlen(bytes));
    assert_int_equal(fstatat(area.fd, ".file.bad", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(area_count(&area), 1);
    area_remove(&area);
}

static void test_bad_nameless_part_is_kept_in_place_of_an_older_one(void **state)
{
    struct part part;
    (void)state;
    check_kept(&part, false, "nameless");
}

static void test_bad_named_part_is_kept_and_its_names_go(void **state)
{
    struct part part;
    (void)state;
    check_kept(&part, true, "named");
}

static void test_bad_without_hard_links_is_renamed(void **state)
{
    struct part part;
    (void)state;
    begin(&part, "bytes", true);
    io_fault_arm(IO_FAULT(linkat), 1, EPERM, IO_FAULT_STICKY);
    assert_int_equal(bad_keep(&part, &place), PX_OK);
    part_discard(&part, &place);
    area_assert(&area, ".file.bad", "bytes", 5);
    assert_int_equal(area_count(&area), 1);
    area_remove(&area);
}

static void test_bad_bytes_behind_the_end_are_cut_off(void **state)
{
    struct part part;
    (void)state;
    begin(&part, "bytes", false);
    part.held = 3;
    part.ragged = true;
    assert_int_equal(bad_keep(&part, &place), PX_OK);
    part_discard(&part, &place);
    area_assert(&area, ".file.bad", "byt", 3);
    area_remove(&area);
}

static void test_bad_name_that_is_a_directory_is_an_error(void **state)
{
    struct part part;
    (void)state;
    begin(&part, "bytes", false);
    assert_int_equal(mkdirat(area.fd, ".file.bad", 0755), 0);
    assert_int_equal(bad_keep(&part, &place), PX_EIO);
    end(&part);
}

static void test_bad_of_no_bytes_is_nothing(void **state)
{
    struct part part = {.fd = -1};
    (void)state;
    area_make(&area);
    place = (struct part_place){.io = io_fault_ops(), .dirfd = area.fd, .name = "file"};
    assert_int_equal(bad_keep(&part, &place), PX_OK);
    assert_int_equal(area_count(&area), 0);
    area_remove(&area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_nameless_part_is_kept_in_place_of_an_older_one),
        cmocka_unit_test(test_bad_named_part_is_kept_and_its_names_go),
        cmocka_unit_test(test_bad_without_hard_links_is_renamed),
        cmocka_unit_test(test_bad_bytes_behind_the_end_are_cut_off),
        cmocka_unit_test(test_bad_name_that_is_a_directory_is_an_error),
        cmocka_unit_test(test_bad_of_no_bytes_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
