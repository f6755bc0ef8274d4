/* SPDX-License-Identifier: MIT
 *
 * The walk: wide and deep trees through queues of any size, what vanishes on the way, and how much
 * a worker holds meanwhile.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/names.h"
#include "copy/tree.h"
#include "copy/walk.h"
#include "support/io_fault.h"

/* Names of 200 bytes, so that a few hundred need more than one buffer of entries. (Thousands would
 * too, but ext4 takes seconds to make again what the last test has removed.) */
static void make_files(const char *dir, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%0200u", dir, i);
        const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
}

static void make_dirs(const char *dir, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/dir%05u", dir, i);
        tree_dir(path);
    }
}

static void test_walk_wide_directory_is_whole_at_any_queue_size(void **state)
{
    (void)state;
    /* Several buffers of entries, packs that fill up, remainders. */
    tree_dir("src");
    make_files("src", 700);
    make_dirs("src", 300);
    static const size_t capacities[] = {0, 2, 1000};
    for (size_t i = 0; i < 3; i++) {
        struct fake fake;
        const struct px_copy_opts opts = fake_opts("src", "dst");
        assert_int_equal(fake_run(&fake, &opts, capacities[i]), PX_OK);
        assert_int_equal(fake.sum.ok, 1001);
        assert_int_equal(tree_count("dst"), 1000);
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_walk_deep_tree_is_whole(void **state)
{
    (void)state;
    /* Deeper than PATH_MAX, so only step by step. */
    char name[101];
    memset(name, 'd', 100);
    name[100] = '\0';
    tree_dir("src");
    int fd = open("src", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(mkdirat(fd, name, 0755), 0);
        const int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        (void)close(fd);
        fd = next;
    }
    const int leaf = openat(fd, "leaf", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(leaf, "x", 1), 1);
    (void)close(leaf);
    (void)close(fd);
    struct fake fake;
    const struct px_copy_opts opts = fake_opts("src", "dst");
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
    assert_int_equal(fake.sum.ok, 62);
    assert_int_equal(fake.sum.bytes, 1);
}

/* The names that wait on a worker's stack: bounded by the depth, not by the width. */
static void test_walk_refused_directories_wait_as_names(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("src");
    make_dirs("src", 600);
    const struct px_copy_opts opts = fake_opts("src", "dst");
    assert_int_equal(fake_open(&fake, &opts, 0), PX_OK);
    struct px_copy_task *task = px_task_new(PX_TASK_ROOT, NULL);
    task->root = &fake.copy->dests.items[0].plan.roots[0];
    struct px_copy_task *in_hand = fake.copier->task;
    fake.copier->task = task;
    assert_false(px_walk_run(fake.copier)); /* laid aside below the first refused */
    size_t tasks = 0;
    for (struct px_copy_task *below = fake.copier->stack; below != NULL; below = below->below) {
        tasks++;
    }
    assert_true(tasks <= 600 / PX_NAMES_MAX + 2);
    while ((task = px_copier_pop(fake.copier)) != NULL) {
        fake.copier->task = task;
        if (px_walk_run(fake.copier)) {
            px_walk_end(fake.copier);
            fake_see(&fake, &task->result);
            px_task_free(task);
        }
    }
    fake.copier->task = in_hand;
    fake_close(&fake);
    assert_int_equal(fake.sum.ok, 601);
}

static void test_walk_full_queue_leaves_all_to_one_worker(void **state)
{
    (void)state;
    tree_dir("src");
    make_files("src", 300);
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.workers = 2;
    assert_int_equal(fake_run(&fake, &opts, 0), PX_OK);
    assert_int_equal(fake.sum.ok, 301);
    assert_int_equal(tree_count("dst"), 300);
}

static void test_walk_unreadable_directory_costs_itself_only(void **state)
{
    (void)state;
    tree_make_sample("src");
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.io = io_fault_ops();
    bool failed = false;
    for (unsigned nth = 1; nth < 60; nth++) {
        io_fault_arm(IO_FAULT(openat), nth, EACCES, IO_FAULT_ONCE);
        assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
        failed = failed || fake.sum.failed > 0;
        /* Nobody has forgotten anything: what is missing is below what failed. */
        assert_true(fake.sum.ok + fake.sum.failed <= TREE_SAMPLE_ITEMS);
        assert_true(fake.sum.failed > 0 || fake.sum.ok == TREE_SAMPLE_ITEMS);
        assert_int_equal(fake.sum.canceled, 0);
        assert_false(tree_has_temp("dst"));
        tree_remove(AT_FDCWD, "dst");
    }
    assert_true(failed);
}

static void remove_the_listed(void *ctx)
{
    (void)ctx;
    tree_remove(AT_FDCWD, "src/sub");
}

static void test_walk_vanished_names_fail_one_by_one(void **state)
{
    (void)state;
    tree_dir("src");
    tree_dir("src/sub");
    make_files("src/sub", 3);
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src/sub/.", "dst");
    opts.io = io_fault_ops();
    io_fault_reset();
    /* openat: container, source, target directory, then the first file */
    io_fault_before(IO_FAULT(openat), 4, remove_the_listed, NULL);
    assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
    assert_int_equal(fake.sum.failed, 4); /* and the rest of the listing, which nobody has seen */
    assert_int_equal(fake.sum.ok, 0);
    assert_int_equal(fake.worst.status, PX_ECHANGED);
}

static void test_walk_one_file_system_leaves_others_empty(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    tree_dir("src");
    tree_dir("src/sub");
    tree_text("src/sub/file", "x");
    opts.one_file_system = true;
    assert_int_equal(fake_prepare(&fake, &opts, 1), PX_OK);
    fake.copy->dests.items[0]
        .plan.roots[0]
        .expect.dev++; /* as if "src" itself were on another one */
    fake_finish(&fake);
    assert_int_equal(fake.sum.failed, 1); /* not the device that was looked at */
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
    assert_true(tree_same("src", "dst"));
}

static void test_walk_mount_point_is_made_and_left_empty(void **state)
{
    (void)state;
    struct fake fake;
    struct px_entry entry;
    struct px_fail fail;
    struct px_dir *dir = NULL;
    struct px_copy_opts opts = fake_opts("src", "dst");
    tree_dir("src");
    tree_text("src/file", "x");
    opts.one_file_system = true;
    assert_int_equal(fake_open(&fake, &opts, 1), PX_OK);
    struct px_dir *top = fake_container(&fake, &entry);
    top->source_dev++;
    assert_int_equal(px_dir_open(fake.copier, &entry, &dir, &fail), PX_OK);
    assert_true(dir->elsewhere);
    px_dir_drop(fake.copier, dir);
    px_dir_drop(fake.copier, top);
    fake_close(&fake);
    assert_int_equal(tree_count("dst"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_walk_wide_directory_is_whole_at_any_queue_size),
        T(test_walk_deep_tree_is_whole),
        T(test_walk_refused_directories_wait_as_names),
        T(test_walk_full_queue_leaves_all_to_one_worker),
        T(test_walk_unreadable_directory_costs_itself_only),
        T(test_walk_vanished_names_fail_one_by_one),
        T(test_walk_one_file_system_leaves_others_empty),
        T(test_walk_mount_point_is_made_and_left_empty),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
