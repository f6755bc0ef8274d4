/* SPDX-License-Identifier: MIT
 *
 * Posts of files that could do with help: each is seen once.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <pxfer/status.h>

#include "fetch/board.h"
#include "fetch/joint.h"

static void test_board_take_gives_each_post_once(void **state)
{
    (void)state;
    struct board *board = NULL;
    struct joint *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    assert_true(a != NULL && b != NULL);
    assert_int_equal(board_new(&board), PX_OK);
    assert_null(board_take(board));
    board_post(board, a);
    board_post(board, b);
    assert_ptr_equal(board_take(board), b);
    assert_ptr_equal(b->crew.next, a);
    assert_null(a->crew.next);
    assert_null(board_take(board));
    board_free(board);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_board_take_gives_each_post_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
