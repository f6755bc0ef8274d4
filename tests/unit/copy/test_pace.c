/* SPDX-License-Identifier: MIT
 *
 * Pieces under a limit of rates, and waiting until they are paid for.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/timing.h>

#include "copy/pace.h"

#include "copy/fake.h"
#include "copy/tree.h"

#define MIB ((uint64_t)1024 * 1024)

static void open_with_limit(struct fake *fake, uint64_t limit_rate)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.limit_rate = limit_rate;
    tree_text("src", "x");
    assert_int_equal(fake_open(fake, &opts, 1), PX_OK);
}

static void test_pace_without_a_limit_pieces_are_whole_and_free(void **state)
{
    (void)state;
    struct fake fake;
    open_with_limit(&fake, 0);
    const int64_t begin_ns = px_now_ns();
    assert_int_equal(px_pace_piece(fake.copier, MIB), MIB);
    assert_false(px_pace_moved(fake.copier, UINT64_C(1) << 50));
    assert_true(px_now_ns() - begin_ns < 60 * PX_NS_PER_S);
    assert_int_equal(px_copy_account(fake.copy, 0)->bytes, UINT64_C(1) << 50);
    fake_close(&fake);
}

static void test_pace_pieces_are_blocks_of_a_hundredth_of_a_second(void **state)
{
    (void)state;
    static const struct {
        uint64_t rate, piece;
    } rows[] = {{1, 4096},
                {409600, 4096},
                {1000000, 8192},
                {6553600, 65536},
                {20000000, 3 * 65536},
                {UINT64_C(1) << 40, 64 * MIB},
                {UINT64_MAX, 64 * MIB}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake;
        open_with_limit(&fake, rows[i].rate);
        assert_int_equal(px_pace_piece(fake.copier, 64 * MIB), rows[i].piece);
        fake_close(&fake);
    }
}

static void test_pace_moved_waits_until_it_is_paid(void **state)
{
    (void)state;
    struct fake fake;
    open_with_limit(&fake, 1000000);
    const int64_t begin_ns = px_now_ns();
    for (int i = 0; i < 3; i++) {
        assert_false(px_pace_moved(fake.copier, 10000));
    }
    assert_true(px_now_ns() - begin_ns >= 30 * PX_NS_PER_MS);
    assert_int_equal(px_copy_account(fake.copy, 0)->bytes, 30000);
    fake_close(&fake);
}

/* A billion seconds to pay for: only the stop ends it. */
static void test_pace_stop_ends_the_wait(void **state)
{
    (void)state;
    struct fake fake;
    open_with_limit(&fake, 1);
    fake.stop_at = 3;
    assert_true(px_pace_moved(fake.copier, 1000000000));
    assert_int_equal(fake.asked, 3);
    fake_close(&fake);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_pace_without_a_limit_pieces_are_whole_and_free),
        T(test_pace_pieces_are_blocks_of_a_hundredth_of_a_second),
        T(test_pace_moved_waits_until_it_is_paid),
        T(test_pace_stop_ends_the_wait),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
