/* SPDX-License-Identifier: MIT
 *
 * One read for several destinations: what each gets, and what a failure of one means for the others.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/fanout.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define BYTES 300000

static struct px_copy_opts opts_for(void)
{
    static const char *const also[] = {"b", "c"};
    struct px_copy_opts opts = fake_opts("src", "a");
    opts.also = also;
    opts.n_also = 2;
    opts.io = io_fault_ops();
    opts.reflink = PX_REFLINK_NEVER;
    return opts;
}

static void test_fanout_reads_once_writes_all(void **state)
{
    (void)state;
    struct fake fake;
    tree_file("src", BYTES, 1);
    const struct px_copy_opts opts = opts_for();
    io_fault_reset();
    assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(read)), 1);
    assert_int_equal(io_fault_calls(IO_FAULT(pread)), 0);
    assert_int_equal(fake.sum.ok, 3);
    assert_int_equal(fake.sum.bytes, 3 * BYTES);
    assert_true(tree_same_bytes("src", "a"));
    assert_true(tree_same_bytes("src", "b"));
    assert_true(tree_same_bytes("src", "c"));
}

/* Every call that is made for a target, failing once: that target is not there, the others are. */
static void test_fanout_one_failure_costs_one_destination(void **state)
{
    (void)state;
    static const struct {
        size_t member;
        int err;
    } rows[] = {{IO_FAULT(pwrite), EIO}, {IO_FAULT(futimens), EIO}, {IO_FAULT(linkat), EIO}};
    tree_file("src", BYTES, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned nth = 1; nth <= 3; nth++) {
            struct fake fake;
            const struct px_copy_opts opts = opts_for();
            io_fault_arm(rows[i].member, nth, rows[i].err, IO_FAULT_ONCE);
            assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
            assert_true(io_fault_fired());
            assert_int_equal(fake.sum.ok, 2);
            assert_int_equal(fake.sum.failed, 1);
            for (unsigned k = 0; k < 3; k++) {
                const char name[2] = {(char)('a' + k), '\0'};
                assert_int_equal(tree_has(name), k != nth - 1);
                if (tree_has(name)) {
                    assert_true(tree_same_bytes("src", name));
                    assert_int_equal(unlink(name), 0);
                }
            }
        }
    }
    assert_false(tree_has_temp("."));
}

static void test_fanout_source_failure_fails_all(void **state)
{
    (void)state;
    struct fake fake;
    tree_file("src", BYTES, 1);
    tree_text("b", "old");
    const struct px_copy_opts opts = opts_for();
    io_fault_arm(IO_FAULT(read), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
    assert_int_equal(fake.sum.failed, 3);
    assert_non_null(strstr(fake.error, "read at offset 0"));
    assert_false(tree_has("a"));
    tree_assert_text("b", "old");
    assert_false(tree_has_temp("."));
}

static void grow(void *ctx)
{
    (void)ctx;
    FILE *file = fopen("src", "a");
    assert_non_null(file);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
}

static void test_fanout_changed_source_is_read_again_for_all(void **state)
{
    (void)state;
    struct fake fake;
    tree_file("src", BYTES, 1);
    const struct px_copy_opts opts = opts_for();
    io_fault_reset();
    io_fault_before(IO_FAULT(read), 1, grow, NULL);
    assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
    assert_int_equal(fake.sum.ok, 3);
    assert_int_equal(tree_stat("a").st_size, BYTES + 1);
    assert_int_equal(tree_stat("c").st_size, BYTES + 1);
}

static void test_fanout_each_decides_what_it_takes(void **state)
{
    (void)state;
    struct fake fake;
    tree_file("src", BYTES, 1);
    tree_text("b", "old");
    struct px_copy_opts opts = opts_for();
    opts.update = PX_UPDATE_NONE;
    opts.verify = true;
    opts.hash = PX_HASH_SHA256;
    io_fault_reset();
    assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
    assert_int_equal(fake.sum.ok, 2);
    assert_int_equal(fake.sum.skipped, 1);
    tree_assert_text("b", "old");
    assert_true(tree_same_bytes("src", "c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fanout_reads_once_writes_all, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_fanout_one_failure_costs_one_destination, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_fanout_source_failure_fails_all, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_fanout_changed_source_is_read_again_for_all,
                                        tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(test_fanout_each_decides_what_it_takes, tree_setup,
                                        tree_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
