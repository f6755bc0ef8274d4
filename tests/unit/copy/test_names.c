/* SPDX-License-Identifier: MIT
 *
 * Packs of names: what goes in comes out in order, with its type, and halves lose nothing.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "copy/names.h"

static struct px_names *pack_of(unsigned n)
{
    struct px_names *names = px_names_new(px_names_room_max());
    assert_non_null(names);
    for (unsigned i = 0; i < n; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%u", i);
        assert_int_equal(px_names_add(names, i % 2 == 0 ? DT_REG : DT_LNK, name), PX_OK);
    }
    return names;
}

/* Takes all that is left and checks that they are n<from>, n<from+1> ... */
static void expect_run(struct px_names *names, unsigned from, unsigned to)
{
    assert_int_equal(px_names_left(names), to - from);
    for (unsigned i = from; i < to; i++) {
        unsigned char type;
        char name[16];
        (void)snprintf(name, sizeof name, "n%u", i);
        assert_string_equal(px_names_take(names, &type), name);
        assert_int_equal(type, i % 2 == 0 ? DT_REG : DT_LNK);
    }
    unsigned char type;
    assert_null(px_names_take(names, &type));
}

static void test_names_taken_come_in_order(void **state)
{
    (void)state;
    struct px_names *names = pack_of(5);
    expect_run(names, 0, 5);
    free(names);
}

static void test_names_null_is_empty(void **state)
{
    (void)state;
    unsigned char type;
    assert_int_equal(px_names_left(NULL), 0);
    assert_null(px_names_take(NULL, &type));
    assert_null(px_names_split(NULL));
}

static void test_names_full_by_count_refuses(void **state)
{
    (void)state;
    struct px_names *names = pack_of(PX_NAMES_MAX);
    assert_int_equal(px_names_add(names, DT_REG, "x"), PX_EAGAIN);
    px_names_clear(names);
    assert_int_equal(px_names_add(names, DT_REG, "x"), PX_OK);
    free(names);
}

static void test_names_full_by_bytes_refuses(void **state)
{
    (void)state;
    struct px_names *names = px_names_new(8);
    assert_int_equal(px_names_add(names, DT_REG, "123456"), PX_OK);
    assert_int_equal(px_names_add(names, DT_REG, ""), PX_EAGAIN);
    free(names);
}

static void test_names_longest_names_fit_a_full_pack(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'x', 255);
    name[255] = '\0';
    struct px_names *names = px_names_new(px_names_room_max());
    for (int i = 0; i < PX_NAMES_MAX; i++) {
        assert_int_equal(px_names_add(names, DT_REG, name), PX_OK);
    }
    free(names);
}

static void test_names_dup_holds_what_is_left(void **state)
{
    (void)state;
    unsigned char type;
    struct px_names *names = pack_of(6);
    (void)px_names_take(names, &type);
    struct px_names *twin = px_names_dup(names);
    expect_run(twin, 1, 6);
    expect_run(names, 1, 6);
    free(twin);
    free(names);
}

static void test_names_split_loses_nothing(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 9; n++) {
        struct px_names *names = pack_of(n);
        struct px_names *half = px_names_split(names);
        assert_non_null(half);
        expect_run(names, 0, n / 2);
        expect_run(half, n / 2, n);
        assert_null(px_names_split(names));
        free(half);
        free(names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_taken_come_in_order),
        cmocka_unit_test(test_names_null_is_empty),
        cmocka_unit_test(test_names_full_by_count_refuses),
        cmocka_unit_test(test_names_full_by_bytes_refuses),
        cmocka_unit_test(test_names_longest_names_fit_a_full_pack),
        cmocka_unit_test(test_names_dup_holds_what_is_left),
        cmocka_unit_test(test_names_split_loses_nothing),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
