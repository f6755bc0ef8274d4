/* SPDX-License-Identifier: MIT
 *
 * Arrays that grow: what was in them stays, moves are few, and what cannot be had changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/grow.h"

static void test_grow_one_by_one_keeps_all_and_moves_seldom(void **state)
{
    (void)state;
    int *items = NULL;
    size_t room = 0;
    unsigned changes = 0;
    for (int n = 0; n < 1000; n++) {
        const size_t before = room;
        items = px_grow(items, &room, (size_t)n + 1, sizeof *items);
        assert_non_null(items);
        assert_true(room > (size_t)n);
        changes += room != before;
        items[n] = n;
    }
    for (int n = 0; n < 1000; n++) {
        assert_int_equal(items[n], n);
    }
    assert_true(changes <= 10);
    free(items);
}

static void test_grow_enough_room_is_left_alone(void **state)
{
    (void)state;
    char items[8];
    size_t room = sizeof items;
    assert_ptr_equal(px_grow(items, &room, 8, 1), items);
    assert_int_equal(room, 8);
}

static void test_grow_by_many_has_room_for_them(void **state)
{
    (void)state;
    size_t room = 0;
    char *text = px_grow(NULL, &room, 300, 1);
    assert_non_null(text);
    assert_true(room >= 300);
    text = px_grow(text, &room, 100000, 1);
    assert_non_null(text);
    assert_true(room >= 100000);
    text[99999] = 'x';
    free(text);
}

static void test_grow_size_that_wraps_changes_nothing(void **state)
{
    (void)state;
    size_t room = 0;
    char *items = px_grow(NULL, &room, 1, 1);
    const size_t before = room;
    assert_non_null(items);
    items[0] = 'x';
    assert_null(px_grow(items, &room, SIZE_MAX / 16 + 1, 16)); /* the product would wrap */
    assert_int_equal(room, before);
    assert_int_equal(items[0], 'x');
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow_one_by_one_keeps_all_and_moves_seldom),
        cmocka_unit_test(test_grow_enough_room_is_left_alone),
        cmocka_unit_test(test_grow_by_many_has_room_for_them),
        cmocka_unit_test(test_grow_size_that_wraps_changes_nothing),
    };
    return cmocka_run_group_tests_name("grow", tests, NULL, NULL);
}
