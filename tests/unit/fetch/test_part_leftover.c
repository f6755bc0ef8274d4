/* SPDX-License-Identifier: MIT
 *
 * What an earlier run left of a part (F12, F16, F18): used when it proves what it is, else removed, and
 * never written to while it may be somebody else's.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/parting.h"

/* A kept part with a state, then closed as by a process that ended. */
static void leave_part(const char *text, const struct state *as)
{
    struct part part = empty;
    struct state saved = *as;
    assert_int_equal(append(&part, text), PX_OK);
    assert_int_equal(part_keep(&part, &place), PX_OK);
    assert_int_equal(part_save_state(&part, &place, &saved, "http://h/x"), PX_OK);
    part_suspend(&part, place.io);
}

static void test_part_keep_removes_a_leftover_that_nobody_holds(void **state)
{
    (void)state;
    struct part part = empty;
    area_put(&area, ".x.part", "leftover", 8);
    assert_int_equal(append(&part, "new"), PX_OK);
    assert_int_equal(part_keep(&part, &place), PX_OK);
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "new", 3);
}

static void test_part_leftover_with_a_second_name_is_not_written_to(void **state)
{
    (void)state;
    struct part part = empty;
    struct state found;
    area_put(&area, "other", "precious", 8);
    assert_int_equal(linkat(area.fd, "other", area.fd, ".x.part", 0), 0);
    assert_int_equal(part_adopt(&part, &place, 1, "", &found), PX_ECHANGED);
    assert_int_equal(linkat(area.fd, "other", area.fd, ".x.part", 0), 0);
    refuse_nameless();
    assert_int_equal(append(&part, "new"), PX_OK);
    area_assert(&area, "other", "precious", 8);
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "other", "precious", 8);
}

static void test_part_adopt_goes_on_where_the_last_run_ended(void **state)
{
    (void)state;
    struct part part = empty;
    struct state found;
    leave_part("hello", &of_x);
    assert_int_equal(part_adopt(&part, &place, 7, "boot", &found), PX_OK);
    assert_int_equal(part.held, 5);
    assert_string_equal(found.etag, "\"e\"");
    assert_int_equal(append(&part, " world"), PX_OK);
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "hello world", 11);
    assert_int_equal(area_count(&area), 1);
}

static void test_part_adopt_after_a_restart_trusts_only_what_was_synced(void **state)
{
    (void)state;
    struct part part = empty;
    struct state found;
    place.fsync = PX_FSYNC_FILE;
    leave_part("hello", &of_x);
    const int fd = openat(area.fd, ".x.part", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "\0\0\0\0\0\0", 6), 6); /* what a power cut makes of a tail */
    close(fd);
    assert_int_equal(part_adopt(&part, &place, 7, "another boot", &found), PX_OK);
    assert_int_equal(part.held, 5);
    assert_int_equal(append(&part, "!"), PX_OK);
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "hello!", 6); /* and the tail is gone */
}

static void test_part_adopt_removes_what_is_of_no_use(void **state)
{
    (void)state;
    static const struct {
        struct state as;
        uint64_t url_hash;
        const char *boot;
    } rows[] = {
        {{.url_hash = 7, .size = 11, .boot = "boot", .etag = "\"e\""}, 8, "boot"}, /* other URL */
        {{.url_hash = 7, .size = 11, .boot = "boot", .etag = "\"e\""}, 7, "x"},    /* not synced */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct part part = empty;
        struct state found;
        leave_part("hello", &rows[i].as);
        assert_int_equal(part_adopt(&part, &place, rows[i].url_hash, rows[i].boot, &found),
                         PX_ECHANGED);
        assert_int_equal(area_count(&area), 0);
        assert_int_equal(part_adopt(&part, &place, 7, "boot", &found), PX_EAGAIN);
    }
}

static void test_part_adopt_rename_mode_leaves_a_stranger_alone(void **state)
{
    (void)state;
    struct part part = empty;
    struct state found;
    place.on_exist = PX_ON_EXIST_RENAME;
    leave_part("hello", &of_x);
    assert_int_equal(part_adopt(&part, &place, 8, "boot", &found), PX_EAGAIN);
    assert_true(area_has(&area, ".x.part"));
}

static void test_part_tidy_removes_what_a_kill_while_publishing_left(void **state)
{
    (void)state;
    /* killed after the link, before the part's own name and the state went */
    leave_part("hello", &of_x);
    assert_int_equal(linkat(area.fd, ".x.part", area.fd, "x", 0), 0);
    part_tidy(&place);
    assert_int_equal(area_count(&area), 1);
    area_assert(&area, "x", "hello", 5);
    /* killed after the rename, before the state went */
    area_put(&area, ".x.part.state", "state", 5);
    part_tidy(&place);
    assert_int_equal(area_count(&area), 1);
    /* a part of its own is somebody's work */
    leave_part("other", &of_x);
    part_tidy(&place);
    assert_int_equal(area_count(&area), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_part_keep_removes_a_leftover_that_nobody_holds),
        TEST(test_part_leftover_with_a_second_name_is_not_written_to),
        TEST(test_part_adopt_goes_on_where_the_last_run_ended),
        TEST(test_part_adopt_after_a_restart_trusts_only_what_was_synced),
        TEST(test_part_adopt_removes_what_is_of_no_use),
        TEST(test_part_adopt_rename_mode_leaves_a_stranger_alone),
        TEST(test_part_tidy_removes_what_a_kill_while_publishing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
