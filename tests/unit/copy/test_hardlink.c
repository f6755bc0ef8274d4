/* SPDX-License-Identifier: MIT
 *
 * Hard links: groups come out as groups, whatever happens to one of them, whoever comes first.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/hardlink.h"
#include "copy/tree.h"
#include "support/io_fault.h"

static const char *const names[] = {"src/a", "src/b", "src/sub/c", "src/sub/d"};
#define NAMES (sizeof names / sizeof names[0])

static int setup(void **state)
{
    const int rc = tree_setup(state);
    if (rc == 0) {
        tree_dir("src");
        tree_dir("src/sub");
        tree_file(names[0], 5000, 1);
        for (size_t i = 1; i < NAMES; i++) {
            assert_int_equal(link(names[0], names[i]), 0);
        }
        tree_touch(names[0], 1000000000);
    }
    io_fault_reset();
    return rc;
}

static struct px_copy_opts opts_of(enum px_update update)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.io = io_fault_ops();
    opts.update = update;
    opts.target_is_thing = true;
    return opts;
}

static const char *target_of(size_t i)
{
    static char path[32];
    (void)snprintf(path, sizeof path, "dst%s", names[i] + 3);
    return path;
}

/* How many different files the names of the target are; each must be whole. */
static size_t count_files(void)
{
    ino_t seen[NAMES] = {0};
    size_t n = 0;
    for (size_t i = 0; i < NAMES; i++) {
        const struct stat st = tree_stat(target_of(i));
        size_t j = 0;
        assert_true(tree_same(names[i], target_of(i)));
        while (j < n && seen[j] != st.st_ino) {
            j++;
        }
        seen[j] = st.st_ino;
        n += j == n;
    }
    return n;
}

static void run(struct fake *fake, const struct px_copy_opts *opts, size_t capacity)
{
    assert_int_equal(fake_run(fake, opts, capacity), PX_OK);
}

static void test_hardlink_group_stays_a_group(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 4; capacity++) {
        struct fake fake;
        const struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
        run(&fake, &opts, capacity);
        assert_int_equal(fake.sum.ok, NAMES + 2);
        assert_int_equal(fake.sum.bytes, 5000); /* its bytes went once */
        assert_int_equal(count_files(), 1);
        assert_int_equal(tree_stat("dst/a").st_nlink, NAMES);
    }
}

static void test_hardlink_not_wanted_gives_files(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
    opts.keep.lose = PX_KEEP_LINKS;
    run(&fake, &opts, 1);
    assert_int_equal(count_files(), NAMES);
}

static void test_hardlink_rerun_links_what_is_missing(void **state)
{
    (void)state;
    static const enum px_update updates[] = {PX_UPDATE_ALL, PX_UPDATE_NONE, PX_UPDATE_OLDER};
    for (size_t i = 0; i < 3 * NAMES; i++) {
        struct fake fake;
        struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
        run(&fake, &opts, 1);
        assert_int_equal(unlink(target_of(i % NAMES)), 0);
        opts = opts_of(updates[i / NAMES]);
        run(&fake, &opts, 1);
        assert_int_equal(fake.sum.failed, 0);
        /* -n leaves alone what it meets after it had to copy the one that was missing */
        assert_true(count_files() <= (opts.update == PX_UPDATE_NONE ? 2 : 1));
    }
}

/* The first to fail, whichever call it is that fails, leaves the others a group. */
static void test_hardlink_failed_leader_is_followed_by_the_next(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
    io_fault_arm(IO_FAULT(futimens), 1, EIO, IO_FAULT_ONCE);
    run(&fake, &opts, 1);
    assert_int_equal(fake.sum.failed, 1);
    size_t there = 0;
    ino_t ino = 0;
    for (size_t i = 0; i < NAMES; i++) {
        if (tree_has(target_of(i))) {
            const ino_t now = tree_stat(target_of(i)).st_ino;
            assert_true(ino == 0 || now == ino);
            ino = now;
            there++;
        }
    }
    assert_int_equal(there, NAMES - 1);
}

/* A file that may have no more links is copied a second time, and the rest linked to that. */
static void test_hardlink_refused_link_is_copied(void **state)
{
    (void)state;
    static const int errs[] = {EMLINK, EPERM, EXDEV};
    for (size_t i = 0; i < 3; i++) {
        struct fake fake;
        const struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
        io_fault_arm(IO_FAULT(linkat), 2, errs[i], IO_FAULT_ONCE); /* the first names the copy */
        run(&fake, &opts, 1);
        assert_int_equal(fake.sum.failed, 0);
        assert_true(count_files() <= 2);
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_hardlink_each_failing_link_leaves_whole_files(void **state)
{
    (void)state;
    bool fired = true;
    for (unsigned nth = 1; fired; nth++) {
        struct fake fake;
        const struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
        io_fault_arm(IO_FAULT(linkat), nth, EIO, IO_FAULT_ONCE);
        run(&fake, &opts, 1);
        fired = io_fault_fired();
        assert_int_equal(fake.sum.ok + fake.sum.failed, NAMES + 2);
        assert_int_equal(fake.sum.failed, fired);
        assert_false(tree_has_temp("dst"));
        tree_remove(AT_FDCWD, "dst");
    }
}

static void replace_copy(void *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < NAMES; i++) {
        if (unlink(target_of(i)) == 0) {
            tree_text(target_of(i), "somebody else's");
        }
    }
}

/* The copy was swapped for another file before the link was made: it is not taken in. */
static void test_hardlink_swapped_copy_is_not_linked_to(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
    io_fault_before(IO_FAULT(linkat), 2, replace_copy, NULL);
    run(&fake, &opts, 1);
    assert_int_equal(fake.sum.failed, 0);
    size_t wrong = 0;
    for (size_t i = 0; i < NAMES; i++) {
        wrong += tree_is_text(target_of(i), "somebody else's");
    }
    assert_int_equal(wrong, 1); /* the one that was swapped, by whom it was */
}

static void test_hardlink_canceled_anywhere_gives_one_result_each(void **state)
{
    (void)state;
    bool stopped = true;
    for (uint64_t at = 1; stopped; at++) {
        struct fake fake;
        const struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
        assert_int_equal(fake_prepare(&fake, &opts, 2), PX_OK);
        fake.stop_at = at;
        fake_finish(&fake); /* asserts as many results as tasks */
        stopped = fake.stopping;
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_hardlink_symbolic_links_and_fifos_have_groups_too(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = opts_of(PX_UPDATE_ALL);
    tree_link("a", "src/l1");
    assert_int_equal(linkat(AT_FDCWD, "src/l1", AT_FDCWD, "src/sub/l2", 0), 0);
    assert_int_equal(mkfifo("src/f1", 0600), 0);
    assert_int_equal(link("src/f1", "src/sub/f2"), 0);
    opts.specials = true;
    run(&fake, &opts, 1);
    assert_int_equal(fake.sum.ok, NAMES + 2 + 4);
    assert_int_equal(tree_stat("dst/l1").st_ino, tree_stat("dst/sub/l2").st_ino);
    assert_int_equal(tree_stat("dst/f1").st_ino, tree_stat("dst/sub/f2").st_ino);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_hardlink_group_stays_a_group),
        T(test_hardlink_not_wanted_gives_files),
        T(test_hardlink_rerun_links_what_is_missing),
        T(test_hardlink_failed_leader_is_followed_by_the_next),
        T(test_hardlink_refused_link_is_copied),
        T(test_hardlink_each_failing_link_leaves_whole_files),
        T(test_hardlink_swapped_copy_is_not_linked_to),
        T(test_hardlink_canceled_anywhere_gives_one_result_each),
        T(test_hardlink_symbolic_links_and_fifos_have_groups_too),
    };
    return cmocka_run_group_tests_name("hardlink", tests, NULL, NULL);
}
