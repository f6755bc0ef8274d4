/* SPDX-License-Identifier: MIT
 *
 * Which run takes a name, and calls in a directory whose owner may not write to it any more.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/wait.h>

#include "copy/shard.h"

#include "copy/fake.h"
#include "copy/tree.h"

#define COUNT 3

struct shards {
    struct fake fake[COUNT];
    struct px_entry entry[COUNT];
    struct px_dir *root[COUNT];
};

/* One engine for each share, with the operand's directory open. */
static void shards_open(struct shards *s, unsigned depth)
{
    for (unsigned k = 0; k < COUNT; k++) {
        struct px_copy_opts opts = fake_opts("src", "dst");
        struct px_fail fail;
        opts.target_is_thing = true;
        opts.shard_index = k;
        opts.shard_count = COUNT;
        opts.shard_depth = depth;
        assert_int_equal(fake_open(&s->fake[k], &opts, 1), PX_OK);
        (void)fake_container(&s->fake[k], &s->entry[k]);
        s->entry[k].type = PX_COPY_DIR;
        s->root[k] = NULL;
        assert_int_equal(px_dir_open(s->fake[k].copier, &s->entry[k], &s->root[k], &fail), PX_OK);
    }
}

static void shards_close(struct shards *s)
{
    for (unsigned k = 0; k < COUNT; k++) {
        px_dir_drop(s->fake[k].copier, s->root[k]);
        px_dir_drop(s->fake[k].copier, s->entry[k].dir);
        fake_close(&s->fake[k]);
    }
}

static unsigned takers(const struct shards *s, const char *name, bool is_dir)
{
    unsigned n = 0;
    for (unsigned k = 0; k < COUNT; k++) {
        n += px_shard_takes(s->root[k], name, is_dir);
    }
    return n;
}

static void test_shard_each_name_at_the_depth_has_one_taker(void **state)
{
    (void)state;
    assert_int_equal(mkdir("src", 0755), 0);
    struct shards s;
    shards_open(&s, 0);
    unsigned first = 0;
    for (int i = 0; i < 300; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "name-%d", i);
        assert_int_equal(takers(&s, name, i % 2 == 0), 1);
        first += px_shard_takes(s.root[0], name, false);
    }
    assert_in_range(first, 60, 140);
    shards_close(&s);
}

static void test_shard_directories_above_the_depth_are_everybodys(void **state)
{
    (void)state;
    assert_int_equal(mkdir("src", 0755), 0);
    assert_int_equal(mkdir("src/sub", 0755), 0);
    struct shards s;
    shards_open(&s, 2);
    assert_int_equal(takers(&s, "sub", true), COUNT);
    assert_int_equal(takers(&s, "sub", false), 1);
    unsigned in_sub = 0;
    for (unsigned k = 0; k < COUNT; k++) {
        struct px_copier *copier = s.fake[k].copier;
        struct px_entry entry = {.dir = s.root[k], .source_name = "sub", .target_name = "sub"};
        struct px_dir *sub = NULL;
        struct px_fail fail;
        assert_int_equal(px_dir_open(copier, &entry, &sub, &fail), PX_OK);
        assert_true(px_shard_is_shared(sub));
        assert_false(sub->made); /* others make things in it */
        in_sub += px_shard_takes(sub, "deep", true);
        px_dir_drop(copier, sub);
    }
    assert_int_equal(in_sub, 1);
    shards_close(&s);
}

static void test_shard_without_shares_all_is_ours(void **state)
{
    (void)state;
    const struct px_copy_opts none = {.shard_count = 0};
    const struct px_copy_opts one = {.shard_count = 1};
    unsigned n = 0;
    assert_true(px_shard_takes_operand(&none, "x"));
    assert_true(px_shard_takes_operand(&one, "x"));
    for (unsigned k = 0; k < COUNT; k++) {
        const struct px_copy_opts opts = {.shard_index = k, .shard_count = COUNT};
        n += px_shard_takes_operand(&opts, "x");
    }
    assert_int_equal(n, 1);
}

/* In a process of its own, without root's rights: what each call gave, as bits. */
static int calls_in_closed_directory(void)
{
    const struct px_io_ops io = px_shard_io();
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
        return 255;
    }
    const int dir = open("mine", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = dir < 0;
    failed |= fchmod(dir, 0555) != 0 || io.mkdirat(dir, "d", 0700) != 0 ? 2 : 0;
    failed |= fchmod(dir, 0555) != 0 || io.symlinkat("x", dir, "l") != 0 ? 4 : 0;
    failed |= fchmod(dir, 0555) != 0 || io.mknodat(dir, "p", S_IFIFO | 0600, 0) != 0 ? 8 : 0;
    failed |= fchmod(dir, 0555) != 0 || io.linkat(dir, "p", dir, "q", 0) != 0 ? 16 : 0;
    failed |= fchmod(dir, 0555) != 0 || io.renameat(dir, "q", dir, "r") != 0 ? 32 : 0;
    failed |= fchmod(dir, 0555) != 0 || io.unlinkat(dir, "r", 0) != 0 ? 64 : 0;
    failed |= fchmod(dir, 0555) != 0 || io.openat(dir, "f", O_CREAT | O_WRONLY, 0600) < 0 ? 128 : 0;
    return failed;
}

static void test_shard_calls_give_the_owner_rights_back(void **state)
{
    (void)state;
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(mkdir("mine", 0755), 0);
    assert_true(geteuid() != 0 || chown("mine", 65534, 65534) == 0);
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(calls_in_closed_directory());
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* What is somebody else's, or forbidden for another reason, stays so. */
static void test_shard_other_errors_are_told(void **state)
{
    (void)state;
    const struct px_io_ops io = px_shard_io();
    assert_int_equal(mkdir("there", 0755), 0);
    const int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(io.mkdirat(dir, "there", 0755), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(io.openat(dir, "none", O_RDONLY, 0), -1);
    assert_int_equal(errno, ENOENT);
    (void)close(dir);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_shard_each_name_at_the_depth_has_one_taker),
        T(test_shard_directories_above_the_depth_are_everybodys),
        T(test_shard_without_shares_all_is_ours),
        T(test_shard_calls_give_the_owner_rights_back),
        T(test_shard_other_errors_are_told),
    };
    return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
