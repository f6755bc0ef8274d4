/* SPDX-License-Identifier: MIT
 *
 * Is there room? What statvfs says, what a name takes at least, and what is refused for it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/space.h"
#include "copy/tree.h"

#define ROWS(rows) (sizeof(rows) / sizeof(rows)[0])

static void test_space_of_counts_what_is_kept_for_root(void **state)
{
    (void)state;
    const struct statvfs fs = {.f_frsize = 4096,
                               .f_blocks = 100,
                               .f_bfree = 10,
                               .f_bavail = 5,
                               .f_files = 50,
                               .f_ffree = 4,
                               .f_favail = 3};
    const struct px_space user = px_space_of(&fs, false);
    const struct px_space root = px_space_of(&fs, true);
    assert_int_equal(user.bytes, 5 * 4096);
    assert_int_equal(user.inodes, 3);
    assert_int_equal(root.bytes, 10 * 4096);
    assert_int_equal(root.inodes, 4);
}

static void test_space_of_nothing_said_is_no_limit(void **state)
{
    (void)state;
    const struct statvfs fs = {.f_frsize = 4096};
    const struct px_space space = px_space_of(&fs, false);
    const struct px_need need = {INT64_MAX, INT64_MAX};
    assert_true(space.bytes == UINT64_MAX && space.inodes == UINT64_MAX);
    assert_false(px_space_is_short(&space, &need));
}

static void test_space_is_short_by_bytes_or_inodes(void **state)
{
    (void)state;
    const struct px_space space = {1000, 10};
    static const struct {
        struct px_need need;
        bool is_short;
    } rows[] = {{{1000, 10}, false}, {{1001, 0}, true}, {{0, 11}, true},
                {{-5000, 11}, true}, {{-1, -1}, false}, {{0, 0}, false}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(px_space_is_short(&space, &rows[i].need), rows[i].is_short);
    }
}

/* A file system that gives back a hundred bytes at each look after the first. */
static struct px_space ask_growing(void *ctx)
{
    uint64_t *looks = ctx;
    return (struct px_space){100 * (*looks)++, 10};
}

static void test_space_that_comes_back_late_is_waited_for(void **state)
{
    (void)state;
    uint64_t looks = 0;
    struct px_space space;
    assert_false(px_space_stays_short(ask_growing, &looks, &(struct px_need){300, 1}, &space));
    assert_int_equal(looks, 4);
    assert_int_equal(space.bytes, 300);
    looks = 3;
    assert_false(px_space_stays_short(ask_growing, &looks, &(struct px_need){300, 1}, &space));
    assert_int_equal(looks, 4); /* enough at once */
}

static struct px_space ask_full(void *ctx)
{
    unsigned *looks = ctx;
    (*looks)++;
    return (struct px_space){100, 10};
}

static void test_space_that_does_not_come_is_not_waited_for_long(void **state)
{
    (void)state;
    unsigned looks = 0;
    struct px_space space;
    assert_true(px_space_stays_short(ask_full, &looks, &(struct px_need){300, 1}, &space));
    assert_in_range(looks, 2, 5);
    assert_int_equal(space.bytes, 100);

    uint64_t more = 0;
    assert_true(px_space_stays_short(ask_growing, &more, &(struct px_need){300, 11}, &space));
    assert_in_range(more, 5, 50); /* it grows, but not what is missing */
}

static void test_space_file_takes_no_more_than_its_blocks(void **state)
{
    (void)state;
    const struct stat plain = {.st_size = 5000, .st_blocks = 16};
    const struct stat holes = {.st_size = 1 << 20, .st_blocks = 8};
    assert_int_equal(px_space_file_bytes(&plain, PX_SPARSE_AUTO), 5000);
    assert_int_equal(px_space_file_bytes(&holes, PX_SPARSE_AUTO), 4096);
    assert_int_equal(px_space_file_bytes(&holes, PX_SPARSE_NEVER), 1 << 20);
    assert_int_equal(px_space_file_bytes(&holes, PX_SPARSE_ALWAYS), 0);
}

static void test_space_name_needs_the_least(void **state)
{
    (void)state;
    const struct stat file = {
        .st_mode = S_IFREG, .st_nlink = 1, .st_size = 8192, .st_blocks = 16, .st_mtim = {200, 0}};
    const struct stat old = {
        .st_mode = S_IFREG, .st_nlink = 1, .st_size = 4096, .st_blocks = 8, .st_mtim = {100, 0}};
    const struct stat dir = {.st_mode = S_IFDIR, .st_nlink = 2, .st_size = 4096, .st_blocks = 8};
    const struct stat fifo = {.st_mode = S_IFIFO, .st_nlink = 1};
    struct stat linked = file;
    struct stat newer = old;
    linked.st_nlink = 4;
    newer.st_mtim.tv_sec = 300;
    const struct px_copy_opts plain = {.workers = 1};
    const struct px_copy_opts update = {.update = PX_UPDATE_OLDER};
    const struct px_copy_opts backup = {.backup = PX_BACKUP_SIMPLE};
    const struct px_copy_opts unlinked = {.keep = {.lose = PX_KEEP_LINKS}};
    const struct px_copy_opts specials = {.specials = true};
    const struct {
        const struct px_copy_opts *opts;
        const struct stat *source, *old;
        struct px_need need;
    } rows[] = {
        {&plain, &file, NULL, {8192, 1}},   {&plain, &file, &old, {4096, 0}},
        {&plain, &old, &file, {-4096, 0}},  {&backup, &file, &old, {8192, 0}},
        {&update, &file, &old, {4096, 0}},  {&update, &file, &newer, {0, 0}},
        {&plain, &linked, NULL, {2048, 0}}, {&unlinked, &linked, NULL, {8192, 1}},
        {&plain, &dir, NULL, {0, 1}},       {&plain, &dir, &dir, {0, 0}},
        {&plain, &fifo, NULL, {0, 0}},      {&specials, &fifo, NULL, {0, 1}},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct px_need need = px_space_name_needs(rows[i].opts, rows[i].source, rows[i].old);
        assert_int_equal(need.bytes, rows[i].need.bytes);
        assert_int_equal(need.inodes, rows[i].need.inodes);
    }
}

/* Of a hole of 8 TiB, filled: no file system of a test has that, and each lets a file be so long. */
static struct px_copy_opts opts_for_hole(const char *source)
{
    struct px_copy_opts opts = fake_opts(source, "dst");
    opts.sparse = PX_SPARSE_NEVER;
    opts.reflink = PX_REFLINK_NEVER;
    return opts;
}

static void make_hole(const char *path)
{
    tree_text(path, "");
    assert_int_equal(truncate(path, (off_t)8 << 40), 0);
}

static void test_space_check_refuses_what_cannot_fit(void **state)
{
    (void)state;
    static const char *const sources[] = {"src", "src/sub/hole"};
    tree_dir("src");
    tree_dir("src/sub");
    make_hole("src/sub/hole");
    for (size_t i = 0; i < ROWS(sources); i++) {
        struct fake fake;
        const struct px_copy_opts opts = opts_for_hole(sources[i]);
        assert_int_equal(fake_prepare(&fake, &opts, 1), PX_EFULL);
        assert_non_null(strstr(fake.message, "file system"));
        assert_non_null(strstr(fake.message, "at least 8796093022208 bytes are needed"));
        assert_non_null(strstr(fake.message, "too few"));
        assert_false(tree_has("dst"));
    }
}

static void test_space_check_is_silent_when_it_cannot_know(void **state)
{
    (void)state;
    static const struct px_copy_rule rule = {PX_RULE_EXCLUDE, "hole"};
    tree_dir("src");
    make_hole("src/hole");
    for (int i = 0; i < 5; i++) {
        struct fake fake;
        struct px_copy_opts opts = opts_for_hole("src");
        opts.no_space_check = i == 0;
        opts.dry_run = i == 1;
        opts.remove_extra = i == 2;
        opts.rules = &rule;
        opts.n_rules = i == 3;
        opts.sparse = i == 4 ? PX_SPARSE_AUTO : opts.sparse;
        assert_int_equal(fake_prepare(&fake, &opts, 1), PX_OK);
        px_copy_free(fake.copy);
    }
}

static void test_space_check_file_is_asked_when_it_is_met(void **state)
{
    (void)state;
    struct fake fake;
    struct px_fail fail = {.status = PX_OK};
    tree_dir("src");
    struct px_copy_opts opts = opts_for_hole("src");
    assert_int_equal(fake_open(&fake, &opts, 1), PX_OK);
    make_hole("hole");
    const struct stat st = tree_stat("hole");
    const int fd = open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(px_space_check_file(fake.copier, fd, &st, &fail), PX_EFULL);
    assert_int_equal(fail.os_errno, ENOSPC);
    assert_non_null(strstr(fail.text, "too few"));
    const struct stat little = {.st_size = 100};
    assert_int_equal(px_space_check_file(fake.copier, fd, &little, &fail), PX_OK);
    fake.copy->opts.no_space_check = true;
    assert_int_equal(px_space_check_file(fake.copier, fd, &st, &fail), PX_OK);
    (void)close(fd);
    fake_close(&fake);
}

static void test_space_check_of_a_met_file_keeps_the_old_one(void **state)
{
    (void)state;
    struct fake fake;
    tree_dir("src");
    make_hole("src/hole");
    assert_int_equal(system("mkdir -p dst/src && echo old >dst/src/hole"), 0);
    static const struct px_copy_rule rule = {PX_RULE_EXCLUDE, "other"};
    struct px_copy_opts opts = opts_for_hole("src");
    opts.rules = &rule; /* so that nothing is counted beforehand */
    opts.n_rules = 1;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    assert_int_equal(fake.worst.status, PX_EFULL);
    tree_assert_text("dst/src/hole", "old\n");
    assert_false(tree_has_temp("dst/src"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_space_of_counts_what_is_kept_for_root),
        cmocka_unit_test(test_space_of_nothing_said_is_no_limit),
        cmocka_unit_test(test_space_is_short_by_bytes_or_inodes),
        cmocka_unit_test(test_space_that_comes_back_late_is_waited_for),
        cmocka_unit_test(test_space_that_does_not_come_is_not_waited_for_long),
        cmocka_unit_test(test_space_file_takes_no_more_than_its_blocks),
        cmocka_unit_test(test_space_name_needs_the_least),
        cmocka_unit_test_setup_teardown(test_space_check_refuses_what_cannot_fit, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_space_check_is_silent_when_it_cannot_know, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_space_check_file_is_asked_when_it_is_met, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(test_space_check_of_a_met_file_keeps_the_old_one,
                                        tree_setup, tree_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
