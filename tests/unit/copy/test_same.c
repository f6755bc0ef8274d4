/* SPDX-License-Identifier: MIT
 *
 * Files that stay at the target: the same contents, attributes alone.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/same.h"
#include "copy/tree.h"
#include "support/io_fault.h"

static int setup(void **state)
{
    const int rc = tree_setup(state);
    io_fault_reset();
    if (rc == 0) {
        tree_dir("dst");
        tree_file("f", 300000, 1);
        tree_touch("f", 1000000000);
        assert_int_equal(chmod("f", 0640), 0);
    }
    return rc;
}

static struct px_copy_opts contents_opts(void)
{
    struct px_copy_opts opts = fake_opts("f", "dst");
    opts.update = PX_UPDATE_CONTENTS;
    opts.io = io_fault_ops();
    return opts;
}

static void test_same_contents_stay_and_get_the_attributes(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = contents_opts();
    tree_file("dst/f", 300000, 1);
    const ino_t before = tree_stat("dst/f").st_ino;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 1);
    assert_int_equal(tree_stat("dst/f").st_ino, before);
    assert_true(tree_same("f", "dst/f"));
    io_fault_reset();
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK); /* now there is nothing to set */
    assert_int_equal(fake.sum.skipped, 1);
    assert_int_equal(io_fault_calls(IO_FAULT(futimens)), 0);
}

static void test_same_contents_in_a_dry_run_touch_nothing(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = contents_opts();
    tree_file("dst/f", 300000, 1);
    opts.dry_run = true;
    opts.every_item = true;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.worst.status, PX_EEXIST); /* left alone, not planned */
    assert_int_not_equal(tree_stat("dst/f").st_mtim.tv_sec, 1000000000);
}

/* The last byte, the size, the kind, a target that cannot be read: all are copied. */
static void test_same_other_contents_are_replaced(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = contents_opts();
    for (int i = 0; i < 4; i++) {
        tree_remove(AT_FDCWD, "dst/f");
        if (i == 2) {
            tree_link("nowhere", "dst/f");
        } else {
            tree_file("dst/f", i == 1 ? 299999 : 300000, 1);
        }
        if (i == 0) {
            FILE *file = fopen("dst/f", "r+");
            assert_non_null(file);
            assert_int_equal(fseek(file, -1, SEEK_END), 0);
            assert_int_not_equal(fputc(tree_byte(1, 299999) ^ 1, file), EOF);
            assert_int_equal(fclose(file), 0);
            tree_touch("dst/f", 1000000000);
        }
        io_fault_reset();
        if (i == 3) {
            io_fault_arm(IO_FAULT(pread), 2, EIO, IO_FAULT_ONCE);
        }
        assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
        assert_int_equal(fake.sum.ok, 1);
        assert_true(tree_same("f", "dst/f"));
    }
}

static void grow_source(void *ctx)
{
    (void)ctx;
    FILE *file = fopen("f", "a");
    assert_non_null(file);
    assert_int_not_equal(fputc('x', file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void test_same_source_that_changes_meanwhile_is_looked_at_again(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = contents_opts();
    tree_file("dst/f", 300000, 1);
    io_fault_before(IO_FAULT(pread), 2, grow_source, NULL);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.ok, 1);
    assert_int_equal(tree_stat("dst/f").st_size, 300001);
}

static struct px_copy_opts attribute_opts(const char *source)
{
    struct px_copy_opts opts = fake_opts(source, "dst");
    opts.files = PX_FILES_ATTRIBUTES;
    opts.io = io_fault_ops();
    return opts;
}

static void test_same_attributes_alone_change_no_contents(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = attribute_opts("f");
    tree_text("dst/f", "keep me");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.ok, 1);
    tree_assert_text("dst/f", "keep me");
    assert_int_equal(tree_stat("dst/f").st_mode & 07777, 0640);
    assert_int_equal(tree_stat("dst/f").st_mtim.tv_sec, 1000000000);
}

static void test_same_attributes_of_a_new_name_make_it_empty(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = attribute_opts("f");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.ok, 1);
    assert_int_equal(tree_stat("dst/f").st_size, 0);
    assert_int_equal(tree_stat("dst/f").st_mtim.tv_sec, 1000000000);
}

static void make_target(void *ctx)
{
    (void)ctx;
    tree_text("dst/f", "precious");
}

/* Somebody makes the file while the empty one is on its way: it is not replaced. */
static void test_same_attributes_never_replace_a_file_by_an_empty_one(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = attribute_opts("f");
    io_fault_before(IO_FAULT(linkat), 1, make_target, NULL);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 1);
    tree_assert_text("dst/f", "precious");
    tree_dir("src");
    tree_text("src/a", "x");
    assert_int_equal(link("src/a", "src/b"), 0); /* nor by a link to one */
    opts = attribute_opts("src/.");
    tree_text("dst/b", "precious");
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    tree_assert_text("dst/b", "precious");
}

static void test_same_attributes_of_what_is_no_file_fail(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = attribute_opts("src/.");
    tree_dir("src");
    tree_text("src/l", "x");
    tree_text("src/p", "x");
    tree_link("nowhere", "dst/l");
    assert_int_equal(mkfifo("dst/p", 0600), 0);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 2);
    assert_int_equal(fake.worst.status, PX_EEXIST);
    assert_true(S_ISLNK(tree_stat("dst/l").st_mode));
    assert_true(S_ISFIFO(tree_stat("dst/p").st_mode));
}

static void test_same_attribute_that_is_refused_is_told(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = attribute_opts("f");
    tree_text("dst/f", "keep me");
    io_fault_arm(IO_FAULT(futimens), 1, EPERM, IO_FAULT_ONCE);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    assert_int_equal(fake.worst.status, PX_EATTR);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_same_contents_stay_and_get_the_attributes),
        T(test_same_contents_in_a_dry_run_touch_nothing),
        T(test_same_other_contents_are_replaced),
        T(test_same_source_that_changes_meanwhile_is_looked_at_again),
        T(test_same_attributes_alone_change_no_contents),
        T(test_same_attributes_of_a_new_name_make_it_empty),
        T(test_same_attributes_never_replace_a_file_by_an_empty_one),
        T(test_same_attributes_of_what_is_no_file_fail),
        T(test_same_attribute_that_is_refused_is_told),
    };
    return cmocka_run_group_tests_name("same", tests, NULL, NULL);
}
