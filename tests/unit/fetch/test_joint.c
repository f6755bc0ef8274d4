/* SPDX-License-Identifier: MIT
 *
 * What the pieces of a file have in common: the saved state, and its end.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/crew.h"
#include "fetch/jointly.h"
#include "fetch/retry.h"

static int close_joint(void **state)
{
    (void)state;
    task_free(owner);
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static void load(struct state *out)
{
    assert_int_equal(state_load(px_io_real(), area.fd, ".x.part.state", out), PX_OK);
}

/* The first free piece as a worker would write it. */
static void write_piece(uint64_t n)
{
    struct split_claim mine;
    assert_true(split_take_free(&owner->joint->split, 1, &mine));
    assert_int_equal(split_accept(&owner->joint->split, mine.id, n), n);
    split_written(&owner->joint->split, mine.id, mine.from + n);
    split_give_back(&owner->joint->split, mine.id);
}

static void test_joint_new_saves_a_state_that_does_not_grow(void **state)
{
    (void)state;
    struct state saved;
    load(&saved);
    assert_false(saved.grows);
    assert_int_equal(ranges_prefix(&saved.held), 10000);
    assert_string_equal(saved.etag, "\"e\"");
    assert_int_equal(saved.size, SIZE);
}

static void test_joint_save_is_not_more_often_than_once_a_second(void **state)
{
    (void)state;
    struct state saved;
    const int64_t at = 101 * PX_NS_PER_S;
    joint_save(owner->joint, at, false);
    write_piece(5000);
    joint_save(owner->joint, at + PX_NS_PER_S / 2, false);
    load(&saved);
    assert_int_equal(ranges_sum(&saved.held), 10000);
    joint_save(owner->joint, at + PX_NS_PER_S, false);
    load(&saved);
    assert_int_equal(ranges_sum(&saved.held), 15000);
}

static void test_joint_close_ends_the_saving(void **state)
{
    (void)state;
    struct state saved;
    joint_close(owner->joint);
    write_piece(5000);
    joint_save(owner->joint, 200 * PX_NS_PER_S, true);
    load(&saved);
    assert_int_equal(ranges_sum(&saved.held), 10000);
}

static void test_joint_leave_keeps_the_bytes_for_a_later_run(void **state)
{
    (void)state;
    struct state saved;
    write_piece(5000);
    joint_leave(owner);
    assert_null(owner->joint);
    load(&saved);
    assert_int_equal(ranges_sum(&saved.held), 15000);
    assert_true(area_has(&area, ".x.part"));
}

static void test_joint_leave_drops_bytes_of_no_use(void **state)
{
    (void)state;
    task_drop_part(owner); /* while there may be helpers: only a wish */
    assert_true(area_has(&area, ".x.part"));
    assert_int_equal(split_stopped(&owner->joint->split), SPLIT_DONE);
    joint_leave(owner);
    assert_int_equal(area_count(&area), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_joint, close_joint)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_joint_new_saves_a_state_that_does_not_grow),
        TEST(test_joint_save_is_not_more_often_than_once_a_second),
        TEST(test_joint_close_ends_the_saving),
        TEST(test_joint_leave_keeps_the_bytes_for_a_later_run),
        TEST(test_joint_leave_drops_bytes_of_no_use),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
