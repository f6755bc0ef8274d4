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
#include <string.h>

#include "fetch/list/shard.h"

static void test_shard_of_host_never_changes(void **state)
{
    (void)state;
    /* a machine with an older version may have the other share */
    assert_int_equal(shard_of_host("https://example.org/a", 1000000), 489007);
}

static void test_shard_of_host_looks_at_nothing_else(void **state)
{
    (void)state;
    static const char *const same[] = {
        "http://example.org",
        "https://EXAMPLE.org/",
        "http://example.org:8080/x",
        "http://u:p@example.org/",
        "http://u@x:p@example.org:1/?y#z",
        "https://example.org?a@b:c/d",
    };
    static const char *const v6[] = {"http://[::1]/", "http://[::1]:80/x", "https://u@[::1]"};
    const uint32_t share = shard_of_host(same[0], 1000003),
                   share_v6 = shard_of_host(v6[0], 1000003);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_int_equal(shard_of_host(same[i], 1000003), share);
    }
    for (size_t i = 0; i < sizeof v6 / sizeof v6[0]; i++) {
        assert_int_equal(shard_of_host(v6[i], 1000003), share_v6);
    }
    assert_int_not_equal(shard_of_host("http://[::2]/", 1000003), share_v6);
    assert_int_not_equal(shard_of_host("http://example.com", 1000003), share);
}

static void test_shard_shares_are_even(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 16; count++) {
        unsigned by_host[16] = {0};
        for (unsigned i = 0; i < 16000; i++) {
            char text[64];
            snprintf(text, sizeof text, "http://host%u.example/x", i);
            by_host[shard_of_host(text, count)]++;
        }
        for (uint32_t k = 0; k < count; k++) {
            assert_in_range(by_host[k], 16000 / count * 85 / 100, 16000 / count * 115 / 100 + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shard_of_host_never_changes),
        cmocka_unit_test(test_shard_of_host_looks_at_nothing_else),
        cmocka_unit_test(test_shard_shares_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
