/* SPDX-License-Identifier: MIT
 *
 * Shares: the same everywhere and for ever, and fair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/share.h"

static void test_share_never_changes(void **state)
{
    (void)state;
    /* a machine with an older version may have the other share */
    assert_int_equal(px_share_of("", 0, 1000000), 26203);
    assert_int_equal(px_share_of("./a.bin", 7, 1000000), 671700);
}

static void test_share_of_pieces_is_that_of_the_whole(void **state)
{
    (void)state;
    uint64_t hash = px_share_add(px_share_begin(), "./a", 3);
    hash = px_share_add(hash, ".bin", 4);
    assert_int_equal(px_share_pick(hash, 1000000), px_share_of("./a.bin", 7, 1000000));
    assert_int_equal(px_share_pick(hash, 1), 0);
}

static void test_share_shares_are_even(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 16; count++) {
        unsigned in[16] = {0};
        for (unsigned i = 0; i < 16000; i++) {
            char text[64];
            const int len = snprintf(text, sizeof text, "./file-%u.bin", i);
            const uint32_t share = px_share_of(text, (size_t)len, count);
            assert_true(share < count);
            in[share]++;
        }
        for (uint32_t k = 0; k < count; k++) {
            assert_in_range(in[k], 16000 / count * 85 / 100, 16000 / count * 115 / 100 + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_never_changes),
        cmocka_unit_test(test_share_of_pieces_is_that_of_the_whole),
        cmocka_unit_test(test_share_shares_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
