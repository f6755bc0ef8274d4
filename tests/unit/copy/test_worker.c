/* SPDX-License-Identifier: MIT
 *
 * The body: whole trees, through a fake handle on this thread and through the real pool with 0 to 3
 * workers, whole and canceled at every point.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pxfer/pool.h>

#include "copy/fake.h"
#include "copy/tree.h"
#include "copy/worker.h"

/* --- on this thread --------------------------------------------------------------------------- */

static void test_worker_tree_is_equal_at_any_queue_size(void **state)
{
    (void)state;
    tree_make_sample("src");
    static const size_t capacities[] = {0, 1, 2, 3, 64};
    for (size_t i = 0; i < 5; i++) {
        struct fake fake;
        const struct px_copy_opts opts = fake_opts("src", "dst");
        assert_int_equal(fake_run(&fake, &opts, capacities[i]), PX_OK);
        assert_int_equal(fake.sum.ok, TREE_SAMPLE_ITEMS);
        assert_int_equal(fake.sum.failed + fake.sum.skipped + fake.sum.canceled, 0);
        assert_int_equal(fake.sum.bytes, 0 + 1 + 4096 + 70001 + 1500000 + 7);
        assert_true(tree_same("src", "dst"));
        assert_false(tree_has_temp("dst"));
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_worker_second_run_replaces_everything(void **state)
{
    (void)state;
    tree_make_sample("src");
    tree_dir("dst");
    const struct px_copy_opts opts = fake_opts("src", "dst");
    for (int i = 0; i < 2; i++) {
        struct fake fake;
        assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
        assert_int_equal(fake.sum.ok, TREE_SAMPLE_ITEMS);
        assert_true(tree_same("src", "dst/src"));
        assert_false(tree_has_temp("dst"));
    }
}

/* Every directory that was begun has its times; every file is absent or whole; every task has a
 * result (fake_drive sees to that). */
static void expect_partial(const char *source, const char *target)
{
    DIR *dir = opendir(target);
    if (dir == NULL) {
        return;
    }
    assert_int_equal(tree_stat(source).st_mtim.tv_sec, tree_stat(target).st_mtim.tv_sec);
    assert_int_equal(tree_stat(source).st_mode, tree_stat(target).st_mode);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        char left[TREE_PATH_BYTES];
        char right[TREE_PATH_BYTES];
        tree_join(left, source, entry->d_name);
        tree_join(right, target, entry->d_name);
        if (entry->d_type == DT_DIR) {
            expect_partial(left, right);
        } else {
            assert_true(tree_same_one(left, right));
        }
    }
    (void)closedir(dir);
}

static void test_worker_canceled_anywhere_leaves_whole_files_and_times(void **state)
{
    (void)state;
    tree_make_sample("src");
    bool canceled = true;
    for (uint64_t at = 1; canceled; at++) {
        struct fake fake;
        const struct px_copy_opts opts = fake_opts("src", "dst");
        assert_int_equal(fake_prepare(&fake, &opts, at % 4), PX_OK);
        fake.stop_at = at;
        fake_finish(&fake);
        canceled = fake.sum.canceled > 0;
        assert_int_equal(fake.sum.failed, 0);
        assert_true(fake.sum.ok + fake.sum.canceled <= TREE_SAMPLE_ITEMS);
        expect_partial("src", "dst");
        assert_false(tree_has_temp("dst"));
        tree_remove(AT_FDCWD, "dst");
        assert_true(at < 1000);
    }
}

static void test_worker_missing_operand_fails_and_others_go_on(void **state)
{
    (void)state;
    tree_text("a", "A");
    tree_text("b", "B");
    tree_dir("dst");
    static const char *const sources[] = {"a", "gone\n", "b"};
    const struct px_copy_opts opts = {
        .workers = 1, .sources = sources, .n_sources = 3, .target = "dst"};
    struct fake fake;
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
    assert_int_equal(fake.sum.ok, 2);
    assert_int_equal(fake.sum.failed, 1);
    assert_string_equal(fake.source, "gone\n");
    assert_int_equal(fake.worst.status, PX_ESRC);
    tree_assert_text("dst/a", "A");
    tree_assert_text("dst/b", "B");
}

static void test_worker_special_file_is_skipped_with_a_line(void **state)
{
    (void)state;
    tree_dir("src");
    assert_int_equal(mkfifo("src/pipe", 0644), 0);
    tree_text("src/file", "x");
    struct fake fake;
    const struct px_copy_opts opts = fake_opts("src", "dst");
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
    assert_int_equal(fake.sum.skipped, 1);
    assert_int_equal(fake.sum.ok, 2);
    assert_int_equal(fake.worst.status, PX_ESPECIAL);
    assert_string_equal(fake.error, "FIFO");
    assert_string_equal(fake.source, "src/pipe");
    assert_string_equal(fake.target, "dst/pipe");
    assert_false(tree_has("dst/pipe"));
}

static void test_worker_dry_run_writes_nothing(void **state)
{
    (void)state;
    tree_make_sample("src");
    struct fake fake;
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.dry_run = true;
    assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
    assert_int_equal(fake.sum.skipped, TREE_SAMPLE_ITEMS);
    assert_int_equal(fake.sum.ok, 0);
    assert_false(tree_has("dst"));
}

static void test_worker_names_of_any_bytes_are_copied(void **state)
{
    (void)state;
    char longest[5 + 256] = "src/";
    memset(longest + 4, 'n', 255);
    tree_dir("src");
    tree_text("src/new\nline", "1");
    tree_text("src/\x1b[31m", "2");
    tree_text("src/\x9b\xff", "3");
    tree_text("src/-rf", "4");
    tree_text(longest, "5");
    struct fake fake;
    const struct px_copy_opts opts = fake_opts("src", "dst");
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK);
    assert_int_equal(fake.sum.ok, 6);
    assert_int_equal(fake_run(&fake, &opts, 1), PX_OK); /* now DST exists: dst/src */
    assert_true(tree_same("src", "dst/src"));
}

/* --- through the pool ------------------------------------------------------------------------- */

struct pooled {
    struct px_source *source;
    struct px_pool *pool;
    struct px_result sum;
    unsigned results;
    unsigned cancel_at; /* result number, 0 = never */
};

static void pooled_sink(void *ctx, void *result)
{
    struct pooled *pooled = ctx;
    struct px_result *one = result;
    pooled->sum.ok += one->ok;
    pooled->sum.failed += one->failed;
    pooled->sum.canceled += one->canceled;
    pooled->results++;
    (void)pooled->source->ops->done(pooled->source, one);
    pooled->source->ops->release(pooled->source, one);
    if (pooled->results == pooled->cancel_at) {
        px_pool_cancel(pooled->pool);
    }
}

static void pooled_copy(struct pooled *pooled, struct px_copy_opts opts, unsigned workers,
                        size_t capacity)
{
    char error[200];
    struct px_copy *copy;
    struct px_next next;
    opts.workers = workers > 0 ? workers : 1;
    assert_int_equal(px_copy_new(&opts, error, sizeof error, &copy), PX_OK);
    assert_int_equal(px_copy_source(copy, &pooled->source), PX_OK);
    const struct px_pool_opts pool_opts = {.workers = workers,
                                           .capacity = capacity,
                                           .body = px_copy_body(copy),
                                           .sink = pooled_sink,
                                           .sink_ctx = pooled,
                                           .name = "copy"};
    assert_int_equal(px_pool_new(&pool_opts, &pooled->pool), PX_OK);
    assert_int_equal(pooled->source->ops->next(pooled->source, &next), PX_OK);
    assert_int_equal(px_pool_submit(pooled->pool, next.task), PX_OK);
    px_pool_drain(pooled->pool);
    assert_int_equal(px_pool_unfinished(pooled->pool), 0);
    px_pool_free(pooled->pool);
    pooled->source->ops->free(pooled->source);
    px_copy_free(copy);
}

static void test_worker_pool_copies_equal_trees(void **state)
{
    (void)state;
    tree_make_sample("src");
    for (unsigned workers = 0; workers <= 3; workers++) {
        for (size_t capacity = 1; capacity <= 3; capacity++) {
            struct pooled pooled = {0};
            struct px_copy_opts opts = fake_opts("src", "dst");
            opts.chunk_bytes = 300000; /* a/b/c/big in five chunks */
            opts.reflink = PX_REFLINK_NEVER;
            pooled_copy(&pooled, opts, workers, capacity);
            assert_int_equal(pooled.sum.ok, TREE_SAMPLE_ITEMS);
            assert_int_equal(pooled.sum.failed + pooled.sum.canceled, 0);
            assert_true(tree_same("src", "dst"));
            tree_remove(AT_FDCWD, "dst");
        }
    }
}

static void test_worker_pool_canceled_after_any_result_is_consistent(void **state)
{
    (void)state;
    tree_make_sample("src");
    for (unsigned workers = 0; workers <= 3; workers++) {
        for (unsigned at = 1; at < 6; at++) {
            struct pooled pooled = {.cancel_at = at};
            pooled_copy(&pooled, fake_opts("src", "dst"), workers, 1);
            assert_int_equal(pooled.sum.failed, 0);
            expect_partial("src", "dst");
            assert_false(tree_has_temp("dst"));
            tree_remove(AT_FDCWD, "dst");
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_worker_tree_is_equal_at_any_queue_size),
        T(test_worker_second_run_replaces_everything),
        T(test_worker_canceled_anywhere_leaves_whole_files_and_times),
        T(test_worker_missing_operand_fails_and_others_go_on),
        T(test_worker_special_file_is_skipped_with_a_line),
        T(test_worker_dry_run_writes_nothing),
        T(test_worker_names_of_any_bytes_are_copied),
        T(test_worker_pool_copies_equal_trees),
        T(test_worker_pool_canceled_after_any_result_is_consistent),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
