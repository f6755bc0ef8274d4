/* SPDX-License-Identifier: MIT
 *
 * Large files in chunks: by one worker that is also its own helper, in every order of helper and
 * owner, and by threads through the real pool.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <pxfer/pool.h>

#include "copy/chunks.h"
#include "copy/fake.h"
#include "copy/names.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define CHUNK ((uint64_t)1000)
#define FILE_BYTES ((size_t)(10 * CHUNK + 1))

static struct px_copy_opts chunk_opts(const char *source, unsigned workers)
{
    struct px_copy_opts opts = fake_opts(source, "dst");
    opts.io = io_fault_ops();
    opts.reflink = PX_REFLINK_NEVER;
    opts.chunk_bytes = CHUNK;
    opts.workers = workers;
    return opts;
}

static int setup(void **state)
{
    const int rc = tree_setup(state);
    io_fault_reset();
    if (rc == 0) {
        tree_dir("dst");
        tree_file("src", FILE_BYTES, 3);
        tree_touch("src", 1000000000);
    }
    return rc;
}

static void test_chunks_pay_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        unsigned workers;
        bool shares;
        off_t size;
        blkcnt_t blocks;
        bool pays;
    } rows[] = {
        {2, true, 2000, 8, true},       {2, true, 1999, 8, false},    {1, true, 2000, 8, false},
        {2, false, 2000, 8, false},     {2, true, 1 << 20, 3, false}, /* little data */
        {2, true, 1 << 20, 8, true}, /* enough of it, between holes */
        {2, true, 1 << 20, 2048, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake;
        struct px_entry entry;
        const struct px_copy_opts opts = chunk_opts("src", rows[i].workers);
        assert_int_equal(fake_open(&fake, &opts, 1), PX_OK);
        struct px_dir *dir = fake_container(&fake, &entry);
        dir->pair->team_pays = rows[i].shares;
        const struct stat st = {.st_size = rows[i].size, .st_blocks = rows[i].blocks};
        assert_int_equal(px_chunks_obstacle(fake.copier, &entry, &st) == NULL, rows[i].pays);
        px_dir_drop(fake.copier, dir);
        fake_close(&fake);
    }
}

/* Capacity 0: the helper's task lands on the owner's stack; else in the queue. Either way it comes
 * when the file is done, and has nothing to do. */
static void test_chunks_late_helper_finds_nothing_to_do(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 4; capacity++) {
        struct fake fake;
        const struct px_copy_opts opts = chunk_opts("src", 3);
        assert_int_equal(fake_run(&fake, &opts, capacity), PX_OK);
        assert_int_equal(fake.sum.ok, 1);
        assert_int_equal(fake.sum.bytes, FILE_BYTES);
        assert_true(fake.emitted > 1);
        assert_true(tree_same("src", "dst/src"));
    }
}

/* The helper comes in the middle: while the owner is at its third chunk. */
struct intruder {
    struct fake *fake;
    struct px_copier *copier;
    unsigned ran;
};

static void intrude(void *ctx)
{
    struct intruder *intruder = ctx;
    struct px_copy_task *task = NULL;
    if (fake_next(&intruder->fake->handle, PX_NOWAIT, (void **)&task) == PX_OK) {
        assert_int_equal(task->kind, PX_TASK_HELP);
        intruder->copier->task = task;
        px_chunks_help(intruder->copier, task);
        fake_emit(&intruder->fake->handle, task);
        intruder->ran++;
    }
}

static void test_chunks_helper_takes_what_is_left(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 11; nth++) {
        struct fake fake;
        struct px_entry entry;
        struct px_copy_opts opts = chunk_opts("src", 2);
        assert_int_equal(fake_open(&fake, &opts, 4), PX_OK);
        struct px_dir *dir = fake_container(&fake, &entry);
        struct px_copier *other = NULL;
        assert_int_equal(px_copier_new(fake.copy, &fake.handle, &other), PX_OK);
        struct intruder intruder = {.fake = &fake, .copier = other};
        io_fault_reset();
        io_fault_before(IO_FAULT(pwrite), nth, intrude, &intruder);
        px_file_copy(fake.copier, &entry);
        assert_int_equal(intruder.ran, 1);
        px_copier_free(other);
        px_dir_drop(fake.copier, dir);
        fake_close(&fake);
        assert_int_equal(fake.sum.ok, 1);
        assert_true(tree_same("src", "dst/src"));
        assert_int_equal(unlink("dst/src"), 0);
    }
}

static void test_chunks_any_failed_chunk_fails_the_file(void **state)
{
    (void)state;
    static const struct {
        size_t member;
        int err;
        int status;
    } rows[] = {{IO_FAULT(pwrite), EIO, PX_EIO},
                {IO_FAULT(pwrite), ENOSPC, PX_EFULL},
                {IO_FAULT(pread), EIO, PX_ESRC}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned nth = 1; nth <= 11; nth++) {
            struct fake fake;
            const struct px_copy_opts opts = chunk_opts("src", 2);
            io_fault_arm(rows[i].member, nth, rows[i].err, IO_FAULT_ONCE);
            assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
            assert_true(io_fault_fired());
            assert_int_equal(fake.sum.failed, 1);
            assert_int_equal(fake.worst.status, rows[i].status);
            assert_int_equal(tree_count("dst"), 0);
        }
    }
}

static void test_chunks_file_that_cannot_be_sized_is_one_stream(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = chunk_opts("src", 2);
    io_fault_arm(IO_FAULT(ftruncate), 1, EPERM, IO_FAULT_ONCE);
    assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
    assert_int_equal(fake.sum.ok, 1);
    assert_true(tree_same("src", "dst/src"));
}

static void grow(void *ctx)
{
    (void)ctx;
    tree_file("src", FILE_BYTES + 5000, 9);
}

static void shrink(void *ctx)
{
    (void)ctx;
    assert_int_equal(truncate("src", 3), 0);
}

static void test_chunks_changed_source_is_copied_again_in_one_stream(void **state)
{
    (void)state;
    void (*const changes[])(void *ctx) = {grow, shrink};
    for (size_t i = 0; i < 2; i++) {
        struct fake fake;
        const struct px_copy_opts opts = chunk_opts("src", 2);
        tree_file("src", FILE_BYTES, 3);
        io_fault_reset();
        io_fault_before(IO_FAULT(pwrite), 4, changes[i], NULL);
        assert_int_equal(fake_run(&fake, &opts, 2), PX_OK);
        assert_int_equal(fake.sum.ok, 1);
        assert_true(tree_same("src", "dst/src"));
    }
}

static void test_chunks_canceled_leaves_nothing(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 20; at++) {
        struct fake fake;
        const struct px_copy_opts opts = chunk_opts("src", 2);
        assert_int_equal(fake_prepare(&fake, &opts, 2), PX_OK);
        fake.stop_at = at;
        fake_finish(&fake);
        assert_int_equal(fake.sum.ok + fake.sum.canceled, 1);
        assert_int_equal(tree_count("dst"), fake.sum.ok);
        (void)unlink("dst/src");
    }
}

/* --- threads ---------------------------------------------------------------------------------- */

struct sums {
    struct px_source *source;
    struct px_result sum;
};

static void sink(void *ctx, void *result)
{
    struct sums *sums = ctx;
    sums->sum.ok += ((struct px_result *)result)->ok;
    sums->sum.failed += ((struct px_result *)result)->failed;
    sums->source->ops->release(sums->source, result);
}

static void test_chunks_threads_give_equal_files(void **state)
{
    (void)state;
    tree_dir("tree");
    tree_file("tree/a", 300 * CHUNK + 7, 1);
    tree_file("tree/b", 200 * CHUNK, 2);
    tree_file("tree/c", CHUNK, 3);
    for (unsigned workers = 2; workers <= 4; workers++) {
        char error[100];
        struct px_copy *copy;
        struct sums sums = {0};
        struct px_next next;
        struct px_pool *pool;
        const struct px_copy_opts opts = chunk_opts("tree", workers);
        assert_int_equal(px_copy_new(&opts, error, sizeof error, &copy), PX_OK);
        assert_int_equal(px_copy_source(copy, &sums.source), PX_OK);
        const struct px_pool_opts pool_opts = {.workers = workers,
                                               .capacity = 2,
                                               .body = px_copy_body(copy),
                                               .sink = sink,
                                               .sink_ctx = &sums};
        assert_int_equal(px_pool_new(&pool_opts, &pool), PX_OK);
        assert_int_equal(sums.source->ops->next(sums.source, &next), PX_OK);
        assert_int_equal(px_pool_submit(pool, next.task), PX_OK);
        px_pool_drain(pool);
        px_pool_free(pool);
        uint64_t chunks = 0;
        for (unsigned i = 0; i < workers; i++) {
            chunks += px_copy_account(copy, i)->counter[PX_COPY_CHUNKS];
        }
        assert_int_equal(chunks, 301 + 200);
        sums.source->ops->free(sums.source);
        px_copy_free(copy);
        assert_int_equal(sums.sum.ok, 4);
        assert_int_equal(sums.sum.failed, 0);
        assert_true(tree_same("tree", "dst/tree"));
        tree_remove(AT_FDCWD, "dst/tree");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_chunks_pay_follows_the_table),
        T(test_chunks_late_helper_finds_nothing_to_do),
        T(test_chunks_helper_takes_what_is_left),
        T(test_chunks_any_failed_chunk_fails_the_file),
        T(test_chunks_file_that_cannot_be_sized_is_one_stream),
        T(test_chunks_changed_source_is_copied_again_in_one_stream),
        T(test_chunks_canceled_leaves_nothing),
        T(test_chunks_threads_give_equal_files),
    };
    return cmocka_run_group_tests_name("chunks", tests, NULL, NULL);
}
